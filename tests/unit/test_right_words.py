"""Other languages say the right thing: known wrong words stay away, numbers take their form and keep their order."""

import html
import re
from datetime import date

import pytest

from reporting.clinic import file_catalogues
from reporting.clinic.file_catalogues import counted_strings
from reporting.domain.content import content
from reporting.domain.language import beside, catalogue, counting, languages
from reporting.domain.messages import email_text, sms_text
from reporting.domain.opening_hours import week_words
from reporting.domain.patient_words import ONE, WORDS, full_day, say
from reporting.treatments.file_card import Card, alt_text, printable

OTHERS = [code for code in languages() if code != "en"]
FSI_PDI = "\u2066{}\u2069"
TELEPHONE = "+44 20 7946 0018"

ANY, CHECK_IN, BUMP = "", r"check-in|check was due|next check|press Continue", r"\bbumps?\b(?!.*\blump)"
"""English sentences in which a word would be wrong; elsewhere it may be right, as a lump is a *bulto*."""

WRONG = {
    "es": [
        (ANY, r"servicio de urgencias", "an emergency department; an urgent care line is a line of medical advice"),
        (CHECK_IN, r"\brevisi[oó]n(es)?\b", "a visit at the clinic; a check-in is a cuestionario"),
        (CHECK_IN, r"\bcitas?\b", "an appointment"),
        (BUMP, r"\bbult", "lumps; bumps are granitos"),
        (ANY, r"C[oó]mo de (fuerte|malo)", "said in Spain only; qué tan"),
        (ANY, r"preocupad[oa]|[Ee]stoy segur[oa]", "has a gender in the patient's mouth"),
        (ANY, r"Si le cuesta respirar, llame", "that it gets harder is lost"),
        (ANY, r"Toque también", "tells people to touch blisters"),
    ],
    "ar": [
        (ANY, r"بتعب شديد", "severe tiredness; very unwell is another thing"),
        (ANY, r"مكشوف", "uncovered; raw is متسلّخ"),
        (ANY, r"قرحة برد|قروح برد|قروح البرد", "a calque; cold sores are herpes"),
        (ANY, r"متأكد|لست قلق|قلقة|أنا قلق|لكنني قلق|إنك قلق|كنت قلق", "has a gender in the patient's mouth"),
        (CHECK_IN, r"متابع", "a visit, and the word that stood on the button Continue"),
        (CHECK_IN, r"موعد", "an appointment"),
        (ANY, r"دواء قريبًا", "some time soon"),
        (ANY, r"عناوينك", "your addresses; contacts are بيانات الاتصال"),
        (ANY, r"[\u0600-\u06ff][,;]", "a Latin comma or semicolon in Arabic words"),
    ],
}


def said(code: str) -> list[tuple[str, str]]:
    """Every sentence and its translation, each form of those that hold a number too."""
    counted = [entry for entry in file_catalogues._read(code) if entry.pluralizable]
    return [*catalogue(code).items(), *((entry.id[1], form) for entry in counted for form in entry.string)]


@pytest.mark.parametrize(("code", "where", "wrong", "why"), [(code, *row) for code, of in WRONG.items() for row in of])
def test_known_wrong_words_do_not_come_back(code: str, where: str, wrong: str, why: str) -> None:
    found = [text for english, text in said(code) if re.search(where, english) and re.search(wrong, text)]
    assert not found, f"{why}: {found}"


def test_right_words_are_said() -> None:
    spanish, arabic = catalogue("es"), catalogue("ar")
    for english, words in arabic.items():
        if "cold sore" in english.lower():
            assert "هربس" in words, english
        if re.search(r"\braw\b", english):
            assert "متسلّخ" in words, english
        if "urgent care line" in english:
            assert "خط الرعاية العاجلة" in words, english
    for english, words in spanish.items():
        if "cold sore" in english.lower():
            assert "herpes" in words.lower(), english
        if "urgent care line" in english:
            assert "línea telefónica de atención médica" in words, english


def test_the_button_continue_is_named_as_it_stands_on_the_button() -> None:
    for code in OTHERS:
        known = catalogue(code)
        naming = [words for english, words in known.items() if "press Continue" in english]
        assert all(known["Continue"] in words for words in naming), code
        naming = [words for english, words in known.items() if "Press Send" in english or "press Send" in english]
        assert naming
        assert all(known["Send"] in words for words in naming), code


@pytest.mark.parametrize("code", OTHERS)
def test_every_part_of_every_form_is_kept(code: str) -> None:
    parts = re.compile(r"\{(\w+)\}")
    entries = {entry.id: entry.string for entry in file_catalogues._read(code) if entry.pluralizable}
    assert set(entries) == set(counted_strings())
    for (_, many), forms in entries.items():
        assert len(forms) == int(re.search(r"nplurals=(\d)", counting(code).info()["plural-forms"])[1])  # type: ignore[index]
        assert all(set(parts.findall(form)) <= set(parts.findall(many)) for form in forms), many
        assert set(parts.findall(forms[-1])) == set(parts.findall(many)), many


