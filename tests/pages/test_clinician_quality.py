"""The data quality page: figures of the query, an empty clinic, a refusal."""

from datetime import datetime

import pytest

from reporting.domain.actors import Actor
from tests.cast import House, house
from tests.pages.staff import open_page, text

NEWCOMER = Actor(kind="staff", id=1, clinic_id=999, role="clinician")


@pytest.fixture
def clinic(sqlite_database: str, stopped_clock: datetime) -> House:
    return house("A")


def test_it_shows_silence_response_settings_and_imports(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = open_page(monkeypatch, "clinician_quality", clinic.staff["clinician"])
    words = text(page)
    for part in ("What silence could change", "Who answers", "Settings", "Imports"):
        assert part in words
    assert "Nothing has been imported yet." in words
    assert page.metric[0].value == "1"


def test_response_can_be_looked_at_by_language(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = open_page(monkeypatch, "clinician_quality", clinic.staff["clinician"])
    page.segmented_control(key="quality_by").set_value("Language").run()
    assert not page.exception
    assert any("Language" in frame.value.columns for frame in page.dataframe)


def test_a_clinic_without_treatments_is_told_what_to_do(
    monkeypatch: pytest.MonkeyPatch, sqlite_database: str, stopped_clock: datetime
) -> None:
    page = open_page(monkeypatch, "clinician_quality", NEWCOMER)
    assert "No treatments yet." in text(page)


def test_the_front_desk_is_refused(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    assert open_page(monkeypatch, "clinician_quality", clinic.staff["front_desk"]).error
