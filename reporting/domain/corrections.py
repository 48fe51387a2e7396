"""To change what was sent: the reasons that are offered, and whether a correction makes matters worse."""

from collections.abc import Mapping
from typing import Any

from reporting.domain.answers import UNSURE, Question
from reporting.domain.content import content
from reporting.domain.content_rows import CASE_LEVELS, SYMPTOMS, FollowUp
from reporting.domain.guidance import warned
from reporting.domain.questionnaire import (
    HOW_SOON,
    NO_PROBLEMS,
    NOT_SURE,
    SOMETHING_ELSE,
    CheckInContext,
    CompletedCheckIn,
    path,
)
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
    if not had and done.can_wait is None and not done.follow_up:
        return dict(NO_PROBLEMS)
    # Without a severity above none it was not kept which symptom had been ticked: that is asked anew.
    answers: dict[str, Any] = {"note": done.note}
    if ticks := [*had, *_first_ticks(done, context)]:
        answers["symptoms"] = ticks
    answers |= {f"severity_{symptom}": f"{done.grade_now(symptom)}/{done.severities[symptom]}" for symptom in had}
    for _ in ("lists", "which line of them was not sure"):
        answers |= {name: found for name, found in _lists(answers, done, context).items() if found}
    if done.can_wait is not None:
        answers["how_soon"] = {pair: value for value, pair in HOW_SOON.items()}[done.can_wait, done.worried]
    return warned(answers, context)


def _first_ticks(done: CompletedCheckIn, context: CheckInContext) -> list[str]:
    """What the first page had beside symptoms: its lines, and the ways to what was not sure and to something else."""
    known = content().follow_ups
    shown = {option.value for option in path({}, context)[0].options}
    lines = {key: given for key, given in done.follow_up.items() if key in shown}
    ticks = [key for key, given in lines.items() if given == "yes"]
    if "not_sure" in lines.values():
        ticks.append(NOT_SURE)
    asked_else = any(
        key in known and key not in shown and not _belongs(known[key], done.severities) for key in done.follow_up
    )
    return [*ticks, SOMETHING_ELSE] if asked_else else ticks


def _belongs(row: FollowUp, severities: Mapping[str, int]) -> bool:
    """Whether a reported symptom asks for the line, or nobody does any more."""
    lowest = {symptom: row.lowest_severity(symptom) for symptom in SYMPTOMS if severities.get(symptom)}
    return not row.shown_for or any(low is not None and severities[symptom] >= low for symptom, low in lowest.items())


def _lists(answers: Mapping[str, Any], done: CompletedCheckIn, context: CheckInContext) -> dict[str, list[str]]:
    found = {}
    for question in path(answers, context):
        if question.id.startswith(UNSURE):
            unsure = [option.value for option in question.options if done.follow_up.get(option.value) == "not_sure"]
            found[question.id] = unsure or ["none"]
        elif question.id.startswith("follow_ups_"):
            found[question.id] = _ticked(question, done.follow_up)
        elif question.id.startswith("area_"):
            found[question.id] = [str(key) for key in done.areas.get(question.symptom or "", ())] or ["all"]
    return found


def _ticked(question: Question, follow_up: Mapping[str, str]) -> list[str]:
    """The lines of a checklist that were ticked; empty where one of them was not asked then."""
    keys = [option.value for option in question.options if option.value != NOT_SURE]
    given = [follow_up.get(key) for key in keys]
    if None in given:
        return []
    yes = [key for key, answer in zip(keys, given, strict=True) if answer == "yes"]
    return [*yes, *([NOT_SURE] if "not_sure" in given else [])] or ["none"]
