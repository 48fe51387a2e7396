"""The languages of the patient's pages: English sentences are the keys, a catalogue is all a further one needs."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from babel import Locale, negotiate_locale
from babel.messages.mofile import write_mo
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
    """English sentence to its translation, without empty, fuzzy and counted entries; empty for English."""
    if code == ENGLISH or code not in languages():
        return {}
    with catalogue_file(code).open("rb") as handle:
        entries = read_po(handle, locale=code)
    found = (entry for entry in entries if isinstance(entry.id, str) and not entry.fuzzy)
    return {str(entry.id): str(entry.string) for entry in found if entry.id and entry.string}


@cache
def counting(code: str) -> NullTranslations:
    """The catalogue with its rule of plural forms, as gettext reads it; the English forms where there is none."""
    if code == ENGLISH or code not in languages():
        return NullTranslations()
    with catalogue_file(code).open("rb") as handle:
        entries = read_po(handle, locale=code)
    packed = BytesIO()
    write_mo(packed, entries)
    packed.seek(0)
    return GNUTranslations(packed)


def translator(code: str) -> Translate:
    """From an English sentence to the language's; a sentence that is missing stays English."""
    known = catalogue(code)
    return lambda text: known.get(text, text)


def counted(one: str, many: str, number: int, code: str = ENGLISH) -> str:
    """The form of a sentence that the number needs: two in English, up to six elsewhere (GNU gettext, ngettext)."""
    return counting(code).ngettext(one, many, number)


def best_language(accept_language: str, *, chosen: str = "") -> str:
    """The chosen language if there is such a one, else the best of an ``Accept-Language`` header, else English."""
    if chosen in languages():
        return chosen
    wanted = [part.split(";")[0].strip() for part in accept_language.split(",")]
    return negotiate_locale([name for name in wanted if name], list(languages()), sep="-") or ENGLISH


def beside(items: Iterable[str], code: str, *, sign: str = ",") -> str:
    """``a, b``: one part after the other, with the comma or semicolon of the language's own script."""
    own = {",": "،", ";": "؛"} if languages()[code].direction == "rtl" else {}
    return f"{own.get(sign, sign)} ".join(items)


def isolated(text: str, code: str) -> str:
    """A telephone number or address that keeps its order inside words that run from right to left.

    Unicode bidirectional isolates (UAX 9): LRI before and PDI after; in a language from left to right as it is.
    """
    return f"\u2066{text}\u2069" if languages()[code].direction == "rtl" else text
