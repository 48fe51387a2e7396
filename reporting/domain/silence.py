"""A patient who reported a concern and then stops answering: when that becomes a case."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from reporting.domain.content import content
from reporting.domain.records import SilenceRule
from reporting.domain.schedule import due_days


@dataclass(frozen=True)
class LastReport:
    """The last answered check-in of a treatment. ``recovery_day`` is the day of the answer."""

    treatment_id: int
    check_in_id: int
    procedure_class: str
    performed_on: date
    recovery_day: int
    is_concern: bool
    days: tuple[int, ...] | None = None
    """The treatment's due days where its clinic changed the schedule; None: as in the content tables."""


def missed_since(report: LastReport, today: date) -> int:
    """Due days after the answer that are wholly over by ``today`` (a day of the clinic)."""
    if report.procedure_class not in content().schedules:
        return 0
    elapsed = (today - report.performed_on).days
    days = due_days(report.procedure_class) if report.days is None else report.days
    return sum(report.recovery_day < day < elapsed for day in days)


def fired(report: LastReport, today: date) -> Sequence[SilenceRule]:
    """The rules on silence that this treatment meets today."""
    if not report.is_concern:
        return ()
    missed = missed_since(report, today)
    return [rule for rule in content().silence if missed >= rule.missed_check_ins]
