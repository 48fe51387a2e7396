"""Due and silent: who was asked, and for how many due check-ins has not answered."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from math import inf

from reporting import clock
from reporting.domain.actors import Actor
from reporting.domain.vocabulary import procedure_classes
from reporting.security.permissions import require
from reporting.storage import clinic_content, due_silent, patients
from reporting.storage.engine import reading

WINDOW_DAYS = 60
"""Older treatments are not listed: their daily and weekly check-ins are over."""
AFTER_MISSED = 3
"""Due check-ins in a row without an answer; a call back after three lifted responses from 77 to 92 % (PRO-CTCAE)."""


@dataclass(frozen=True)
class SilentPatient:
    """A treatment whose last ``missed`` due check-ins were not answered."""

    patient_id: int
    patient_reference: str
    treatment_id: int
    procedure: str
    performed_on: date
    recovery_day: int
    missed: int
    last_answer_at: datetime | None
    timezone: str


def _missed(days: Sequence[int], today: int, last_day: int | None) -> int:
    """Scheduled days (rising) after the last answer that have come by today; today itself still counts as open."""
    return max(0, bisect_left(days, today) - (0 if last_day is None else bisect_right(days, last_day)))


def _heard_by(days: Sequence[int], today: int) -> float:
    """Who answered on this day or later has not missed ``AFTER_MISSED`` yet."""
    come = bisect_left(days, today)
    return days[come - AFTER_MISSED] if come >= AFTER_MISSED else -inf


def due_and_silent(by: Actor) -> list[SilentPatient]:
    """Those who have missed ``AFTER_MISSED`` or more, most missed first, then by reference. Raises NotAllowed."""
    require(by, "worklist.read", clinic_id=by.clinic_id)
    with reading() as session:
        clinic = patients.clinic(session, by.clinic_id or 0)
        timezone, changed = clinic.timezone, clinic_content.of(session, clinic)
        today = clock.today(timezone)
        # Of thousands who are asked most have answered: each is compared with one day of their schedule.
        heard_by = cache(lambda procedure, on: _heard_by(changed.due_days(procedure, on), (today - on).days))
        rows = [
            row
            for row in due_silent.treatments_since(session, by.clinic_id or 0, today - timedelta(days=WINDOW_DAYS))
            if (-1 if row.day is None else row.day) < heard_by(row.procedure_class, row.performed_on)
        ]
        answered_at = due_silent.last_answers(session, [row.treatment_id for row in rows])
    found = []
    for row in rows:
        day = (today - row.performed_on).days
        known = procedure_classes().get(row.procedure_class)
        found.append(SilentPatient(
            row.patient_id, row.reference, row.treatment_id, known.label if known else row.procedure_class,
            row.performed_on, day, _missed(changed.due_days(row.procedure_class, row.performed_on), day, row.day),
            answered_at.get(row.treatment_id), timezone,
        ))  # fmt: skip
    return sorted(found, key=lambda one: (-one.missed, one.patient_reference))
