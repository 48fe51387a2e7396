"""The clinical content as one clinic uses it: the tables of the files with the clinic's own changes laid over them.

Changes are versions that are only ever added; of one row the last that has begun holds. Rules and deadlines are
those of a day of the clinic, a schedule that of the day of the treatment: whatever happened before a change keeps
what held then.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from reporting.domain.content import content
from reporting.domain.content_reader import with_cells
from reporting.domain.content_rows import CaseLevel, Rule
from reporting.domain.course import due_days

RULES, LEVELS, SCHEDULES, RANGES, TOLERANCES = (
    "triage_rules",
    "case_levels",
    "schedules",
    "protocol_ranges",
    "tolerances",
)
IS_ON = "is_on"
"""The column of a rule that is not in the file: ``no`` where the clinic does not use the rule."""
CEILING = "ceiling"
TOLERATED_FACTOR = 1.5
"""The ceiling is the largest dose whose risk stays under so many times the risk at the reference; our estimate."""

Cells = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Change:
    """One version of one row: ``cells`` as they would stand in the file, sorted; none: as the files have it."""

    table: str
    row: str
    cells: Cells
    from_day: date
    changed_at: datetime | None = None


@dataclass(frozen=True)
class ProtocolRange:
    """What the clinic's own protocol allows; ``skin_group`` empty for every skin, limits in the field's unit."""

    device_class: str
    field: str
    skin_group: str
    minimum: float | None
    maximum: float | None
    note: str = ""


@dataclass(frozen=True)
class ClinicContent:
    """``changes`` in the order they were made. Without any, everything is as in the files."""

    changes: tuple[Change, ...] = ()

    def rows(self, table: str, day: date | None = None) -> dict[str, Cells]:
        """Changed rows of a table on a day (None: as last decided) by their key, those set back left out."""
        found: dict[str, Cells] = {}
        for change in self.changes:
            if change.table == table and (day is None or change.from_day <= day):
                found[change.row] = change.cells
        return {row: cells for row, cells in found.items() if cells}

    def rules(self, day: date | None = None) -> tuple[Rule, ...]:
        """The triage rules in force on a day of the clinic, in the order of the table."""
        changed = self.rows(RULES, day)
        return _rules(tuple(changed.items())) if changed else content().rules

    def case_levels(self, day: date | None = None) -> Mapping[str, CaseLevel]:
        """Case levels by code with the deadlines of cases raised on a day of the clinic."""
        changed = self.rows(LEVELS, day)
        levels = content().case_levels
        return {
            **levels,
            **{code: with_cells(f"{LEVELS}.csv", levels[code], dict(cells)) for code, cells in changed.items()},
        }

    def due_days(self, procedure_class: str, performed_on: date | None) -> tuple[int, ...]:
        """Due recovery days of a treatment of that day (None: as last decided). Raises InvalidInput."""
        cells = self.rows(SCHEDULES, performed_on).get(procedure_class)
        return tuple(int(day) for day in dict(cells)["days"].split("|")) if cells else due_days(procedure_class)

    def protocol_ranges(self) -> tuple[ProtocolRange, ...]:
        """The clinic's own ranges, by device class, setting and skin group."""
        return tuple(protocol_range(key, dict(cells)) for key, cells in sorted(self.rows(RANGES).items()))

    def tolerated_factor(self) -> float:
        """How many times the risk at the reference the clinic tolerates at the ceiling."""
        return float(dict(self.rows(TOLERANCES).get(CEILING, ())).get("factor", TOLERATED_FACTOR))


UNCHANGED = ClinicContent()


@lru_cache(maxsize=256)
def _rules(changed: tuple[tuple[str, Cells], ...]) -> tuple[Rule, ...]:
    return rules_with({row: dict(cells) for row, cells in changed})


def rules_with(changed: Mapping[str, Mapping[str, str]]) -> tuple[Rule, ...]:
    """The rules of the files with these cells laid over them; those that are off left out. Raises ContentError."""
    kept = []
    for rule in content().rules:
        cells = dict(changed.get(rule.code, {}))
        if cells.pop(IS_ON, "yes") == "yes":
            kept.append(with_cells(f"{RULES}.csv", rule, cells) if cells else rule)
    return tuple(kept)


def range_key(device_class: str, field: str, skin_group: str) -> str:
    return "|".join((device_class, field, skin_group))


def protocol_range(key: str, cells: Mapping[str, str]) -> ProtocolRange:
    """The range of a row. Raises ValueError for a limit that is no number."""
    device_class, field, skin_group = key.split("|")
    low, high = (float(cells[name]) if cells.get(name) else None for name in ("minimum", "maximum"))
    return ProtocolRange(device_class, field, skin_group, low, high, cells.get("note", ""))


def scheduled_days(contents: Iterable[ClinicContent]) -> set[int]:
    """Every recovery day that some schedule has: of the files, and of these clinics at any time."""
    days = {day for schedule in content().schedules.values() for day in schedule}
    for one in contents:
        for change in one.changes:
            if change.table == SCHEDULES and change.cells:
                days.update(int(day) for day in dict(change.cells)["days"].split("|"))
    return days
