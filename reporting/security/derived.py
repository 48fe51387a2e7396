"""Values derived from the server's key: the same each time, and worth nothing to one without the key."""

import base64
import hmac

from reporting.security.encryption import keyed_hash


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


def phone_hash(number: str) -> str:
    """Finds the patient of a number (E.164) without the number being readable."""
    return keyed_hash(f"phone:{number}")


def erased_hash(clinic_id: int, reference: str) -> str:
    """What stays of a clinic's number for a person who was erased; capitals make no difference."""
    return keyed_hash(f"erased:{clinic_id}:{reference.casefold()}")


def mail_id(key: str) -> str:
    """Left side of the Message-ID of the message with that idempotency key."""
    return keyed_hash(f"message:{key}")[:32]
