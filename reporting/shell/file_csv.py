"""The rows that were refused, in a file of their own: correct it there and import it again.

A table as a CSV file that a spreadsheet opens as text and numbers, never as formulas.
"""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TextIO

import pandas as pd

from reporting.errors import Problem

_FORMULA = re.compile(r"^[=+\-@\t\r]")
_NUMBER = re.compile(r"^[+-]?\d+([.,]\d+)?$")
EXTRA_COLUMNS = ("refused_row", "refused_because")


@dataclass(frozen=True)
class Fault:
    """Why a row was refused. ``row`` counts as a spreadsheet does: the header is row 1."""

    row: int
    column: str
    value: str
    allowed: str

    def sentence(self) -> str:
        return f"row {self.row}, column {self.column}: found {self.value!r}; allowed is {self.allowed}"


class Refused(Exception):
    """One row cannot go in."""

    def __init__(self, *faults: Fault) -> None:
        self.faults = faults
        super().__init__("; ".join(fault.sentence() for fault in faults))


def safe_cell(text: str) -> str:
    """The text, with an apostrophe before anything that a spreadsheet would run as a formula."""
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.match(text) else text


class RejectedFile:
    """``FILE.rejected.csv`` beside the imported file; made when the first row is refused."""

    def __init__(self, path: Path, header: Sequence[str], separator: str) -> None:
        self.path, self.header, self.separator = path, header, separator
        self.count = 0
        self._handle: TextIO | None = None

    def add(self, cells: Sequence[str], faults: Sequence[Fault]) -> None:
        """Write a row with its number and reasons."""
        reasons = "; ".join(f"{f.column}: found {f.value!r}; allowed is {f.allowed}" for f in faults)
        width = len(self.header)
        padded = [*cells[:width], *[""] * (width - len(cells))]
        self._write([*padded, str(faults[0].row), reasons, *cells[width:]])
        self.count += 1

    def _write(self, cells: Sequence[str]) -> None:
        try:
            if self._handle is None:
                self._handle = self.path.open("w", encoding="utf-8", newline="")
                self._line([*self.header, *EXTRA_COLUMNS])
            self._line(cells)
        except OSError as error:
            raise Problem(
                f"The refused rows cannot be written to {self.path}: {error.strerror}.",
                what_to_do="Make room, or copy the file to a folder that you may write to; import it again.",
            ) from error

    def _line(self, cells: Sequence[str]) -> None:
        assert self._handle is not None
        csv.writer(self._handle, delimiter=self.separator).writerow([safe_cell(cell) for cell in cells])

    def __enter__(self) -> "RejectedFile":
        self.path.unlink(missing_ok=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._handle is not None:
            self._handle.close()


def table_csv(table: pd.DataFrame) -> bytes:
    """UTF-8 with a byte order mark (so that spreadsheets read it right), CRLF, texts made harmless."""
    safe = table.rename(columns=lambda name: safe_cell(str(name)))
    for name in safe.columns:
        if not pd.api.types.is_numeric_dtype(safe[name]):
            safe[name] = [safe_cell("" if pd.isna(value) else str(value)) for value in safe[name]]
    return safe.to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig")
