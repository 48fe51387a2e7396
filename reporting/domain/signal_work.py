"""What the evidence engine found, and how people work on it: states, what may follow what, the words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

Kind = Literal["outcome", "settings", "scan"]
KIND_WORDS: Mapping[str, str] = {
    "outcome": "More side effects than expected",
    "settings": "Settings have shifted",
    "scan": "A pattern to look at",
}
"""Three channels with three words: settings imply no harm, and a pattern of the scan raises no message."""
STATE_WORDS: Mapping[str, str] = {
    "new": "New",
    "reviewing": "Being reviewed",
    "explained": "Explained",
    "action_taken": "Action taken",
    "re_measured": "Measured again",
}
_NEXT: Mapping[str, tuple[str, ...]] = {
    "new": ("reviewing", "explained", "action_taken"),
    "reviewing": ("explained", "action_taken"),
    "explained": ("reviewing", "action_taken"),
    "action_taken": ("action_taken", "re_measured", "explained"),
    "re_measured": ("reviewing", "action_taken", "re_measured", "explained"),
}
WORDS_CHARACTERS = 2_000


def next_states(state: str) -> tuple[str, ...]:
    """States that may follow."""
    return _NEXT[state]


@dataclass(frozen=True)
class Finding:
    """One signal as a look over the data sees it. ``unit_id`` is the clinic's own code; ``card`` plain JSON."""

    clinic: str
    kind: Kind
    unit_type: str
    unit_id: str
    symptom: str
    skin_group: str
    since: date
    first_flagged: date
    last_flagged: date
    card: dict[str, Any] = field(compare=False)


@dataclass(frozen=True)
class Look:
    """One look over the data as of a day: findings in order of rank, and how many cells were tested."""

    as_of: date
    findings: tuple[Finding, ...]
    cells_tested: int
    expected_false_per_clinic_year: float
    seconds: float
    details: dict[str, Any] = field(default_factory=dict)
