"""Reads one content table into records and names file, line, column and reason when a row is wrong.

What must hold of checklist lines and triage rules, so that a worse answer never makes the advice milder.

That every patient has something to do on every day of the first month.
"""

import csv
import types
import typing
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, fields, replace
from datetime import date
from pathlib import Path
from typing import Any, Generic, TypeVar

from reporting.domain.content_rows import ADVICE_LEVELS, CASE_LEVELS, SYMPTOMS, CaseLevel, FollowUp, Rule, SelfCare
from reporting.errors import Problem

R = TypeVar("R")


class ContentError(Problem):
    """A clinical content table cannot be used. ``line`` counts from 1, the header being line 1."""

    code = "content_error"
    status = 500
    what_to_do = "Correct the table, then start again. Nothing was loaded."

    def __init__(self, file: str, line: int, column: str, reason: str) -> None:
        self.file, self.line, self.column, self.reason = file, line, column, reason
        super().__init__(f"{file}, line {line}, column {column}: {reason}")


@dataclass(frozen=True)
class Table(Generic[R]):
    """Records of one file, each with the line it began on."""

    file: str
    rows: tuple[tuple[int, R], ...]

    @property
    def records(self) -> tuple[R, ...]:
        return tuple(record for _, record in self.rows)

    def fail(self, line: int, column: str, reason: str) -> typing.NoReturn:
        raise ContentError(self.file, line, column, reason)

    def by(self, column: str, *columns: str) -> dict[Any, R]:
        """Records by the value of ``column`` (a tuple of values for several); refuses a second one alike."""
        found: dict[Any, R] = {}
        for line, record in self.rows:
            key: Any = getattr(record, column)
            if columns:
                key = (key, *(getattr(record, name) for name in columns))
            if key in found:
                self.fail(line, columns[-1] if columns else column, f"{key!r} is there twice")
            found[key] = record
        return found

    def known(self, column: str, allowed: typing.Collection[str]) -> None:
        """Refuses a row whose value (or one of several) in ``column`` is not in ``allowed``; empty passes."""
        for line, record in self.rows:
            value = getattr(record, column)
            for item in value if isinstance(value, tuple) else (value,):
                if item != "" and item not in allowed:
                    self.fail(line, column, f"{item!r} is not known; known: {', '.join(sorted(allowed))}")


def _boolean(text: str) -> bool:
    if text not in {"yes", "no"}:
        raise ValueError("must be yes or no")
    return text == "yes"


