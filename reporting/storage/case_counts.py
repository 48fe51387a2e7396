"""Counts of triage cases for the dashboards."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from sqlalchemy import select
from sqlmodel import Session, col

from reporting.storage.tables import Patient, TreatedArea, Treatment, TriageCase

COLUMNS = ("treatment_id", "level", "state", "confirmation")


def case_rows(session: Session, clinic_id: int | None) -> pd.DataFrame:
    """One row per triage case of a clinic (None: every clinic): COLUMNS, ``confirmation`` empty if open."""
    statement = select(*(getattr(TriageCase, name) for name in COLUMNS))
    if clinic_id is not None:
        statement = statement.where(col(TriageCase.clinic_id) == clinic_id)
    rows = session.execute(statement).all()
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    frame["treatment_id"] = frame["treatment_id"].astype(np.int64)
    return frame.assign(confirmation=frame["confirmation"].fillna(""))


def named_treatments(session: Session, area_ids: Sequence[int]) -> pd.DataFrame:
    """Patient and treatment references of treated areas: treated_area_id, patient, treatment, pass_group."""
    statement = (
        select(col(TreatedArea.id), col(Patient.reference), col(Treatment.reference), col(TreatedArea.pass_group))
        .join(Treatment, col(Treatment.id) == TreatedArea.treatment_id)
        .join(Patient, col(Patient.id) == Treatment.patient_id)
        .where(col(TreatedArea.id).in_(area_ids))
    )
    rows = session.execute(statement).all()
    return pd.DataFrame(rows, columns=["treated_area_id", "patient", "treatment", "pass_group"])
