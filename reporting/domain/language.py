"""The languages of the patient's pages: English sentences are the keys, a catalogue is all a further one needs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from babel import Locale, negotiate_locale
from babel.messages.pofile import read_po

from reporting.settings import settings

ENGLISH = "en"
Translate = Callable[[str], str]


@dataclass(frozen=True)
class Language:
    """A language that can be chosen. ``direction`` is ``ltr`` or ``rtl``; ``name`` is its own name."""

    code: str
    name: str
    direction: str


def _described(code: str) -> Language:
    locale = Locale.parse(code)
    name = locale.get_display_name() or code
    return Language(code, name[:1].upper() + name[1:], locale.text_direction)


def catalogue_file(code: str) -> Path:
    """Where the catalogue of a language is, or would be."""
    return settings().content_dir / "locales" / code / "LC_MESSAGES" / "patient.po"


@cache
def languages() -> Mapping[str, Language]:
    """English and every language with a catalogue ``locales/CODE/LC_MESSAGES/patient.po``, by code."""
    folder = settings().content_dir / "locales"
    found = sorted(path.parent.parent.name for path in folder.glob("*/LC_MESSAGES/patient.po"))
    return {code: _described(code) for code in (ENGLISH, *found)}


@cache
def catalogue(code: str) -> Mapping[str, str]:
    """English sentence to its translation, without empty and fuzzy entries; empty for English."""
    if code == ENGLISH or code not in languages():
        return {}
    with catalogue_file(code).open("rb") as handle:
        entries = read_po(handle, locale=code)
    return {str(entry.id): str(entry.string) for entry in entries if entry.id and entry.string and not entry.fuzzy}


def translator(code: str) -> Translate:
    """From an English sentence to the language's; a sentence that is missing stays English."""
    known = catalogue(code)
    return lambda text: known.get(text, text)


def best_language(accept_language: str, *, chosen: str = "") -> str:
    """The chosen language if there is such a one, else the best of an ``Accept-Language`` header, else English."""
    if chosen in languages():
        return chosen
    wanted = [part.split(";")[0].strip() for part in accept_language.split(",")]
    return negotiate_locale([name for name in wanted if name], list(languages()), sep="-") or ENGLISH


def isolated(text: str, code: str) -> str:
    """A telephone number or address that keeps its order inside words that run from right to left.

    Unicode bidirectional isolates (UAX 9): LRI before and PDI after; in a language from left to right as it is.
    """
    return f"\u2066{text}\u2069" if languages()[code].direction == "rtl" else text
