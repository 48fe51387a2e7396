"""Statements that only the synthetic demo clinic needs."""

from sqlalchemy import select
from sqlmodel import Session, col

from reporting.errors import NotFound
from reporting.storage.tables import CheckIn, Clinic, StaffAccount, Treatment


def demo_staff(session: Session) -> list[StaffAccount]:
    """Active accounts of synthetic clinics, in the order they were made."""
    return list(
        session.execute(
            select(StaffAccount)
            .join(Clinic, col(Clinic.id) == StaffAccount.clinic_id)
            .where(col(Clinic.is_synthetic), col(StaffAccount.is_active))
            .order_by(col(StaffAccount.id))
        ).scalars()
    )


def set_password(session: Session, account: StaffAccount, password_hash: str) -> None:
    """Replace the password hash of an account."""
    account.password_hash = password_hash
    session.add(account)


def first_open_treatment(session: Session) -> int:
    """The newest demo treatment without a check-in of today's kind: the one to try as a patient."""
    answered = select(col(CheckIn.treatment_id)).where(col(CheckIn.source) != "demo")
    found = session.execute(
        select(col(Treatment.id))
        .where(col(Treatment.source) == "demo", col(Treatment.reference).like("DEMO-NOW-%"))
        .order_by(col(Treatment.id).in_(answered), col(Treatment.id))
        .limit(1)
    ).scalar()
    if found is None:
        raise NotFound("There is no demo treatment in this database.", what_to_do="Run `python -m reporting demo`.")
    return int(found)
