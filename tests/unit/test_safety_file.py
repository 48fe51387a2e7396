"""The safety file: every hazard is linked to what exists, and its pages are what the command writes."""

import csv
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tools.safety_file import hazards, vignettes
from tools.safety_file.__main__ import faults, main, pages
from tools.safety_file.hazards import ROOT, Hazard, faults_of, read_hazards

FOLDER = ROOT / "docs" / "safety"


def test_every_link_is_found_and_every_page_is_what_the_command_writes() -> None:
    assert faults() == []


def test_every_hazard_has_a_control_in_code_and_a_test_of_it() -> None:
    rows = read_hazards()
    assert len(rows) >= 40
    assert len({row.id for row in rows}) == len(rows)
    for row in rows:
        assert row.code, row.id
        assert row.tests, row.id
        assert row.after <= row.before, f"{row.id}: controls make it worse"
        assert all((row.hazard, row.cause, row.harm, row.controls, row.residual)), row.id


def test_what_is_unacceptable_or_must_be_made_smaller_is_not_called_controlled() -> None:
    assert [row.id for row in read_hazards() if row.after >= 4 and row.status == "controlled"] == []


def test_every_clock_and_every_rule_of_silence_belongs_to_a_hazard() -> None:
    named = {rule for row in read_hazards() for rule in row.rules}
    for table in ("case_levels", "silence_rules"):
        with (ROOT / "data" / f"{table}.csv").open(encoding="utf-8", newline="") as file:
            assert {f"{table}:{row['code']}" for row in csv.DictReader(file)} <= named


CHANGES: dict[str, tuple[Callable[[Hazard], Hazard], str]] = {
    "a function": (lambda row: replace(row, code=(f"{row.code[0]}_renamed",)), "no code"),
    "a file": (lambda row: replace(row, code=("reporting/gone.py::assess",)), "no code"),
    "a function of no name": (lambda row: replace(row, code=(row.code[0].partition("::")[0],)), "no code"),
    "a test": (lambda row: replace(row, tests=(f"{row.tests[0]}_renamed",)), "no test"),
    "a helper is no test": (lambda row: replace(row, tests=("tests/cast.py::house",)), "no test"),
    "a rule": (lambda row: replace(row, rules=("triage_rules:R99",)), "no rule"),
    "a table": (lambda row: replace(row, rules=("rules:R1",)), "no rule"),
    "a decision": (lambda row: replace(row, decisions=("9999",)), "no decision"),
    "no control": (lambda row: replace(row, code=()), "at least one control"),
    "no test": (lambda row: replace(row, tests=()), "at least one control"),
    "a word": (lambda row: replace(row, severity="bad"), "severity is 'bad'"),
    "certainty": (lambda row: replace(row, evidence_mark="measured"), "are estimates"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_wrong_row_is_named(what: str) -> None:
    change, fault = CHANGES[what]
    row = read_hazards()[0]
    assert list(faults_of(row)) == []
    found = list(faults_of(change(row)))
    assert len(found) == 1, found
    assert found[0].startswith(row.id)
    assert fault in found[0]


def test_a_test_or_function_that_is_renamed_breaks_its_link(tmp_path: Path) -> None:
    row = next(row for row in read_hazards() if row.id == "H08")
    for link in (*row.code, *row.tests):
        (tmp_path / link.partition("::")[0]).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / link.partition("::")[0], tmp_path / link.partition("::")[0])
    for folder in ("data", "docs/decisions"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    assert list(faults_of(row, tmp_path)) == []
    for link in (row.code[0], row.tests[0]):
        path, _, name = link.partition("::")
        text = (tmp_path / path).read_text(encoding="utf-8")
        (tmp_path / path).write_text(text.replace(f"def {name}(", f"def {name}_now("), encoding="utf-8")
    hazards.names_in.cache_clear()
    assert len(list(faults_of(row, tmp_path))) == 2


def test_a_page_that_was_written_by_hand_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(FOLDER, tmp_path / "safety")
    monkeypatch.setattr(hazards, "HAZARDS", tmp_path / "safety" / "hazards.csv")
    for name in ("RESULTS", "HASHES"):
        monkeypatch.setattr(vignettes, name, tmp_path / "safety" / getattr(vignettes, name).name)
    assert main(["--check"]) == 0
    for page in pages():
        text = page.read_text(encoding="utf-8")
        page.write_text(f"{text}\nAll is well.\n", encoding="utf-8")
        assert main(["--check"]) == 1
        page.write_text(text, encoding="utf-8")
    vignettes.HASHES.write_text("0  tests/data/vignettes/vignettes.csv\n", encoding="utf-8")
    assert main(["--check"]) == 1


def test_the_table_has_every_invented_patient_once_and_says_what_they_are() -> None:
    for name, results in vignettes.kept().items():
        with (ROOT / vignettes.FILES / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            assert [one.id for one in results] == [row["id"] for row in csv.DictReader(file)]
    page = " ".join(vignettes.page().split())
    for caveat in ("No licensed clinician has read them", "not a sample of practice", "its shares are no rates"):
        assert caveat in page


def test_what_rests_on_a_file_is_told() -> None:
    told = hazards.touched(["reporting/domain/triage.py"])
    assert any(line.startswith("H11") for line in told)
    assert not any(line.startswith("H39") for line in told)
    assert any(line.startswith("H21") for line in hazards.touched(["./data/silence_rules.csv"]))


def test_every_document_is_listed_and_nothing_claims_conformity() -> None:
    front = (ROOT / "README.md").read_text(encoding="utf-8")
    index = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert "docs/safety/README.md" in front
    for path in FOLDER.glob("*.md"):
        assert path.name == "README.md" or f"]({path.name})" in index, path.name
    assert "nothing in it claims that the product conforms" in " ".join(index.split())


def test_what_a_deployment_must_fill_in_is_marked() -> None:
    text = (FOLDER / "incidents.md").read_text(encoding="utf-8")
    assert text.count("⟦") == text.count("⟧") >= 6
    assert "reporting audit export" in text
