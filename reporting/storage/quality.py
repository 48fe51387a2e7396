"""Statements about the state of the data: languages of patients, and the imports."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlmodel import Session, col

from reporting.storage.tables import ImportRun, Patient, StaffAccount, TreatedArea, Treatment

NEWEST = 100


def languages(session: Session, clinic_id: int | None, treated_since: date | None = None) -> dict[int, str]:
    """Patient id to language, of those treated since a day; None as the clinic is every clinic."""
    statement = select(col(Patient.id), col(Patient.language))
    if treated_since is not None:
        treated = select(col(Treatment.patient_id)).where(col(Treatment.performed_on) >= treated_since)
        if clinic_id is not None:
            treated = treated.where(col(Treatment.clinic_id) == clinic_id)
        statement = statement.where(col(Patient.id).in_(treated))
    if clinic_id is not None:
        statement = statement.where(col(Patient.clinic_id) == clinic_id)
    return {key or 0: language for key, language in session.connection().execute(statement).fetchall()}


def unusual_settings(session: Session, area_ids: Sequence[int]) -> dict[int, dict[str, float]]:
    """Treated area id to its settings outside the typical range, with their values."""
    areas = session.execute(select(TreatedArea).where(col(TreatedArea.id).in_(area_ids))).scalars()
    return {each.id or 0: {name: getattr(each, name) for name in each.outside_typical} for each in areas}


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
