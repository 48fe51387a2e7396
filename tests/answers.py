"""Answers to the check-in as the form would give them."""

from collections.abc import Mapping
from typing import Any

from reporting import clock
from reporting.demo.recent import answers_for
from reporting.domain import questionnaire
from reporting.records import check_ins
from reporting.records.engine import reading

NO_PROBLEMS: dict[str, Any] = dict(questionnaire.NO_PROBLEMS)
EYES_CLOSING: dict[str, Any] = {
    "symptoms": ["swelling", "swelling_eyes"],
    "severity_swelling": "3",
}


def filled(treatment_id: int, **wanted: Any) -> Mapping[str, Any]:
    """All answers that the form asks of this treatment today, with ``wanted`` where it matters."""
    with reading() as session:
        about = check_ins.subject(session, treatment_id)
        assert about is not None
        context = check_ins.context(session, about, clock.now())
    return answers_for(context, wanted)
