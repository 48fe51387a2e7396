"""What the imports of all kinds share: the run's directory of clinics, and the result of a chunk of rows."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date

from reporting import clock
from reporting.domain.actors import Actor
from reporting.exchange.rejects import Fault, Refused
from reporting.exchange.rows import Row, RowReader
from reporting.storage import bulk
from reporting.storage.bulk import ClinicEntry, Session

OR_CREATE = "or let the import create what is missing"


@dataclass
class Run:
    """One import of one file. Lives until the run ends or a chunk fails."""

    by: Actor
    reader: RowReader
    clinic: str | None
    """Code of the clinic of rows that name none."""
    create_missing: bool
    only_clinic: str | None = None
    """Code of the one clinic that the actor may touch; empty: all."""
    clinics: dict[str, ClinicEntry] = field(default_factory=dict)
    _today: dict[str, date] = field(default_factory=dict)

    @property
    def judged(self) -> bool:
        return self.reader.mapping.judged

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
