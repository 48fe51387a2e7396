"""To change what was sent: the reasons that are offered, and whether a correction makes matters worse."""

from collections.abc import Mapping

from reporting.domain.records import CASE_LEVELS
from reporting.domain.triage import Assessment
from reporting.errors import InvalidInput

REASONS = {
    "mistake": "I tapped the wrong answer",
    "forgot": "I forgot to say something",
    "changed": "It was different from what I thought",
    "wrong_treatment": "It was about something else",
    "other": "Another reason",
}
"""Code to the patient's words. ``other`` comes with words of their own: ``other: my words``."""
STAFF_REASONS = {
    "mistake": "tapped the wrong answer",
    "forgot": "had forgotten to say something",
    "changed": "it was different from what they thought",
    "wrong_treatment": "it was about something else",
    "other": "another reason",
}
OWN_WORDS_CHARACTERS = 300
_OTHER = "other:"


def read_reason(given: str) -> tuple[str, str]:
    """Code of a reason and the patient's own words (empty unless it is ``other``). Raises InvalidInput."""
    code, words = given.strip(), ""
    if code.startswith(_OTHER):
        code, words = "other", code.removeprefix(_OTHER).strip()
    if code not in REASONS:
        raise InvalidInput(field="reason", found=given[:80], allowed="one of " + ", ".join(REASONS))
    if len(words) > OWN_WORDS_CHARACTERS or not words.replace("\n", " ").isprintable():
        raise InvalidInput(
            field="reason", found=f"{len(words)} characters", allowed=f"plain text, up to {OWN_WORDS_CHARACTERS}"
        )
    return code, words


def is_worse(before: Assessment, after: Assessment, severities: tuple[Mapping[str, int], Mapping[str, int]]) -> bool:
    """Whether a correction says something that the clinic must look at and did not know.

    ``severities``: those reported before and now. It does when a rule fires, and the case level is harder,
    another rule has joined, or a symptom is more severe than it was said to be.
    """
    if after.case_level is None:
        return False
    if before.case_level is None or CASE_LEVELS.index(after.case_level) > CASE_LEVELS.index(before.case_level):
        return True
    joined = {rule.code for rule in after.fired} - {rule.code for rule in before.fired}
    earlier, now = severities
    return bool(joined) or any(value > earlier.get(symptom, 0) for symptom, value in now.items())
