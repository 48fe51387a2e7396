"""Encryption at rest: contact details and words (Fernet: AES-128-CBC with HMAC-SHA256), photos (AES-256-GCM).

There may be several keys: the first seals, every one of them opens (``python -m reporting keys rotate``).
"""

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


def given_keys() -> tuple[bytes, ...]:
    """The keys of the environment, else of the file in the data folder, made on first use (local only): newest first.

    Of several, each but the newest is there to open what was sealed before.
    """
    given = settings().encryption_key
    kept = given.encode() if given else _local_key(settings().data_dir / "encryption.key")
    return tuple(kept.replace(b",", b" ").split()) or (b"",)


def _key() -> bytes:
    """The key that seals."""
    return given_keys()[0]


_once: tuple[bytes, ...] = ()
"""Keys of before, oldest first, that open nothing any more; hashes made under them are still compared."""


def remember(keys: tuple[bytes, ...]) -> None:
    """Have ``keyed_hash`` and ``present_keys`` know keys that this database was written with, oldest first."""
    global _once
    _once = keys


def present_keys() -> tuple[bytes, ...]:
    """Every key under which a hash of today or of before may stand, newest first; the first is the one that seals.

    Unlike ``given_keys`` it has those that were dropped after everything was sealed anew.
    """
    given = given_keys()
    return given + tuple(key for key in reversed(_once) if key not in given)


def name_of(key: bytes) -> str:
    """A few signs by which a key is called; they tell nothing of it."""
    return hmac.new(key, b"name of an encryption key", "sha256").hexdigest()[:_NAME_CHARACTERS]


_NAME_CHARACTERS = 8


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
    for key in given_keys():
        _cipher(key)


def encrypt(text: str) -> str:
    """The text, unreadable without the key."""
    return _cipher(_key()).encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    """The text again. Raises CannotDecrypt when it was changed or written with another key."""
    return _opened(token)[0]


def _opened(token: str) -> tuple[str, bool]:
    """The text, and whether the newest key sealed it."""
    for place, key in enumerate(given_keys()):
        try:
            return _cipher(key).decrypt(token.encode()).decode(), place == 0
        except InvalidToken:
            continue
    raise CannotDecrypt()


def renewed(token: str) -> str:
    """The same sealed with the newest key; as it is where that sealed it already. Raises CannotDecrypt."""
    text, is_newest = _opened(token)
    return token if is_newest else encrypt(text)


_SEALED, _SEALED_BEFORE = b"sealed2:", b"sealed1:"
"""After the first stands the name of the key; files of before have none."""
_NONCE_BYTES = 12


@lru_cache(maxsize=8)
def _bulk_cipher(key: bytes) -> AESGCM:
    _cipher(key)  # the same key must be a good one
    return AESGCM(HKDF(SHA256(), 32, salt=None, info=b"files").derive(key))


def seal(data: bytes, *, bound_to: str) -> bytes:
    """The bytes of a file, unreadable without the key and worth nothing under another name than ``bound_to``."""
    nonce = os.urandom(_NONCE_BYTES)
    key = _key()
    return _SEALED + name_of(key).encode() + nonce + _bulk_cipher(key).encrypt(nonce, data, bound_to.encode())


def unseal(sealed: bytes, *, bound_to: str) -> bytes:
    """The bytes again. Raises CannotDecrypt when they were changed, moved or written with another key."""
    if not sealed.startswith((_SEALED, _SEALED_BEFORE)):
        raise CannotDecrypt()
    start = len(_SEALED) + (_NAME_CHARACTERS if sealed.startswith(_SEALED) else 0)
    nonce, hidden = sealed[start:][:_NONCE_BYTES], sealed[start + _NONCE_BYTES :]
    for key in given_keys() if len(nonce) == _NONCE_BYTES else ():
        try:
            return _bulk_cipher(key).decrypt(nonce, hidden, bound_to.encode())
        except InvalidTag:
            continue
    raise CannotDecrypt()


HEADER_BYTES = len(_SEALED) + _NAME_CHARACTERS


def is_sealed_now(beginning: bytes) -> bool:
    """Whether a file that begins so (``HEADER_BYTES`` of it) was sealed with the newest key."""
    return beginning.startswith(_SEALED + name_of(_key()).encode())


def keyed_hash(text: str) -> str:
    """A hash that cannot be guessed through without the key: for short codes.

    Under the first key that the database had, for ever: what was hashed cannot be had back to be hashed anew.
    """
    first = _once[0] if _once else given_keys()[-1]
    return hmac.new(hashlib.sha256(b"codes" + first).digest(), text.encode(), "sha256").hexdigest()
