"""Typed settings from ``REPORTING_*`` environment variables; unsafe ones are refused in production."""

from functools import cache
from pathlib import Path
from typing import Literal

from pydantic_settings import BaseSettings, SettingsConfigDict

from reporting.errors import UnsafeSettings

ROOT = Path(__file__).resolve().parent.parent


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
    staff_idle_minutes: int = 15
    staff_session_hours: int = 12
    patient_session_hours: int = 24
    invitation_days: int = 200
    small_cell_threshold: int = 5
    demo: bool = True
    """Fill an empty database with the synthetic demo clinic at first start (``make run``)."""

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
    if faults:
        raise UnsafeSettings("The settings are not safe for real patients: " + "; ".join(faults) + ".")


@cache
def settings() -> Settings:
    """The settings of this process, read once. Tests call ``settings.cache_clear()``."""
    loaded = Settings()
    _refuse_unsafe(loaded)
    return loaded
