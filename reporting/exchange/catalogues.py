"""Translation catalogues: made and updated from the patient's sentences, and how complete and reviewed they are."""

import re
from dataclasses import dataclass
from pathlib import Path

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from reporting.clock import now
from reporting.domain.language import ENGLISH, catalogue_file, languages
from reporting.domain.wording import patient_strings

REVIEWED = "reviewed"
"""Comment of an entry that a qualified person has read and accepted."""
_HEADER = """# Sentences of the patient's pages. An entry counts as reviewed only when a comment above it says
# "reviewed"; the others have not been checked by a qualified translator."""
_PART = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Fault:
    """A sentence of a catalogue that cannot be shown: what is wrong with it."""

    sentence: str
    problem: str


@dataclass(frozen=True)
class LanguageState:
    """How far a language is: its sentences, those translated, and those reviewed by a qualified person."""

    code: str
    name: str
    sentences: int
    translated: int
    reviewed: int
    faults: tuple[Fault, ...]


def _read(code: str) -> Catalog:
    with catalogue_file(code).open("rb") as handle:
        return read_po(handle, locale=code)


def update(code: str) -> Path:
    """Write the catalogue of a language with every sentence of today; translations that still fit are kept.

    A new catalogue starts empty. Sentences that no page shows any more are dropped. Raises
    babel.UnknownLocaleError for a code that is no language.
    """
    locale, file = Locale.parse(code), catalogue_file(code)
    template = Catalog(
        locale=locale, domain="patient", project="Skin check-in", creation_date=now(), header_comment=_HEADER,
        last_translator="", language_team="", msgid_bugs_address="", revision_date=now(), fuzzy=False,
    )  # fmt: skip
    for sentence in patient_strings():
        template.add(sentence)
    if file.exists():
        kept = _read(code)
        kept.update(template, no_fuzzy_matching=True)
        kept.header_comment, kept.fuzzy = _HEADER, False
        kept.last_translator = kept.language_team = kept.msgid_bugs_address = ""
    else:
        kept = template
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as handle:
        write_po(handle, kept, ignore_obsolete=True, omit_header=False, width=100)
    return file


def _fault(sentence: str, translation: str) -> str:
    if not translation:
        return "not translated"
    if sorted(_PART.findall(sentence)) != sorted(_PART.findall(translation)):
        return "the parts in braces differ from the English sentence"
    return ""


def state(code: str) -> LanguageState:
    """Completeness and review of one language; English is complete, and its review is that of the tables."""
    wanted = patient_strings()
    name = languages()[code].name
    if code == ENGLISH:
        return LanguageState(code, name, len(wanted), len(wanted), 0, ())
    entries = {str(entry.id): entry for entry in _read(code) if entry.id}
    faults, translated, reviewed = [], 0, 0
    for sentence in wanted:
        entry = entries.get(sentence)
        given = str(entry.string) if entry is not None and not entry.fuzzy else ""
        if problem := _fault(sentence, given):
            faults.append(Fault(sentence, problem))
        else:
            translated += 1
        reviewed += entry is not None and REVIEWED in entry.user_comments
    return LanguageState(code, name, len(wanted), translated, reviewed, tuple(faults))


def states() -> tuple[LanguageState, ...]:
    """All languages, English first."""
    return tuple(state(code) for code in languages())
