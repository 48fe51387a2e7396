"""The six symptoms, their words and their codes."""

from reporting.domain.content import content
from reporting.domain.content_rows import SYMPTOMS, SeverityWord, Symptom

__all__ = ["SEVERITIES", "SYMPTOMS", "SeverityWord", "Symptom", "severity_word", "symptom", "symptoms"]

SEVERITIES = (0, 1, 2, 3, 4)


def symptoms() -> tuple[Symptom, ...]:
    """The six symptoms, in the order of SYMPTOMS."""
    return tuple(content().symptoms[code] for code in SYMPTOMS)


def symptom(code: str) -> Symptom:
    """The symptom with that code. Raises KeyError."""
    return content().symptoms[code]


def severity_word(value: int) -> str:
    """Word for a severity from 0 (None) to 4 (Very severe)."""
    return content().severity_words[value].word
