"""Every language is whole: each sentence translated, its parts kept; a further language is a catalogue."""

from pathlib import Path

import pytest

from reporting.clinic import file_catalogues
from reporting.clinic.file_catalogues import patient_strings
from reporting.domain import language
from reporting.domain.language import best_language, catalogue, counting, languages, translator
from reporting.domain.patient_words import say
from reporting.settings import settings

OTHERS = [code for code in languages() if code != "en"]


@pytest.fixture
def own_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A content folder whose catalogues the test may change; the tables themselves stay."""
    monkeypatch.setattr(language, "catalogue_file", lambda code: tmp_path / f"{code}.po")
    monkeypatch.setattr(file_catalogues, "catalogue_file", lambda code: tmp_path / f"{code}.po")
    for read in (catalogue, counting):
        read.cache_clear()
    yield tmp_path
    for read in (catalogue, counting):
        read.cache_clear()


def test_spanish_and_arabic_are_there() -> None:
    assert {"en", "es", "ar"} <= set(languages())
    assert languages()["ar"].direction == "rtl"
    assert languages()["es"].name == "Español"


@pytest.mark.parametrize("code", OTHERS)
def test_no_sentence_is_missing(code: str) -> None:
    assert file_catalogues.state(code).faults == ()


@pytest.mark.parametrize("code", OTHERS)
def test_no_sentence_is_left_over(code: str) -> None:
    assert set(catalogue(code)) == set(patient_strings())


def test_a_missing_sentence_and_a_lost_part_are_found(own_content: Path) -> None:
    file = file_catalogues.update("es")
    text = file.read_text(encoding="utf-8")
    text = text.replace('msgid "Back"\nmsgstr ""', 'msgid "Back"\nmsgstr "Atrás"')
    text = text.replace('msgid "Day {day}"\nmsgstr ""', 'msgid "Day {day}"\nmsgstr "Día"')
    file.write_text(text, encoding="utf-8")
    state = file_catalogues.state("es")
    problems = {fault.sentence: fault.problem for fault in state.faults}
    assert "Back" not in problems
    assert problems["Day {day}"] == "the parts in braces differ from the English sentence"
    assert problems["Send"] == "not translated"
    assert state.translated == 1


def test_a_form_that_is_missing_or_has_lost_its_part_is_found(own_content: Path) -> None:
    file = file_catalogues.update("es")
    one, many = "You have added {count} photo. That", "You have added {count} photos. That"
    text = file.read_text(encoding="utf-8")
    place = text.index(one)
    head, forms = text[:place], text[place:]
    sentence = next(key for key in (fault.sentence for fault in file_catalogues.state("es").faults) if many in key)
    file.write_text(head + forms.replace('msgstr[0] ""', 'msgstr[0] "Una foto"', 1), encoding="utf-8")
    problems = {fault.sentence: fault.problem for fault in file_catalogues.state("es").faults}
    assert problems[sentence] == "not translated"
    forms = forms.replace('msgstr[0] ""', 'msgstr[0] "Una foto"', 1)
    file.write_text(head + forms.replace('msgstr[1] ""', 'msgstr[1] "Fotos"', 1), encoding="utf-8")
    problems = {fault.sentence: fault.problem for fault in file_catalogues.state("es").faults}
    assert problems[sentence] == "the parts in braces differ from the English sentence"
    file.write_text(head + forms.replace('msgstr[1] ""', 'msgstr[1] "{count} fotos"', 1), encoding="utf-8")
    assert sentence not in {fault.sentence for fault in file_catalogues.state("es").faults}
    counting.cache_clear()
    assert say("photo_limit", "es", count=1) == "Una foto"
    assert say("photo_limit", "es", count=7) == "7 fotos"
    assert say("photo_hint", "es", count=7, megabytes=2).startswith("You can add up to 7 photos")


def test_an_update_keeps_translations_and_reviews(own_content: Path) -> None:
    file = file_catalogues.update("es")
    done = file.read_text(encoding="utf-8").replace(
        'msgid "Back"\nmsgstr ""', '# reviewed\nmsgid "Back"\nmsgstr "Atrás"'
    )
    file.write_text(done + '\nmsgid "No page shows this"\nmsgstr "Nada"\n', encoding="utf-8")
    file_catalogues.update("es")
    assert catalogue("es")["Back"] == "Atrás"
    assert "No page shows this" not in file.read_text(encoding="utf-8")
    assert file_catalogues.state("es").reviewed == 1


def test_a_sentence_without_translation_stays_english(own_content: Path) -> None:
    file_catalogues.update("es")
    assert say("send", "es") == "Send"
    assert translator("xx")("Send") == "Send"


@pytest.mark.parametrize(
    ("header", "chosen", "expected"),
    [
        ("es-419,es;q=0.8", "", "es"),
        ("en-GB", "", "en"),
        ("fr", "", "en"),
        ("fr, ar;q=0.5", "", "ar"),
        ("es", "ar", "ar"),
        ("es", "xx", "es"),
        ("", "", "en"),
        (";;,,q=1", "", "en"),
        ("zh-Hant-TW", "", "en"),
    ],
)
def test_the_browsers_wish(header: str, chosen: str, expected: str) -> None:
    assert best_language(header, chosen=chosen) == expected


def test_the_catalogues_are_in_the_content_folder() -> None:
    assert language.catalogue_file("es").is_relative_to(settings().content_dir)
