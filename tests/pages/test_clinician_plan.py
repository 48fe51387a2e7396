"""The planner's page: last time, settings to change, comparable treatments; no patient, no treatment, no right."""

from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from reporting.dashboards.read_dose_response import DoseResponse, GroupCurve
from reporting.records.engine import transaction
from reporting.records.tables import Patient
from tests.cast import House
from tests.pages.staff import open_page, text


class Choice(NamedTuple):
    """The main setting of a device class."""

    main: str


def test_it_starts_from_last_time_and_follows_a_change(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = open_page(monkeypatch, "dashboards/page_plan", clinic.staff["clinician"], patient=clinic.patient_id)
    assert "Last on 7 Mar 2026" in text(page)
    first = page.number_input[0]
    first.set_value(round(float(first.value) * 1.5, 3)).run()
    assert not page.exception
    assert "+50 % against last time" in text(page)
    assert "comparable treatments here" in text(page)
    assert page.table[0].value.index.name == "Unexpected side effect"


def test_without_a_patient_it_says_how_to_choose_one(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    assert "Choose a patient." in text(open_page(monkeypatch, "dashboards/page_plan", clinic.staff["clinician"]))


def test_a_patient_without_treatments(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    with transaction() as session:
        patient = Patient(clinic_id=clinic.clinic_id, reference="P-0002")
        session.add(patient)
        session.flush()
        patient_id = patient.id or 0
    page = open_page(monkeypatch, "dashboards/page_plan", clinic.staff["clinician"], patient=patient_id)
    assert "No treatment with a known device yet." in text(page)


def test_the_front_desk_is_refused(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = open_page(monkeypatch, "dashboards/page_plan", clinic.staff["front_desk"], patient=clinic.patient_id)
    assert page.error


MULTIPLE = np.linspace(0.5, 2.0, 31)


def dose(ceiling: float | None, group: str = "I-III", used: float = 2.0) -> DoseResponse:
    risk = 0.05 * MULTIPLE
    curve = GroupCurve(
        group, 12.0, MULTIPLE, 12 * MULTIPLE, risk, risk * 0.7, risk * 1.4, used, ceiling, ceiling, None, ""
    )
    return DoseResponse(
        "hyperpigmentation",
        "density_pct",
        "%",
        "frac_ablative_co2",
        (curve,),
        pd.DataFrame(),
        (),
        "guideline",
        120,
        1.8,
    )


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (dose(0.8), "above the ceiling"),
        (dose(1.9), "adjusted risk 5.0 % (95 % interval 3.5 % to 7.0 %)."),
        (dose(1.9, used=0.9), "beyond what was used here: nothing can be said of its risk."),
        (dose(0.8), "at most 1.8 times the risk at the reference of 12"),
    ],
)
def test_the_ceiling_and_the_tolerance_stand_under_the_rates(
    monkeypatch: pytest.MonkeyPatch, clinic: House, found: DoseResponse, said: str
) -> None:
    monkeypatch.setattr("reporting.dashboards.read_planner.setting_choice", lambda *_: Choice("density_pct"))
    monkeypatch.setattr("reporting.dashboards.ui_settings._fitted", lambda *_: found)
    page = open_page(monkeypatch, "dashboards/page_plan", clinic.staff["clinician"], patient=clinic.patient_id)
    page.number_input[[field.label for field in page.number_input].index("Density (coverage) (%)")].set_value(
        12.0
    ).run()
    assert not page.exception
    assert said in text(page)
    assert page.selectbox(key="symptom").label == "Ceiling for"


def test_without_enough_events_it_says_so(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    words = text(open_page(monkeypatch, "dashboards/page_plan", clinic.staff["clinician"], patient=clinic.patient_id))
    assert "The data is too thin for a ceiling." in words or "No ceiling yet." in words
