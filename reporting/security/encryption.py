"""Encryption at rest of contact details and notes (Fernet: AES-128-CBC with HMAC-SHA256)."""

import hashlib
import hmac
import os
from functools import lru_cache
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from reporting.errors import Problem, UnsafeSettings
from reporting.settings import settings


class CannotDecrypt(Problem):
    code = "cannot_decrypt"
    status = 500
    message = "A protected value cannot be read with the present key."
    what_to_do = "Start with the REPORTING_ENCRYPTION_KEY that the data was written with."


def _key() -> bytes:
    """The key from the environment, else the one in the data folder, made on first use (local only)."""
    given = settings().encryption_key
    return given.encode() if given else _local_key(settings().data_dir / "encryption.key")


def _local_key(path: Path) -> bytes:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(f".{os.getpid()}.{os.urandom(4).hex()}")
        fresh.touch(mode=0o600)
        fresh.write_bytes(Fernet.generate_key())
        try:
            os.link(fresh, path)  # only the first of several processes wins
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_bytes()


@lru_cache(maxsize=8)
def _cipher(key: bytes) -> Fernet:
    try:
        return Fernet(key)
    except ValueError as error:
        raise UnsafeSettings(
            "REPORTING_ENCRYPTION_KEY is not a key: it must be 32 random bytes in URL-safe base64."
        ) from error


def encrypt(text: str) -> str:
    """The text, unreadable without the key."""
    return _cipher(_key()).encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    """The text again. Raises CannotDecrypt when it was changed or written with another key."""
    try:
        return _cipher(_key()).decrypt(token.encode()).decode()
    except InvalidToken as error:
        raise CannotDecrypt() from error


def keyed_hash(text: str) -> str:
    """A hash that cannot be guessed through without the key: for short codes."""
    return hmac.new(hashlib.sha256(b"codes" + _key()).digest(), text.encode(), "sha256").hexdigest()
