"""Recording a treatment by form, taking it back, correcting it."""

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select, update
from streamlit.testing.v1 import AppTest

from reporting.domain.actors import Actor
from reporting.records.engine import reading, transaction
from reporting.records.tables import Device, Patient, TreatedArea, Treatment
from tests.cast import House, house
from tests.pages.staff import open_page, text
from tests.reports import eyes_closing

ENERGY = "record_0_frac_ablative_co2_pulse_energy_mj"


@pytest.fixture
def clinic(sqlite_database: str, stopped_clock: datetime) -> House:
    return house("A")


def rows(table: type) -> list[Any]:
    with reading() as session:
        return list(session.execute(select(table)).scalars())


def filled(monkeypatch: pytest.MonkeyPatch, clinic: House, actor: Actor | None = None) -> AppTest:
    """The form for the known patient, everything needed chosen."""
    page = open_page(
        monkeypatch, "treatments/page_record", actor or clinic.staff["clinician"], patient=clinic.patient_id
    )
    page.selectbox(key="record_device").set_value(clinic.device_id).run()
    page.selectbox(key="record_operator").set_value(clinic.operator_id).run()
    page.multiselect(key="record_areas").set_value(["cheeks"]).run()
    return page


def test_only_the_settings_of_the_device_class_are_asked_with_their_limits(
    monkeypatch: pytest.MonkeyPatch, clinic: House
) -> None:
    page = filled(monkeypatch, clinic)
    labels = [each.label for each in page.number_input]
    assert "Pulse energy (mJ)" in labels
    assert "Density (coverage) (%)" in labels
    assert not [label for label in labels if "Needle" in label]
    assert "accepted 1 to 300" in page.number_input(key=ENERGY).placeholder


