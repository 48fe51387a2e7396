"""Who looked at a patient's record is on record too, and who asked for one that is not theirs.

Once per person, record and purpose within 15 minutes: a page is drawn anew with every press.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from reporting import clock
from reporting.domain.actors import Actor
from reporting.errors import NotFound, StorageBusy, StorageFull
from reporting.records import access, audit
from reporting.records.engine import reading, transaction
from reporting.records.tables import Patient
from reporting.records.trail import look
from reporting.security.scope import own

log = logging.getLogger("reporting.access")
SEEN, REFUSED, CONTACT = "record.seen", "record.refused", "patient.contact_shown"
MOST = 30
Seen = TypeVar("Seen")


class Purpose(StrEnum):
    """What somebody looked for: the page, in words for who reads the trail."""

    TIMELINE = "timeline"
    CASE = "case"
    CARD = "card and reminders"
    PLAN = "plan of the next treatment"
    PROXY = "check-in taken for the patient"
    TREATMENT = "treatment to correct"
    OWN_DATA = "own data"


def on_record(
    by: Actor,
    purpose: Purpose,
    kind: str,
    key: int,
    read: Callable[[], Seen],
    patient: Callable[[Seen], int] | None = None,
) -> Seen:
    """What ``read`` gives of the record ``key`` of a ``kind``; that somebody looked is kept with the patient, or with
    the record itself where it does not say whose it is.

    A database that cannot be written to just now hides no patient: then the look stands in the log. Raises what
    ``read`` raises; NotFound, which is somebody else's record too, is on record as refused.
    """
    try:
        seen = read()
    except NotFound:
        _write(by, REFUSED, purpose, kind, key, {})
        raise
    if patient is None or kind == "patient":
        _write(by, SEEN, purpose, kind, key, {})
    else:
        _write(by, SEEN, purpose, "patient", patient(seen), {kind: key})
    return seen


def _write(by: Actor, action: str, purpose: Purpose, kind: str, key: int, about: dict[str, int]) -> None:
    where = "-".join(f"{name}{number}" for name, number in about.items())
    window = f"look:{action[7:]}:{purpose[:12]}:{kind}{key}{where}:{by.kind}{by.id}"[:96]
    with reading() as session:
        if access.was_noted(session, window):
            return
    try:
        with transaction() as session:
            if access.is_first_in_window(session, window):
                details: dict[str, Any] = {"purpose": str(purpose), **about}
                audit.write(session, by, action, kind, key, clinic_id=by.clinic_id, **details)
    except (StorageBusy, StorageFull) as problem:
        log.error("%s of %s %s by %s %s could not be kept: %s", action, kind, key, by.kind, by.id, problem.code)


@dataclass(frozen=True)
class Look:
    """One look: when, who, and for what."""

    at: datetime
    who: str
    purpose: str


def looks_at(by: Actor, patient_id: int) -> tuple[Look, ...]:
    """Who looked at a patient's record last, newest first.

    Raises NotAllowed for who may not read the audit trail, NotFound for a patient who is not theirs.
    """
    ever, now = datetime(1970, 1, 1, tzinfo=UTC), clock.now() + timedelta(minutes=1)
    with reading() as session:
        clinic_id = own(session, Patient, patient_id, by, "audit.read").clinic_id
        rows = [
            row
            for action in (SEEN, CONTACT)
            for row in look.found(
                session,
                clinic_id,
                ever,
                now,
                action=action,
                record_kind="patient",
                record_id=str(patient_id),
                most=MOST,
            )
        ]
    newest = sorted(rows, key=lambda row: row.sequence, reverse=True)[:MOST]
    return tuple(Look(row.at, row.actor_label, str(row.details.get("purpose", "name and numbers"))) for row in newest)
