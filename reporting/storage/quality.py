"""Statements about the state of the data: languages of patients, and the imports."""

from sqlalchemy import select
from sqlmodel import Session, col

from reporting.storage.tables import ImportRun, Patient, StaffAccount

NEWEST = 100


def languages(session: Session, clinic_id: int | None) -> dict[int, str]:
    """Patient id to language; None as the clinic is every clinic."""
    statement = select(col(Patient.id), col(Patient.language))
    if clinic_id is not None:
        statement = statement.where(col(Patient.clinic_id) == clinic_id)
    return {key or 0: language for key, language in session.connection().execute(statement).fetchall()}


def import_runs(session: Session, clinic_id: int | None) -> list[tuple[ImportRun, str]]:
    """The newest imports, newest first, with who ran them; None as the clinic is every clinic."""
    statement = (
        select(ImportRun, col(StaffAccount.display_name))
        .outerjoin(StaffAccount, col(StaffAccount.id) == col(ImportRun.created_by))
        .order_by(col(ImportRun.id).desc())
        .limit(NEWEST)
    )
    if clinic_id is not None:
        statement = statement.where(col(ImportRun.clinic_id) == clinic_id)
    return [(run, who or "command line") for run, who in session.execute(statement).all()]
