"""The clinical content as one clinic uses it: the tables of the files with the clinic's own changes laid over them.

Changes are versions that are only ever added; of one row the last that has begun holds. Rules and deadlines are
those of a day of the clinic, a schedule that of the day of the treatment: whatever happened before a change keeps
what held then.

Which changes of the clinical content a clinic may make. The checks are those of the files, and three more:
a rule of safety may only get stricter, deadlines and their ceilings only earlier, an emergency only faster.

What a clinic may set as its own protocol range, and as the risk that it tolerates.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import TypeVar

from reporting.domain import content as checks
from reporting.domain import vocabulary
from reporting.domain.content import content
from reporting.domain.content_reader import (
    ContentError,
    Table,
    cells_of,
    check_rules,
    is_safety_rule,
    later_columns,
    milder_columns,
    with_cells,
)
from reporting.domain.content_rows import CaseLevel, Rule, ScheduledDay
from reporting.domain.course import classes_of, due_days
from reporting.domain.devices import DeviceClass, parameter_of, setting_fields
from reporting.errors import ContentRefused

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
            **{code: _in_time(levels[code], dict(cells)) for code, cells in changed.items()},
        }

    def due_days(self, procedure_class: str, performed_on: date | None) -> tuple[int, ...]:
        """Due recovery days of a treatment of that day (None: as last decided), of each class of its visit.

        Raises InvalidInput.
        """
        changed = self.rows(SCHEDULES, performed_on) if self.changes else {}
        found: set[int] = set()
        for part in classes_of(procedure_class):
            cells = changed.get(part)
            own = (int(day) for day in dict(cells)["days"].split("|")) if cells else due_days(part, performed_on)
            found.update(own)
        return tuple(sorted(found))

    def protocol_ranges(self) -> tuple[ProtocolRange, ...]:
        """The clinic's own ranges, by device class, setting and skin group."""
        return tuple(protocol_range(key, dict(cells)) for key, cells in sorted(self.rows(RANGES).items()))

    def tolerated_factor(self) -> float:
        """How many times the risk at the reference the clinic tolerates at the ceiling."""
        return float(dict(self.rows(TOLERANCES).get(CEILING, ())).get("factor", TOLERATED_FACTOR))


UNCHANGED = ClinicContent()


def _in_time(old: CaseLevel, cells: Mapping[str, str]) -> CaseLevel:
    """A level as changed; of what waits longer than in the files that of the files."""
    new = with_cells(f"{LEVELS}.csv", old, cells)
    return replace(new, **{name: getattr(old, name) for name in later_columns(old, new)})


@lru_cache(maxsize=256)
def _rules(changed: tuple[tuple[str, Cells], ...]) -> tuple[Rule, ...]:
    return rules_with({row: dict(cells) for row, cells in changed})


def rules_with(changed: Mapping[str, Mapping[str, str]]) -> tuple[Rule, ...]:
    """The rules of the files with these cells laid over them; those that are off left out. Raises ContentError.

    Of a rule of safety no cell counts that is milder than the file, whenever it was saved: the file may have become
    stricter since, or the rule a rule of safety.
    """
    kept = []
    for rule in content().rules:
        cells = dict(changed.get(rule.code, {}))
        is_on, is_safe = cells.pop(IS_ON, "yes") == "yes", is_safety_rule(rule)
        if not (is_on or is_safe):
            continue
        new = with_cells(f"{RULES}.csv", rule, cells) if cells else rule
        if is_safe and (milder := milder_columns(rule, new)):
            new = replace(new, **{name: getattr(rule, name) for name in milder})
        kept.append(new)
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
    days = {day for schedule in content().schedules.values() for day in {row.day for row in schedule}}
    for one in contents:
        for change in one.changes:
            if change.table == SCHEDULES and change.cells:
                days.update(int(day) for day in dict(change.cells)["days"].split("|"))
    return days


SKIN_GROUPS = ("", *vocabulary.SKIN_GROUPS)
"""Empty: every skin."""
LOWEST_FACTOR, HIGHEST_FACTOR = 1.1, 5.0
NOTE_CHARACTERS = 200


