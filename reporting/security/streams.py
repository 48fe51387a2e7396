"""A sealed stream of any length: AES-256-GCM over parts of 1 MiB, each bound to its number and to being the last or not
(the STREAM construction: Hoang, Reyhanitabar, Rogaway, Vizár 2015), so that none can be changed, swapped or cut off.

The key comes from the encryption key (HKDF) or from a passphrase (scrypt, RFC 7914), with a salt of the stream's own.
"""

import os
from collections.abc import Iterator
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from reporting.security.encryption import CannotDecrypt, present_keys

PART = 1 << 20
_MAGIC = b"reporting-backup-1\n"
_BY_KEY, _BY_PASSPHRASE = b"k", b"p"
_SALT, _TAG = 16, 16


def _cipher(way: bytes, salt: bytes, secret: bytes) -> AESGCM:
    if way == _BY_KEY:
        return AESGCM(HKDF(SHA256(), 32, salt=salt, info=b"backup").derive(secret))
    return AESGCM(Scrypt(salt=salt, length=32, n=1 << 15, r=8, p=1).derive(secret))


def _nonce(number: int, is_last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\1" if is_last else b"\0")


class SealingWriter:
    """A file to write to whose bytes are sealed on their way into ``under``. ``close`` ends the stream."""

    def __init__(self, under: BinaryIO, passphrase: str = "") -> None:
        self._under, self._number, self._waiting = under, 0, bytearray()
        self._head = _MAGIC + (_BY_PASSPHRASE if passphrase else _BY_KEY) + os.urandom(_SALT)
        secret = passphrase.encode() if passphrase else present_keys()[0]
        self._cipher = _cipher(self._head[-_SALT - 1 : -_SALT], self._head[-_SALT:], secret)
        under.write(self._head)

    def write(self, data: bytes) -> int:
        self._waiting += data
        while len(self._waiting) > PART:
            self._seal(bytes(self._waiting[:PART]), is_last=False)
            del self._waiting[:PART]
        return len(data)

    def _seal(self, part: bytes, *, is_last: bool) -> None:
        sealed = self._cipher.encrypt(_nonce(self._number, is_last), part, self._head)
        self._under.write(len(sealed).to_bytes(4, "big") + sealed)
        self._number += 1

    def close(self) -> None:
        self._seal(bytes(self._waiting), is_last=True)


class OpeningReader:
    """A file to read from whose bytes are opened on their way out of ``under``. Raises CannotDecrypt."""

    def __init__(self, under: BinaryIO, passphrase: str = "") -> None:
        self._under, self._left = under, b""
        head = under.read(len(_MAGIC) + 1 + _SALT)
        way, salt = head[len(_MAGIC) : len(_MAGIC) + 1], head[-_SALT:]
        if not head.startswith(_MAGIC) or len(head) < len(_MAGIC) + 1 + _SALT or way not in (_BY_KEY, _BY_PASSPHRASE):
            raise CannotDecrypt()
        if (way == _BY_PASSPHRASE) != bool(passphrase):
            raise CannotDecrypt()
        self._head = head
        secrets = (passphrase.encode(),) if passphrase else present_keys()
        self._ciphers = [_cipher(way, salt, secret) for secret in secrets]
        self._parts = self._opened()

    def _sealed(self) -> bytes:
        size = int.from_bytes(self._under.read(4), "big")
        sealed = self._under.read(size) if _TAG <= size <= PART + _TAG else b""
        if not sealed or len(sealed) != size:
            raise CannotDecrypt()  # cut off
        return sealed

    def _opened(self) -> Iterator[bytes]:
        number = 0
        while True:
            sealed = self._sealed()
            for is_last in (False, True):
                part = self._part(sealed, number, is_last)
                if part is not None:
                    yield part
                    break
            else:
                raise CannotDecrypt()
            if is_last:
                if self._under.read(1):
                    raise CannotDecrypt()
                return
            number += 1

    def _part(self, sealed: bytes, number: int, is_last: bool) -> bytes | None:
        for cipher in self._ciphers:
            try:
                part = cipher.decrypt(_nonce(number, is_last), sealed, self._head)
            except InvalidTag:
                continue
            self._ciphers = [cipher]
            return part
        return None

    def read(self, size: int = -1) -> bytes:
        """At most ``size`` bytes, fewer at the end only."""
        found = bytearray(self._left)
        while size < 0 or len(found) < size:
            part = next(self._parts, None)
            if part is None:
                break
            found += part
        end = len(found) if size < 0 else size
        self._left = bytes(found[end:])
        return bytes(found[:end])
