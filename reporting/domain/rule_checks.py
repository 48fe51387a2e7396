"""What must hold of checklist lines and triage rules, so that a worse answer never makes the advice milder.

That every patient has something to do on every day of the first month.
"""

from collections.abc import Collection, Mapping

from reporting.domain.content_reader import Table
from reporting.domain.content_rows import CASE_LEVELS, SYMPTOMS, FollowUp, Rule, SelfCare

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