def test_a_sentence_with_a_number_has_two_forms_in_english() -> None:
    for name, (by, one) in ONE.items():
        assert one != WORDS[name], name
        parts = set(re.findall(r"\{(\w+)\}", WORDS[name]))
        assert set(re.findall(r"\{(\w+)\}", one)) == parts, name
        assert by in parts or by == "number", name
    assert "for 1 minute." in say("unlock_sent", address="a", minutes=1)
    assert "for 10 minutes." in say("unlock_sent", address="a", minutes=10)
    assert "1 photo." in say("photo_limit", count=1)
    assert say("chart_which", symptom="swelling", days="3", number=1) == "swelling on day 3"
    assert say("chart_which", symptom="swelling", days="3 and 5", number=2) == "swelling on days 3 and 5"


@pytest.mark.parametrize(
    ("count", "expected"),
    [(0, "0 صورة"), (1, "صورة واحدة"), (2, "صورتين"), (3, "3 صور"), (10, "10 صور"), (11, "11 صورة"), (100, "100 صورة")],
)
def test_arabic_uses_its_six_forms(count: int, expected: str) -> None:
    assert f"أضفت {expected}." in say("photo_limit", "ar", count=count)


def test_spanish_uses_its_two() -> None:
    assert say("photo_limit", "es", count=1).startswith("Ha añadido 1 foto.")
    assert say("photo_limit", "es", count=3).startswith("Ha añadido 3 fotos.")


@pytest.mark.parametrize("code", [code for code in languages() if languages()[code].direction == "rtl"])
def test_telephone_numbers_keep_their_order_in_mails_and_texts(code: str) -> None:
    kept = FSI_PDI.format(TELEPHONE)
    assert kept in email_text(code, name="Example", telephone=TELEPHONE).help
    for message in ("sms_help", "sms_unread"):
        assert kept in sms_text(message, code, name="Example", telephone=TELEPHONE)
    assert "\u2066" not in email_text("es", name="Example", telephone=TELEPHONE).help
    assert "\u2066" not in sms_text("sms_help", "en", name="Example", telephone=TELEPHONE)


def test_measures_in_arabic_sentences_keep_their_order() -> None:
    for english, words in catalogue("ar").items():
        if "°" in english:
            assert re.search("\u2066[^\u2069]*°C[^\u2069]*°F[^\u2069]*\u2069", words), words


def test_lists_have_the_comma_of_their_script() -> None:
    assert beside(("a", "b"), "en") == "a, b"
    assert beside(("a", "b"), "es", sign=";") == "a; b"
    assert beside(("أ", "ب"), "ar") == "أ، ب"
    assert beside(("أ", "ب"), "ar", sign=";") == "أ؛ ب"
    hours = {"mon": ["09:00", "18:00"], "wed": ["09:00", "12:00"]}
    assert "، " in week_words(hours, "ar")
    assert "," not in week_words(hours, "ar")
    assert ", " in week_words(hours, "es")


CARD = Card(
    "Demo <clinic>",
    TELEPHONE,
    "999",
    date(2026, 3, 7),
    "https://a.example/c/x",
    "AB12-CD34",
    date(2026, 9, 23),
    out_of_hours_name="Demo <line>",
    out_of_hours_telephone="111",
    opening_hours={"mon": ["08:00", "18:00"]},
)


@pytest.mark.parametrize("code", languages())
def test_the_printed_card_is_in_the_patients_language(code: str) -> None:
    card = Card(**{**vars(CARD), "language": code, "is_synthetic": True})
    page = printable(card)
    assert f'<html lang="{code}" dir="{languages()[code].direction}">' in page
    assert full_day(card.performed_on, code) in page
    assert full_day(card.valid_until, code) in page
    assert f'<bdi dir="ltr">{TELEPHONE}</bdi>' in page
    assert '<bdi dir="ltr">999</bdi>' in page
    assert '<bdi dir="ltr" class="code">AB12-CD34</bdi>' in page
    assert "Demo &lt;clinic&gt;" in page
    assert "Demo &lt;line&gt;" in page
    assert '<a href="tel:111"><bdi dir="ltr">111</bdi></a>' in page
    assert "{" not in re.sub(r"<style>.*?</style>", "", page, flags=re.S)
    for name, message in content().messages.items():
        sentence = html.escape(message.text.split("{")[0])
        if message.channel == "card" and len(sentence) > 8:
            assert (sentence in page) is (code == "en"), name


def test_a_language_without_a_catalogue_gets_the_english_card() -> None:
    assert printable(Card(**{**vars(CARD), "language": "xx"})) == printable(CARD)
    assert alt_text(CARD) == "QR code that opens the check-in page: https://a.example/c/x"
    assert full_day(date(2026, 3, 7)) == "7 March 2026"
