"""The patient's page about their data: what the link opens, what the second factor opens, and every tap."""

from dataclasses import replace
from datetime import datetime

import pytest
from sqlmodel import select
from streamlit.testing.v1 import AppTest

from reporting.domain.actors import Actor
from reporting.errors import StorageBusy
from reporting.patient.act_erasure import refuse_request
from reporting.records.engine import reading
from reporting.records.tables import ErasureRequest
from reporting.settings import settings
from reporting.shell.act_consent import agree, consent_state
from reporting.treatments.act_reminders import reminder_state
from tests.cast import House, house
from tests.pages.staff import open_page, text


@pytest.fixture
def clinic(sqlite_database: str, stopped_clock: datetime, monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setenv("REPORTING_SMTP_HOST", "mail.example")
    monkeypatch.setenv("REPORTING_SMTP_FROM", "clinic@mail.example")
    settings.cache_clear()
    return house("A")


def opened(monkeypatch: pytest.MonkeyPatch, actor: Actor | None) -> AppTest:
    return open_page(monkeypatch, "patient/page_data", actor)


def words(page: AppTest) -> str:
    headers = "\n".join(one.value for one in page.header)
    return f"{headers}\n{text(page)}"


def requests() -> list[ErasureRequest]:
    with reading() as session:
        return list(session.exec(select(ErasureRequest)).all())


def test_with_the_second_factor_everything_is_there(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = opened(monkeypatch, clinic.patient)
    assert [one.value for one in page.header] == [
        "What you agreed to",
        "Reminders",
        "Where you are",
        "A copy of your data",
        "Ask us to delete your data",
    ]
    assert "You have not agreed to this." in words(page)


def test_the_link_alone_opens_consents_but_no_data(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = opened(monkeypatch, replace(clinic.patient, strength="link"))
    assert [one.value for one in page.header] == [
        "What you agreed to",
        "Reminders",
        "Where you are",
        "A copy of your data",
    ]
    assert "please show that it is you" in words(page)
    assert not page.text_input
    assert not page.checkbox


def test_to_stop_and_to_start_again(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    agree(by=clinic.patient, kind="check_ins")
    page = opened(monkeypatch, clinic.patient)
    assert "You agreed on Tuesday 10 March." in words(page)
    page.button(key="data_stop_check_ins").click().run()
    assert page.success[0].value == "This is saved."
    assert "You stopped this on Tuesday 10 March." in words(page)
    assert not consent_state(clinic.patient)["check_ins"].stands
    page.button(key="data_give_check_ins").click().run()
    assert consent_state(clinic.patient)["check_ins"].stands


def test_reminders_on_and_off(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = opened(monkeypatch, clinic.patient)
    page.text_input(key="data_address_email").set_value("demo.patient@mail.example")
    page.button(key="data_on_email").click().run()
    assert page.success[0].value == "This is saved."
    assert "We send them to d…@mail.example." in words(page)
    assert reminder_state(clinic.patient).email.on
    page.button(key="data_off_email").click().run()
    assert not reminder_state(clinic.patient).email.on


def test_an_address_that_is_none_is_told_plainly(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = opened(monkeypatch, clinic.patient)
    page.text_input(key="data_address_email").set_value("no address")
    page.button(key="data_on_email").click().run()
    assert page.error
    assert not reminder_state(clinic.patient).email.on


def test_to_ask_to_be_forgotten_takes_two_steps(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = opened(monkeypatch, clinic.patient)
    page.button(key="data_erase").click().run()
    assert page.error[0].value == "Please tick the box first."
    assert requests() == []
    page.checkbox(key="data_sure").check()
    page.button(key="data_erase").click().run()
    assert len(requests()) == 1
    assert "You asked on Tuesday 10 March." in page.info[0].value
    assert not page.checkbox


def test_a_refused_request_shows_why(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = opened(monkeypatch, clinic.patient)
    page.checkbox(key="data_sure").check()
    page.button(key="data_erase").click().run()
    reason = "The law asks us to keep it."
    refuse_request(by=clinic.staff["administrator"], request_id=requests()[0].id or 0, reason=reason)
    page.run()
    assert reason in words(page)
    assert page.checkbox


def test_a_busy_database_is_told_and_nothing_is_lost(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    def busy(**_: object) -> None:
        raise StorageBusy()

    monkeypatch.setattr("reporting.shell.act_consent.agree", busy)
    page = opened(monkeypatch, clinic.patient)
    page.button(key="data_give_photos").click().run()
    assert page.error
    assert not page.success


def test_strangers_are_shown_the_way_in_and_staff_nothing(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    assert "Open your check-in" in words(opened(monkeypatch, None))
    page = opened(monkeypatch, clinic.staff["administrator"])
    assert page.error
    assert not page.header