def _number(kind: type[int] | type[float]) -> Callable[[str], float]:
    def read(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            raise ValueError(f"{text!r} is not a {'whole ' if kind is int else ''}number") from None
        if value != value or value in (float("inf"), float("-inf")):
            raise ValueError(f"{text!r} is not a number")
        return value

    return read


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a date: 2026-11-30") from None


def _items(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split("|"))


_PARSERS: dict[Any, Callable[[str], Any]] = {
    str: str,
    int: _number(int),
    float: _number(float),
    bool: _boolean,
    date: _date,
    tuple[str, ...]: _items,
}


def _empty(of: Field[Any], optional: bool) -> Any:
    if of.default is not MISSING:
        return of.default
    if optional:
        return None
    raise ValueError("must not be empty")


def _value(of: Field[Any], hint: Any, text: str) -> Any:
    optional = isinstance(hint, types.UnionType)
    if not text:
        return _empty(of, optional)
    kind = next(arg for arg in typing.get_args(hint) if arg is not types.NoneType) if optional else hint
    value = _PARSERS[kind](text)
    _check(of.metadata, value)
    return value


def _check(rules: Any, value: Any) -> None:
    if "allowed" in rules and value not in rules["allowed"]:
        raise ValueError(f"{value!r} is not known; known: {', '.join(rules['allowed'])}")
    if "low" in rules and not rules["low"] <= value <= rules["high"]:
        raise ValueError(f"{value} is not from {rules['low']} to {rules['high']}")


def _records(path: Path, kind: type[R], columns: dict[str, tuple[Field[Any], Any]]) -> Iterator[tuple[int, R]]:
    with path.open(encoding="utf-8-sig", newline="") as handle:
        reader = csv.reader(handle, strict=True)
        header = next(reader, [])
        _check_header(path.name, header, columns)
        line = reader.line_num + 1
        for row in reader:
            if len(row) != len(header):
                raise ContentError(path.name, line, "-", f"has {len(row)} cells, the header {len(header)}")
            yield line, _record(path.name, line, kind, columns, dict(zip(header, row, strict=True)))
            line = reader.line_num + 1


def _check_header(file: str, header: list[str], columns: dict[str, Any]) -> None:
    for name in columns:
        if name not in header:
            raise ContentError(file, 1, name, "this column is missing")
    for name in header:
        if name not in columns or header.count(name) > 1:
            reason = "is there twice" if name in columns else "is not a column of this table"
            raise ContentError(file, 1, name, reason)


def _record(file: str, line: int, kind: type[R], columns: dict[str, Any], cells: dict[str, str]) -> R:
    values = {}
    for name, (of, hint) in columns.items():
        try:
            values[name] = _value(of, hint, cells[name].strip())
        except ValueError as error:
            raise ContentError(file, line, name, str(error)) from None
    return kind(**values)


def _columns(kind: type[Any]) -> dict[str, tuple[Field[Any], Any]]:
    hints = typing.get_type_hints(kind)
    return {of.name: (of, hints[of.name]) for of in fields(kind) if of.metadata.get("column", True)}


def with_cells(file: str, record: R, cells: Mapping[str, str], line: int = 0) -> R:
    """The record with these cells in the place of its own, read as those of the file. Raises ContentError."""
    columns, values = _columns(type(record)), {}
    for name, text in cells.items():
        if name not in columns:
            raise ContentError(file, line, name, "is not a column of this table")
        try:
            values[name] = _value(*columns[name], text.strip())
        except ValueError as error:
            raise ContentError(file, line, name, str(error)) from None
    return replace(record, **values)  # type: ignore[type-var]


def cells_of(record: object) -> dict[str, str]:
    """Every column of a record as it would stand in its file."""
    return {name: _text(getattr(record, name)) for name in _columns(type(record))}


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "|".join(value) if isinstance(value, tuple) else str(value)


def read_table(path: Path, kind: type[R]) -> Table[R]:
    """The rows of a CSV file as records of dataclass ``kind``. Raises ContentError."""
    columns = _columns(kind)
    try:
        rows = tuple(_records(path, kind, columns))
    except FileNotFoundError:
        raise ContentError(path.name, 0, "-", f"there is no such file in {path.parent}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise ContentError(path.name, 0, "-", f"cannot be read as CSV in UTF-8: {error}") from None
    if not rows:
        raise ContentError(path.name, 1, "-", "has no rows")
    return Table(path.name, rows)


SLOWEST_LEVEL = {"contact_today": CASE_LEVELS.index("one_day"), "emergency": CASE_LEVELS.index("emergency")}
"""Who is told that the clinic must know today may not wait there for a week."""
FIRST, OTHER = "first", "other"
"""Where a line is shown beside the checklists of symptoms: on the first page, behind *something else*."""
CARED_DAYS = range(31)
"""Recovery days on which every procedure class has words of self-care."""
_NUMBERS = ("min_severity", "min_rise", "min_excess")


def _is_grade(part: str) -> bool:
    symptom, _, grade = part.partition(":")
    return symptom in SYMPTOMS and grade in {"1", "2", "3", "4"}


def check_follow_ups(table: Table[FollowUp]) -> None:
    """``shown_for`` names places, symptoms and severities: ``first|other|swelling:2``. A shown line has facts."""
    for line, row in table.rows:
        for part in row.shown_for:
            if part not in (FIRST, OTHER) and not _is_grade(part):
                table.fail(line, "shown_for", f"{part!r} is not first, other, or symptom and severity: swelling:2")
        if row.shown_for and not row.facts:
            table.fail(line, "facts", "a line that is shown needs the facts that make it true")


def check_rules(table: Table[Rule], asked: Mapping[str, FollowUp]) -> None:
    """Codes are unique, something triggers each rule, what it asks for can be said, and all of it is *at least*."""
    table.by("code")
    for line, rule in table.rows:
        if not (rule.symptoms or rule.facts or rule.given or rule.together):
            table.fail(line, "symptoms", "a rule needs a symptom, a fact, grades together or a given answer")
        _check_grades(table, line, rule)
        _check_facts(table, line, rule, asked)
        if (rule.from_day or 0) > (rule.to_day if rule.to_day is not None else 3650):
            table.fail(line, "to_day", "the window ends before it begins")
        if CASE_LEVELS.index(rule.case_level) < SLOWEST_LEVEL.get(rule.advice, 0):
            table.fail(line, "case_level", f"{rule.case_level} is slower than what the patient is told: {rule.advice}")


def _check_grades(table: Table[Rule], line: int, rule: Rule) -> None:
    for symptom in rule.symptoms:
        if symptom not in (*SYMPTOMS, "*"):
            table.fail(line, "symptoms", f"{symptom!r} is not known; known: {', '.join((*SYMPTOMS, '*'))}")
    numbers = [getattr(rule, name) for name in _NUMBERS]
    if bool(rule.symptoms) != any(number is not None for number in numbers):
        table.fail(line, "min_severity", "a symptom needs a lowest severity, rise or excess, and they need it")
    for column, number in zip(_NUMBERS, numbers, strict=True):
        lowest = 0 if column == "min_rise" else 1
        if number is not None and not lowest <= number <= 4:
            table.fail(line, column, f"{number} is not from {lowest} to 4")
    if rule.window == "worst" and rule.min_rise is not None:
        table.fail(line, "min_rise", "a rise is from grade to grade as they are at the answers: not of the worst")
    for part in rule.together:
        if not _is_grade(part):
            table.fail(line, "together", f"{part!r} is not a symptom and severity 1 to 4: burning:1")


def _check_facts(table: Table[Rule], line: int, rule: Rule, asked: Mapping[str, FollowUp]) -> None:
    """Each group has a line whose ticking proves it: all that the line may mean is in the group."""
    lines = [frozenset(row.facts) for row in asked.values() if row.shown_for]
    for group in rule.fact_groups:
        if not any(facts <= group for facts in lines):
            table.fail(line, "facts", f"no line that is asked says {'|'.join(sorted(group))}")
    if rule.unsure and not rule.facts:
        table.fail(line, "unsure", "needs facts of which one can be not sure")


SAFE_ADVICE, SAFE_LEVELS = ("contact_today", "emergency"), ("same_day", "emergency")
_WIDER_DOWN, _WIDER_UP = ("min_severity", "min_rise", "min_excess", "from_day"), ("to_day",)
_CLOCK_COLUMNS = ("deadline_hours", "ceiling_hours", "contact_hours", "contact_ceiling_hours")


def is_safety_rule(rule: Rule) -> bool:
    """Whether no clinic may make it milder. The table says so, of at least what ``check_safety`` asks for."""
    return rule.safety == "yes"


def check_safety(table: Table[Rule]) -> None:
    """A red flag, and whatever sends a patient to somebody today, is a rule of safety; the table may name more."""
    for line, rule in table.rows:
        must_be = rule.red_flag or rule.advice in SAFE_ADVICE or rule.case_level in SAFE_LEVELS
        if must_be and not is_safety_rule(rule):
            table.fail(line, "safety", "must be yes: a red flag, or what sends a patient to somebody today")


def check_written(table: Table[Rule], asked: Mapping[str, FollowUp]) -> None:
    """``check_rules`` and ``check_safety``: rules as they stand in the file."""
    check_rules(table, asked)
    check_safety(table)


def milder_columns(old: Rule, new: Rule) -> tuple[str, ...]:
    """Columns in which ``new`` fires on less than ``old``, or asks for less. Empty: it is at least as strict."""
    found = []
    for name in (*_WIDER_DOWN, *_WIDER_UP):
        before, after = getattr(old, name), getattr(new, name)
        if after is not None and before != after:
            narrower = before is None or (after < before if name in _WIDER_UP else after > before)
            found += [name] if narrower else []
    for name, order in (("advice", ADVICE_LEVELS), ("case_level", CASE_LEVELS)):
        if order.index(getattr(new, name)) < order.index(getattr(old, name)):
            found.append(name)
    return tuple(found)


def later_columns(old: CaseLevel, new: CaseLevel) -> tuple[str, ...]:
    """Columns in which a level of cases waits longer than in the files: red flags are of every level."""
    hours = [name for name in _CLOCK_COLUMNS if getattr(new, name) > getattr(old, name)]
    counted = [
        name
        for name in ("counted", "contact_counted")
        if getattr(old, name) == "around_the_clock" and getattr(new, name) != "around_the_clock"
    ]
    return (*hours, *counted)


def care_days(table: Table[SelfCare], classes: Collection[str]) -> dict[str, dict[int, str]]:
    """Words of self-care by procedure class and recovery day. Windows of a class may not overlap.

    Raises ContentError, also for a class without words on one of CARED_DAYS.
    """
    table.known("procedure_class", classes)
    found: dict[str, dict[int, str]] = {name: {} for name in classes}
    for line, row in table.rows:
        if row.from_day > row.to_day:
            table.fail(line, "to_day", "the window ends before it begins")
        for name in row.procedure_class:
            for day in range(row.from_day, row.to_day + 1):
                if day in found[name]:
                    table.fail(line, "from_day", f"day {day} of {name} is already in another window")
                found[name][day] = row.words
    for name, days in found.items():
        if missing := [day for day in CARED_DAYS if day not in days]:
            table.fail(1, "procedure_class", f"{name} has no words for day {missing[0]}")
    return found
