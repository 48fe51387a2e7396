"""A CSV file as other programs write it: encoding, separator and quoting are found out, not asked for.

The whole file is looked through once before a row is handed out, so that a file that cannot be read to its
end leaves nothing half imported.
"""

import codecs
import csv
import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from reporting.errors import UnreadableFile

SEPARATORS = (",", ";", "\t")
SAMPLE_CHARACTERS = 65_536
SAMPLE_RECORDS = 50
PIECE_BYTES = 1 << 20
LONGEST_CELL = 131_072
"""Characters. A longer cell is nearly always a quote that was never closed."""
MOST_COLUMNS = 1_000
"""Each is compared with every field of ours."""
_QUOTED = re.compile(r'"(?:[^"]|"")*"?')

_OTHER_KINDS = {
    codecs.BOM_UTF16_LE: "it is UTF-16 text; save it as CSV in UTF-8",
    codecs.BOM_UTF16_BE: "it is UTF-16 text; save it as CSV in UTF-8",
    b"PK\x03\x04": "it is a spreadsheet or ZIP file; save the sheet as CSV first",
    b"\xd0\xcf\x11\xe0": "it is an old Excel file; save the sheet as CSV first",
    b"%PDF": "it is a PDF file",
    b"\x1f\x8b": "it is compressed; unpack it first",
    b"SQLite format 3": "it is a database file",
}


@dataclass(frozen=True)
class CsvFile:
    """A file that was looked through and can be read to its end.

    ``rows`` counts the rows below the header, blank ones left out; ``sha256`` is that of its bytes.
    """

    path: Path
    name: str
    separator: str
    header: tuple[str, ...]
    rows: int
    sha256: str

    def records(self) -> Iterator[tuple[int, list[str]]]:
        """Every row that is not blank with its number as a spreadsheet shows it (the header is row 1)."""
        with self.path.open(encoding="utf-8-sig", newline="") as handle:
            reader = _reader(handle, self.separator)
            next(reader)
            for number, cells in enumerate(reader, start=2):
                if cells:
                    yield number, cells


def _reader(lines: Iterator[str], separator: str) -> Iterator[list[str]]:
    return csv.reader(lines, delimiter=separator, strict=True)


def _refuse(name: str, why: str) -> UnreadableFile:
    return UnreadableFile(f"{name} cannot be read: {why}.")


def _check_kind(name: str, start: bytes) -> None:
    for magic, why in _OTHER_KINDS.items():
        if start.startswith(magic):
            raise _refuse(name, why)
    if not start.removeprefix(codecs.BOM_UTF8).strip():
        raise _refuse(name, "it is empty")


def _check_bytes(path: Path, name: str) -> str:
    """SHA-256 of the file. Raises UnreadableFile where it is not UTF-8 text; memory stays bounded."""
    digest, decoder, lines = hashlib.sha256(), codecs.getincrementaldecoder("utf-8")(), 1
    with path.open("rb") as handle:
        piece = handle.read(PIECE_BYTES)
        _check_kind(name, piece)
        while piece:
            digest.update(piece)
            if b"\x00" in piece:
                raise _refuse(name, "it is not text (it holds zero bytes)")
            try:
                decoder.decode(piece)
            except UnicodeDecodeError as error:
                line = lines + error.object[: error.start].count(b"\n")
                raise _refuse(name, f"line {line} is not UTF-8; save it as CSV in UTF-8") from None
            lines += piece.count(b"\n")
            piece = handle.read(PIECE_BYTES)
    if decoder.getstate()[0]:
        raise _refuse(name, f"line {lines} is not UTF-8; it seems to be cut off")
    return digest.hexdigest()


def separator_of(sample: str) -> str:
    """The separator under which most records have as many cells as the header, counted outside quotes."""
    lines = [line for line in re.split(r"[\r\n]+", _QUOTED.sub("q", sample)) if line]
    if len(lines) > 1 and len(sample) == SAMPLE_CHARACTERS:
        lines.pop()  # cut off
    lines = lines[:SAMPLE_RECORDS]

    def fit(separator: str) -> tuple[float, int]:
        counts = [line.count(separator) for line in lines]
        if not counts or not counts[0]:
            return 0.0, 0
        return sum(count == counts[0] for count in counts) / len(counts), counts[0]

    return max(SEPARATORS, key=fit)


def _header(name: str, cells: list[str]) -> tuple[str, ...]:
    if len(cells) > MOST_COLUMNS:
        raise _refuse(name, f"the first row has {len(cells)} columns; at most {MOST_COLUMNS} are read")
    header = tuple(cell.strip() for cell in cells)
    twice = [column for column, count in Counter(header).items() if column and count > 1]
    if twice:
        raise _refuse(name, f"the column {twice[0]!r} is there twice")
    if not any(header):
        raise _refuse(name, "the first row has no column names")
    return header


def _look_through(path: Path, name: str, separator: str) -> tuple[tuple[str, ...], int]:
    """The header and the number of rows below it. Raises UnreadableFile where the quoting is broken."""
    record, rows = 1, 0
    with path.open(encoding="utf-8-sig", newline="") as handle:
        reader = _reader(handle, separator)
        try:
            header = _header(name, next(reader))
            for cells in reader:
                record += 1
                rows += bool(cells)
        except csv.Error as error:
            raise _refuse(name, f"the quoting is broken after row {record} ({error})") from None
    if not rows:
        raise _refuse(name, "it has a header and no rows")
    return header, rows


def open_csv(path: Path, name: str | None = None) -> CsvFile:
    """Look a file through. Raises UnreadableFile that names what is wrong with it as a whole."""
    name = name or path.name
    if not path.is_file():
        raise _refuse(name, "there is no such file")
    csv.field_size_limit(LONGEST_CELL)
    sha256 = _check_bytes(path, name)
    with path.open(encoding="utf-8-sig", newline="") as handle:
        separator = separator_of(handle.read(SAMPLE_CHARACTERS))
    header, rows = _look_through(path, name, separator)
    return CsvFile(path=path, name=name, separator=separator, header=header, rows=rows, sha256=sha256)
