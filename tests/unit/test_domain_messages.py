"""What leaves the house says nothing about health and nobody, and fits; addresses have one spelling."""

import re
import string
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting.domain.content import content
from reporting.domain.language import languages, translator
from reporting.domain.message_kinds import SECOND_FACTOR_CODE, USUAL
from reporting.domain.messages import (
    GSM_UNITS,
    UCS2_UNITS,
    asked,
    check_sender_name,
    email_address,
    email_text,
    fits,
    for_gsm,
    hidden,
    is_gsm,
    phone_number,
    region_of,
    retry_after,
    sender_name,
    sms_text,
    tells_too_much,
    units,
)
from reporting.errors import InvalidInput

LINK = f"https://checkin.longer-clinic-name.example/c/{'x' * 22}"
LANGUAGES = tuple(languages())


def sms(code: str = "sms_reminder", language: str = "en", name: str = "Example Clinic") -> str:
    return sms_text(code, language, name=name, link=LINK, telephone="+44 20 7946 0018")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", [code for code, text in content().messages.items() if text.channel == "sms"])
def test_every_text_message_fits_in_every_language(code: str, language: str) -> None:
    text = sms(code, language)
    assert fits(text), (units(text), text)
    assert units(text) <= (GSM_UNITS if is_gsm(text) else UCS2_UNITS)
    assert len(text) <= 160
    assert ("STOP" in text) or code == "sms_stopped"
    assert text.count("https://") == (1 if code == "sms_reminder" else 0)


def test_the_english_reminder_word_for_word() -> None:
    assert sms() == f"Example Clinic: time for your check-in. {LINK} Reply STOP to end."


@given(st.text(min_size=1, max_size=200))
def test_whatever_the_clinic_is_called_it_fits(name: str) -> None:
    text = sms(name=sender_name("", name))
    assert fits(text)
    assert text.count(LINK) == 1
    assert "\n" not in text


def test_a_link_that_leaves_no_room_is_refused() -> None:
    with pytest.raises(InvalidInput):
        sms_text("sms_reminder", "en", name="A", link="https://" + "x" * 150)


def test_lengths_are_counted_as_gateways_do() -> None:
    assert units("abc") == 3
    assert units("a€b") == 4  # the extension of the alphabet counts twice
    assert units("سلام") == 4
    assert units("ok 👍") == 5  # one emoji is two units
    assert is_gsm("¿Qué? ñ £")
    assert not is_gsm("sesión")
    assert for_gsm("sesión – «é»") == "sesión – «é»"  # quotation marks that GSM lacks: nothing is gained
    assert for_gsm("sesión – él’s") == "sesion - él's"
    assert for_gsm("وقت") == "وقت"
    assert fits("a" * 160)
    assert not fits("a" * 161)
    assert fits("س" * 134)
    assert not fits("س" * 135)


def _words_of_health() -> set[str]:
    of = content()
    labels = [term.label for kind in of.terms for term in of.terms[kind].values()]
    labels += [one.patient_label for one in (*of.symptoms.values(), *of.procedure_classes.values())]
    words = {word for label in labels for word in re.findall(r"[a-z]{4,}", label.lower())}
    return words - {"with", "your", "other", "time", "from", "that", "none", "recorded", "treatment"} | {"treatment"}


def test_no_message_names_a_diagnosis_procedure_body_part_or_symptom() -> None:
    sent = {code: message for code, message in content().messages.items() if message.channel != "card"}
    for code, message in sent.items():
        found = set(re.findall(r"[a-z]{4,}", message.text.lower())) & _words_of_health()
        assert not found, (code, found)
        assert set(re.findall(r"{(\w+)}", message.text)) <= {"name", "link", "telephone"}, code


