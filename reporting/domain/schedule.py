"""Which recovery days a check-in is due on."""

from bisect import bisect_left

from reporting.domain.content import content
from reporting.domain.content_checks import SLOTS
from reporting.errors import InvalidInput

__all__ = ["SLOTS", "days_late", "due_between", "due_day", "due_days", "next_due", "slot_for"]


def slot_for(day: int) -> int:
    """Index in SLOTS of the check-in day nearest to ``day``; the earlier one when two are as near."""
    right = bisect_left(SLOTS, day)
    if right == 0:
        return 0
    if right == len(SLOTS):
        return right - 1
    return right if SLOTS[right] - day < day - SLOTS[right - 1] else right - 1


def due_days(procedure_class: str) -> tuple[int, ...]:
    """Recovery days on which a check-in is due, rising. Raises InvalidInput for an unknown class."""
    schedules = content().schedules
    if procedure_class not in schedules:
        raise InvalidInput(
            field="procedure_class", found=procedure_class, allowed="one of " + ", ".join(sorted(schedules))
        )
    return schedules[procedure_class]


def due_day(procedure_class: str, recovery_day: int) -> int:
    """The due day that an answer on ``recovery_day`` belongs to: the last one by then, else the first of all."""
    days = due_days(procedure_class)
    return max((day for day in days if day <= recovery_day), default=days[0])


def days_late(scheduled_day: int, recovery_day: int | None) -> int:
    """Days from the due day to the answer; 0 if it was answered on the day, before it, or not at all.

    The next due day ends the window: an answer then belongs to that day and is not late.
    """
    return max(0, (recovery_day or 0) - scheduled_day)


def next_due(procedure_class: str, after_day: int) -> int | None:
    """First due day later than ``after_day``, or None when the schedule is over."""
    return next((day for day in due_days(procedure_class) if day > after_day), None)


def due_between(procedure_class: str, first_day: int, last_day: int) -> tuple[int, ...]:
    """Due days from ``first_day`` to ``last_day``, both included."""
    return tuple(day for day in due_days(procedure_class) if first_day <= day <= last_day)
