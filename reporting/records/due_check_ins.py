"""Statements for the planning of reminders: who may be due, and all that the decision needs, in few questions."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from reporting.domain.clinic_content import ClinicContent
from reporting.domain.course import of_visit
from reporting.domain.message_kinds import REMINDER
from reporting.domain.reminders import Course, Person, Written
from reporting.records import clinic_facts, outbox
from reporting.records.columns import add_rows
from reporting.records.tables import (
    CheckIn,
    Clinic,
    Consent,
    Invitation,
    OutboxMessage,
    Patient,
    Treatment,
)

KINDS = {"email_reminders": "email", "sms_reminders": "sms"}
"""Kind of consent to the channel that it opens."""
BATCH = 500


def agreed(session: Session, performed_on: Collection[date], at: datetime) -> Iterator[list[int]]:
    """Ids of patients who agreed to reminders and were treated on one of these days, in batches, rising."""
    last = 0
    while True:
        found = (
            session.execute(
                select(col(Patient.id))
                .where(
                    col(Patient.id) > last,
                    col(Patient.erased_at).is_(None),
                    select(col(Consent.id))
                    .where(
                        col(Consent.patient_id) == Patient.id,
                        col(Consent.kind).in_(KINDS),
                        col(Consent.withdrawn_at).is_(None),
                    )
                    .exists(),
                    select(col(Treatment.id))
                    .join(Invitation, col(Invitation.treatment_id) == Treatment.id)
                    .where(
                        col(Treatment.patient_id) == Patient.id,
                        col(Treatment.performed_on).in_(performed_on),
                        col(Invitation.revoked_at).is_(None),
                        col(Invitation.expires_at) > at,
                    )
                    .exists(),
                )
                .order_by(col(Patient.id))
                .limit(BATCH)
            )
            .scalars()
            .all()
        )
        if not found:
            return
        last = int(found[-1] or 0)
        yield [int(key or 0) for key in found]


def people(
    session: Session,
    patient_ids: Sequence[int],
    performed_on: Collection[date] | None = None,
    *,
    without: int | None = None,
) -> list[Person]:
    """These patients as the planner sees them, by id. ``without``: a message that is left out of what was written.

    ``performed_on`` leaves out treatments of other days, which cannot be due.
    """
    rows = session.execute(
        select(
            col(Patient.id),
            col(Patient.timezone),
            col(Patient.erased_at).is_(None),
            col(Patient.email_encrypted).is_not(None),
            col(Patient.phone_encrypted).is_not(None),
            col(Clinic.id),
            col(Clinic.timezone),
            col(Clinic.reminders_from),
            col(Clinic.reminders_until),
            col(Clinic.content_version),
        )
        .join(Clinic, col(Clinic.id) == Patient.clinic_id)
        .where(col(Patient.id).in_(patient_ids))
        .order_by(col(Patient.id))
    ).all()
    changed = {row[0]: clinic_facts.of_version(session, row[5] or 0, row[9]) for row in rows}
    courses = _courses(session, patient_ids, performed_on, changed)
    open_kinds, refused = _consents(session, patient_ids)
    written = _written(session, patient_ids, without)
    return [
        Person(
            patient_id=key or 0,
            clinic_id=clinic_id or 0,
            timezone=clinic_facts.zone_of(zone, own_zone),
            opens=opens,
            closes=closes,
            channels=_channels(open_kinds[key or 0], email=has_email, sms=has_phone),
            courses=tuple(courses[key or 0]),
            written=tuple(written[key or 0]),
            may_be_written_to=is_there and key not in refused,
        )
        for key, own_zone, is_there, has_email, has_phone, clinic_id, zone, opens, closes, _ in rows
    ]


def _channels(kinds: set[str], **has_address: bool) -> tuple[str, ...]:
    """Channels with consent and an address."""
    return tuple(sorted(channel for kind, channel in KINDS.items() if kind in kinds and has_address[channel]))


def _courses(
    session: Session,
    patient_ids: Sequence[int],
    performed_on: Collection[date] | None,
    changed: Mapping[int | None, ClinicContent],
) -> dict[int, list[Course]]:
    statement = select(
        col(Treatment.id),
        col(Treatment.patient_id),
        col(Treatment.procedure_class),
        col(Treatment.also_classes),
        col(Treatment.performed_on),
    ).where(col(Treatment.patient_id).in_(patient_ids))
    if performed_on is not None:
        statement = statement.where(col(Treatment.performed_on).in_(performed_on))
    rows = session.execute(statement).all()
    ids = [int(row[0] or 0) for row in rows]
    links, answers = _links(session, ids), _answers(session, ids)
    found: dict[int, list[Course]] = defaultdict(list)
    for treatment_id, patient_id, procedure_class, also_classes, day in rows:
        course = of_visit(procedure_class, also_classes)
        of = changed[patient_id]
        last_day, at = answers.get(treatment_id, (None, None))
        found[patient_id].append(
            Course(
                treatment_id or 0,
                course,
                day,
                links.get(treatment_id),
                last_day,
                at,
                of.due_days(course, day) if of.changes else None,
            )
        )
    return found


def _links(session: Session, treatment_ids: Sequence[int]) -> dict[int | None, datetime]:
    """Until when the open link of each treatment works."""
    rows = session.execute(
        select(col(Invitation.treatment_id), func.max(col(Invitation.expires_at)))
        .where(col(Invitation.treatment_id).in_(treatment_ids), col(Invitation.revoked_at).is_(None))
        .group_by(col(Invitation.treatment_id))
    ).all()
    return {row[0]: row[1] for row in rows}


def _answers(session: Session, treatment_ids: Sequence[int]) -> dict[int | None, tuple[int, datetime]]:
    """Latest scheduled day and moment of an answer; a withdrawn one was an answer too."""
    rows = session.execute(
        select(col(CheckIn.treatment_id), func.max(col(CheckIn.scheduled_day)), func.max(col(CheckIn.answered_at)))
        .where(col(CheckIn.treatment_id).in_(treatment_ids), col(CheckIn.answered_at).is_not(None))
        .group_by(col(CheckIn.treatment_id))
    ).all()
    return {row[0]: (int(row[1]), row[2]) for row in rows}


def _consents(session: Session, patient_ids: Sequence[int]) -> tuple[dict[int, set[str]], set[int]]:
    """Kinds of reminders that a patient agrees to, and who took back the consent to check-ins altogether."""
    rows = session.execute(
        select(col(Consent.patient_id), col(Consent.kind), col(Consent.withdrawn_at))
        .where(col(Consent.patient_id).in_(patient_ids), col(Consent.kind).in_((*KINDS, "check_ins")))
        .order_by(col(Consent.id))
    ).all()
    newest = {(row[0], row[1]): row[2] for row in rows}
    kinds: dict[int, set[str]] = defaultdict(set)
    for (patient_id, kind), withdrawn_at in newest.items():
        if withdrawn_at is None:
            kinds[patient_id].add(kind)
    return kinds, {patient_id for (patient_id, kind), end in newest.items() if kind == "check_ins" and end}


def _written(session: Session, patient_ids: Sequence[int], without: int | None) -> dict[int, list[Written]]:
    rows = session.execute(
        select(
            col(OutboxMessage.id),
            col(OutboxMessage.patient_id),
            col(OutboxMessage.payload),
            col(OutboxMessage.channel),
            col(OutboxMessage.status),
            func.coalesce(OutboxMessage.sent_at, OutboxMessage.claimed_at, OutboxMessage.created_at),
        ).where(col(OutboxMessage.patient_id).in_(patient_ids), col(OutboxMessage.kind) == REMINDER.code)
    ).all()
    found: dict[int, list[Written]] = defaultdict(list)
    for key, patient_id, payload, channel, status, moment in rows:
        if key != without:
            found[patient_id or 0].append(Written(payload["treatment"], payload["due_day"], channel, status, moment))
    return found


_NEW = {"status": "waiting", "attempts": 0, "provider_id": "", "last_error": ""}


def add_reminders(session: Session, rows: Sequence[dict[str, Any]]) -> int:
    """Write many reminders at once; those written before stay as they are. Returns how many are new."""
    there = outbox.keys_there(session, [row["idempotency_key"] for row in rows])
    fresh = [row for row in rows if row["idempotency_key"] not in there]
    try:
        with session.begin_nested():
            add_rows(session, OutboxMessage, [_NEW | row for row in fresh])
        outbox.wake(session)
    except IntegrityError:  # somebody else plans at the same moment
        return sum(_add_one(session, row) for row in fresh)
    return len(fresh)


def _add_one(session: Session, row: dict[str, Any]) -> bool:
    try:
        with session.begin_nested():
            session.add(OutboxMessage(**row))
    except IntegrityError:
        return False
    return True


def open_invitation(session: Session, treatment_id: int, at: datetime) -> Invitation | None:
    """The invitation whose link works now, or nothing."""
    return session.execute(
        select(Invitation)
        .where(
            col(Invitation.treatment_id) == treatment_id,
            col(Invitation.revoked_at).is_(None),
            col(Invitation.expires_at) > at,
        )
        .order_by(col(Invitation.id).desc())
        .limit(1)
    ).scalar_one_or_none()


def keep_link(session: Session, invitation_id: int, reminder_hash: str) -> None:
    """Let the link of reminders open the same as the link of the card."""
    session.execute(update(Invitation).where(col(Invitation.id) == invitation_id).values(reminder_hash=reminder_hash))


def by_phone(session: Session, phone_hash: str) -> list[Patient]:
    """Every patient with that number, at any clinic; locked until the transaction ends."""
    return list(
        session.execute(
            select(Patient).where(col(Patient.phone_hash) == phone_hash).order_by(col(Patient.id)).with_for_update()
        ).scalars()
    )
