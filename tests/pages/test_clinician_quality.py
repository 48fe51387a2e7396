"""The data quality page: figures of the query, an empty clinic, a refusal."""

from datetime import datetime

import pytest
from sqlalchemy import select, update

from reporting.domain.actors import Actor
from reporting.records.engine import transaction
from reporting.records.outcomes import recompute
from reporting.records.tables import TreatedArea, Treatment
from tests.cast import House
from tests.pages.clinic_data import fill
from tests.pages.staff import open_page, text

NEWCOMER = Actor(kind="staff", id=1, clinic_id=999, role="clinician")


def test_it_shows_silence_response_settings_and_imports(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = open_page(monkeypatch, "dashboards/page_quality", clinic.staff["clinician"])
    words = text(page)
    for part in ("What silence could change", "Who answers", "Settings", "Imports"):
        assert part in words
    assert "Nothing has been imported yet." in words
    assert page.metric[0].value == "1"


def test_response_can_be_looked_at_by_language(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = open_page(monkeypatch, "dashboards/page_quality", clinic.staff["clinician"])
    page.segmented_control(key="quality_by").set_value("Language").run()
    assert not page.exception
    assert any("Language" in frame.value.columns for frame in page.dataframe)


def test_each_count_opens_its_treatments(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    fill(clinic)
    with transaction() as session:
        session.execute(update(TreatedArea).where(TreatedArea.pulse_energy_mj == 50).values(density_pct=None))
        session.execute(
            update(TreatedArea)
            .where(TreatedArea.pulse_energy_mj == 30)
            .values(pulse_energy_mj=60, outside_typical=["pulse_energy_mj"])
        )
        recompute(session, list(session.execute(select(Treatment.id)).scalars()))
    page = open_page(monkeypatch, "dashboards/page_quality", clinic.staff["clinician"], period="all")
    shown = len(page.dataframe)
    page.selectbox(key="quality_gap").set_value("frac_ablative_co2 density_pct").run()
    gaps = page.dataframe[shown - 1].value
    assert (len(gaps), len(page.dataframe)) == (25, shown + 1)
    assert "60 treated areas, newest first." in text(page)
    page.session_state["quality_gap_frac_ablative_co2 density_pct_page"] = 3
    page.run()
    assert len(page.dataframe[shown - 1].value) == 10
    page.selectbox(key="quality_outside").select_index(0).run()
    assert page.dataframe[shown + 1].value["Unusual"][0] == "Pulse energy 60 mJ (usual 10 to 56)"
    page.selectbox(key="quality_silent_Skin type").select_index(0).run()
    assert not page.exception
    assert len(page.dataframe) == shown + 3


def test_a_clinic_without_treatments_is_told_what_to_do(
    monkeypatch: pytest.MonkeyPatch, sqlite_database: str, stopped_clock: datetime
) -> None:
    page = open_page(monkeypatch, "dashboards/page_quality", NEWCOMER)
    assert "No treatments yet." in text(page)


def test_the_front_desk_is_refused(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    assert open_page(monkeypatch, "dashboards/page_quality", clinic.staff["front_desk"]).error
