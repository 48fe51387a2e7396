"""Statements that take a person out of the tables and leave what was treated and how it healed."""

import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlmodel import Session, col

from reporting.storage import one_time_codes
from reporting.storage.bulk import in_parts
from reporting.storage.tables import (
    CaseEvent,
    CheckIn,
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


def request_by_id(session: Session, request_id: int) -> ErasureRequest | None:
    """The request; others that work on it wait until the transaction ends."""
    return session.get(ErasureRequest, request_id, with_for_update=True, populate_existing=True)


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
    born, patient_id = patient.year_of_birth, patient.id or 0
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
    patient.timezone, patient.erased_at = "", moment
    session.add(patient)
    session.flush()


def end_all_ways_in(session: Session, patient_id: int, moment: datetime) -> None:
    """Links, codes and sessions end; what could open them again is gone."""
    one_time_codes.end_all_of_patient(session, patient_id, moment)
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
    session.execute(update(CheckIn).where(mine).values(note_encrypted=None, submission_key=None))
    with_words = select(CheckIn).where(mine, col(CheckIn.replaced_reason).contains(":"))
    for row in session.execute(with_words).scalars():
        row.replaced_reason = row.replaced_reason.partition(":")[0]
        session.add(row)
    session.flush()
    session.execute(delete(PatientNote).where(col(PatientNote.patient_id) == patient_id))
    cases = select(col(TriageCase.id)).where(col(TriageCase.patient_id) == patient_id)
    session.execute(update(CaseEvent).where(col(CaseEvent.case_id).in_(cases)).values(note=""))


def drop_photos(session: Session, patient_id: int, moment: datetime) -> list[str]:
    """Mark the photos as removed and forget what could tell them; returns the names of their files."""
    rows = session.execute(select(Photo).where(col(Photo.patient_id) == patient_id)).scalars().all()
    for row in rows:
        row.removed_at, row.sha256 = row.removed_at or moment, ""
        row.submission_key, row.details = None, {}
        session.add(row)
    session.flush()
    return [row.stored_name for row in rows]
