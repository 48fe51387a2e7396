"""To change what was sent: the reasons that are offered, and whether a correction makes matters worse."""

from collections.abc import Mapping
from typing import Any

from reporting.domain.answers import Question
from reporting.domain.content_rows import CASE_LEVELS, SYMPTOMS
from reporting.domain.guidance import warned
from reporting.domain.questionnaire import HOW_SOON, NO_PROBLEMS, CheckInContext, CompletedCheckIn, path
from reporting.domain.triage import Assessment
from reporting.errors import InvalidInput

STAFF_REASONS = {
    "mistake": "tapped the wrong answer",
    "forgot": "had forgotten to say something",
    "changed": "it was different from what they thought",
    "wrong_treatment": "it was about something else",
    "other": "another reason",
}
"""Code to what the clinic reads; patients read ``reason_CODE``. ``other`` comes with words of their own."""
REASONS = tuple(STAFF_REASONS)
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


def answers_of(done: CompletedCheckIn, context: CheckInContext) -> dict[str, Any]:
    """The answers to the questions of ``context`` that make ``done``: what a correction begins with.

    What was not asked then and is asked now stays open. An emergency that stands in the old answers has been
    shown before and interrupts no more.
    """
    had = [symptom for symptom in SYMPTOMS if done.severities.get(symptom)]
    if not had and done.can_wait is None:
        return dict(NO_PROBLEMS)
    # Without a severity above none it was not kept which symptom had been ticked: that is asked anew.
    answers: dict[str, Any] = {"note": done.note} | ({"symptoms": had} if had else {})
    answers |= {f"severity_{symptom}": str(done.severities[symptom]) for symptom in had}
    answers |= {name: found for name, found in _lists(answers, done, context).items() if found}
    if done.can_wait is not None:
        answers["how_soon"] = {pair: value for value, pair in HOW_SOON.items()}[done.can_wait, done.worried]
    return warned(answers, context)


def _lists(answers: Mapping[str, Any], done: CompletedCheckIn, context: CheckInContext) -> dict[str, list[str]]:
    found = {}
    for question in path(answers, context):
        if question.id.startswith("follow_ups_"):
            found[question.id] = _ticked(question, done.follow_up)
        elif question.id.startswith("area_"):
            found[question.id] = [str(key) for key in done.areas.get(question.symptom or "", ())] or ["all"]
    return found


def _ticked(question: Question, follow_up: Mapping[str, str]) -> list[str]:
    """The lines of a checklist that were ticked; empty where one of them was not asked then."""
    given = [follow_up.get(option.value) for option in question.options]
    if None in given:
        return []
    yes = [option.value for option, answer in zip(question.options, given, strict=True) if answer == "yes"]
    return yes or (["not_sure"] if "not_sure" in given else ["none"])
