"""Cases of one clinic for the monthly report: no patient, no reference, no free text."""

from datetime import datetime

import pandas as pd
from sqlalchemy import or_, select
from sqlmodel import Session, col

from reporting.storage.tables import TriageCase

COLUMNS = (
    "level", "state", "opened_at", "due_at", "acknowledged_at", "action_taken", "confirmation", "complication_grade",
    "rules",
)  # fmt: skip


def cases_of_month(session: Session, clinic_id: int, start: datetime, end: datetime) -> pd.DataFrame:
    """One row per case that was opened in [start, end) or is open now: COLUMNS."""
    statement = select(*(getattr(TriageCase, name) for name in COLUMNS)).where(
        col(TriageCase.clinic_id) == clinic_id,
        or_(
            col(TriageCase.state) != "closed", (col(TriageCase.opened_at) >= start) & (col(TriageCase.opened_at) < end)
        ),
    )
    return pd.DataFrame(session.execute(statement).all(), columns=list(COLUMNS))
