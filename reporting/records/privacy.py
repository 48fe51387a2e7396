"""Statements that take a person out of the tables and leave what was treated and how it healed.

Statements about consents: each is a row with the version of its text; withdrawing sets its end.

Statements about what has been kept long enough.

Statements about everything that is kept of one patient beside treatments and answers.
"""

import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, exists, func, or_, select, update
from sqlmodel import Session, SQLModel, col

from reporting.domain.case_work import complication_terms
from reporting.domain.message_kinds import REMINDER
from reporting.records import access
from reporting.records.bulk import in_parts
from reporting.records.tables import (
    CaseEvent,
    CheckIn,
    Clinic,
    Consent,
    Draft,
    ErasedReference,
    ErasureRequest,
    InboundMessage,
    Invitation,
    OneTimeCode,
    OutboxMessage,
    Patient,
    PatientNote,
    Photo,
    SignInSession,
    Treatment,
    TriageCase,
    id_of,
)

BAND_YEARS = 10


def band_of(age_years: int) -> int:
    """The middle of the ten-year band of an age: 40 to 49 become 45."""
    return age_years // BAND_YEARS * BAND_YEARS + BAND_YEARS // 2


def new_pseudonym() -> str:
    """A reference that says nothing: random, made from nothing of the person."""
    return f"erased-{secrets.token_hex(6)}"


def erased_moments(session: Session, clinic_id: int, hashes: Iterable[str]) -> dict[str, datetime]:
    """Of these hashed numbers those whose person was erased, and when."""
    return {
        row[0]: row[1]
        for part in in_parts(hashes)
        for row in session.execute(
            select(col(ErasedReference.reference_hash), col(ErasedReference.erased_at)).where(
                col(ErasedReference.clinic_id) == clinic_id, col(ErasedReference.reference_hash).in_(part)
            )
        )
    }


def _keep_that_it_is_gone(session: Session, clinic_id: int, reference_hash: str, moment: datetime) -> None:
    """Somebody who came back and was erased again has one mark, the newest."""
    earlier = session.execute(
        select(ErasedReference).where(
            col(ErasedReference.clinic_id) == clinic_id, col(ErasedReference.reference_hash) == reference_hash
        )
    ).scalar_one_or_none()
    mark = earlier or ErasedReference(clinic_id=clinic_id, reference_hash=reference_hash)
    mark.erased_at = moment
    session.add(mark)


def open_request(session: Session, patient_id: int) -> ErasureRequest | None:
    """The request of a patient that nobody has worked on yet."""
    return session.execute(
        select(ErasureRequest)
        .where(col(ErasureRequest.patient_id) == patient_id, col(ErasureRequest.state) == "open")
        .order_by(col(ErasureRequest.id))
        .limit(1)
    ).scalar_one_or_none()


def requests_of_clinic(session: Session, clinic_id: int) -> list[tuple[ErasureRequest, str]]:
    """(request, the patient's reference) of a clinic: open ones first, oldest on top, then the newest closed ones."""
    rows = session.execute(
        select(ErasureRequest, col(Patient.reference))
        .join(Patient, col(Patient.id) == ErasureRequest.patient_id)
        .where(col(ErasureRequest.clinic_id) == clinic_id)
        .order_by(col(ErasureRequest.id))
    ).all()
    found = [(row[0], row[1]) for row in rows]
    is_open = [pair for pair in found if pair[0].state == "open"]
    return is_open + [pair for pair in reversed(found) if pair[0].state != "open"]


def open_cases(session: Session, patient_id: int) -> Sequence[int]:
    """Ids of cases of the patient that are not closed."""
    statement = select(col(TriageCase.id)).where(
        col(TriageCase.patient_id) == patient_id, col(TriageCase.state) != "closed"
    )
    return [int(key or 0) for key in session.execute(statement).scalars()]


def references_of(session: Session, patient: Patient) -> set[str]:
    """The clinic's own numbers of a patient and of their treatments."""
    statement = select(col(Treatment.reference)).where(col(Treatment.patient_id) == patient.id)
    return {patient.reference, *session.execute(statement).scalars()}


def take_out_the_person(session: Session, patient: Patient, reference_hash: str, moment: datetime) -> None:
    """Everything in the patient's row that names somebody; skin type and risks stay for the statistics.

    Of the clinic's own number the keyed hash stays, so that an old log does not bring the person back.
    """
    born, patient_id = patient.year_of_birth, id_of(patient)
    for row in session.execute(select(Treatment).where(col(Treatment.patient_id) == patient_id)).scalars():
        age = row.age_years if row.age_years is not None else row.performed_on.year - born if born else None
        row.age_years = band_of(age) if age is not None else None
        row.reference = new_pseudonym()
        session.add(row)
    if patient.phone_hash:
        session.execute(
            update(InboundMessage).where(col(InboundMessage.phone_hash) == patient.phone_hash).values(phone_hash="")
        )
    _keep_that_it_is_gone(session, patient.clinic_id, reference_hash, moment)
    patient.reference = new_pseudonym()
    patient.year_of_birth = patient.name_encrypted = patient.email_encrypted = None
    patient.phone_encrypted = patient.phone_hash = None
    patient.country, patient.timezone, patient.erased_at = "", "", moment
    session.add(patient)
    session.flush()


