"""Wording and review: the administrator sees how whole and how reviewed each language and table is."""

from datetime import date
from pathlib import Path

import pytest

from reporting.clinic import file_catalogues
from reporting.clinic.act_content_package import sign_content
from reporting.clinic.file_catalogues import content_reviews
from reporting.domain import language
from reporting.domain.content_package import package
from tests.cast import House
from tests.pages.staff import open_page, text


def test_languages_and_tables_stand_there(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = open_page(monkeypatch, "clinic/page_review", clinic.staff["administrator"])
    languages, tables = page.dataframe[0].value, page.dataframe[-1].value
    assert {"en", "es", "ar"} <= set(languages["Code"])
    assert "triage rules" in set(tables["Table"])
    rules = tables[tables["Table"] == "triage rules"].iloc[0]
    assert rules["Rows"] == rules["Not reviewed"] + rules["Reviewed"]


def test_version_hash_and_signatures_stand_there(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    for role in ("clinician", "safety_lead"):
        by = clinic.staff[role]  # type: ignore[index]
        sign_content(by=by, role="dermatologist, GMC 1", until=date(2027, 3, 10), table="triage_rules")
    page = open_page(monkeypatch, "clinic/page_review", clinic.staff["administrator"])
    said, rules = text(page), len(package().rows["triage_rules"])
    assert f"**{package().name} 1.0.0**" in said
    assert package().hash in said
    assert f"{rules} of " in said
    signatures = page.dataframe[0].value
    assert list(signatures["Signed by"]) == ["Demo clinician A", "Demo safety_lead A"]
    assert list(signatures["Rows it counts for"]) == [rules, rules]


def test_sentences_that_stay_english_are_listed(monkeypatch: pytest.MonkeyPatch, clinic: House, tmp_path: Path) -> None:
    for module in (language, file_catalogues):
        monkeypatch.setattr(module, "catalogue_file", lambda code: tmp_path / f"{code}.po")
    file_catalogues.update("es")
    file_catalogues.update("ar")
    page = open_page(monkeypatch, "clinic/page_review", clinic.staff["administrator"])
    assert any("are shown in English" in one.label for one in page.expander)


@pytest.mark.parametrize("role", ["clinician", "safety_lead", "front_desk"])
def test_others_are_refused(monkeypatch: pytest.MonkeyPatch, clinic: House, role: str) -> None:
    page = open_page(monkeypatch, "clinic/page_review", clinic.staff[role])  # type: ignore[index]
    assert "not allowed" in text(page).lower() or page.error


def test_every_table_with_a_status_is_counted() -> None:
    assert {"symptoms", "triage_rules", "guidelines"} <= {one.table for one in content_reviews()}
