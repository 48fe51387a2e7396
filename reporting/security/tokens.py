"""Secrets for links, cookies and short codes. Only their hashes are stored.

Values derived from the server's key: the same each time, and worth nothing to one without the key.

Whether an incoming request really comes from the SMS gateway.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping

from reporting.security.encryption import keyed_hash
from reporting.settings import settings

TOKEN_BYTES = 16
"""128 bits from the system's generator (OWASP ASVS 7.2.3, 11.5.1)."""
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""No 0 O 1 I L U: nothing that a tired person reads as something else."""
CODE_LENGTH = 8


def new_token() -> str:
    """A fresh secret for a link or a cookie, 22 URL-safe characters."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def hash_token(token: str) -> str:
    """SHA-256; enough for a secret of 128 bits (OWASP ASVS 6.5.2)."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_code() -> str:
    """A fresh short code, in two groups of four: ``7QFX-2K9M``."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
    return f"{letters[:4]}-{letters[4:]}"


def new_staff_token() -> str:
    """A fresh secret for a one-time link of staff, signed: a made-up one is refused without asking the database."""
    secret = new_token()
    return f"{secret}.{_short(f'staff link:{secret}')}"


def is_staff_token(token: str) -> bool:
    """Whether ``new_staff_token`` of this server made it."""
    secret, _, mark = token.partition(".")
    return hmac.compare_digest(mark.encode(), _short(f"staff link:{secret}").encode())


def tidy_code(typed: str) -> str:
    """A code as people type it (spaces, hyphens, lower case) in its one spelling."""
    return "".join(sign for sign in typed.upper() if sign.isalnum())


def _short(purpose: str) -> str:
    """128 bits of the keyed hash, 22 URL-safe characters, as a random link secret has."""
    return base64.urlsafe_b64encode(bytes.fromhex(keyed_hash(purpose))[:16]).rstrip(b"=").decode()


def reminder_token(invitation_id: int, token_hash: str) -> str:
    """The link secret of an invitation's reminders. A new card is a new invitation, so it is another one then."""
    return _short(f"reminder link:{invitation_id}:{token_hash}")


def unsubscribe_token(message_id: int) -> str:
    """What the unsubscribe link of a message carries: it names the message, not the person."""
    return f"{message_id}-{_short(f'unsubscribe:{message_id}')}"


def message_of(token: str) -> int | None:
    """The message that a genuine unsubscribe token names, else None."""
    number = token.partition("-")[0]
    if not number.isascii() or not number.isdecimal() or len(number) > 18:
        return None
    genuine = hmac.compare_digest(token.encode(), unsubscribe_token(int(number)).encode())
    return int(number) if genuine else None


def form_mark(treatment_id: int) -> str:
    """What every form of a treatment's pages carries: it says whose page it was drawn on, and cannot be made up."""
    return f"{treatment_id}-{_short(f'form:{treatment_id}')}"


def is_form_of(mark: str, treatment_id: int) -> bool:
    """Whether a posted form was drawn for that treatment."""
    return hmac.compare_digest(mark.encode(), form_mark(treatment_id).encode())


def page_mark(treatment_id: int) -> str:
    """What the address of every page of a treatment carries: it says whose page a tab shows, and names nobody."""
    return _short(f"page:{treatment_id}")


def is_page_of(mark: str, treatment_id: int) -> bool:
    """Whether an address is that of a page of the treatment."""
    return hmac.compare_digest(mark.encode(), page_mark(treatment_id).encode())


def phone_hash(number: str) -> str:
    """Finds the patient of a number (E.164) without the number being readable."""
    return keyed_hash(f"phone:{number}")


def erased_hash(clinic_id: int, reference: str) -> str:
    """What stays of a clinic's number for a person who was erased; capitals make no difference."""
    return keyed_hash(f"erased:{clinic_id}:{reference.casefold()}")


def mail_id(key: str) -> str:
    """Left side of the Message-ID of the message with that idempotency key."""
    return keyed_hash(f"message:{key}")[:32]


def signature(url: str, fields: Mapping[str, str], secret: str) -> str:
    """Twilio's: HMAC-SHA1 of the address and every field by name, in Base64."""
    spelled = url + "".join(name + fields[name] for name in sorted(fields))
    return base64.b64encode(hmac.new(secret.encode(), spelled.encode(), "sha1").digest()).decode()


def is_genuine(path: str, fields: Mapping[str, str], headers: Mapping[str, str]) -> bool:
    """Check a request to ``path`` (with its query) by the way that the settings name. Never without a secret."""
    secret = settings().sms_inbound_secret
    if not secret:
        return False
    if settings().sms_inbound_check == "header":
        given, wanted = headers.get("x-webhook-secret", ""), secret
    else:
        url = settings().base_url.rstrip("/") + path
        given, wanted = headers.get("x-twilio-signature", ""), signature(url, fields, secret)
    return hmac.compare_digest(given.encode(), wanted.encode())
