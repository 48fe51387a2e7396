"""A ZIP archive that is given out while it is written: never whole in memory or on the disk."""

import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from io import RawIOBase
from typing import Any


class _Taken(RawIOBase):
    """What the archive writes, to be taken away piece by piece."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.parts.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        taken, self.parts = b"".join(self.parts), []
        return taken


def zip_stream(entries: Iterable[tuple[str, bytes]], moment: datetime) -> Iterator[bytes]:
    """The archive of these (name, content) entries in pieces, one entry at a time in memory.

    Pictures are stored as they are, everything else is compressed. ``moment`` is the entries' time.
    """
    target = _Taken()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in entries:
            info = zipfile.ZipInfo(name, moment.timetuple()[:6])
            info.compress_type = zipfile.ZIP_STORED if name.endswith(".jpg") else zipfile.ZIP_DEFLATED
            info.external_attr = 0o600 << 16
            archive.writestr(info, content)
            yield target.take()
    yield target.take()
