"""Reports of patients for stories about cases and timelines, sent through the real action."""

from typing import Any

from reporting.patient.act_check_ins import submit_check_in
from tests.answers import EYES_CLOSING, filled
from tests.cast import House


def send(house: House, key: str, **wanted: Any) -> int | None:
    """The patient of ``house`` reports ``wanted``; returns the case that it opened or extended."""
    return submit_check_in(
        by=house.patient,
        treatment_id=house.treatment_id,
        answers=filled(house.treatment_id, **wanted),
        submission_key=f"{key}-{house.treatment_id}",
    ).case_id


def eyes_closing(house: House, key: str = "eyes") -> int:
    """Severe swelling with eyes closing: a case for the same day."""
    case_id = send(house, key, **EYES_CLOSING)
    assert case_id is not None
    return case_id
