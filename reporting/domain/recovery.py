"""What the patient's home says: what people usually have, when the next check-in is, what the clinic did."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reporting.domain.content import content
from reporting.domain.course import course_window, expected_severity
from reporting.domain.symptoms import SYMPTOMS

MOST_SYMPTOMS = 3
"""So many symptoms are put into words for one who has reported nothing: more would not be read."""
_STEPS = (
    "opened", "new_report", "acknowledged", "corrected", "withdrawn", "restored", "reopened", "closed",
)  # fmt: skip
"""Kinds of case events that a patient is told; notes, outcomes and hand-overs are the clinic's own."""


@dataclass(frozen=True)
class Usual:
    """What people usually have of a symptom now, and from ``later_from_day`` on (None: nothing changes)."""

    symptom: str
    now: str
    later_from_day: int | None
    later: str


def usual(procedure_class: str, symptom: str, day: int) -> Usual | None:
    """The words of the expected course for a symptom on ``day`` and after it; None after the last window."""
    here = course_window(procedure_class, symptom, day)
    if here is None:
        return None
    following = course_window(procedure_class, symptom, here.to_day + 1)
    while following is not None and following.words == here.words:
        following = course_window(procedure_class, symptom, following.to_day + 1)
    if following is None:
        return Usual(symptom, here.words, None, "")
    return Usual(symptom, here.words, following.from_day, following.words)


def what_people_have(procedure_class: str, day: int, had: Sequence[str]) -> tuple[Usual, ...]:
    """Words for the symptoms in ``had``; where there are none, for those that are usual on that day."""
    codes = had or [c for c in SYMPTOMS if expected_severity(procedure_class, c, day) > 0][:MOST_SYMPTOMS]
    found = (usual(procedure_class, code, day) for code in codes)
    return tuple(each for each in found if each is not None)


def next_check_in(days: Sequence[int], recovery_day: int, answered: Collection[int]) -> int | None:
    """Recovery day of the next check-in: the last one that is due and open, else the next to come.

    ``days`` are the treatment's due days, rising; ``answered`` the scheduled days that were answered. None when
    the schedule is over.
    """
    due = [day for day in days if day <= recovery_day]
    if due and due[-1] not in answered:
        return due[-1]
    return next((day for day in days if day > recovery_day), None)


def step_name(kind: str, details: Mapping[str, Any]) -> str:
    """Name of the sentence for an event of a case; empty for what is the clinic's own affair."""
    if kind == "contacted":
        return f"step_{details['action_taken']}" if details.get("action_taken") else ""
    silence = {rule.code for rule in content().silence}
    if kind == "opened" and details.get("rules") and silence.issuperset(details["rules"]):
        return "step_silent"
    return f"step_{kind}" if kind in _STEPS else ""