def test_a_treatment_is_kept_marked_and_leads_to_the_card(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = filled(monkeypatch, clinic, clinic.staff["front_desk"])
    page.number_input(key=ENERGY).set_value(90).run()
    page.selectbox(key="record_0_cooling").set_value("cold_air").run()
    page.button(key="keep").click().run()
    assert "The treatment is recorded." in text(page)
    assert "outside the typical range: Pulse energy" in page.warning[0].value
    area = rows(TreatedArea)[-1]
    assert (area.area, area.pulse_energy_mj, area.cooling) == ("cheeks", 90, "cold_air")
    page.run()
    assert len(rows(Treatment)) == 2
    page.button(key="another").click().run()
    assert page.selectbox(key="record_device").value is None


def test_a_value_that_cannot_be_is_refused_and_what_was_typed_stays(
    monkeypatch: pytest.MonkeyPatch, clinic: House
) -> None:
    page = filled(monkeypatch, clinic)
    page.number_input(key=ENERGY).set_value(30_000).run()
    page.button(key="keep").click().run()
    assert "Pulse energy (mJ): found 30000.0" in page.error[0].value
    assert "at most 300 mJ" in page.error[0].value
    assert page.number_input(key=ENERGY).value == 30_000
    assert len(rows(Treatment)) == 1


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = open_page(monkeypatch, "treatments/page_record", clinic.staff["clinician"])
    assert page.button(key="keep").disabled
    page.selectbox(key="record_device").set_value(clinic.device_id).run()
    assert "Still needed: patient, operator, treated area." in text(page)


def test_a_new_patient_is_added(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = open_page(monkeypatch, "treatments/page_record", clinic.staff["clinician"])
    page.button_group(key="record_kind").set_value("New patient").run()
    page.text_input(key="record_reference").set_value("P-0042").run()
    page.number_input(key="record_born").set_value(1990).run()
    page.button_group(key="record_new_herpes_history").set_value(True).run()
    page.text_input(key="record_email").set_value("demo0042@patients.example").run()
    page.selectbox(key="record_device").set_value(clinic.device_id).run()
    page.selectbox(key="record_operator").set_value(clinic.operator_id).run()
    page.multiselect(key="record_areas").set_value(["cheeks", "nose"]).run()
    page.button(key="keep").click().run()
    assert not page.error, page.error
    patient = rows(Patient)[-1]
    assert (patient.reference, patient.year_of_birth) == ("P-0042", 1990)
    assert (rows(Treatment)[-1].herpes_history, rows(Treatment)[-1].keloid_history) == (True, None)
    assert [area.area for area in rows(TreatedArea)[1:]] == ["cheeks", "nose"]


def test_the_device_proposes_the_kind_of_procedure_and_another_one_may_be_chosen(
    monkeypatch: pytest.MonkeyPatch, clinic: House
) -> None:
    page = filled(monkeypatch, clinic)
    kind = page.selectbox(key="record_procedure_frac_ablative_co2_ablative")
    assert kind.value == "ablative"
    kind.set_value("full_field_ablative").run()
    page.button(key="keep").click().run()
    kept = rows(Treatment)[-1]
    assert kept.procedure_class == "full_field_ablative"
    page = open_page(monkeypatch, "treatments/page_record", clinic.staff["clinician"], treatment=kept.id)
    assert page.selectbox(key="record_procedure_frac_ablative_co2_ablative").value == "full_field_ablative"


def test_what_was_known_is_proposed_and_what_changes_is_asked_anew(
    monkeypatch: pytest.MonkeyPatch, clinic: House
) -> None:
    with transaction() as session:
        session.execute(update(Treatment).values(keloid_history=True, is_tanned=True))
    page = filled(monkeypatch, clinic)
    place = f"record_known_{clinic.patient_id}"
    assert page.button_group(key=f"{place}_keloid_history").value is True
    assert page.button_group(key=f"{place}_is_tanned").value is None
    page.button_group(key=f"{place}_is_pregnant").set_value(False).run()
    page.button(key="keep").click().run()
    kept = rows(Treatment)[-1]
    assert (kept.keloid_history, kept.is_tanned, kept.is_pregnant) == (True, None, False)


def test_it_is_taken_back(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = filled(monkeypatch, clinic)
    page.button(key="keep").click().run()
    page.button(key="undo").click().run()
    assert "Taken back." in text(page)
    assert len(rows(Treatment)) == 1
    assert page.selectbox(key="record_device").value is None


def test_a_recorded_treatment_is_corrected_from_what_it_was(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = open_page(monkeypatch, "treatments/page_record", clinic.staff["clinician"], treatment=clinic.treatment_id)
    assert page.title[0].value == "Correct a treatment"
    assert page.number_input(key=ENERGY).value == 30
    page.number_input(key=ENERGY).set_value(20).run()
    page.button(key="keep").click().run()
    assert [area.pulse_energy_mj for area in rows(TreatedArea)] == [20]
    assert len(rows(Treatment)) == 1


def test_one_recorded_by_mistake_is_taken_back_later(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = filled(monkeypatch, clinic)
    page.button(key="keep").click().run()
    mistaken = rows(Treatment)[-1].id
    page = open_page(monkeypatch, "treatments/page_record", clinic.staff["clinician"], treatment=mistaken)
    page.button(key="undo").click().run()
    assert "Taken back." in text(page)
    assert page.title[0].value == "Record a treatment"
    assert [each.id for each in rows(Treatment)] == [clinic.treatment_id]
    eyes_closing(clinic)
    page = open_page(monkeypatch, "treatments/page_record", clinic.staff["clinician"], treatment=clinic.treatment_id)
    page.button(key="undo").click().run()
    assert "cannot be taken back" in page.error[0].value
    assert [each.id for each in rows(Treatment)] == [clinic.treatment_id]


def test_another_clinics_treatment_is_not_there(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    other = house("B").staff["clinician"]
    for address in ({"treatment": clinic.treatment_id}, {"patient": clinic.patient_id}):
        page = open_page(monkeypatch, "treatments/page_record", other, **address)
        assert "nothing here that you may see" in text(page)


def test_a_clinic_without_devices_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    with transaction() as session:
        device = session.get(Device, clinic.device_id)
        assert device is not None
        device.is_active = False
    page = open_page(monkeypatch, "treatments/page_record", clinic.staff["clinician"])
    assert "There is no device or no operator yet." in text(page)


@pytest.mark.parametrize("file", ["treatments/page_record", "treatments/page_card"])
@pytest.mark.parametrize("role", ["patient", None])
def test_patients_and_strangers_are_refused(
    monkeypatch: pytest.MonkeyPatch, clinic: House, file: str, role: str | None
) -> None:
    page = open_page(monkeypatch, file, clinic.patient if role else None, treatment=clinic.treatment_id)
    assert page.error
    assert not page.button
