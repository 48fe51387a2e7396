"""A report names the content that judged it and keeps the words that were read: no later table changes any of it."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from reporting.cases.read_timeline import timeline
from reporting.domain.content_package import package
from reporting.patient.act_check_ins import submit_check_in
from reporting.patient.act_corrections import correct_check_in
from reporting.patient.read_own_data import own_data_of
from reporting.patient.read_recovery import recovery_page
from reporting.patient.read_words import kept_of
from reporting.records import outcomes
from reporting.records.engine import reading, transaction
from reporting.records.tables import CheckIn, Clinic, Outcome, TriageCase
from reporting.security.encryption import decrypt
from tests.answers import NO_PROBLEMS, filled
from tests.cast import House
from tests.content_folders import copied, used

pytestmark = pytest.mark.sqlite_first

SPOKEN = ("words", "label", "heading", "opening", "what_next", "out_of_hours", "title", "hint")


def otherwise(table: str, row: dict[str, str]) -> None:
    """Every kind of cell says something else: words, grades, days, levels, hours."""
    for column, text in row.items():
        if text and any(column.endswith(name) for name in (*SPOKEN, *(f"{one}_closed" for one in SPOKEN))):
            row[column] = f"Changed. {text}"
    if table == "expected_course":
        row["highest_expected"] = "4"
    if table == "triage_rules" and row["advice"] == "unusual":
        row["advice"], row["case_level"], row["safety"] = "contact_today", "same_day", "yes"
    if table == "case_levels":
        row |= dict.fromkeys(("deadline_hours", "ceiling_hours", "contact_hours", "contact_ceiling_hours"), "1")


def send(clinic: House, key: str, language: str = "en", **wanted: Any) -> int:
    answers = filled(clinic.treatment_id, **wanted) if wanted else NO_PROBLEMS
    return submit_check_in(
        by=clinic.patient, treatment_id=clinic.treatment_id, answers=answers, submission_key=key, language=language
    ).check_in_id


def stored() -> list[dict[str, Any]]:
    with reading() as session:
        return [
            row.model_dump()
            for kind in (CheckIn, Outcome, TriageCase)
            for row in session.execute(select(kind)).scalars()
        ]


def read_again(clinic: House, language: str) -> list[object]:
    """Everything that shows what was told: to the patient, to the clinic, and as a file."""
    home = recovery_page(clinic.patient)
    assert home.history is not None
    shown = [home.check_in.sent_today, home.check_in.flag]
    lines = timeline(clinic.staff["clinician"], clinic.patient_id).treatments[0].reports
    return [
        *(home.check_in.contact.tells(one.guidance, language) for one in shown if one),
        *((one.words and one.words.text, one.signs) for one in home.history.past),
        *((one.words and asdict(one.words), one.unexpected, one.content_hash) for one in lines),
        *(one["words_read"] for one in own_data_of(clinic.patient).document["check_ins"]),
    ]


REPORTS = {
    "nothing": ({}, "Good to hear. Keep going with your skin care."),
    "usual": ({"symptoms": ["swelling"], "severity_swelling": "1"}, "This is usual on this day."),
    "lumps": ({"symptoms": ["scarring"], "severity_scarring": "1"}, "The clinic will look at this."),
    "pus": ({"symptoms": ["infection_pus"]}, "Call the clinic today."),
    "eyes": ({"symptoms": ["burning_eye_pain"]}, "Call 112 now, or go to an emergency department."),
}


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("language", ["en", "es"])
def test_no_later_table_changes_what_was_stored_or_said(
    clinic: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, language: str
) -> None:
    wanted, heading = REPORTS[name]
    check_in = send(clinic, "first", language, **wanted)
    with reading() as session:
        row = session.get_one(CheckIn, check_in)
    kept = kept_of(row)
    assert kept is not None
    assert kept.language == language
    assert (kept.heading == heading) == (language == "en")
    assert (row.package_version, row.package_hash) == ("1.0.0", package().hash)
    before, told = stored(), read_again(clinic, language)
    with used(monkeypatch, copied(tmp_path / "other", otherwise)):
        assert package().hash != row.package_hash
        assert read_again(clinic, language) == told
        assert stored() == before
        with reading() as session:
            assert outcomes.compare(session) == []
        # A further report on other tables leaves what was judged before as it was.
        send(clinic, "second", language)
        with reading() as session:
            outcome = session.execute(select(Outcome)).scalar_one()
        was = next(each for each in before if "due_mask" in each)
        assert {k: v for k, v in was.items() if k.startswith("first_")} == {
            k: v for k, v in outcome.model_dump().items() if k.startswith("first_")
        }


def test_words_are_unreadable_without_the_key_and_say_whom_to_call(clinic: House) -> None:
    check_in = send(clinic, "pus", symptoms=["infection_pus"])
    with reading() as session:
        row = session.get_one(CheckIn, check_in)
    assert row.words_encrypted is not None
    assert "clinic" not in row.words_encrypted
    assert "112" in decrypt(row.words_encrypted)
    kept = kept_of(row)
    assert kept is not None
    assert "{" not in kept.text
    assert list(kept.lines) == ["infection_pus"]


def test_a_case_and_a_correction_are_pinned_too(clinic: House) -> None:
    first = send(clinic, "first", symptoms=["scarring"], severity_scarring="1")
    receipt = correct_check_in(
        by=clinic.patient,
        check_in_id=first,
        answers=filled(clinic.treatment_id, symptoms=["infection_pus"]),
        reason="mistake",
        submission_key="corrected",
        language="ar",
    )
    with reading() as session:
        row, case = session.get_one(CheckIn, receipt.check_in_id), session.execute(select(TriageCase)).scalar_one()
        outcome = session.execute(select(Outcome)).scalar_one()
    kept = kept_of(row)
    assert kept is not None
    assert kept.language == "ar"
    for pinned in (row, case, outcome):
        assert (pinned.package_version, pinned.package_hash) == ("1.0.0", package().hash)


def test_the_clinics_own_changes_are_part_of_the_version(clinic: House) -> None:
    from reporting.clinic.act_clinic import change_content
    from reporting.domain.clinic_content import RULES

    change_content(
        by=clinic.staff["administrator"],
        table=RULES,
        row="S1",
        cells={"advice": "contact_today", "case_level": "same_day"},
        reason="agreed",
    )
    with reading() as session:
        row = session.get_one(CheckIn, send(clinic, "first"))
    assert row.package_version == "1.0.0+clinic.1"


def test_a_report_from_before_reads_as_the_tables_of_today_have_it(clinic: House) -> None:
    send(clinic, "first", symptoms=["infection_pus"])
    with transaction() as session:
        session.execute(
            update(CheckIn).values(words_encrypted=None, package_version=None, package_hash=None, unexpected=None)
        )
    home = recovery_page(clinic.patient)
    assert home.history is not None
    assert home.history.past[0].heading == "Call the clinic today."
    assert home.history.past[0].words is None
    report = timeline(clinic.staff["clinician"], clinic.patient_id).treatments[0].reports[0]
    assert (report.words, report.content_version) == (None, "")


def test_who_was_erased_has_no_words_left(clinic: House) -> None:
    from reporting.records import privacy

    send(clinic, "first", symptoms=["infection_pus"])
    with transaction() as session:
        privacy.drop_words(session, clinic.patient_id)
    with reading() as session:
        assert session.execute(select(CheckIn.words_encrypted)).scalar_one() is None


def test_while_the_version_is_withdrawn_nobody_is_told_that_all_is_usual(clinic: House) -> None:
    send(clinic, "before")
    with transaction() as session:
        session.execute(update(Clinic).values(content_withdrawn="0.9.0|1.0.0"))
    home = recovery_page(clinic.patient)
    assert home.check_in.sent_today is not None
    assert home.check_in.sent_today.guidance.heading == "Please call your clinic today."
    assert home.history is not None
    assert home.history.usual == ()
    calm = send(clinic, "usual", symptoms=["swelling"], severity_swelling="1")
    hard = send(clinic, "eyes", symptoms=["burning_eye_pain"])
    with reading() as session:
        rows = {key: session.get_one(CheckIn, key) for key in (calm, hard)}
        case = session.execute(select(TriageCase)).scalar_one()
    assert [row.advice for row in rows.values()] == ["contact_today", "emergency"]
    told = {key: kept_of(row) for key, row in rows.items()}
    assert told[calm] is not None
    assert told[hard] is not None
    assert told[calm].heading == "Please call your clinic today."  # type: ignore[union-attr]
    assert told[hard].heading == REPORTS["eyes"][1]  # type: ignore[union-attr]
    assert "withdrawn" in case.rules
