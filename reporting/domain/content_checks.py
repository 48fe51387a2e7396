"""What must hold between rows and between tables, so that the rules mean what they say."""

from collections.abc import Collection, Mapping
from itertools import pairwise
from typing import Any

from reporting.domain.content_reader import Table
from reporting.domain.records import (
    ADVICE_LEVELS,
    CASE_LEVELS,
    SYMPTOMS,
    CaseLevel,
    CourseWindow,
    FollowUp,
    Guideline,
    OptionText,
    ParameterRow,
    Rule,
    ScheduledDay,
)

SLOTS = (
    0, 1, 2, 3, 4, 5, 6, 7, 10, 14, 21, 28, 35, 42, 49, 56, 63, 70, 77, 84, 90, 120, 150, 180, 270, 365,
)  # fmt: skip
"""All days on which a check-in may be scheduled. Stored as bit positions: never change them."""


def all_present(table: Table[Any], column: str, wanted: Collection[object]) -> None:
    """Every wanted code has its row."""
    missing = [item for item in wanted if item not in table.by(column)]
    if missing:
        table.fail(1, column, f"{missing[0]!r} is missing")


def grouped_options(table: Table[OptionText]) -> dict[str, tuple[OptionText, ...]]:
    """Options by their set, in file order (best answer first)."""
    table.by("option_set", "value")
    found: dict[str, tuple[OptionText, ...]] = {}
    for option in table.records:
        found[option.option_set] = (*found.get(option.option_set, ()), option)
    return found


SLOWEST_LEVEL = {"contact_today": CASE_LEVELS.index("one_day"), "emergency": CASE_LEVELS.index("emergency")}
"""Who is told that the clinic must know today may not wait there for a week."""
ANSWERS = {
    "symptoms": ("none",),
    "follow_ups": ("none", "not_sure"),
    "yes_no_not_sure": ("no", "not_sure", "yes"),
    "area": ("all",),
    "how_soon": ("wait", "wait_worried", "soon", "soon_worried"),
}
"""Answers that the flow itself gives a meaning, best first."""


def answers(table: Table[OptionText], options: Mapping[str, tuple[OptionText, ...]]) -> None:
    """The answers that the flow gives a meaning are there, and no others beside them."""
    for name, wanted in ANSWERS.items():
        found = tuple(option.value for option in options.get(name, ()))
        if found != wanted:
            line = next((line for line, row in table.rows if row.option_set == name), 1)
            table.fail(line, "value", f"the answers of {name} must be {', '.join(wanted)}, in this order")


def follow_ups(table: Table[FollowUp]) -> None:
    """``shown_for`` names symptoms and severities: ``swelling:2|burning:3``."""
    for line, row in table.rows:
        for part in row.shown_for:
            symptom, _, severity = part.partition(":")
            if symptom not in SYMPTOMS or severity not in {"1", "2", "3", "4"}:
                table.fail(line, "shown_for", f"{part!r} is not a symptom and severity 1 to 4: swelling:2")


def rules(table: Table[Rule], asked: Mapping[str, FollowUp], options: Mapping[str, tuple[OptionText, ...]]) -> None:
    """Codes are unique, something triggers each rule, and no rule makes advice milder for a worse answer."""
    table.by("code")
    table.known("follow_up", asked)
    for line, rule in table.rows:
        if not (rule.symptom or rule.follow_up or rule.given):
            table.fail(line, "symptom", "a rule needs a symptom, a follow-up answer or a given answer")
        numbers = (rule.min_severity, rule.min_rise, rule.min_excess)
        if bool(rule.symptom) != any(number is not None for number in numbers):
            table.fail(line, "min_severity", "a symptom needs a lowest severity, rise or excess, and they need it")
        for column, number in zip(("min_severity", "min_rise", "min_excess"), numbers, strict=True):
            if number is not None and not 1 <= number <= 4:
                table.fail(line, column, f"{number} is not from 1 to 4")
        if (rule.from_day or 0) > (rule.to_day if rule.to_day is not None else 3650):
            table.fail(line, "to_day", "the window ends before it begins")
        if CASE_LEVELS.index(rule.case_level) < SLOWEST_LEVEL.get(rule.advice, 0):
            table.fail(line, "case_level", f"{rule.case_level} is slower than what the patient is told: {rule.advice}")
        _worst_answers(table, line, rule, asked, options)


