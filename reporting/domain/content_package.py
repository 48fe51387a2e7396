"""The clinical content as one package: its name, version and hash, its rows by table and key, and what differs.

Tables are compared as they are read, not as they are stored: line ends, a byte order mark, spaces around a cell and
the order of columns mean nothing. The order of rows does (answers stand from best to worst), so it is hashed too.
A catalogue is a table ``locales/CODE``: one row per sentence, as gettext keys it; fuzzy entries are not shown to
anybody and left out.
"""

import csv
import hashlib
import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from babel.messages.pofile import read_po

from reporting.domain.content_reader import ContentError
from reporting.settings import settings

Cells = Mapping[str, str]
Rows = Mapping[str, Sequence[tuple[str, Cells]]]
"""Table to its rows: key and cells, in the order of the file."""

KEYS: Mapping[str, tuple[str, ...]] = {
    "answer_options": ("option_set", "value"),
    "case_levels": ("code",),
    "consent_texts": ("kind", "version"),
    "countries": ("code",),
    "device_classes": ("code",),
    "device_parameters": ("device_class", "field"),
    "expected_course": ("procedure_class", "symptom", "from_day"),
    "facts": ("code",),
    "follow_ups": ("key",),
    "guidance": ("key",),
    "guidelines": ("device_class", "field", "fitzpatrick_from", "fitzpatrick_to", "spot_size_mm", "areas"),
    "messages": ("code",),
    "outcome_terms": ("code",),
    "procedure_classes": ("code",),
    "questions": ("id",),
    "schedules": ("procedure_class", "day"),
    "self_care": ("procedure_class", "from_day"),
    "setting_fields": ("field",),
    "severity_words": ("value",),
    "silence_rules": ("code",),
    "symptoms": ("code",),
    "triage_rules": ("code",),
    "vocabulary": ("kind", "code"),
}
"""Columns that name a row of a table. Of any other table the number of the row does."""
NOT_CLINICAL = ("demo_profile",)
"""Tables of the folder that no patient is ever advised by."""
NOT_FOR_SAFETY = (
    "consent_texts",
    "device_parameters",
    "guidelines",
    "outcome_terms",
    "setting_fields",
    "vocabulary",
)
"""Tables that neither judge an answer nor say what to do; every other one, and each catalogue, is safety-relevant."""
UNNAMED, NO_VERSION = "unnamed", "0.0.0"
CATALOGUES = "locales/"
_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")


def is_for_safety(table: str) -> bool:
    """Whether rows of that table need two signatures before patients are asked."""
    return table not in NOT_FOR_SAFETY