def end_all_ways_in(session: Session, patient_id: int, moment: datetime) -> None:
    """Links, codes and sessions end; what could open them again is gone."""
    access.end_all_of_patient(session, patient_id, moment)
    session.execute(delete(OneTimeCode).where(col(OneTimeCode.patient_id) == patient_id))
    mine = col(Invitation.patient_id) == patient_id
    session.execute(update(Invitation).where(mine, col(Invitation.revoked_at).is_(None)).values(revoked_at=moment))
    session.execute(update(Invitation).where(mine).values(code_hash=None, reminder_hash=None))
    session.execute(
        update(SignInSession)
        .where(col(SignInSession.patient_id) == patient_id, col(SignInSession.ended_at).is_(None))
        .values(ended_at=moment)
    )
    session.execute(
        update(Consent)
        .where(col(Consent.patient_id) == patient_id, col(Consent.withdrawn_at).is_(None))
        .values(withdrawn_at=moment)
    )


def silence_messages(session: Session, patient_id: int) -> None:
    """Messages that wait are cancelled; of all others only that there was one remains."""
    mine = col(OutboxMessage.patient_id) == patient_id
    session.execute(
        update(OutboxMessage).where(mine, col(OutboxMessage.status) == "waiting").values(status="cancelled")
    )
    session.execute(update(OutboxMessage).where(mine).values(payload={}, last_error="", provider_id=""))


def drop_words(session: Session, patient_id: int) -> None:
    """Notes, drafts, the patient's own reasons, and free text of the staff about them. Severities stay."""
    session.execute(delete(Draft).where(col(Draft.patient_id) == patient_id))
    mine = col(CheckIn.patient_id) == patient_id
    session.execute(update(CheckIn).where(mine).values(note_encrypted=None, words_encrypted=None, submission_key=None))
    with_words = select(CheckIn).where(mine, col(CheckIn.replaced_reason).contains(":"))
    for row in session.execute(with_words).scalars():
        row.replaced_reason = row.replaced_reason.partition(":")[0]
        session.add(row)
    session.flush()
    session.execute(delete(PatientNote).where(col(PatientNote.patient_id) == patient_id))
    cases = select(col(TriageCase.id)).where(col(TriageCase.patient_id) == patient_id)
    session.execute(update(CaseEvent).where(col(CaseEvent.case_id).in_(cases)).values(note=""))
    _drop_own_terms(session, patient_id, cases)
    session.execute(update(ErasureRequest).where(col(ErasureRequest.patient_id) == patient_id).values(reason=""))


def _drop_own_terms(session: Session, patient_id: int, cases: Any) -> None:
    """A complication in somebody's own words; a term of the list tells nobody, and is counted."""
    listed = set(complication_terms())
    for case in session.execute(select(TriageCase).where(col(TriageCase.patient_id) == patient_id)).scalars():
        if case.complication_term not in listed:
            case.complication_term = None
    outcomes = select(CaseEvent).where(col(CaseEvent.case_id).in_(cases), col(CaseEvent.kind) == "outcome")
    for event in session.execute(outcomes).scalars():
        if event.details.get("term") not in listed:
            event.details = {name: each for name, each in event.details.items() if name != "term"}
    session.flush()


def drop_photos(session: Session, patient_id: int, moment: datetime) -> list[str]:
    """Mark the photos as removed and forget what could tell them; returns the names of their files."""
    rows = session.execute(select(Photo).where(col(Photo.patient_id) == patient_id)).scalars().all()
    for row in rows:
        row.removed_at, row.sha256 = row.removed_at or moment, ""
        row.submission_key, row.details = None, {}
        session.add(row)
    session.flush()
    return [row.stored_name for row in rows]


_LATEST = (
    select(Consent)
    .where(col(Consent.patient_id) == bindparam("patient"), col(Consent.kind) == bindparam("of_kind"))
    .order_by(col(Consent.id).desc())
    .limit(1)
)
"""Built once: it is asked with every check-in."""


def lock_patient(session: Session, patient_id: int) -> Patient | None:
    """The patient; others who change what they agreed to, or who they are, wait until the transaction ends."""
    return session.get(Patient, patient_id, with_for_update={"key_share": True}, populate_existing=True)


def latest(session: Session, patient_id: int, kind: str) -> Consent | None:
    """The newest consent of a kind, standing or withdrawn."""
    return session.execute(_LATEST, {"patient": patient_id, "of_kind": kind}).scalar_one_or_none()


def all_of(session: Session, patient_id: int) -> list[Consent]:
    """Every consent of a patient, oldest first."""
    return list(
        session.execute(
            select(Consent).where(col(Consent.patient_id) == patient_id).order_by(col(Consent.id))
        ).scalars()
    )


def end(session: Session, patient_id: int, kind: str, moment: datetime) -> int:
    """Withdraw every standing consent of a kind; returns how many stood."""
    done = session.execute(
        update(Consent)
        .where(col(Consent.patient_id) == patient_id, col(Consent.kind) == kind, col(Consent.withdrawn_at).is_(None))
        .values(withdrawn_at=moment)
    )
    return int(done.rowcount)  # type: ignore[attr-defined]