def _worst_answers(
    table: Table[Rule],
    line: int,
    rule: Rule,
    asked: Mapping[str, FollowUp],
    options: Mapping[str, tuple[OptionText, ...]],
) -> None:
    """A rule fires on the worst answers of a question without a gap, never on the best one."""
    if bool(rule.follow_up) != bool(rule.follow_up_values):
        table.fail(line, "follow_up_values", "a follow-up and the answers that count go together")
    if not rule.follow_up:
        return
    values = [option.value for option in options[asked[rule.follow_up].options]]
    worst = set(values[-len(rule.follow_up_values) :])
    if set(rule.follow_up_values) != worst or len(worst) == len(values):
        table.fail(line, "follow_up_values", f"must be the worst answers, without a gap, of: {', '.join(values)}")


def deadlines(table: Table[CaseLevel]) -> None:
    """A more urgent level never waits longer, and the ceiling is no earlier than the deadline."""
    level = table.by("code")
    lines = {row.code: line for line, row in table.rows}
    for slower, faster in pairwise(CASE_LEVELS):
        for name in ("deadline_hours", "ceiling_hours"):
            if getattr(level[faster], name) > getattr(level[slower], name):
                table.fail(lines[faster], name, f"{faster} waits longer than {slower}")
    for code, row in level.items():
        if row.ceiling_hours < row.deadline_hours:
            table.fail(lines[code], "ceiling_hours", "is earlier than deadline_hours")


def expected_days(table: Table[CourseWindow], classes: Collection[str]) -> dict[tuple[str, str], tuple[int, ...]]:
    """Highest expected severity by day for each procedure class and symptom. Windows may not overlap."""
    found: dict[tuple[str, str], dict[int, int]] = {(name, symptom): {} for name in classes for symptom in SYMPTOMS}
    for line, row in table.rows:
        if row.from_day > row.to_day:
            table.fail(line, "to_day", "the window ends before it begins")
        days = found[row.procedure_class, row.symptom]
        for day in range(row.from_day, row.to_day + 1):
            if day in days:
                table.fail(line, "from_day", f"day {day} is already in another window")
            days[day] = row.highest_expected
    for (name, symptom), days in found.items():
        if not days:
            table.fail(1, "symptom", f"{name} has no row for {symptom}")
    return {key: tuple(days.get(day, 0) for day in range(max(days) + 1)) for key, days in found.items()}


def schedule_days(table: Table[ScheduledDay], classes: Collection[str]) -> dict[str, tuple[int, ...]]:
    """Due days by procedure class; every class has some and every day is one that can be stored."""
    table.by("procedure_class", "day")
    found: dict[str, list[int]] = {}
    for line, row in table.rows:
        if row.day not in SLOTS:
            table.fail(line, "day", f"{row.day} is not a check-in day: {', '.join(map(str, SLOTS))}")
        found.setdefault(row.procedure_class, []).append(row.day)
    for name in classes:
        if name not in found:
            table.fail(1, "procedure_class", f"{name} has no schedule")
    return {name: tuple(sorted(days)) for name, days in found.items()}


def limits(table: Table[ParameterRow], units: Mapping[str, str]) -> None:
    """Plausible limits enclose the typical range, and the unit is the field's."""
    for line, row in table.rows:
        if row.unit != units[row.field]:
            table.fail(line, "unit", f"{row.unit!r} is not the unit of {row.field}: {units[row.field]!r}")
        order = ("plausible_min", "typical_low", "typical_high", "plausible_max")
        given = [(name, getattr(row, name)) for name in order if getattr(row, name) is not None]
        for (low_name, low), (high_name, high) in pairwise(given):
            if low > high:
                table.fail(line, high_name, f"{high} is below {low_name} {low}")


def guidelines(table: Table[Guideline]) -> None:
    for line, row in table.rows:
        if row.fitzpatrick_from > row.fitzpatrick_to:
            table.fail(line, "fitzpatrick_to", "is below fitzpatrick_from")
        if row.minimum is not None and row.minimum > row.maximum:
            table.fail(line, "maximum", f"{row.maximum} is below the minimum {row.minimum}")


__all__ = ["ADVICE_LEVELS", "CASE_LEVELS", "SLOTS", "SYMPTOMS"]
