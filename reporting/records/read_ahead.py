"""What the evidence engine reads, and its reading begun while the libraries that work on it are still imported.

Reading in a process of its own: it can begin before the libraries are imported that work on what it reads.

The driver of ``storage.column_reader`` brings a second copy of SQLite, and two copies in one process undo each
other's file locks (sqlite.org/howtocorrupt.html, section 2.2.1). So nothing here may import it.

Which schema this program knows: by the names of its migrations, without the library that runs them.
"""

import json
import mmap
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from reporting.settings import LARGE, settings

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
            [sys.executable, "-P", str(READER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=(self._file.fileno(),),
        )
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


MIGRATIONS = Path(__file__).parent / "migrations"


def newest_version() -> str:
    """The newest schema that this program knows, by the number that its file begins with."""
    return max(path.name for path in (MIGRATIONS / "versions").glob("[0-9]*.py")).partition("_")[0]


DOSE_SETTINGS = (
    "fluence_j_cm2",
    "pulse_energy_mj",
    "energy_per_pin_mj",
    "power_w",
    "density_pct",
    "density_mtz_cm2",
    "passes",
    "pulse_width_ms",
)
"""Settings that have a reference to be compared with."""
MEASURES = ("spot_size_mm", *DOSE_SETTINGS)

PARTS = (
    (f"SELECT id, treatment_id, clinic_id, area, indication, {', '.join(MEASURES)} FROM treated_area",),
    (
        "SELECT treated_area_id, due_mask, answered_mask, trail FROM outcome",
        "SELECT id, patient_id, COALESCE(operator_id, 0) AS operator_id, COALESCE(device_id, 0) AS device_id,"
        " performed_on, age_years FROM treatment",
        "SELECT id, fitzpatrick, year_of_birth FROM patient",
    ),
)
"""Statements of each process, about as long as one another: treated areas; their outcomes, treatments, patients."""
_begun: dict[str, tuple[Reading, ...]] = {}


def read_parts(clinic_id: int | None = None) -> tuple[Reading, ...]:
    """Processes that read the parts, of all clinics or of one."""
    own = "" if clinic_id is None else f" WHERE clinic_id = {int(clinic_id)}"
    return tuple(Reading([statement + own for statement in part]) for part in PARTS)


def read_in_turn(clinic_id: int | None = None) -> Reading:
    """One process that reads all parts."""
    own = "" if clinic_id is None else f" WHERE clinic_id = {int(clinic_id)}"
    return Reading([statement + own for part in PARTS for statement in part])


def begin() -> None:
    """Begin to read all parts if that is worth it: a large SQLite database whose schema is the newest."""
    url = settings().url
    path = Path(url.removeprefix("sqlite:///"))
    if url.startswith("sqlite") and path.is_file() and _is_ready(path):
        _begun[url] = read_parts()


def begun() -> tuple[Reading, ...] | None:
    """What was begun for this database, once."""
    return _begun.pop(settings().url, None)


def _is_ready(path: Path) -> bool:
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as look:
            version = look.execute("SELECT version_num FROM alembic_version").fetchone()
            largest = look.execute("SELECT MAX(id) FROM treated_area").fetchone()[0]
    except sqlite3.Error:
        return False
    return version == (newest_version(),) and (largest or 0) > LARGE
