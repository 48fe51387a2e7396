"""Reading in a process of its own: it can begin before the libraries are imported that work on what it reads.

The driver of ``storage.column_reader`` brings a second copy of SQLite, and two copies in one process undo each
other's file locks (sqlite.org/howtocorrupt.html, section 2.2.1). So nothing here may import it.
"""

import json
import mmap
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from reporting.settings import settings

if TYPE_CHECKING:
    import pyarrow as pa

READER = Path(__file__).with_name("column_reader.py")


def _memory() -> BinaryIO:
    """A file without a name that ends with the process, in memory where the system knows such files."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("columns"), "w+b")
    return tempfile.TemporaryFile()


def _database() -> dict[str, str]:
    url = settings().url
    if url.startswith("sqlite"):
        return {"sqlite": url.removeprefix("sqlite:///")}
    return {"postgresql": "postgresql://" + url.partition("://")[2]}


class Reading:
    """Statements that are being read, one after the other and as of one state of the database."""

    def __init__(self, statements: Sequence[str]) -> None:
        self._statements = tuple(statements)
        self._file = _memory()
        # -P: the folder of the script holds modules named as some of the standard library are.
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(READER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, pass_fds=(self._file.fileno(),),
        )  # fmt: skip
        asked = _database() | {"statements": self._statements, "file": self._file.fileno()}
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asked).encode())
        self._process.stdin.close()
        self._process.stdin = None

    def tables(self) -> tuple[int, list["pa.Table"]]:
        """(revision of the outcomes, columns of each statement). Raises RuntimeError with the reader's words."""
        with self._file:
            said, fault = self._process.communicate()
            if self._process.returncode:
                raise RuntimeError(f"Columns could not be read: {fault.decode()[-500:]}")
            import pyarrow as pa

            with pa.BufferReader(pa.py_buffer(mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ))) as source:
                return int(said), [pa.ipc.open_stream(source).read_all() for _ in self._statements]
