"""Passwords: Argon2id, at least twelve characters, not one of the common ones, no other rules."""

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from reporting.errors import InvalidInput

MIN_LENGTH, MAX_LENGTH = 12, 128
_hasher = PasswordHasher()
_COMMON_PARTS = (
    "password", "passw0rd", "qwerty", "letmein", "welcome", "iloveyou", "admin", "abc123", "123456", "111111",
    "monkey", "dragon", "football", "sunshine", "princess", "clinic", "laser",
)  # fmt: skip
_FILLER = "0123456789!.,-_*#? "


def _is_common(password: str) -> bool:
    """A common word, alone or with digits and signs around it, or few characters over and over."""
    core = password.lower().strip(_FILLER)
    return not core or any(core.replace(part, "").strip(_FILLER) == "" for part in _COMMON_PARTS) or len(set(core)) < 4


def check_new(password: str) -> None:
    """Raise InvalidInput when a new password is too short, too long or too easy to guess."""
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise InvalidInput(
            field="password", found=f"{len(password)} characters", allowed=f"{MIN_LENGTH} to {MAX_LENGTH} characters"
        )
    if _is_common(password):
        raise InvalidInput(
            field="password", found="a very common password", allowed="one that is hard to guess, such as four words"
        )


def hash_password(password: str) -> str:
    """Argon2id hash with its own salt and parameters inside."""
    return _hasher.hash(password)


_NOBODY = hash_password("the account does not exist")


def verify_password(stored: str | None, password: str) -> bool:
    """Whether the password fits. Without an account it takes as long, so that time tells nothing."""
    try:
        return _hasher.verify(stored or _NOBODY, password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False
