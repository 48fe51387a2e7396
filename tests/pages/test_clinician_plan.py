"""The planner's page: last time, settings to change, comparable treatments; no patient, no treatment, no right."""

from datetime import datetime

import pytest

from reporting.storage.engine import transaction
from reporting.storage.tables import Patient
from tests.cast import House, house
from tests.pages.staff import open_page, text


@pytest.fixture
def clinic(sqlite_database: str, stopped_clock: datetime) -> House:
    return house("A")


def test_it_starts_from_last_time_and_follows_a_change(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = open_page(monkeypatch, "clinician_plan", clinic.staff["clinician"], patient=clinic.patient_id)
    assert "Last on 7 Mar 2026" in text(page)
    first = page.number_input[0]
    first.set_value(round(float(first.value) * 1.5, 3)).run()
    assert not page.exception
    assert "+50% against last time" in text(page)
    assert "comparable treatments here" in text(page)
    assert page.table[0].value.index.name == "Unexpected side effect"


def test_without_a_patient_it_says_how_to_choose_one(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    assert "Choose a patient." in text(open_page(monkeypatch, "clinician_plan", clinic.staff["clinician"]))


def test_a_patient_without_treatments(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    with transaction() as session:
        patient = Patient(clinic_id=clinic.clinic_id, reference="P-0002")
        session.add(patient)
        session.flush()
        patient_id = patient.id or 0
    page = open_page(monkeypatch, "clinician_plan", clinic.staff["clinician"], patient=patient_id)
    assert "No treatment with a known device yet." in text(page)


def test_the_front_desk_is_refused(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = open_page(monkeypatch, "clinician_plan", clinic.staff["front_desk"], patient=clinic.patient_id)
    assert page.error
