"""Statements about the state of the data: languages of patients, and the imports."""

from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from reporting.storage.tables import ImportRun, Patient, StaffAccount

NEWEST = 100


def languages(session: Session, clinic_id: int | None) -> dict[int, str]:
    """Patient id to language; None as the clinic is every clinic."""
    statement = select(col(Patient.id), col(Patient.language))
    if clinic_id is not None:
        statement = statement.where(col(Patient.clinic_id) == clinic_id)
    return {int(key): language for key, language in session.execute(statement)}


def import_runs(session: Session, clinic_id: int | None) -> list[tuple[Any, ...]]:
    """The newest imports: moment, kind, file, who, rows read, imported, unchanged, refused."""
    statement = (
        select(
            col(ImportRun.created_at), col(ImportRun.kind), col(ImportRun.file_name), col(StaffAccount.display_name),
            col(ImportRun.rows_read), col(ImportRun.rows_imported), col(ImportRun.rows_unchanged),
            col(ImportRun.rows_refused),
        )
        .outerjoin(StaffAccount, col(StaffAccount.id) == col(ImportRun.created_by))
        .order_by(col(ImportRun.id).desc())
        .limit(NEWEST)
    )  # fmt: skip
    if clinic_id is not None:
        statement = statement.where(col(ImportRun.clinic_id) == clinic_id)
    return [(row[0], row[1], row[2], row[3] or "command line", *row[4:]) for row in session.execute(statement)]
