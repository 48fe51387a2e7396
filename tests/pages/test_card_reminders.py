"""Reminders on the card page: staff write down the address and what the patient said."""

import pytest
from streamlit.testing.v1 import AppTest

from reporting.shell.ui_words import as_text
from reporting.treatments.act_reminders import reminder_state
from tests.accounts import trail
from tests.cast import House
from tests.pages.staff import open_page, text


def opened(monkeypatch: pytest.MonkeyPatch, clinic: House) -> AppTest:
    return open_page(monkeypatch, "treatments/page_card", clinic.staff["front_desk"], treatment=clinic.treatment_id)


def test_they_are_off_until_somebody_turns_them_on(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = opened(monkeypatch, clinic)
    assert "**E-mail.** Off." in text(page)
    page.text_input(key="reminder_email_1").set_value(" demo0001@patients.example ")
    page.button(key="on_reminder_email_1").click().run()
    assert page.success[0].value == "E-mail: reminders are on."
    assert f"**E-mail.** On since 10 Mar 2026, 10:30, to {as_text('d…@patients.example')}." in text(page)
    assert page.text_input(key="reminder_email_1").value == ""
    assert [action for action, _, _ in trail("consent", "contact")] == ["contact.changed", "consent.given"]
    page.button(key="off_reminder_email_1").click().run()
    assert not reminder_state(clinic.staff["front_desk"], clinic.patient_id).email.on


def test_a_wrong_address_is_said_and_kept_for_correction(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = opened(monkeypatch, clinic)
    page.text_input(key="reminder_sms_1").set_value("call me")
    page.button(key="on_reminder_sms_1").click().run()
    assert "telephone: found 'call me'" in page.error[0].value
    assert page.text_input(key="reminder_sms_1").value == "call me"
    assert not reminder_state(clinic.staff["front_desk"], clinic.patient_id).sms.on


def test_without_any_address_they_cannot_be_turned_on(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = opened(monkeypatch, clinic)
    page.button(key="on_reminder_sms_1").click().run()
    assert "Telephone is missing" in page.error[0].value
