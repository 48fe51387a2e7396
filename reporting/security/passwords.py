"""Passwords: Argon2id, at least twelve characters, not one of the common ones, no other rules."""

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from reporting.errors import InvalidInput

MIN_LENGTH, MAX_LENGTH = 12, 128
_hasher = PasswordHasher()
_COMMON_PARTS = (
    "administrator",
    "password",
    "passw0rd",
    "qwertyuiop",
    "qwerty",
    "asdfghjkl",
    "zxcvbnm",
    "1q2w3e4r5t6y",
    "q1w2e3r4t5y6",
    "1qaz2wsx3edc",
    "abcdefghijkl",
    "letmein",
    "welcome",
    "iloveyou",
    "admin",
    "abc123",
    "monkey",
    "dragon",
    "football",
    "sunshine",
    "princess",
    "clinic",
    "laser",
)
"""Longer ones first: each is taken out in turn."""
_FILLER = "0123456789!.,-_*#?+@$&%()[]{};:/\\ "


def _is_common(password: str) -> bool:
    """Nothing but common words, digits and signs, or few characters over and over."""
    rest = password.lower()
    for part in _COMMON_PARTS:
        rest = rest.replace(part, " ")
    return len(set(rest.strip(_FILLER))) < 4


def check_new(password: str) -> None:
    """Raise InvalidInput when a new password is too short, too long or too easy to guess."""
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise InvalidInput(
            field="password",
            found=f"{len(password)} characters",
            allowed=f"{MIN_LENGTH} to {MAX_LENGTH} characters",
        )
    if _is_common(password):
        raise InvalidInput(
            field="password",
            found="a very common password",
            allowed="one that is hard to guess, such as four words",
        )


def hash_password(password: str) -> str:
    """Argon2id hash with its own salt and parameters inside."""
    return _hasher.hash(password)


_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$ZHatnpJKIo/rDYMtqM7YNw$yWnpoUm3IB8DtEB9+yfJbXUyzwIT0BNgiaZq/OPu0Ro"
"""Of no account. Written here because a process should not work a third of a second for it when it starts; a test
holds its parameters to those of ``hash_password``."""


def verify_password(stored: str | None, password: str) -> bool:
    """Whether the password fits. Without an account it takes as long, so that time tells nothing."""
    try:
        return _hasher.verify(stored or _NOBODY, password) and bool(stored)
    except (VerificationError, InvalidHashError):
        return False