def _canonical(of: Any) -> bytes:
    return json.dumps(of, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def row_hash(cells: Cells) -> str:
    """SHA-256 of the cells of a row, whatever the order of its columns."""
    return hashlib.sha256(_canonical(dict(cells))).hexdigest()


def digest(rows: Rows) -> str:
    """SHA-256 over all rows: tables by name, rows in their order."""
    return hashlib.sha256(
        _canonical([[table, [[key, row_hash(cells)] for key, cells in rows[table]]] for table in sorted(rows)])
    ).hexdigest()


@dataclass(frozen=True)
class Package:
    """All clinical content of a folder, or of a version that was recorded."""

    name: str
    version: str
    rows: Rows

    @cached_property
    def hash(self) -> str:
        return digest(self.rows)

    @cached_property
    def hashes(self) -> Mapping[str, Mapping[str, str]]:
        """Table to row key to the hash of the row."""
        return {table: {key: row_hash(cells) for key, cells in rows} for table, rows in self.rows.items()}

    @property
    def safety_rows(self) -> Iterator[tuple[str, str]]:
        """Table and key of every row that two people have to sign."""
        return ((table, key) for table, rows in self.rows.items() if is_for_safety(table) for key, _ in rows)


def number_of(version: str) -> tuple[int, int, int]:
    """Semantic version as three numbers, in the order in which versions follow. Raises ValueError."""
    found = _VERSION.fullmatch(version)
    if found is None:
        raise ValueError(f"{version!r} is not a version: 1.4.2")
    return int(found[1]), int(found[2]), int(found[3])


def _tidy(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _unique(keyed: Iterable[tuple[str, Cells]]) -> list[tuple[str, Cells]]:
    """A key that comes again gets its place added, so that no row hides another."""
    seen: dict[str, int] = {}
    found = []
    for key, cells in keyed:
        seen[key] = seen.get(key, 0) + 1
        found.append((key if seen[key] == 1 else f"{key} #{seen[key]}", cells))
    return found


def _table(file: Path) -> list[tuple[str, Cells]]:
    columns = KEYS.get(file.stem, ())
    try:
        with file.open(encoding="utf-8-sig", newline="") as handle:
            read = list(csv.reader(handle, strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise ContentError(file.name, 0, "-", f"cannot be read as CSV in UTF-8: {error}") from None
    header = [_tidy(name) for name in read[0]] if read else []
    rows = [{name: _tidy(text) for name, text in zip(header, row, strict=False)} for row in read[1:]]
    return _unique(
        ("|".join(cells.get(name, "") for name in columns) if columns else str(place), cells)
        for place, cells in enumerate(rows, start=1)
    )


def _catalogue(file: Path) -> list[tuple[str, Cells]]:
    with file.open("rb") as handle:
        entries = [entry for entry in read_po(handle) if entry.id and not entry.fuzzy]
    found: dict[str, Cells] = {}
    for entry in entries:
        key = entry.id if isinstance(entry.id, str) else " / ".join(entry.id)
        forms = (entry.string,) if isinstance(entry.string, str) else tuple(entry.string or ())
        cells = {"translation" if place == 0 else f"translation_{place}": form for place, form in enumerate(forms)}
        found[_tidy(key)] = {name: _tidy(text) for name, text in cells.items()}
    return sorted(found.items())


def _name(folder: Path) -> tuple[str, str]:
    file = folder / "package.toml"
    if not file.exists():
        return UNNAMED, NO_VERSION
    try:
        said = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ContentError(file.name, 0, "-", str(error)) from None
    name, version = said.get("id"), said.get("version")
    if not isinstance(name, str) or not name:
        raise ContentError(file.name, 1, "id", "must be a name")
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        raise ContentError(file.name, 1, "version", f"{version!r} is not a version: 1.4.2")
    return name, version


def read_package(folder: Path) -> Package:
    """Everything clinical in a folder of content tables. Raises ContentError."""
    tables = {file.stem: _table(file) for file in folder.glob("*.csv") if file.stem not in NOT_CLINICAL}
    for file in folder.glob("locales/*/LC_MESSAGES/patient.po"):
        tables[f"{CATALOGUES}{file.parent.parent.name}"] = _catalogue(file)
    return Package(*_name(folder), {table: tables[table] for table in sorted(tables)})


def package() -> Package:
    """The content in use, read and hashed once per process. Raises ContentError."""
    return _once(settings().content_dir)


@cache
def _once(folder: Path) -> Package:
    return read_package(folder)


@dataclass(frozen=True)
class Difference:
    """One thing that differs. ``kind``: changed, added, removed or moved; ``column`` empty: the row as a whole.

    ``old`` and ``new`` are the cells; of a row that is only on one side, its cells as ``column: text``.
    """

    table: str
    row: str
    kind: str
    column: str = ""
    old: str = ""
    new: str = ""


def differences(old: Rows, new: Rows) -> tuple[Difference, ...]:
    """What differs between two states of the content: by table, then in the order of the newer rows."""
    found: list[Difference] = []
    for table in sorted({*old, *new}):
        found += _in_table(table, old.get(table, ()), new.get(table, ()))
    return tuple(found)


def _in_table(
    table: str, before: Sequence[tuple[str, Cells]], after: Sequence[tuple[str, Cells]]
) -> Iterator[Difference]:
    old, new = dict(before), dict(after)
    renamed = _renamed(table, old, new)
    for key, cells in new.items():
        if (was := renamed.get(key, key)) in old:
            yield from _in_row(table, was, old[was], cells)
        else:
            yield Difference(table, key, "added", new=_said(cells))
    gone = set(renamed.values())
    for key, cells in old.items():
        if key not in new and key not in gone:
            yield Difference(table, key, "removed", old=_said(cells))
    kept = [key for key in old if key in new]
    order = [key for key in new if key in old]
    for key, other in zip(kept, order, strict=True):
        if key != other:
            yield Difference(table, other, "moved", old=str(kept.index(other) + 1), new=str(order.index(other) + 1))


def _in_row(table: str, key: str, old: Cells, new: Cells) -> Iterator[Difference]:
    for column in dict.fromkeys((*old, *new)):
        if old.get(column) != new.get(column):
            yield Difference(table, key, "changed", column, old.get(column, ""), new.get(column, ""))


def _renamed(table: str, old: Mapping[str, Cells], new: Mapping[str, Cells]) -> dict[str, str]:
    """New key to old key of rows of which only one cell of the name was changed."""
    columns = KEYS.get(table, ())
    gone = {key: cells for key, cells in old.items() if key not in new}
    found: dict[str, str] = {}
    for key, cells in new.items():
        if key in old or not columns:
            continue
        for was, before in gone.items():
            changed = [name for name in dict.fromkeys((*before, *cells)) if before.get(name) != cells.get(name)]
            if len(changed) == 1 and changed[0] in columns and was not in found.values():
                found[key] = was
                break
    return found


def _said(cells: Cells) -> str:
    return "; ".join(f"{name}: {text}" for name, text in cells.items() if text)


def words_of(one: Difference) -> str:
    """``triage_rules, row R4, column advice: was 'contact_today', is 'unusual'``."""
    row = f"{one.table}, row {one.row}"
    if one.kind == "changed":
        return f"{row}, column {one.column}: was {one.old!r}, is {one.new!r}"
    if one.kind == "moved":
        return f"{row}: was in place {one.old}, is in place {one.new}"
    return f"{row}: {one.kind} ({one.old or one.new})"


def to_file(of: Package) -> str:
    """A package as JSON, to be kept beside what it was or compared elsewhere."""
    kept = {"id": of.name, "version": of.version, "hash": of.hash, "rows": stored(of.rows)}
    return json.dumps(kept, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def stored(rows: Rows) -> dict[str, list[list[Any]]]:
    """Rows as JSON keeps them."""
    return {table: [[key, dict(cells)] for key, cells in of] for table, of in rows.items()}


def from_stored(rows: Mapping[str, Sequence[Sequence[Any]]]) -> Rows:
    """The opposite of ``stored``."""
    return {table: [(str(key), dict(cells)) for key, cells in of] for table, of in rows.items()}


def from_file(text: str) -> Package:
    """The opposite of ``to_file``. Raises ValueError for what is none, or was changed since it was written."""
    try:
        said = json.loads(text)
        found = Package(str(said["id"]), str(said["version"]), from_stored(said["rows"]))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"is no package of clinical content: {error}") from None
    if found.hash != said.get("hash"):
        raise ValueError("was changed since it was written: its hash does not fit its rows")
    return found


def overlay_hash(changes: Iterable[Any]) -> str:
    """SHA-256 of what a clinic changed (``clinic_content.Change``), in the order of its changes; empty: nothing."""
    rows = [[one.table, one.row, [list(cell) for cell in one.cells], one.from_day.isoformat()] for one in changes]
    return hashlib.sha256(_canonical(rows)).hexdigest() if rows else ""


def pinned_version(version: str, clinic_changes: int) -> str:
    """``1.4.2``, with the clinic's own changes so far as build metadata: ``1.4.2+clinic.3`` (semver 2.0, 10)."""
    return f"{version}+clinic.{clinic_changes}" if clinic_changes else version


PACKAGE_WORDS = {
    "withdrawn_heading": "Please call your clinic today.",
    "withdrawn_heading_closed": "Your clinic is closed now. Please call when it opens.",
    "withdrawn_opening": "This page cannot tell you what your answers mean right now. A person has to look at them.",
    "withdrawn_next": "Call the clinic and say how you are. Your answers are kept for them.",
    "withdrawn_hours": "If no one answers, call {out_of_hours}. In an emergency, call {emergency}.",
    "withdrawn_hours_closed": "If you cannot wait, call {out_of_hours}. In an emergency, call {emergency}.",
    "withdrawn_tick": "You can still tick what you have. If it is a danger, we tell you at once.",
    "pilot": "This is a trial that your clinic watches. If you are not sure, call the clinic.",
}
"""What a patient reads about the content as a whole: that it was withdrawn, or is only tried. English, as in
``patient_words``."""
