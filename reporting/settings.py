"""Typed settings from ``REPORTING_*`` environment variables; unsafe ones are refused in production."""

from functools import cache
from pathlib import Path
from typing import Literal

from pydantic_settings import BaseSettings, SettingsConfigDict

from reporting.errors import UnsafeSettings

ROOT = Path(__file__).resolve().parent.parent
LARGE = 50_000
"""Treated areas from which work or reading is worth a process of its own, which takes 0.4 s to start."""


class Settings(BaseSettings):
    """Every setting of the application. Durations carry their unit in the name."""

    model_config = SettingsConfigDict(env_prefix="REPORTING_", extra="ignore")

    environment: Literal["local", "production"] = "local"
    data_dir: Path = ROOT / "data" / "local"
    """Folder of the embedded database, photos, key file and audit head."""
    database_url: str = ""
    """Empty: SQLite in ``data_dir``. ``postgresql://…`` selects PostgreSQL."""
    content_dir: Path = ROOT / "data"
    """Folder of the clinical content tables; a clinic may point it at its own reviewed copy."""
    encryption_key: str = ""
    """Fernet key; empty: a key file is made in ``data_dir`` (local use only)."""
    base_url: str = "http://localhost:8501"
    """Address that patients' links begin with."""
    trusted_proxies: str = "127.0.0.0/8, ::1"
    """Addresses and networks, apart by commas, whose X-Forwarded-For is believed; an IPv4 address also as IPv6 writes
    it (``::ffff:127.0.0.1``). Of anybody else's nothing is believed."""
    staff_idle_minutes: int = 15
    staff_session_hours: int = 12
    patient_session_hours: int = 24
    invitation_days: int = 200
    small_cell_threshold: int = 5
    photo_max_mb: int = 15
    """Largest file that a patient may send as a photo."""
    photo_max_megapixels: int = 50
    """Largest photo that is unpacked; pictures that cannot be read at a smaller scale may have half of it."""
    photo_side_px: int = 2048
    """Longest side of a photo as it is kept."""
    photos_per_check_in: int = 3
    photos_per_treatment: int = 40
    supervised_pilot: bool = False
    """Production invites patients although two people have not signed the clinical content; every page says so."""
    demo: bool = True
    """Fill an empty database with the synthetic demo clinic at first start (``make run``)."""

    background: bool = True
    """Plan and send messages inside the application; off where cron runs ``python -m reporting remind``."""
    nightly_signals: bool = True
    """Look for signals once a day beside the background work; off where cron runs ``signals run``."""
    nightly_audit: bool = True
    """Check the audit trail once a day beside the background work; off where cron runs ``audit verify --nightly``."""
    audit_anchor_file: Path | None = None
    """File on another machine or disk to which a line that remembers the newest row of the trail is appended."""
    audit_anchor_mail: str = ""
    """Address that the same line is mailed to."""
    audit_anchor_hours: float = 24.0
    """Time between two such lines."""
    backup_dir: Path | None = None
    """Folder for backups, on another disk or machine; empty: none is taken by itself."""
    backup_hours: float = 24.0
    """Time between two backups."""
    backup_keep: int = 14
    """How many are kept in the folder."""
    backup_passphrase: str = ""
    """Seals backups in place of the encryption key."""
    smtp_host: str = ""
    """Mail server; empty: no e-mail is sent."""
    smtp_port: int = 587
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    smtp_user: str = ""
    smtp_password: str = ""
    smtp_from: str = ""
    """Address that e-mails come from, on a domain whose DKIM signature covers List-Unsubscribe."""
    smtp_timeout_s: float = 20.0
    sms_url: str = ""
    """Address of the SMS gateway; empty: no text message is sent."""
    sms_method: Literal["POST", "PUT", "GET"] = "POST"
    sms_format: Literal["form", "json"] = "form"
    sms_fields: dict[str, str] = {"To": "{to}", "From": "{sender}", "Body": "{text}"}
    """Fields of the request; ``{to}``, ``{sender}``, ``{text}`` and ``{key}`` are filled in. As Twilio has them."""
    sms_sender: str = ""
    """Number or name that text messages come from."""
    sms_user: str = ""
    sms_password: str = ""
    """User and password of basic authentication: at Twilio account and token."""
    sms_headers: dict[str, str] = {}
    """Further headers, for example ``{"Authorization": "Bearer …"}``."""
    sms_id_field: str = "sid"
    """Field of the gateway's JSON answer that holds its number of the message."""
    sms_timeout_s: float = 20.0
    sms_replies: bool = True
    """Whether we answer STOP, START and HELP; off where the gateway does so itself."""
    sms_inbound_secret: str = ""
    """Secret of the incoming messages; empty: none are taken."""
    sms_inbound_check: Literal["twilio", "header"] = "twilio"
    """``twilio``: signature in X-Twilio-Signature; ``header``: the secret itself in X-Webhook-Secret."""
    sms_inbound_names: dict[str, str] = {"id": "MessageSid", "from": "From", "text": "Body"}
    """What the gateway calls its number of the message, the sender and the text."""

    @property
    def url(self) -> str:
        """SQLAlchemy address of the database."""
        if not self.database_url:
            return f"sqlite:///{self.data_dir / 'reporting.db'}"
        return self.database_url.replace("postgresql://", "postgresql+psycopg://", 1).replace(
            "postgres://", "postgresql+psycopg://", 1
        )

    @property
    def secure_cookies(self) -> bool:
        """Cookies carry ``Secure`` and the ``__Host-`` prefix wherever the address is HTTPS."""
        return self.base_url.startswith("https://")


def _refuse_unsafe(settings: Settings) -> None:
    if settings.environment != "production":
        return
    faults = []
    if not settings.encryption_key:
        faults.append("REPORTING_ENCRYPTION_KEY is missing")
    if not settings.secure_cookies:
        faults.append("REPORTING_BASE_URL must begin with https://")
    if settings.smtp_host and settings.smtp_security == "none":
        faults.append("REPORTING_SMTP_SECURITY must be starttls or tls")
    if settings.sms_url and not settings.sms_url.startswith("https://"):
        faults.append("REPORTING_SMS_URL must begin with https://")
    if faults:
        raise UnsafeSettings("The settings are not safe for real patients: " + "; ".join(faults) + ".")


@cache
def settings() -> Settings:
    """The settings of this process, read once. Tests call ``settings.cache_clear()``."""
    loaded = Settings()
    _refuse_unsafe(loaded)
    return loaded
