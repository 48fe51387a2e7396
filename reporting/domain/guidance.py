"""The words a patient reads: guidance in their language, with the clinic's number and its hours filled in.

What the patient's home says: what people usually have, when the next check-in is, what the clinic did.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from reporting.domain.answers import WARNED, Question
from reporting.domain.case_work import URGENT_LEVELS
from reporting.domain.content import content
from reporting.domain.course import course_window, expected_severity
from reporting.domain.language import ENGLISH, beside, isolated
from reporting.domain.opening_hours import Opening, opening_words
from reporting.domain.patient_words import moment_words, say, tell
from reporting.domain.questionnaire import CheckInContext, so_far
from reporting.domain.triage import Guidance, Reading, assess
from reporting.domain.vocabulary import SYMPTOMS

__all__ = ["Guidance", "interruption", "told", "warned"]


def emergency_words(number: str, language: str = ENGLISH) -> str:
    """The emergency number as it stands after *call*; where none is known, words and no guess."""
    return isolated(number, language) if number else say("local_emergency", language)


def department_words(country: str, language: str = ENGLISH) -> str:
    """What the place is called, in that country, to which somebody goes with an emergency: it stands after *go to*."""
    row = content().countries.get(country)
    return say(f"department_{row.emergency_department if row else 'emergency_department'}", language)


def line_words(name: str, number: str, language: str = ENGLISH) -> str:
    """``NHS 111 (111)``, as it stands after *call*; where there is no such line, what kind of line to call."""
    return f"{name} ({isolated(number, language)})" if number else say("urgent_care_line", language)


def told(
    guidance: Guidance,
    *,
    emergency: str,
    opening: Opening | None,
    out_of_hours: str = "",
    department: str = "",
    language: str = ENGLISH,
) -> Guidance:
    """The guidance in ``language``, as it reads now. ``emergency`` is the emergency number of where the patient is,
    ``department`` where emergencies are seen there, and ``out_of_hours`` the line that answers while the clinic is
    closed, as ``emergency_words``, ``department_words`` and ``line_words`` put them.

    While the clinic is closed its closed wording stands; whether and when it opens is one of the next steps,
    except in an emergency, which has nothing to wait for.
    """
    is_closed = opening is not None and not opening.is_open

    def words(text: str) -> str:
        named = (tell(content().symptoms[code].patient_label, language) for code in guidance.named.get(text, ()))
        text = guidance.closed.get(text, text) if is_closed else text
        line = out_of_hours or line_words("", "", language)
        parts = {
            "emergency": emergency,
            "department": department or department_words("", language),
            "out_of_hours": line,
            "symptoms": beside(named, language),
        }
        own = guidance.kept.get(language, {}).get(text)
        return tell(text, language, **parts) if own is None else own.format(**parts)

    first, *others = (words(text) for text in guidance.next_steps)
    hours = "" if guidance.emergency else opening_words(opening, language)
    read = "" if guidance.emergency else _reading_words(guidance.reading, language)
    return replace(
        guidance,
        heading=words(guidance.heading),
        paragraphs=tuple(words(text) for text in guidance.paragraphs),
        next_steps=tuple(text for text in (first, read, hours, *others) if text),
        closed={},
        named={},
        kept={},
    )


def _reading_words(reading: Reading | None, language: str) -> str:
    """``A person will read your answers by Monday 16 November, 10:00``; that somebody has; that nobody has in time."""
    if reading is None:
        return ""
    if reading.is_read:
        return say("step_acknowledged", language)
    if reading.is_late:
        return say("read_late", language)
    when = moment_words(reading.by, reading.timezone, language) if reading.by else ""
    return say("read_by", language, when=when) if when else ""


def _already(answers: Mapping[str, Any]) -> list[str]:
    given = answers.get(WARNED)
    return [code for code in given if isinstance(code, str)] if isinstance(given, list | tuple) else []


def interruption(
    answers: Mapping[str, Any],
    context: CheckInContext,
    questions: tuple[Question, ...] | None = None,
    reading: Reading | None = None,
    shown_before: Collection[str] = (),
) -> Guidance | None:
    """The card to show before any further question; None where there is none to show.

    An emergency that the person was not warned about yet; and, where the clinic has the answers so far (``reading``:
    who reads them), the first that needs it on the same day. It reads as it will once all is sent. ``warned`` gives
    the answers with which it has been shown. ``questions``: the path, where it is known already. ``shown_before``:
    rules of the report that is being changed, whose advice was read when it was sent.
    """
    found = assess(so_far(answers, context, questions), context)
    already, texts = _already(answers), content().guidance
    fired = [rule for rule in found.fired if texts[rule.advice].emergency and rule.code not in already]
    if reading is not None:
        fresh = [rule for rule in found.fired if rule.case_level in URGENT_LEVELS and rule.code not in already]
        is_first = bool(fresh) and set(already) <= set(shown_before)
        return replace(found.guidance, reading=reading) if fired or is_first else None
    if not fired:
        return None
    text = texts["interruption"]
    reasons = dict.fromkeys([text.opening, *(rule.patient_words for rule in fired)])
    return Guidance(
        fired[0].advice,
        text.heading,
        tuple(reasons),
        (text.what_next, text.out_of_hours),
        emergency=text.emergency,
        phone_first=text.phone_first,
    )


def warned(answers: Mapping[str, Any], context: CheckInContext) -> dict[str, Any]:
    """The answers, with the mark that the present interruption was read ("Continue")."""
    fired, texts = assess(so_far(answers, context), context).fired, content().guidance
    codes = [rule.code for rule in fired if texts[rule.advice].emergency or rule.case_level in URGENT_LEVELS]
    return {**answers, WARNED: list(dict.fromkeys([*_already(answers), *codes]))}


MOST_SYMPTOMS = 3
"""So many symptoms are put into words for one who has reported nothing: more would not be read."""
_STEPS = (
    "opened",
    "new_report",
    "acknowledged",
    "corrected",
    "withdrawn",
    "restored",
    "reopened",
    "closed",
)
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
