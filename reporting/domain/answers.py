"""Questions, and the reading of one answer: what the form would not allow is refused."""

import unicodedata
from dataclasses import dataclass
from typing import Any

from reporting.domain.content import content
from reporting.domain.content_rows import SYMPTOMS
from reporting.errors import InvalidInput

WARNED = "warned"
"""Among the answers: codes of the emergency rules that the person has been warned about."""
UNSURE, OTHER = "unsure_", "follow_ups_other"
"""Begins the id of the page that asks which line of a list was not sure; id of the list behind *something else*."""
NOT_ASKED = "not asked"
"""What InvalidInput says was found where an answer came to a question that is not on the path now."""


@dataclass(frozen=True)
class Option:
    """One answer that is offered."""

    value: str
    label: str
    hint: str = ""
    heading: str = ""
    """Stands above the option where another group of options begins."""


@dataclass(frozen=True)
class Question:
    """One question. ``kind`` is single, multiple, grades or text; ``symptom`` the one it is about, if any.

    The answer to ``multiple`` is a list: of ticked options, or of one exclusive option alone. To ``grades`` it is the
    severity now and the worst since the last answer, ``1/3``; one number alone means that it was never worse.
    """

    id: str
    kind: str
    title: str
    hint: str = ""
    options: tuple[Option, ...] = ()
    required: bool = True
    symptom: str | None = None
    max_length: int | None = None
    exclusive: tuple[Option, ...] = ()
    """Options that answer the whole question in one tap, instead of those to tick."""
    worst_title: str = ""
    """Of ``grades``: the question about the worst; its own title asks how it is now."""
    name: str = ""
    """What its answer is called on the review; empty: the title."""

    @property
    def heading(self) -> str:
        """What stands above its answer on the review."""
        return self.name or self.title


def known_question_ids() -> frozenset[str]:
    """Ids of all questions that any check-in can have, and of the mark that a warning was shown."""
    of_symptoms = (f"{prefix}_{symptom}" for symptom in SYMPTOMS for prefix in ("severity", "follow_ups", "area"))
    lists = ("symptoms", OTHER, *(f"follow_ups_{symptom}" for symptom in SYMPTOMS))
    return frozenset({*content().questions, *of_symptoms, OTHER, *(UNSURE + name for name in lists), WARNED})


def ticked(question: Question, given: Any) -> tuple[str, ...]:
    """The options of ``multiple`` to show as ticked for an earlier answer; what is not offered is left out."""
    values = given if isinstance(given, list | tuple) else ()
    return tuple(option.value for option in question.options if option.value in values)


def _offered(question: Question) -> str:
    return "one of " + ", ".join(option.value for option in (*question.options, *question.exclusive))


def _single(question: Question, given: Any) -> str:
    if not isinstance(given, str) or given not in {option.value for option in question.options}:
        raise InvalidInput(field=question.id, found=_shown(given), allowed=_offered(question))
    return given


def _multiple(question: Question, given: Any) -> tuple[str, ...]:
    if not isinstance(given, list | tuple) or not all(isinstance(item, str) for item in given):
        raise InvalidInput(field=question.id, found=_shown(given), allowed="a list of: " + _offered(question))
    if len(given) == 1 and given[0] in {option.value for option in question.exclusive}:
        return (given[0],)
    offered = [option.value for option in question.options]
    for item in given:
        if item not in offered or given.count(item) > 1:
            raise InvalidInput(field=question.id, found=_shown(item), allowed=_offered(question) + ", each once")
    if question.required and not given:
        raise InvalidInput(field=question.id, found="nothing", allowed="at least one answer")
    return tuple(value for value in offered if value in given)


def grades(given: Any) -> tuple[int, int] | None:
    """(now, worst) of an answer to ``grades``, each 0 to 4 and the worst at least 1; None for anything else."""
    parts = given.split("/") if isinstance(given, str) else []
    if not 1 <= len(parts) <= 2 or any(part not in {"0", "1", "2", "3", "4"} for part in parts):
        return None
    now, worst = int(parts[0]), int(parts[-1])
    return (now, worst) if now <= worst and worst >= 1 else None


def with_worst(now: str, worst: str) -> str:
    """The answer to ``grades``: how it is now, and the worst where that was said to be more."""
    return f"{now}/{worst}" if worst > now else now


def _grades(question: Question, given: Any) -> str:
    found = grades(given)
    if found is None:
        raise InvalidInput(
            field=question.id,
            found=_shown(given),
            allowed="severity now and at its worst, 0/1 to 4/4, now not above it",
        )
    return f"{found[0]}/{found[1]}"


def _text(question: Question, given: Any) -> str:
    if not isinstance(given, str):
        raise InvalidInput(field=question.id, found=_shown(given), allowed="text")
    text = given.replace("\r\n", "\n").replace("\r", "\n").strip()
    for character in text:
        # Line breaks and tabs are what a text area sends; other control characters are no one's words.
        if unicodedata.category(character) in {"Cc", "Cs"} and character not in "\n\t":
            raise InvalidInput(
                field=question.id, found=f"the control character U+{ord(character):04X}", allowed="plain text"
            )
    if question.max_length is not None and len(text) > question.max_length:
        raise InvalidInput(
            field=question.id,
            found=f"{len(text)} characters",
            allowed=f"at most {question.max_length} characters",
        )
    return text


def _shown(given: Any) -> str:
    return repr(given)[:80] if not isinstance(given, str) else given[:80]


def read_answer(question: Question, given: Any) -> Any:
    """The answer as str, or for ``multiple`` a tuple of str in the order offered. Raises InvalidInput."""
    if given is None or (given == "" and question.kind != "text"):
        if question.required:
            raise InvalidInput(field=question.id, found="no answer", allowed=_allowed_words(question))
        return () if question.kind == "multiple" else ""
    return {"single": _single, "multiple": _multiple, "grades": _grades, "text": _text}[question.kind](question, given)


def _allowed_words(question: Question) -> str:
    return _offered(question) if question.options else "text"
