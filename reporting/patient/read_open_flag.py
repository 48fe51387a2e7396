"""The hardest advice of a report that nobody at the clinic has closed yet: it holds until somebody has.

A milder report, or none, takes nothing of it away: whoever reads a calm page later still reads this above it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from reporting.domain.actors import Actor
from reporting.domain.content_rows import ADVICE_LEVELS
from reporting.domain.questionnaire import TreatedAreaRef
from reporting.domain.triage import Guidance
from reporting.patient.read_words import guidance_of
from reporting.records import cases, check_ins
from reporting.records.engine import Session
from reporting.records.tables import CheckIn, id_of
from reporting.security.permissions import may

HARD = ("contact_today", "emergency")
_ONE_TRANSACTION = timedelta(minutes=1)
"""A case is opened in the transaction of its first report, moments after that was answered."""


def _heard_at(row: CheckIn) -> datetime:
    """When the clinic had it: with the first answer that opened its case, or when it was sent. A correction is about
    the moment of the report that it changed, and was sent later."""
    sent = row.created_at if row.corrects_id is not None else row.answered_at
    return row.begun_at or sent or row.created_at


@dataclass(frozen=True)
class OpenFlag:
    """The report that says so, and what it says."""

    check_in_id: int
    guidance: Guidance


def open_flag(
    session: Session,
    about: check_ins.Subject,
    counts: Sequence[CheckIn],
    areas: tuple[TreatedAreaRef, ...],
    by: Actor,
    today: int,
) -> OpenFlag | None:
    """Of the reports that count and of those not sent yet the hardest red flag of the case that is open; the newer of
    two. ``today`` is the recovery day.

    One who came by the link alone may not read history: of an earlier day that person reads what to do, not why.
    """
    hard = [row for row in counts if row.advice in HARD and row.replaced_at is None]
    case = cases.still_open(session, about.treatment_id) if hard else None
    if case is None:
        return None
    since = case.opened_at - _ONE_TRANSACTION
    of_case = [row for row in hard if _heard_at(row) >= since]
    if not of_case:
        return None
    row = max(of_case, key=lambda one: (ADVICE_LEVELS.index(one.advice or ADVICE_LEVELS[0]), one.id))
    before = check_ins.counting(counts, before=row.id)
    guidance = guidance_of(about, row, before, areas)
    if not may(by, "history.read") and row.recovery_day != today:
        guidance = replace(guidance, paragraphs=guidance.paragraphs[:1])
    return OpenFlag(id_of(row), guidance)
