"""The expected course: what most people have on a recovery day after a class of procedure.

Which recovery days a check-in is due on.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from datetime import date, time
from functools import cache

from reporting.domain.content import SLOTS, content
from reporting.domain.content_rows import CourseWindow, ScheduledDay
from reporting.errors import InvalidInput

AND = "+"
"""Between the classes of one visit: ``ablative+ipl``. The first is the one that the visit is counted under."""


def of_visit(procedure_class: str, also_classes: str = "") -> str:
    """The course of a visit: its class, with those of what else was done in it."""
    return f"{procedure_class}{AND}{also_classes}" if also_classes else procedure_class


@cache
def classes_of(course: str) -> tuple[str, ...]:
    """The procedure classes of the course of a visit, the main one first."""
    return tuple(dict.fromkeys(course.split(AND)))


def is_known(course: str) -> bool:
    """Whether the content tables know how each part of the visit heals."""
    return all(part in content().schedules for part in classes_of(course))


def expected_severity(procedure_class: str, symptom: str, day: int) -> int:
    """Highest severity (0 to 4) of ``symptom`` that is expected on recovery day ``day``; 0 after the last.

    Of several classes in one visit the highest counts: whatever one of them explains is expected.
    Raises InvalidInput for an unknown procedure class or symptom.
    """
    if AND in procedure_class:
        return max(_expected(part, symptom, day) for part in classes_of(procedure_class))
    return _expected(procedure_class, symptom, day)


def _expected(procedure_class: str, symptom: str, day: int) -> int:
    expected = content().expected
    days = expected.get((procedure_class, symptom))
    if days is None:
        known = sorted({key[0] for key in expected})
        raise InvalidInput(
            field="procedure_class",
            found=f"{procedure_class} / {symptom}",
            allowed="one of " + ", ".join(known),
        )
    return days[day] if 0 <= day < len(days) else 0


def is_unexpected(procedure_class: str, symptom: str, day: int, severity: int) -> bool:
    """Whether ``severity`` is more than expected for that day and procedure."""
    return severity > expected_severity(procedure_class, symptom, day)


def expected_since(procedure_class: str, symptom: str, since_day: int | None, day: int) -> int:
    """Highest severity expected on any day from ``since_day`` (the last answer; None: the treatment) to ``day``."""
    first = min(since_day or 0, day)
    return max(expected_severity(procedure_class, symptom, each) for each in range(first, day + 1))


def expected_rise(procedure_class: str, symptom: str, since_day: int | None, day: int) -> int:
    """By how much the expected course itself rises from one day to a later one; 0 where it falls."""
    before = expected_severity(procedure_class, symptom, since_day or 0)
    return max(0, expected_severity(procedure_class, symptom, day) - before)


def is_report_unexpected(
    procedure_class: str,
    symptom: str,
    severity: int,
    *,
    recovery_day: int | None,
    scheduled_day: int,
    judged_by_source: bool = False,
    now: int | None = None,
    since_day: int | None = None,
) -> bool:
    """Whether an answer counts as an event: more than expected on the day it was answered.

    ``severity`` is the worst since the last answer, of ``since_day``, and is judged by all days since; ``now`` by the
    day itself. Where ``now`` was not asked apart, the one grade is judged by the day. Where the sending system had
    judged it, and for a procedure whose course is not known, whatever is not 0 counts. Without the day of the answer
    the day on which it was due stands for it.
    """
    if judged_by_source or not is_known(procedure_class):
        return severity >= 1
    day = scheduled_day if recovery_day is None else recovery_day
    if now is None:
        return is_unexpected(procedure_class, symptom, day, severity)
    return is_unexpected(procedure_class, symptom, day, now) or severity > expected_since(
        procedure_class, symptom, since_day, day
    )


def expected_band(procedure_class: str, symptom: str, days: range | tuple[int, ...] | list[int]) -> tuple[int, ...]:
    """Highest expected severity on each of ``days``."""
    return tuple(expected_severity(procedure_class, symptom, day) for day in days)


def course_window(procedure_class: str, symptom: str, day: int) -> CourseWindow | None:
    """The row of the expected course that covers ``day``, or None after the last window.

    Of several classes in one visit that which expects most.
    """
    parts = classes_of(procedure_class)
    covering = [
        row
        for row in content().course
        if row.symptom == symptom and row.procedure_class in parts and row.from_day <= day <= row.to_day
    ]
    return max(covering, key=lambda row: (row.highest_expected, -parts.index(row.procedure_class)), default=None)


def people_usually(procedure_class: str, symptom: str, day: int) -> str:
    """What people usually have on that day, in patient words; empty after the last window."""
    row = course_window(procedure_class, symptom, day)
    return row.words if row else ""


def self_care(procedure_class: str, day: int) -> str:
    """What a patient can do on that day, in patient words; empty after the last window and for an unknown class.

    Of several classes in one visit that of the main one.
    """
    return content().self_care.get(classes_of(procedure_class)[0], {}).get(day, "")


__all__ = ["SLOTS", "days_late", "due_day", "due_days", "slot_for"]


def slot_for(day: int) -> int:
    """Index in SLOTS of the check-in day nearest to ``day``; the earlier one when two are as near."""
    right = bisect_left(SLOTS, day)
    if right == 0:
        return 0
    if right == len(SLOTS):
        return right - 1
    return right if SLOTS[right] - day < day - SLOTS[right - 1] else right - 1


def due_days(procedure_class: str, performed_on: date | None = None) -> tuple[int, ...]:
    """Recovery days on which a check-in is due after a treatment of that day (None: as now decided), rising.

    Of several classes in one visit the days of each. Raises InvalidInput for an unknown class.
    """
    found: set[int] = set()
    for part in classes_of(procedure_class):
        rows = content().schedules.get(part)
        if rows is None:
            known = ", ".join(sorted(content().schedules))
            raise InvalidInput(field="procedure_class", found=part, allowed=f"one of {known}")
        found.update(row.day for row in rows if _holds(row, performed_on))
    return tuple(sorted(found))


def _holds(row: ScheduledDay, performed_on: date | None) -> bool:
    return performed_on is None or row.treatments_from is None or performed_on >= row.treatments_from


def due_from(procedure_class: str, day: int) -> time:
    """From when on a check-in of ``day`` is asked, by the patient's clock; midnight where the table has no hour."""
    rows = (row for part in classes_of(procedure_class) for row in content().schedules.get(part, ()))
    return time(min((row.from_hour or 0 for row in rows if row.day == day), default=0))


def due_day(recovery_day: int, days: Sequence[int]) -> int:
    """The due day that an answer on ``recovery_day`` belongs to: the last one by then, else the first of all.

    ``days``: the treatment's due days, rising.
    """
    return max((day for day in days if day <= recovery_day), default=days[0])


def days_late(scheduled_day: int, recovery_day: int | None, answered_before: Iterable[int] = ()) -> int:
    """Days from the due day to the answer; 0 if it was answered on the day, before it, or not at all.

    The next due day ends the window: an answer then belongs to that day and is not late. ``answered_before``: the
    due days of the answers that counted before it; a further report for one of those is not late either.
    """
    if scheduled_day in answered_before:
        return 0
    return max(0, (recovery_day or 0) - scheduled_day)