def number(row: str, field: str, text: str) -> float:
    """A finite number. Raises ContentRefused."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ContentRefused(row, field, text, "allowed is a number")
    return value


def check_range(row: str, cells: Mapping[str, str], classes: Mapping[str, DeviceClass]) -> dict[str, str]:
    """The cells of a range that are given. ``row`` is ``device class|field|skin group``. Raises ContentRefused."""
    parts = row.split("|")
    if len(parts) != 3 or parts[0] not in classes:
        raise ContentRefused(row, "device_class", parts[0], "allowed is one of " + ", ".join(classes))
    device_class, field, skin_group = parts
    if skin_group not in SKIN_GROUPS:
        raise ContentRefused(row, "skin_group", skin_group, "allowed is I-III, IV-VI, or empty for every skin")
    parameter = parameter_of(classes[device_class], field) if field in setting_fields() else None
    if parameter is None:
        raise ContentRefused(row, "field", field, f"allowed is a setting of {classes[device_class].name}")
    given = {name: text for name, text in cells.items() if text}
    limits = {name: number(row, name, given[name]) for name in ("minimum", "maximum") if name in given}
    if not limits:
        raise ContentRefused(row, "maximum", "", "a range needs a minimum or a maximum")
    for name, value in limits.items():
        _plausible(row, name, value, parameter.plausible_min, parameter.plausible_max)
    if len(limits) == 2 and limits["minimum"] > limits["maximum"]:
        raise ContentRefused(row, "maximum", given["maximum"], f"allowed is {given['minimum']} (the minimum) or more")
    note = given.get("note", "")
    if len(note) > NOTE_CHARACTERS or not note.isprintable():
        raise ContentRefused(row, "note", note[:60], f"allowed is one line of at most {NOTE_CHARACTERS} characters")
    return given


def _plausible(row: str, name: str, value: float, low: float | None, high: float | None) -> None:
    if (low is not None and value < low) or (high is not None and value > high):
        low_words = "any" if low is None else f"{low:g}"
        high_words = "any" if high is None else f"{high:g}"
        raise ContentRefused(row, name, f"{value:g}", f"allowed is {low_words} to {high_words}, the plausible limits")


def check_factor(row: str, cells: Mapping[str, str]) -> dict[str, str]:
    """The tolerated multiple of the risk at the reference. Raises ContentRefused."""
    value = number(row, "factor", cells["factor"])
    if not LOWEST_FACTOR <= value <= HIGHEST_FACTOR:
        raise ContentRefused(row, "factor", cells["factor"], f"allowed is {LOWEST_FACTOR} to {HIGHEST_FACTOR}")
    return {"factor": f"{value:g}"}


CLOCKS = (
    ("deadline_hours", "counted", "ceiling_hours"),
    ("contact_hours", "contact_counted", "contact_ceiling_hours"),
)
"""Columns of the two clocks of a case: to be taken by, and to be contacted by."""
EDITABLE = {
    RULES: (IS_ON, "min_severity", "min_rise", "min_excess", "from_day", "to_day", "advice", "case_level"),
    LEVELS: tuple(name for clock in CLOCKS for name in clock),
    SCHEDULES: ("days",),
    RANGES: ("minimum", "maximum", "note"),
    TOLERANCES: ("factor",),
}
"""Columns of each table that a clinic may change; words stay those that were reviewed and translated."""
Classes = Mapping[str, DeviceClass]
R = TypeVar("R")


def first_day(table: str, today: date) -> date:
    """From when a change made today holds at the earliest.

    Rules, deadlines and schedules begin with the next day: a check-in that is being answered keeps its questions,
    and one that was answered today keeps its deadline.
    """
    return today if table in (RANGES, TOLERANCES) else today + timedelta(days=1)


def values_of(table: str, row: str, cells: Mapping[str, str]) -> dict[str, str]:
    """Every editable column of a row: the file's with ``cells`` laid over. Raises ContentRefused."""
    return _in_file(table, row) | dict(cells)


def checked(table: str, row: str, cells: Mapping[str, str], now: ClinicContent, classes: Classes) -> dict[str, str]:
    """The cells in which the row is to differ from the files; none: it is as there. Raises ContentRefused naming
    row, field, what was found and what is allowed. ``classes`` are the device classes of the clinic by code."""
    if table not in EDITABLE:
        raise ContentRefused(row, "table", table, "allowed is " + ", ".join(EDITABLE))
    tidy = {name: text.strip() for name, text in cells.items()}
    for name in tidy:
        if name not in EDITABLE[table]:
            raise ContentRefused(row, name, tidy[name], "allowed to change is " + ", ".join(EDITABLE[table]))
    base = _in_file(table, row)
    changed = {name: text for name, text in tidy.items() if text != base.get(name, "")}
    return _CHECKS[table](row, changed, now, classes) if changed else {}


def _in_file(table: str, row: str) -> dict[str, str]:
    if table == RANGES:
        return dict.fromkeys(EDITABLE[table], "")
    if table == TOLERANCES:
        return {"factor": str(TOLERATED_FACTOR)}
    if table == SCHEDULES:
        return {"days": "|".join(str(due.day) for due in _known(content().schedules, row))}
    if table == LEVELS:
        found = cells_of(_known(content().case_levels, row))
    else:
        found = {IS_ON: "yes"} | cells_of(_known({rule.code: rule for rule in content().rules}, row))
    return {name: found[name] for name in EDITABLE[table]}


