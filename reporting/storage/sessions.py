"""Statements about sign-in sessions, accounts and invitations."""

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, or_, select, update
from sqlmodel import Session, col

from reporting.storage.tables import Clinic, Invitation, Operator, Patient, SignInSession, StaffAccount, Treatment

_HASH: Any = bindparam("hash")
_WITH_INVITATION = (
    select(SignInSession, Invitation)
    .outerjoin(Invitation, col(Invitation.id) == SignInSession.invitation_id)
    .where(col(SignInSession.token_hash) == _HASH)
)


def with_invitation(session: Session, token_hash: str) -> tuple[SignInSession, Invitation | None] | None:
    """The session that a cookie's hash names, with the invitation that it came from, if any."""
    row = session.execute(_WITH_INVITATION, {"hash": token_hash}).one_or_none()
    return (row[0], row[1]) if row else None


def touch(session: Session, key: int, moment: datetime) -> None:
    """Note that a session was used."""
    session.execute(update(SignInSession).where(col(SignInSession.id) == key).values(last_seen_at=moment))


def end_all_of_staff(session: Session, staff_id: int, moment: datetime) -> None:
    """End every open session of a staff account."""
    session.execute(
        update(SignInSession)
        .where(col(SignInSession.staff_id) == staff_id, col(SignInSession.ended_at).is_(None))
        .values(ended_at=moment)
    )


def end_all_of_invitation(session: Session, invitation_ids: list[int], moment: datetime) -> None:
    """End every open session that these invitations opened."""
    session.execute(
        update(SignInSession)
        .where(col(SignInSession.invitation_id).in_(invitation_ids), col(SignInSession.ended_at).is_(None))
        .values(ended_at=moment)
    )


def account(session: Session, staff_id: int) -> StaffAccount | None:
    """A staff account by its id."""
    return session.get(StaffAccount, staff_id)


def account_by_email(session: Session, email: str) -> StaffAccount | None:
    """A staff account by its e-mail address, in any spelling of case."""
    return session.execute(
        select(StaffAccount).where(col(StaffAccount.email) == email.strip().lower())
    ).scalar_one_or_none()


def accounts_of(session: Session, clinic_id: int) -> list[StaffAccount]:
    """Staff accounts of a clinic by name."""
    return list(
        session.execute(
            select(StaffAccount).where(col(StaffAccount.clinic_id) == clinic_id).order_by(StaffAccount.display_name)
        ).scalars()
    )


def has_staff(session: Session) -> bool:
    """Whether anybody could sign in."""
    return bool(session.execute(select(func.count()).select_from(StaffAccount)).scalar_one())


def clinic(session: Session, clinic_id: int) -> Clinic | None:
    """A clinic by its id."""
    return session.get(Clinic, clinic_id)


def one_at_a_time(session: Session, clinic_id: int) -> None:
    """Others who change accounts of this clinic wait until the transaction ends."""
    session.get(Clinic, clinic_id, with_for_update={"key_share": True})


def open_invitations(session: Session, treatment_id: int) -> list[Invitation]:
    """Invitations of a treatment that were not revoked."""
    return list(
        session.execute(
            select(Invitation).where(col(Invitation.treatment_id) == treatment_id, col(Invitation.revoked_at).is_(None))
        ).scalars()
    )


def invitation(session: Session, *, token_hash: str = "", code_hash: str = "") -> tuple[Invitation, Patient] | None:
    """The invitation with that link (of the card or of a reminder) or code, and its patient."""
    link = or_(col(Invitation.token_hash) == token_hash, col(Invitation.reminder_hash) == token_hash)
    wanted = link if token_hash else col(Invitation.code_hash) == code_hash
    row = session.execute(
        select(Invitation, Patient).join(Patient, col(Patient.id) == Invitation.patient_id).where(wanted)
    ).one_or_none()
    return (row[0], row[1]) if row else None


def is_erased(session: Session, patient_id: int) -> bool:
    """Whether the person behind this patient was taken out."""
    patient = session.get(Patient, patient_id)
    return patient is not None and patient.erased_at is not None


def treatment(session: Session, treatment_id: int) -> Treatment | None:
    """A treatment by its id; others who issue a link for it wait until the transaction ends."""
    return session.get(Treatment, treatment_id, with_for_update={"key_share": True})


def operator_code(session: Session, staff_id: int) -> str:
    """``CLINIC/CODE`` of the operator that a staff member is; empty when they are none."""
    row = session.execute(
        select(col(Clinic.code), col(Operator.code))
        .join(StaffAccount, col(StaffAccount.operator_id) == col(Operator.id))
        .join(Clinic, col(Clinic.id) == col(Operator.clinic_id))
        .where(col(StaffAccount.id) == staff_id)
    ).first()
    return f"{row[0]}/{row[1]}" if row else ""
