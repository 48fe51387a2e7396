"""Translation catalogues: made and updated from the patient's sentences, and how complete and reviewed they are.

Every string that patients can read, for translations and the reading-age test.

Which clinical content a qualified person has reviewed: counted from the tables' own status column.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from reporting.clock import now
from reporting.domain.actors import Actor
from reporting.domain.content import Content, content
from reporting.domain.content_rows import REVIEW_STATUSES
from reporting.domain.language import ENGLISH, catalogue_file, languages
from reporting.domain.patient_words import ONE, WORDS
from reporting.security.permissions import require
from reporting.settings import settings


def _strings(of: Content) -> Iterator[str]:
    for symptom in of.symptoms.values():
        yield from (symptom.patient_label, symptom.patient_hint, symptom.severity_title, symptom.now_title)
        yield from (symptom.follow_ups_title, symptom.area_title)
    for word in of.severity_words:
        yield from (word.word, word.hint)
    for question in of.questions.values():
        yield from (question.title, question.title_first, question.hint)
    for options in of.options.values():
        for option in options:
            yield from (option.label, option.hint)
    for follow_up in of.follow_ups.values():
        yield from (follow_up.patient_label, follow_up.hint)
    yield from (window.words for window in of.course)
    yield from (words for days in of.self_care.values() for words in days.values())
    yield from (rule.patient_words for rule in of.rules)
    for text in of.guidance.values():
        yield from (text.heading, text.opening, text.what_next, text.out_of_hours)
        yield from (text.heading_closed, text.opening_closed, text.what_next_closed, text.out_of_hours_closed)
    for consent in of.consents.values():
        yield from (consent.title, consent.agree, consent.text)
    yield from (message.text for message in of.messages.values())
    yield from (procedure.patient_label for procedure in of.procedure_classes.values())
    yield from (term.label for term in of.terms["area"].values())


def patient_strings() -> tuple[str, ...]:
    """All patient strings in English, each once: first the pages' own, then in the order of the tables.

    Without those that hold a number and have several forms: ``counted_strings``.
    """
    single = (text for name, text in WORDS.items() if name not in ONE)
    return tuple(dict.fromkeys(text for text in (*single, *_strings(content())) if text))


def counted_strings() -> tuple[tuple[str, str], ...]:
    """Patient strings that hold a number: the English form of one, and that of every other number."""
    return tuple((one, WORDS[name]) for name, (_, one) in ONE.items())


def _keys() -> tuple[str | tuple[str, str], ...]:
    """The entries of a catalogue, as gettext names them."""
    return (*patient_strings(), *counted_strings())


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
        locale=locale,
        domain="patient",
        project="Skin check-in",
        creation_date=now(),
        header_comment=_HEADER,
        last_translator="",
        language_team="",
        msgid_bugs_address="",
        revision_date=now(),
        fuzzy=False,
    )
    for key in _keys():
        template.add(key)
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


def _counted_fault(sentence: str, forms: Sequence[str]) -> str:
    """Forms of few numbers may say the number in a word; they add no part, and the last form has them all."""
    if not all(forms):
        return "not translated"
    wanted = sorted(_PART.findall(sentence))
    if sorted(_PART.findall(forms[-1])) != wanted or any(set(_PART.findall(form)) - set(wanted) for form in forms):
        return "the parts in braces differ from the English sentence"
    return ""


def state(code: str) -> LanguageState:
    """Completeness and review of one language; English is complete, and its review is that of the tables."""
    wanted = _keys()
    name = languages()[code].name
    if code == ENGLISH:
        return LanguageState(code, name, len(wanted), len(wanted), 0, ())
    entries = {entry.id: entry for entry in _read(code) if entry.id}
    faults, reviewed = list[Fault](), 0
    for key in wanted:
        entry = entries.get(key)
        given = entry.string if entry is not None and not entry.fuzzy else ""
        if isinstance(key, tuple):
            sentence, problem = key[1], _counted_fault(key[1], given or ("",))
        else:
            sentence, problem = key, _fault(key, str(given))
        if problem:
            faults.append(Fault(sentence, problem))
        reviewed += entry is not None and REVIEWED in entry.user_comments
    return LanguageState(code, name, len(wanted), len(wanted) - len(faults), reviewed, tuple(faults))


def states() -> tuple[LanguageState, ...]:
    """All languages, English first."""
    return tuple(state(code) for code in languages())


@dataclass(frozen=True)
class TableReview:
    """One content table: its rows, and how many of them have each review status."""

    table: str
    rows: int
    by_status: dict[str, int]


@dataclass(frozen=True)
class WordingReview:
    """What patients read: the languages, and the tables behind the questions and the advice."""

    languages: tuple[LanguageState, ...]
    tables: tuple[TableReview, ...]


def wording_review(by: Actor) -> WordingReview:
    """For the administrator. Raises NotAllowed for anybody else."""
    require(by, "staff.manage")
    return WordingReview(states(), content_reviews())


def content_reviews() -> tuple[TableReview, ...]:
    """Every content table that carries a review status, in the order of the file names."""
    found = []
    for file in sorted(settings().content_dir.glob("*.csv")):
        with file.open(encoding="utf-8", newline="") as handle:
            rows = list(csv.DictReader(handle))
        if rows and "review_status" in rows[0]:
            counts = Counter(row["review_status"] for row in rows)
            by_status = {status: counts[status] for status in REVIEW_STATUSES}
            found.append(TableReview(file.stem, len(rows), by_status))
    return tuple(found)