def cancel_reminders(session: Session, patient_id: int, channels: tuple[str, ...]) -> None:
    """Messages to the patient that have not left yet stay here."""
    session.execute(
        update(OutboxMessage)
        .where(
            col(OutboxMessage.patient_id) == patient_id,
            col(OutboxMessage.channel).in_(channels),
            col(OutboxMessage.kind) == REMINDER.code,
            col(OutboxMessage.status) == "waiting",
        )
        .values(status="cancelled")
    )


def clinics(session: Session) -> list[Clinic]:
    """Every clinic, by number."""
    return list(session.execute(select(Clinic).order_by(col(Clinic.id))).scalars())


def old_photos(session: Session, clinic_id: int, before: datetime) -> list[Photo]:
    """Photos sent before a moment that are still there."""
    statement = select(Photo).where(
        col(Photo.clinic_id) == clinic_id, col(Photo.taken_at) < before, col(Photo.removed_at).is_(None)
    )
    return list(session.execute(statement.order_by(col(Photo.id))).scalars())


def old_notes(session: Session, clinic_id: int, before: datetime) -> int:
    """How many check-ins sent before a moment still have a note."""
    statement = select(func.count()).select_from(CheckIn).where(*_with_note(clinic_id, before))
    return int(session.execute(statement).scalar_one())


def drop_notes(session: Session, clinic_id: int, before: datetime) -> int:
    """Take the notes out of those check-ins; returns how many there were."""
    done = session.execute(update(CheckIn).where(*_with_note(clinic_id, before)).values(note_encrypted=None))
    return int(done.rowcount)  # type: ignore[attr-defined]


def _with_note(clinic_id: int, before: datetime) -> tuple[Any, ...]:
    return (
        col(CheckIn.clinic_id) == clinic_id,
        col(CheckIn.answered_at) < before,
        col(CheckIn.note_encrypted).is_not(None),
    )


def people_long_gone(session: Session, clinic_id: int, before: datetime) -> list[int]:
    """Patients whose last treatment, answer and case all lie before a moment, with no case open."""
    of = col(Patient.id)
    recent = (
        exists().where(col(Treatment.patient_id) == of, col(Treatment.performed_on) >= before.date()),
        exists().where(col(CheckIn.patient_id) == of, col(CheckIn.answered_at) >= before),
        exists().where(
            col(TriageCase.patient_id) == of,
            or_(col(TriageCase.state) != "closed", col(TriageCase.opened_at) >= before),
        ),
    )
    statement = select(of).where(
        col(Patient.clinic_id) == clinic_id,
        col(Patient.erased_at).is_(None),
        col(Patient.created_at) < before,
        *(~each for each in recent),
    )
    return [int(key or 0) for key in session.execute(statement.order_by(of)).scalars()]


def drop_old_drafts(session: Session, before: datetime) -> int:
    """Answers that were never sent and not touched since then."""
    done = session.execute(delete(Draft).where(col(Draft.updated_at) < before))
    return int(done.rowcount)  # type: ignore[attr-defined]


def count_old_drafts(session: Session, before: datetime) -> int:
    statement = select(func.count()).select_from(Draft).where(col(Draft.updated_at) < before)
    return int(session.execute(statement).scalar_one())


def drop_old_codes(session: Session, before: datetime) -> None:
    """One-time codes that ended before then."""
    session.execute(delete(OneTimeCode).where(col(OneTimeCode.expires_at) < before))


def _of(session: Session, table: type[SQLModel], patient_id: int) -> Sequence[Any]:
    statement = select(table).where(table.patient_id == patient_id).order_by(table.id)  # type: ignore[attr-defined]
    return session.execute(statement).scalars().all()


def invitations(session: Session, patient_id: int) -> Sequence[Invitation]:
    """Links that were made for the patient, oldest first."""
    return _of(session, Invitation, patient_id)


def sign_ins(session: Session, patient_id: int) -> Sequence[SignInSession]:
    """Sessions that the patient's links and codes opened, oldest first."""
    return _of(session, SignInSession, patient_id)


def messages(session: Session, patient_id: int) -> Sequence[OutboxMessage]:
    """Messages to the patient, whatever became of them, oldest first."""
    return _of(session, OutboxMessage, patient_id)


def drafts(session: Session, patient_id: int) -> Sequence[Draft]:
    """Answers that were kept and not sent yet."""
    return [draft for draft in _of(session, Draft, patient_id) if draft.kind != "proxy"]


def photos(session: Session, patient_id: int) -> Sequence[Photo]:
    """Photos that were not removed, oldest first; those not sent yet are among them."""
    statement = select(Photo).where(col(Photo.patient_id) == patient_id, col(Photo.removed_at).is_(None))
    return session.execute(statement.order_by(col(Photo.taken_at), col(Photo.id))).scalars().all()


def requests(session: Session, patient_id: int) -> Sequence[ErasureRequest]:
    """Wishes of the patient to be forgotten, oldest first."""
    return _of(session, ErasureRequest, patient_id)
