"""The words that a patient read after a report, as they are kept: for years, whatever the tables say by then.

Two things are kept of one advice. What stood on the page, word for word, is what somebody was told. The sentences it
was made of, in English and in the patient's language, are shown when the advice is opened again: then the clinic may
be closed that was open, or somebody may have read it, and a red button must not ring where nobody is.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from reporting.domain.content import content
from reporting.domain.language import ENGLISH, beside, translator
from reporting.domain.triage import Guidance

_SYMPTOMS = "{symptoms}"


@dataclass(frozen=True)
class KeptWords:
    """``language``, ``heading``, ``paragraphs`` and ``next_steps`` as they were read; ``guidance`` to show it again.

    ``lines``: checklist line to the English words beside it that were ticked.
    """

    language: str
    heading: str
    paragraphs: tuple[str, ...]
    next_steps: tuple[str, ...]
    guidance: Guidance
    lines: Mapping[str, str]

    @property
    def text(self) -> str:
        """All of it, a paragraph a line."""
        return "\n".join((self.heading, *self.paragraphs, *self.next_steps))


def _named(guidance: Guidance, language: str) -> dict[str, str]:
    """Paragraphs that name symptoms to the same with the names in them, in that language."""
    translate, symptoms = translator(language), content().symptoms
    return {
        text: translate(text).replace(
            _SYMPTOMS, beside((translate(symptoms[code].patient_label) for code in codes), language)
        )
        for text, codes in guidance.named.items()
    }


def to_keep(guidance: Guidance, shown: Guidance, language: str, lines: Mapping[str, str]) -> str:
    """What is kept of ``guidance`` that the patient read as ``shown`` (``guidance.told``), as text."""
    english, own, translate = _named(guidance, ENGLISH), _named(guidance, language), translator(language)
    closed = {text: other for text, other in guidance.closed.items() if text not in english}
    used = (guidance.heading, *guidance.paragraphs, *guidance.next_steps, *closed.values(), *lines.values())
    words = {english.get(text, text): own.get(text) or translate(text) for text in used if text}
    return json.dumps(
        {
            "language": language,
            "heading": shown.heading,
            "paragraphs": shown.paragraphs,
            "next_steps": shown.next_steps,
            "lines": dict(lines),
            "made_of": {
                "advice": guidance.advice,
                "heading": guidance.heading,
                "paragraphs": [english.get(text, text) for text in guidance.paragraphs],
                "next_steps": guidance.next_steps,
                "emergency": guidance.emergency,
                "phone_first": guidance.phone_first,
                "closed": closed,
            },
            "words": {} if language == ENGLISH else words,
        },
        ensure_ascii=False,
    )


def from_kept(text: str) -> KeptWords:
    """The opposite of ``to_keep``."""
    said: dict[str, Any] = json.loads(text)
    of = said["made_of"]
    guidance = Guidance(
        advice=of["advice"],
        heading=of["heading"],
        paragraphs=tuple(of["paragraphs"]),
        next_steps=tuple(of["next_steps"]),
        emergency=of["emergency"],
        phone_first=of["phone_first"],
        closed=of["closed"],
        kept={said["language"]: said["words"]},
    )
    return KeptWords(
        said["language"],
        said["heading"],
        tuple(said["paragraphs"]),
        tuple(said["next_steps"]),
        guidance,
        said["lines"],
    )


def ticked_lines(follow_up: Mapping[str, str]) -> dict[str, str]:
    """Checklist lines that were answered with something else than no, with the English words beside them."""
    known = content().follow_ups
    return {key: known[key].patient_label for key, given in follow_up.items() if given != "no" and key in known}


def without_calm(guidance: Guidance, instead: Guidance) -> Guidance:
    """``instead`` where the guidance says that all is usual, or is to be watched; an urgent one stays."""
    return guidance if guidance.phone_first or guidance.emergency else replace(instead, reading=guidance.reading)
