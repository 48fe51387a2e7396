"""Statements about consents: each is a row with the version of its text; withdrawing sets its end."""

from datetime import datetime

from sqlalchemy import bindparam, select, update
from sqlmodel import Session, col

from reporting.storage.tables import Consent, OutboxMessage, Patient

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
            col(OutboxMessage.kind) == "reminder",
            col(OutboxMessage.status) == "waiting",
        )
        .values(status="cancelled")
    )
