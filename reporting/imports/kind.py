"""What every kind of file shares: its columns, its rows, the run that they belong to, and the protocol of a kind."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, Protocol

from reporting import clock
from reporting.domain import devices, vocabulary
from reporting.domain.actors import Actor
from reporting.records import bulk
from reporting.records.bulk import ClinicEntry, Session
from reporting.shell.file_csv import Fault, Refused

Kind = Literal["devices", "treatments", "check-ins"]
Type = Literal["text", "number", "whole", "date", "moment", "yes_no", "code"]
EARLIEST = "1990-01-01"
_NEVER_ZERO = {"fluence_j_cm2", "pulse_energy_mj", "density_pct", "passes"}


@dataclass(frozen=True)
class Field:
    """One of our columns. ``low`` and ``high`` are inclusive; ``longest`` is in characters."""

    name: str
    type: Type
    meaning: str
    unit: str = ""
    needed: bool = False
    low: float | None = None
    high: float | None = None
    above_zero: bool = False
    codes: tuple[str, ...] = ()
    longest: int = 64

    @property
    def allowed(self) -> str:
        """What may stand in it, in words."""
        return _ALLOWED[self.type](self)


def _range(field: Field) -> str:
    if field.above_zero:
        return " above 0" + (f" up to {field.high:g}" if field.high is not None else "")
    if field.low is None:
        return ""
    if field.high is None:
        return f" of {field.low:g} or more"
    return f" from {field.low:g} to {field.high:g}"


_ALLOWED: Mapping[Type, Callable[[Field], str]] = {
    "text": lambda field: f"text of at most {field.longest} characters",
    "number": lambda field: f"a number{_range(field)}{' in ' + field.unit if field.unit else ''}",
    "whole": lambda field: f"a whole number{_range(field)}",
    "date": lambda _: f"a date such as 2026-03-07, from {EARLIEST}",
    "moment": lambda _: "a date such as 2026-03-07, or a moment such as 2026-03-07 18:30",
    "yes_no": lambda _: "yes or no (also true, false, 1, 0)",
    "code": lambda field: f"one of {', '.join(field.codes)}",
}


def settings_columns(prefix: str = "") -> list[Field]:
    """One column per setting of a treated area. Setting names carry their unit."""
    return [
        Field(
            prefix + name,
            "number",
            _setting_meaning(prefix, setting.label),
            setting.unit,
            low=None if setting.unit == "degC" else 0,
            high=100 if setting.unit == "%" else None,
            above_zero=name in _NEVER_ZERO,
        )
        for name, setting in devices.setting_fields().items()
    ]


def _setting_meaning(prefix: str, label: str) -> str:
    words = {
        "": "",
        "ref_": "reference of the class: ",
        "plausible_min_": "values below are refused: ",
        "plausible_max_": "values above are refused: ",
        "typical_low_": "values below are marked: ",
        "typical_high_": "values above are marked: ",
    }
    return words[prefix] + label


def procedure_classes() -> tuple[str, ...]:
    """The codes of all procedure classes."""
    return tuple(vocabulary.procedure_classes())


def terms(kind: vocabulary.Kind) -> tuple[str, ...]:
    """The codes of a vocabulary."""
    return tuple(vocabulary.terms(kind))


Values = dict[str, Any]
"""Our field names to values; empty cells are left out."""
Found = tuple[str, object, str]
"""A fault before its row is known: field, value, what is allowed."""


@dataclass(frozen=True)
class Row:
    """A row that could be read. ``cells`` are as in the file."""

    number: int
    cells: Sequence[str]
    values: Values


class Reader(Protocol):
    """What an import asks the reader of its rows, beside the rows themselves."""

    @property
    def judged(self) -> bool:
        """Whether a severity of 1 or more already means unexpected."""

    def allowed(self, field: str) -> str:
        """What may stand in a field, in words."""

    def as_plain(self) -> dict[str, Any]:
        """Its mapping as plain JSON, to read with it again later."""

    def read(self, number: int, cells: Sequence[str]) -> Row:
        """The row's values. Raises Refused."""

    def text(self, field: str, cells: Sequence[str]) -> str | None:
        """What a row says in a text field, whatever else is wrong with it; empty where nothing, None if unreadable."""

    def fault(self, number: int, field: str, value: object, allowed: str) -> Fault:
        """A fault of a row in the column that ``field`` was read from."""