def _known(of: Mapping[str, R], row: str) -> R:
    if row not in of:
        raise ContentRefused(row, "row", row, "allowed is one of " + ", ".join(of))
    return of[row]


def _refused(error: ContentError, rows: list[str], found: Mapping[str, str]) -> ContentRefused:
    """What the files' check says, with the row's own name in the place of its line."""
    row = rows[error.line - 1] if 0 < error.line <= len(rows) else rows[0]
    return ContentRefused(row, error.column, found.get(error.column, ""), error.reason)


def _rule(row: str, cells: dict[str, str], _now: ClinicContent, _classes: Classes) -> dict[str, str]:
    if cells.get(IS_ON, "no") != "no":
        raise ContentRefused(row, IS_ON, cells[IS_ON], "allowed is yes or no")
    every = {rule.code: rule for rule in content().rules}
    old = every[row]
    if is_safety_rule(old) and IS_ON in cells:
        raise ContentRefused(row, IS_ON, "no", f"{_why_safe(old)}, which can never be off")
    rest = {name: text for name, text in cells.items() if name != IS_ON}
    try:
        every[row] = new = with_cells(f"{RULES}.csv", old, rest)
        table = Table(f"{RULES}.csv", tuple(enumerate(every.values(), start=1)))
        check_rules(table, content().follow_ups)
    except ContentError as error:
        raise _refused(error, [row] if error.line == 0 else list(every), cells) from None
    if is_safety_rule(old):
        _no_milder(old, new, cells)
    return cells


def _no_milder(old: Rule, new: Rule, cells: Mapping[str, str]) -> None:
    """A rule of safety fires at least where it fired, and asks for at least as much."""
    for name in milder_columns(old, new):
        limit = getattr(old, name)
        allowed = f"{_why_safe(old)}: it may only be made stricter than {'no limit' if limit is None else limit}"
        raise ContentRefused(old.code, name, cells[name], allowed)


def _why_safe(rule: Rule) -> str:
    return f"{rule.red_flag} is a red flag" if rule.red_flag else f"{rule.code} is a rule of safety"


def _level(row: str, cells: dict[str, str], now: ClinicContent, _classes: Classes) -> dict[str, str]:
    every = dict(now.case_levels())
    old = content().case_levels[row]
    try:
        every[row] = new = with_cells(f"{LEVELS}.csv", old, cells)
        checks.check_deadlines(Table(f"{LEVELS}.csv", tuple(enumerate(every.values(), start=1))))
    except ContentError as error:
        raise _refused(error, [row] if error.line == 0 else list(every), cells) from None
    _no_later(old, new, cells)
    return cells


def _no_later(old: CaseLevel, new: CaseLevel, cells: Mapping[str, str]) -> None:
    for hours, _, _ in CLOCKS:
        if getattr(new, hours) < 1:
            raise ContentRefused(old.code, hours, cells[hours], "at least 1")
    for name in later_columns(old, new):
        is_hours = name.endswith("hours")
        allowed = f"at most {getattr(old, name)}" if is_hours else f"{old.label} is counted around the clock"
        raise ContentRefused(old.code, name, cells[name], allowed)


def _schedule(row: str, cells: dict[str, str], _now: ClinicContent, _classes: Classes) -> dict[str, str]:
    days = [part.strip() for part in cells["days"].split("|") if part.strip()]
    first = ScheduledDay(
        procedure_class=row,
        day=0,
        from_hour=None,
        source="set by the clinic",
        evidence_mark="estimate",
        review_status="not_reviewed",
    )
    try:
        rows = tuple(
            (number, with_cells(f"{SCHEDULES}.csv", first, {"day": day})) for number, day in enumerate(days, start=1)
        )
        found = checks.schedule_days(Table(f"{SCHEDULES}.csv", rows), [row])[row]
    except ContentError as error:
        raise ContentRefused(row, "days", cells["days"], error.reason) from None
    tidy = {"days": "|".join(str(due.day) for due in found)}
    return {} if tidy == _in_file(SCHEDULES, row) else tidy


def _range(row: str, cells: dict[str, str], _now: ClinicContent, classes: Classes) -> dict[str, str]:
    return check_range(row, cells, classes)


def _tolerance(row: str, cells: dict[str, str], _now: ClinicContent, _classes: Classes) -> dict[str, str]:
    if row != CEILING:
        raise ContentRefused(row, "row", row, f"allowed is {CEILING}")
    return check_factor(row, cells)


_CHECKS: Mapping[str, Callable[[str, dict[str, str], ClinicContent, Classes], dict[str, str]]] = {
    RULES: _rule,
    LEVELS: _level,
    SCHEDULES: _schedule,
    RANGES: _range,
    TOLERANCES: _tolerance,
}