def test_a_name_that_tells_what_was_treated_is_not_used() -> None:
    assert sender_name("", "Demo clinic A") == "Demo clinic A"
    assert sender_name("", "Northern Laser Centre") == "Your clinic"
    assert sender_name("", "DermaPlus") == "Your clinic"
    assert sender_name("Northern Centre", "Northern Laser Centre") == "Northern Centre"
    assert tells_too_much("The Cheeks House") == "cheeks"
    assert check_sender_name("  Northern   Centre ") == "Northern Centre"
    assert check_sender_name("") == ""
    for name in ("Skin House", "x" * 41, "two\x07bells"):
        with pytest.raises(InvalidInput):
            check_sender_name(name)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_email_has_all_its_words(language: str) -> None:
    words = email_text(language, name="Example Clinic", telephone="+44 20 7946 0018")
    assert all((words.subject, words.opening, words.button, words.help, words.stop))
    assert "{" not in words.help
    assert "Example Clinic" in words.help
    assert "+44 20 7946 0018" in words.help
    assert "+44" not in email_text(language, name="Example Clinic", telephone="").help
    assert translator(language)("Time for your check-in") == words.subject


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("STOP", "stop"),
        (" stop. ", "stop"),
        ("Stop please", "stop"),
        ("please stop", "stop"),
        ("UNSUBSCRIBE", "stop"),
        ("StopAll", "stop"),
        ("quit", "stop"),
        ("cancel", "stop"),
        ("end", "stop"),
        ("Alto", "stop"),
        ("baja", "stop"),
        ("stop texting me", "stop"),
        ("توقف", "stop"),
        ("إلغاء", "stop"),
        ("الغاء", "stop"),
        ("STOP!!!", "stop"),
        ("start", "start"),
        ("UNSTOP", "start"),
        ("yes", "start"),
        ("Sí", "start"),
        ("si", "start"),
        ("نعم", "start"),
        ("help", "help"),
        ("HELP?", "help"),
        ("ayuda", "help"),
        ("مساعدة", "help"),
        ("info", "help"),
        ("my skin won't stop burning", "other"),
        ("yes it hurts", "other"),
        ("", "other"),
        ("👍", "other"),
        ("the end of my nose is swollen", "other"),
        ("hello", "other"),
    ],
)
def test_what_an_incoming_text_asks_for(typed: str, found: str) -> None:
    assert asked(typed) == found


@pytest.mark.parametrize(
    ("typed", "region", "found"),
    [
        ("+44 7700 900123", "", "+447700900123"),
        ("07700 900123", "GB", "+447700900123"),
        ("0044 7700 900123", "GB", "+447700900123"),
        ("+44 (0)7700-900123", "", "+447700900123"),
    ],
)
def test_a_number_has_one_spelling(typed: str, region: str, found: str) -> None:
    assert phone_number(typed, region) == found


@pytest.mark.parametrize("typed", ["", "7700 900123", "call me", "+44 12", "+999 7700 900123", "+44 7700 900123 x5"])
def test_what_is_no_number_is_refused(typed: str) -> None:
    with pytest.raises(InvalidInput):
        phone_number(typed)


def test_the_country_comes_from_the_clinics_own_number() -> None:
    assert region_of("+44 20 7946 0018") == "GB"
    assert region_of("020 7946 0018") == ""
    assert region_of("") == ""


@pytest.mark.parametrize("good", ["a@b.example", "first.last+tag@sub.domain.example", " x@y.example "])
def test_addresses_that_work(good: str) -> None:
    assert email_address(good) == good.strip()


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "a",
        "a@b",
        "a@b.example\nBcc: c@d.example",
        "a b@c.example",
        "ü@b.example",
        "<a@b.example>",
        "a@b.example,c@d.example",
        "a" * 250 + "@b.example",
        "a@-b.example",
    ],
)
def test_addresses_that_no_server_would_take(bad: str) -> None:
    with pytest.raises(InvalidInput):
        email_address(bad)


@given(st.emails(domains=st.just("b.example")))
def test_an_accepted_address_holds_nothing_that_could_add_a_header(address: str) -> None:
    try:
        kept = email_address(address)
    except InvalidInput:
        return
    assert kept.isascii()
    assert not set(kept) & set(string.whitespace + '<>,;:"()[]\\')


def test_only_enough_of_an_address_is_shown() -> None:
    assert hidden("demo@clinic.example") == "d…@clinic.example"
    assert hidden("+447700900123") == "…123"


@given(st.integers(1, 30), st.floats(0, 1, exclude_max=True), st.floats(0, 7200))
def test_waits_double_up_to_a_limit_and_are_spread(attempts: int, draw: float, asked_s: float) -> None:
    wait = retry_after("reminder", attempts, draw, at_least_s=asked_s)
    if attempts >= USUAL.most_attempts:
        assert wait is None
        return
    whole = min(timedelta(minutes=2 ** (attempts - 1)), timedelta(hours=2))
    assert wait is not None
    assert wait >= timedelta(seconds=asked_s)
    assert whole / 2 <= wait <= max(whole, timedelta(seconds=asked_s))


def test_a_code_is_tried_again_within_seconds() -> None:
    assert retry_after("second_factor_code", 1, 0.0) == timedelta(seconds=2.5)
    assert SECOND_FACTOR_CODE.patience.useful_for == timedelta(minutes=10)
