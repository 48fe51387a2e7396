"""The clinic's settings: saved at once, audited with what was before, refused with what was typed kept."""

from datetime import time

import pytest
from sqlmodel import select
from streamlit.testing.v1 import AppTest

from reporting.domain.actors import Actor
from reporting.records.engine import reading
from reporting.records.tables import AuditEvent, Clinic
from reporting.shell.read_scope import clinic_settings
from tests.accounts import trail
from tests.cast import House, house
from tests.pages.staff import open_page


def opened(monkeypatch: pytest.MonkeyPatch, actor: Actor | None) -> AppTest:
    return open_page(monkeypatch, "clinic/page_clinic", actor)


def save(page: AppTest) -> AppTest:
    page.button[0].click().run()
    assert not page.exception, page.exception
    return page


def test_everything_can_be_set_and_the_trail_keeps_both(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = opened(monkeypatch, clinic.staff["administrator"])
    page.selectbox(key="clinic_factor").set_value("email")
    page.time_input(key="clinic_from").set_value(time(9, 30))
    page.number_input(key="clinic_keep_photos").set_value(24)
    save(page)
    assert page.success[0].value == "The settings are saved."
    found = clinic_settings(clinic.staff["administrator"])
    assert (found.second_factor, found.reminders_from, found.retention["photos"]) == ("email", "09:30", 24)
    assert trail("clinic.")[0][:2] == ("clinic.changed", clinic.staff["administrator"].label)
    with reading() as session:
        [event] = session.exec(select(AuditEvent).where(AuditEvent.action == "clinic.changed")).all()
    assert event.details == {
        "before": {"reminders_from": "08:00", "retention": {}, "second_factor": "code"},
        "after": {"reminders_from": "09:30", "retention": {"photos": 24}, "second_factor": "email"},
    }


def test_saving_without_a_change_leaves_no_trace(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    save(opened(monkeypatch, clinic.staff["administrator"]))
    assert trail("clinic.") == []


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("clinic_until", time(7, 0), "reminder hours"),
        ("clinic_name", "Acne clinic", "neutral"),
    ],
)
def test_what_cannot_be_is_refused_and_stays_typed(
    monkeypatch: pytest.MonkeyPatch, clinic: House, key: str, value: object, words: str
) -> None:
    page = opened(monkeypatch, clinic.staff["administrator"])
    kind = page.time_input if key == "clinic_until" else page.text_input
    kind(key=key).set_value(value)  # type: ignore[operator]
    save(page)
    assert words in page.error[0].value
    assert kind(key=key).value == value  # type: ignore[operator]
    assert trail("clinic.") == []


def test_other_clinics_stay_as_they_are(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    other = house("B")
    page = opened(monkeypatch, clinic.staff["administrator"])
    page.selectbox(key="clinic_factor").set_value("email")
    save(page)
    with reading() as session:
        assert session.get_one(Clinic, other.clinic_id).second_factor == "code"


@pytest.mark.parametrize("role", ["safety_lead", "clinician", "front_desk", "patient", None])
def test_others_are_told_and_shown_nothing(monkeypatch: pytest.MonkeyPatch, clinic: House, role: str | None) -> None:
    actor = None if role is None else clinic.patient if role == "patient" else clinic.staff[role]  # type: ignore[index]
    page = opened(monkeypatch, actor)
    assert page.error
    assert not page.selectbox
