"""Encryption at rest: contact details and notes (Fernet: AES-128-CBC with HMAC-SHA256), photos (AES-256-GCM)."""

import hashlib
import hmac
import os
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

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


def check_key() -> None:
    """Raises UnsafeSettings when the key is none: before the first patient would be told so."""
    _cipher(_key())


def encrypt(text: str) -> str:
    """The text, unreadable without the key."""
    return _cipher(_key()).encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    """The text again. Raises CannotDecrypt when it was changed or written with another key."""
    try:
        return _cipher(_key()).decrypt(token.encode()).decode()
    except InvalidToken as error:
        raise CannotDecrypt() from error


_SEALED = b"sealed1:"
_NONCE_BYTES = 12


@lru_cache(maxsize=8)
def _bulk_cipher(key: bytes) -> AESGCM:
    _cipher(key)  # the same key must be a good one
    return AESGCM(HKDF(SHA256(), 32, salt=None, info=b"files").derive(key))


def seal(data: bytes, *, bound_to: str) -> bytes:
    """The bytes of a file, unreadable without the key and worth nothing under another name than ``bound_to``."""
    nonce = os.urandom(_NONCE_BYTES)
    return _SEALED + nonce + _bulk_cipher(_key()).encrypt(nonce, data, bound_to.encode())


def unseal(sealed: bytes, *, bound_to: str) -> bytes:
    """The bytes again. Raises CannotDecrypt when they were changed, moved or written with another key."""
    nonce, hidden = sealed[len(_SEALED) :][:_NONCE_BYTES], sealed[len(_SEALED) + _NONCE_BYTES :]
    if not sealed.startswith(_SEALED) or len(nonce) < _NONCE_BYTES:
        raise CannotDecrypt()
    try:
        return _bulk_cipher(_key()).decrypt(nonce, hidden, bound_to.encode())
    except InvalidTag as error:
        raise CannotDecrypt() from error


def keyed_hash(text: str) -> str:
    """A hash that cannot be guessed through without the key: for short codes."""
    return hmac.new(hashlib.sha256(b"codes" + _key()).digest(), text.encode(), "sha256").hexdigest()
