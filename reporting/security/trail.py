"""Keyed hashes of the audit trail (HMAC-SHA-256, RFC 2104) under keys derived from the encryption key (HKDF, RFC 5869).

Who can write the database, and even the files beside it, cannot make such a hash: the key is in neither.
"""

import hmac
from functools import lru_cache

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from reporting.security.encryption import present_keys

_ROWS, _NAME = b"audit trail", b"name of the audit trail key"


@lru_cache(maxsize=64)
def _derived(key: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=purpose).derive(key)


@lru_cache(maxsize=16)
def _name(key: bytes) -> str:
    return "k" + _derived(key, _NAME).hex()[:8]


def key_name() -> str:
    """What the key goes by that seals now: nine characters that tell nothing of it."""
    return _name(present_keys()[0])


def keyed(data: bytes, name: str, *, purpose: bytes = _ROWS) -> str | None:
    """Hash of 64 hexadecimal digits under the key of that name; None where none of the present keys goes by it."""
    key = next((key for key in present_keys() if _name(key) == name), None)
    return None if key is None else hmac.new(_derived(key, purpose), data, "sha256").hexdigest()
