"""How a case is worked on: its states, what may follow what, and the words for them."""

from reporting.domain.symptoms import symptoms

STATE_WORDS = {
    "new": "New",
    "acknowledged": "Acknowledged",
    "contacted": "Contacted",
    "outcome": "Outcome recorded",
    "closed": "Closed",
}
LEVEL_WORDS = {
    "emergency": "Emergency",
    "same_day": "Same day",
    "one_day": "Within a day",
    "one_week": "Within a week",
}
"""Hardest first, the order of the worklist."""
ACTIONS_TAKEN = {
    "advice": "Advice given",
    "call": "Telephone call",
    "visit": "Visit at the clinic",
    "prescription": "Prescription",
    "referral": "Referral",
    "none_needed": "No contact needed",
}
CONFIRMATIONS = {
    "confirmed": "Confirmed complication",
    "not_confirmed": "Not confirmed",
    "expected_course": "Expected course",
}
GRADES = {1: "1 Mild", 2: "2 Moderate", 3: "3 Severe", 4: "4 Life-threatening", 5: "5 Death"}
"""General grades of the Common Terminology Criteria for Adverse Events, version 5.0."""
EVENT_WORDS = {
    "opened": "Case opened",
    "new_report": "New report: back to attention",
    "escalated": "Passed on: nobody had taken it",
    "acknowledged": "Acknowledged",
    "taken_over": "Taken over",
    "given_back": "Given back: nobody has it",
    "contacted": "Contacted",
    "note": "Note",
    "outcome": "Outcome",
    "closed": "Closed",
    "reopened": "Opened again",
    "corrected": "The patient corrected a report",
    "withdrawn": "The patient took a report back",
    "restored": "The patient put a report back",
}
NOTE_CHARACTERS = 2_000
TERM_CHARACTERS = 120

_NEXT = {
    "new": ("acknowledged",),
    "acknowledged": ("contacted", "new"),
    "contacted": ("contacted", "outcome"),
    "outcome": ("contacted", "outcome", "closed"),
    "closed": ("acknowledged",),
}


def next_states(state: str) -> tuple[str, ...]:
    """States that a person may bring a case to from ``state``. Nothing closes before its outcome is known."""
    return _NEXT[state]


def complication_terms() -> tuple[str, ...]:
    """Terms offered for a confirmed complication: those of the symptoms' CTCAE coding."""
    return tuple(dict.fromkeys(symptom.ctcae_term for symptom in symptoms() if symptom.ctcae_term))
