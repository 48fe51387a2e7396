"""Secrets for links, cookies and short codes. Only their hashes are stored."""

import hashlib
import secrets

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


def tidy_code(typed: str) -> str:
    """A code as people type it (spaces, hyphens, lower case) in its one spelling."""
    return "".join(sign for sign in typed.upper() if sign.isalnum())
