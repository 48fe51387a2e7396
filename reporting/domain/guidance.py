"""The words a patient reads: guidance in their language, with the clinic's number and its hours filled in."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from reporting.domain.answers import WARNED
from reporting.domain.content import content
from reporting.domain.language import ENGLISH
from reporting.domain.opening_hours import Opening, opening_words
from reporting.domain.patient_words import tell
from reporting.domain.questionnaire import CheckInContext, so_far
from reporting.domain.triage import FiredRule, Guidance, assess

__all__ = ["Guidance", "interruption", "told", "warned"]


def told(guidance: Guidance, *, emergency: str, opening: Opening | None, language: str = ENGLISH) -> Guidance:
    """The guidance in ``language``, as it reads now. ``emergency`` is the clinic's emergency number.

    While the clinic is closed its closed wording stands; whether and when it opens is one of the next steps,
    except in an emergency, which has nothing to wait for.
    """
    is_closed = opening is not None and not opening.is_open

    def words(text: str) -> str:
        return tell(guidance.closed.get(text, text) if is_closed else text, language, emergency=emergency)

    first, *others = (words(text) for text in guidance.next_steps)
    hours = "" if guidance.emergency else opening_words(opening, language)
    return replace(
        guidance,
        heading=words(guidance.heading),
        paragraphs=tuple(words(text) for text in guidance.paragraphs),
        next_steps=tuple(text for text in (first, hours, *others) if text),
        closed={},
    )


def _emergencies(answers: Mapping[str, Any], context: CheckInContext) -> tuple[FiredRule, ...]:
    """Rules that fired so far whose advice is an emergency."""
    texts = content().guidance
    return tuple(rule for rule in assess(so_far(answers, context), context).fired if texts[rule.advice].emergency)


def _already(answers: Mapping[str, Any]) -> list[str]:
    given = answers.get(WARNED)
    return [code for code in given if isinstance(code, str)] if isinstance(given, list | tuple) else []


def interruption(answers: Mapping[str, Any], context: CheckInContext) -> Guidance | None:
    """The card to show before any further question: an emergency that the person was not warned about yet.

    None otherwise. ``warned`` gives the answers with which it has been shown.
    """
    fired = [rule for rule in _emergencies(answers, context) if rule.code not in _already(answers)]
    if not fired:
        return None
    text = content().guidance["interruption"]
    reasons = dict.fromkeys([text.opening, *(rule.patient_words for rule in fired)])
    return Guidance(fired[0].advice, text.heading, tuple(reasons), (text.what_next, text.out_of_hours),
                    emergency=text.emergency, phone_first=text.phone_first)  # fmt: skip


def warned(answers: Mapping[str, Any], context: CheckInContext) -> dict[str, Any]:
    """The answers, with the mark that the present interruption was read ("Continue")."""
    codes = [rule.code for rule in _emergencies(answers, context)]
    return {**answers, WARNED: list(dict.fromkeys([*_already(answers), *codes]))}
