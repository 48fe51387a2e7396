"""Answers given so far, one draft per treatment."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, select
from sqlmodel import Session, col

from reporting.storage.check_ins import Subject
from reporting.storage.tables import Draft

CHECK_IN, PROXY = "check_in", "proxy"


_TREATMENT: Any = bindparam("treatment")
_KIND: Any = bindparam("kind")
_DROP: Any = delete(Draft.__table__).where(  # type: ignore[attr-defined]
    col(Draft.treatment_id) == _TREATMENT, col(Draft.kind) == _KIND
)
_DRAFT = select(Draft).where(col(Draft.treatment_id) == _TREATMENT, col(Draft.kind) == _KIND)


def kind_of(sender: str) -> str:
    """Staff who ask the questions have a draft of their own, so that the patient's stays as it is."""
    return PROXY if sender == "staff" else CHECK_IN


def correction_of(check_in_id: int) -> str:
    """The kind of draft that a correction of that check-in is kept as."""
    return f"correction:{check_in_id}"


def draft_of(session: Session, treatment_id: int, kind: str = CHECK_IN) -> Draft | None:
    """The draft of a treatment's next check-in, or of a correction; nothing where there is none."""
    return session.execute(_DRAFT, {"treatment": treatment_id, "kind": kind}).scalar_one_or_none()


def put(session: Session, draft: Draft, answers: Mapping[str, Any], moment: datetime) -> None:
    """Other answers into a draft that was read before."""
    draft.answers, draft.updated_at = dict(answers), moment
    session.add(draft)
    session.flush()


def keep(
    session: Session, about: Subject, answers: Mapping[str, Any], key: str, moment: datetime, kind: str = CHECK_IN
) -> None:
    """Write the draft anew; the key of the first save stays with it."""
    draft = draft_of(session, about.treatment_id, kind) or Draft(
        clinic_id=about.clinic_id,
        patient_id=about.patient_id,
        treatment_id=about.treatment_id,
        kind=kind,
        submission_key=key,
    )
    put(session, draft, answers, moment)


def drop(session: Session, treatment_id: int, kind: str) -> None:
    """Forget a draft."""
    session.connection().execute(_DROP, {"treatment": treatment_id, "kind": kind})
