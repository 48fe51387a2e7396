"""The clinic's settings: saved at once, audited with what was before, refused with what was typed kept."""

from datetime import time

import pytest
from sqlmodel import select
from streamlit.testing.v1 import AppTest

from reporting.domain.actors import Actor
from reporting.records.engine import reading, transaction
from reporting.records.tables import AuditEvent, Clinic
from reporting.shell.read_scope import clinic_line, clinic_safety, clinic_settings
from tests.accounts import trail
from tests.cast import House, house
from tests.pages.staff import open_page


def opened(monkeypatch: pytest.MonkeyPatch, actor: Actor | None) -> AppTest:
    return open_page(monkeypatch, "clinic/page_clinic", actor)


def save(page: AppTest, label: str = "Save the settings") -> AppTest:
    next(button for button in page.button if button.label == label).click().run()
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


FACTS_SAVED = "Save whom patients call"


def test_whom_patients_call_can_be_set(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = opened(monkeypatch, clinic.staff["administrator"])
    page.text_input(key="fact_telephone").set_value("+34 555 0100; +34 555 0101")
    page.text_input(key="fact_hours_sat").set_value("09:00-12:00, 14:00-16:00")
    page.text_area(key="fact_closed_days").set_value("2026-12-24 Christmas Eve")
    save(page, FACTS_SAVED)
    assert page.success[0].value.startswith("Saved.")
    found = clinic_safety(clinic.staff["administrator"])
    assert found.telephones == ("+34 555 0100", "+34 555 0101")
    assert found.opening_hours["sat"] == ["09:00", "12:00", "14:00", "16:00"]
    assert found.closed_days == {"2026-12-24": "Christmas Eve"}
    assert "2026-12-25 Christmas Day" in " ".join(one.value for one in page.markdown)
    assert [row[0] for row in trail("clinic.")] == ["clinic.facts_changed"]


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("fact_emergency_telephone", "911", "emergency number of Spain"),
        ("fact_out_of_hours_telephone", "", "Number of the out-of-hours line is missing"),
        ("fact_hours_mon", "all day", "opening hours, mon"),
    ],
)
def test_what_is_not_allowed_is_told_and_what_was_typed_stays(
    monkeypatch: pytest.MonkeyPatch, clinic: House, key: str, value: str, words: str
) -> None:
    page = opened(monkeypatch, clinic.staff["administrator"])
    page.text_input(key=key).set_value(value)
    save(page, FACTS_SAVED)
    assert words in page.error[0].value
    assert page.text_input(key=key).value == value
    assert trail("clinic.") == []


def test_what_is_missing_is_said_and_a_country_proposes_the_rest(
    monkeypatch: pytest.MonkeyPatch, clinic: House
) -> None:
    with transaction() as session:
        row = session.get_one(Clinic, clinic.clinic_id)
        row.country, row.region, row.timezone, row.emergency_telephone = "", "", "UTC", ""
        row.out_of_hours_name, row.out_of_hours_telephone = "", ""
        session.add(row)
    page = opened(monkeypatch, clinic.staff["administrator"])
    assert "country, time zone, emergency number" in page.warning[0].value
    page.selectbox(key="fact_country").set_value("GB").run()
    assert page.text_input(key="fact_emergency_telephone").value == "999"
    assert page.text_input(key="fact_out_of_hours_name").value == "NHS 111"
    save(page, FACTS_SAVED)
    assert page.success[0].value.startswith("Saved.")
    assert clinic_safety(clinic.staff["administrator"]).missing == ()


def test_the_clinics_line_says_what_is_missing_to_all_staff(clinic: House) -> None:
    assert clinic_line(clinic.staff["clinician"]).missing == ()
    with transaction() as session:
        row = session.get_one(Clinic, clinic.clinic_id)
        row.opening_hours = {}
        session.add(row)
    assert clinic_line(clinic.staff["clinician"]).missing == ("opening hours",)