OR_CREATE = "or let the import create what is missing"


@dataclass
class Run:
    """One import of one file. Lives until the run ends or a chunk fails."""

    by: Actor
    kind: Kind
    reader: Reader
    clinic: str | None
    """Code of the clinic of rows that name none."""
    create_missing: bool
    only_clinic: str | None = None
    """Code of the one clinic that the actor may touch; empty: all."""
    clinics: dict[str, ClinicEntry] = field(default_factory=dict)
    _today: dict[str, date] = field(default_factory=dict)

    @property
    def judged(self) -> bool:
        return self.reader.judged

    def today(self, timezone: str) -> date:
        if timezone not in self._today:
            self._today[timezone] = clock.today(timezone)
        return self._today[timezone]

    def refuse(self, row: Row, column: str, value: object, allowed: str) -> Refused:
        return Refused(self.reader.fault(row.number, column, value, allowed))

    def clinic_of(self, session: Session, row: Row) -> ClinicEntry:
        """The clinic of a row; one that may be made has no id yet. Raises Refused."""
        code = row.values.get("clinic") or self.clinic
        if code is None:
            raise self.refuse(row, "clinic", "", "a clinic, by column, mapping or option")
        if self.only_clinic not in (None, code):
            raise self.refuse(row, "clinic", code, f"your own clinic, {self.only_clinic}")
        if code not in self.clinics:
            found = bulk.clinic_entry(session, code)
            if found is None and not self.create_missing:
                raise self.refuse(row, "clinic", code, f"a clinic that is there; {OR_CREATE}")
            self.clinics[code] = found or bulk.new_clinic_entry(session, code)
        return self.clinics[code]


@dataclass
class ChunkResult:
    """What became of a chunk's rows. ``created`` counts side records by kind."""

    imported: int = 0
    there: list[int] = field(default_factory=list)
    """Numbers of the rows that are in already, the same."""
    refused: list[tuple[Row, tuple[Fault, ...]]] = field(default_factory=list)
    created: Counter[str] = field(default_factory=Counter)
    touched: set[int] = field(default_factory=set)
    """Ids of treatments whose outcome is to be computed anew."""
    clinic_ids: set[int] = field(default_factory=set)

    @property
    def unchanged(self) -> int:
        return len(self.there)


Decide = Callable[[Row], bool]
"""Takes a row in (True), knows it already (False), or raises Refused."""


def decide_each(rows: Sequence[Row], decide: Decide, result: ChunkResult) -> list[Row]:
    """The rows to take in; the others are counted or kept as refused in ``result``."""
    taken = []
    for row in rows:
        try:
            if decide(row):
                taken.append(row)
            else:
                result.there.append(row.number)
        except Refused as refused:
            result.refused.append((row, refused.faults))
    return taken


def differences(stored: Sequence[object], found: Sequence[object], names: Sequence[str]) -> str:
    """The values in which two rows differ, in words."""
    return ", ".join(
        f"{name} {_shown(was)} (now {_shown(now)})"
        for name, was, now in zip(names, stored, found, strict=True)
        if was != now
    )


def _shown(value: object) -> str:
    return "empty" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


class Importer(Protocol):
    """A kind of file. A new one is a module with such an object, and a line in ``kinds``."""

    def fields(self) -> Sequence[Field]:
        """Its columns in the order of the template: type, unit, what is allowed, what it means."""

    def contradictions(self, values: Values) -> list[Found]:
        """What is wrong between the cells of one row, each of which could be read."""

    def take_in(self, session: Session, run: Run, rows: Sequence[Row]) -> ChunkResult:
        """Take in a chunk of rows, in the caller's transaction: which are new, there already or refused, and why."""

    def clinics_of(self, session: Session, run: Run, rows: Sequence[Row]) -> dict[int, int]:
        """Number of a row to the id of its clinic, for rows that name none, where something else in them tells it."""
        del session, run, rows  # of most kinds nothing else does
        return {}
