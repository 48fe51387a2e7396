"""The packaged content loads; a broken copy of any table is refused with file, line and column."""

import csv
import re
import shutil
from pathlib import Path

import pytest

from reporting.clinic.file_catalogues import patient_strings
from reporting.domain.content import Content, ContentError, content
from reporting.domain.content_rows import SYMPTOMS
from reporting.settings import ROOT
from tests.reading import GRADE, WORDS_PER_SENTENCE, longest_sentence, reading_grade

PACKAGED = ROOT / "data"
TABLES = (
    "answer_options",
    "case_levels",
    "outcome_terms",
    "consent_texts",
    "countries",
    "device_classes",
    "device_parameters",
    "expected_course",
    "facts",
    "follow_ups",
    "guidance",
    "guidelines",
    "messages",
    "procedure_classes",
    "questions",
    "schedules",
    "self_care",
    "setting_fields",
    "severity_words",
    "silence_rules",
    "symptoms",
    "triage_rules",
    "vocabulary",
)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for name in TABLES:
        shutil.copy(PACKAGED / f"{name}.csv", tmp_path)
    return tmp_path


def rows(folder: Path, table: str) -> list[dict[str, str]]:
    with (folder / f"{table}.csv").open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def write(folder: Path, table: str, records: list[dict[str, str]]) -> None:
    with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, fieldnames=list(records[0]))
        writer.writeheader()
        writer.writerows(records)


def refused(folder: Path) -> ContentError:
    with pytest.raises(ContentError) as caught:
        content(folder)
    return caught.value


def test_the_packaged_content_loads_and_every_row_says_where_it_is_from() -> None:
    loaded = content(PACKAGED)
    assert isinstance(loaded, Content)
    assert tuple(loaded.symptoms) == SYMPTOMS
    for name in TABLES:
        for row in rows(PACKAGED, name):
            assert row["source"], (name, row)
            assert row["evidence_mark"] in {"FT", "A", "2nd", "DATA", "GK", "estimate"}
            assert row["review_status"] in {"not_reviewed", "reviewed"}


def test_a_clinic_may_bring_its_own_folder(copy: Path) -> None:
    records = rows(copy, "case_levels")
    records[0]["deadline_hours"] = "30"
    write(copy, "case_levels", records)
    assert content(copy).case_levels["one_week"].deadline_hours == 30
    assert content(PACKAGED).case_levels["one_week"].deadline_hours == 16


@pytest.mark.parametrize(
    ("table", "line", "column", "value", "reason"),
    [
        ("symptoms", 3, "risk_from_day", "soon", "not a whole number"),
        ("symptoms", 2, "code", "burns", "not known"),
        ("symptoms", 3, "code", "burning", "twice"),
        ("symptoms", 4, "source", "", "must not be empty"),
        ("symptoms", 4, "evidence_mark", "rumour", "not known"),
        ("symptoms", 4, "review_status", "fine", "not known"),
        ("severity_words", 4, "value", "7", "not from 0 to 4"),
        ("questions", 3, "required", "maybe", "must be yes or no"),
        ("questions", 2, "options", "nothing_like_it", "not known"),
        ("follow_ups", 2, "shown_for", "swelling", "severity"),
        ("follow_ups", 2, "options", "yes_or_so", "not known"),
        ("follow_ups", 2, "areas", "cheeks|moon", "not known"),
        ("answer_options", 2, "value", "nothing", "must be none"),
        ("expected_course", 5, "procedure_class", "magic", "not known"),
        ("expected_course", 3, "from_day", "1", "already in another window"),
        ("expected_course", 2, "to_day", "-1", "not from 0"),
        ("triage_rules", 2, "advice", "relax", "not known"),
        ("follow_ups", 2, "shown_for", "first|swelling:5", "severity"),
        ("follow_ups", 2, "facts", "", "needs the facts"),
        ("follow_ups", 2, "facts", "no_such_fact", "not known"),
        ("triage_rules", 2, "facts", "no_such_fact", "no line that is asked says no_such_fact"),
        ("triage_rules", 2, "facts", "eye_pain", "no line that is asked says eye_pain"),
        ("triage_rules", 2, "facts", "eye_pain|light_hurts_eyes", "no line that is asked says"),
        ("triage_rules", 2, "unsure", "perhaps", "not known"),
        ("triage_rules", 44, "unsure", "counts", "needs facts"),
        ("triage_rules", 44, "symptoms", "infections", "not known"),
        ("triage_rules", 33, "min_severity", "", "they need it"),
        ("triage_rules", 48, "window", "later", "not known"),
        ("triage_rules", 94, "min_rise", "1", "not of the worst"),
        ("triage_rules", 47, "together", "burning:5", "not a symptom and severity"),
        ("triage_rules", 47, "together", "hiccups:1", "not a symptom and severity"),
        ("triage_rules", 44, "symptoms", "", "a rule needs"),
        ("triage_rules", 47, "to_day", "2", "ends before"),
        ("triage_rules", 48, "case_level", "one_week", "slower than"),
        ("triage_rules", 2, "not_classes", "ablative|magic", "not known"),
        ("triage_rules", 2, "areas", "cheeks|moon", "not known"),
        ("triage_rules", 2, "modifiers", "left_handed", "not known"),
        ("triage_rules", 2, "modifiers", "eye_pain", "not known"),
        ("triage_rules", 2, "procedure_classes", "ablative|magic", "not known"),
        ("triage_rules", 3, "code", "R1", "twice"),
        ("triage_rules", 2, "safety", "", "must be yes: a red flag"),
        ("triage_rules", 45, "safety", "", "sends a patient to somebody today"),
        ("triage_rules", 44, "safety", "maybe", "not known"),
        ("triage_rules", 48, "min_severity", "5", "not from 1 to 4"),
        ("triage_rules", 48, "min_severity", "", "needs a lowest"),
        ("case_levels", 5, "deadline_hours", "30", "waits longer"),
        ("case_levels", 5, "ceiling_hours", "60", "waits longer"),
        ("case_levels", 4, "ceiling_hours", "1", "earlier than"),
        ("case_levels", 4, "counted", "sometimes", "around_the_clock"),
        ("schedules", 2, "day", "8", "not a check-in day"),
        ("schedules", 3, "day", "0", "twice"),
        ("schedules", 2, "from_hour", "24", "not from 0 to 23"),
        ("schedules", 2, "treatments_from", "1.12.2026", "not a date"),
        ("schedules", 2, "treatments_from", "2026-02-30", "not a date"),
        ("self_care", 2, "procedure_class", "ablative|magic", "not known"),
        ("self_care", 3, "from_day", "2", "already in another window"),
        ("self_care", 3, "to_day", "1", "ends before it begins"),
        ("self_care", 3, "words", "", "must not be empty"),
        ("guidance", 3, "emergency", "perhaps", "must be yes or no"),
        ("device_classes", 2, "procedure_class", "magic", "not known"),
        ("device_classes", 12, "for_indication", "vascular:magic", "not a known indication"),
        ("device_parameters", 2, "unit", "J", "not the unit"),
        ("device_parameters", 2, "plausible_max", "5", "below typical_high"),
        ("device_parameters", 2, "plausible_max", "inf", "not a number"),
        ("device_parameters", 3, "field", "loudness_db", "not known"),
        ("guidelines", 2, "areas", "elbow", "not known"),
        ("guidelines", 2, "maximum", "", "must not be empty"),
        ("guidelines", 3, "fitzpatrick_to", "9", "not from 1 to 6"),
        ("vocabulary", 2, "is_warning", "1", "must be yes or no"),
    ],
)
def test_a_wrong_cell_is_named(copy: Path, table: str, line: int, column: str, value: str, reason: str) -> None:
    records = rows(copy, table)
    records[line - 2][column] = value
    write(copy, table, records)
    error = refused(copy)
    assert (error.file, error.line, error.column) == (f"{table}.csv", line, column)
    assert reason in error.reason
    assert str(line) in error.message
    assert column in error.message


def test_a_missing_and_a_strange_column_are_named(copy: Path) -> None:
    text = (copy / "schedules.csv").read_text()
    (copy / "schedules.csv").write_text(text.replace("procedure_class,day", "procedure_class,days", 1))
    error = refused(copy)
    assert (error.file, error.line, error.column) == ("schedules.csv", 1, "day")
    (copy / "schedules.csv").write_text(text.replace("procedure_class,day", "day,day", 1))
    assert refused(copy).column in {"procedure_class", "day"}


def test_a_short_row_is_named_by_its_line(copy: Path) -> None:
    with (copy / "case_levels.csv").open("a") as handle:
        handle.write("one_year,Within a year\n")
    error = refused(copy)
    assert (error.file, error.line) == ("case_levels.csv", 6)
    assert "2 cells" in error.reason


@pytest.mark.parametrize("name", TABLES)
def test_a_missing_or_empty_table_is_named(copy: Path, name: str) -> None:
    (copy / f"{name}.csv").write_text((copy / f"{name}.csv").read_text().splitlines()[0] + "\n")
    assert refused(copy).file == f"{name}.csv"
    (copy / f"{name}.csv").unlink()
    assert refused(copy).file == f"{name}.csv"


def test_a_day_of_the_first_month_without_self_care_is_refused(copy: Path) -> None:
    left = [row for row in rows(copy, "self_care") if (row["procedure_class"], row["from_day"]) != ("tattoo", "4")]
    write(copy, "self_care", left)
    error = refused(copy)
    assert (error.file, error.column) == ("self_care.csv", "procedure_class")
    assert error.reason == "tattoo has no words for day 4"


def test_every_class_has_one_to_three_sentences_of_self_care_on_each_day_of_the_first_month() -> None:
    loaded = content(PACKAGED)
    assert set(loaded.self_care) == set(loaded.procedure_classes)
    for name, days in loaded.self_care.items():
        assert set(range(31)) <= set(days), name
        assert {words.count(".") for words in days.values()} <= {1, 2, 3}, name
    assert {words for days in loaded.self_care.values() for words in days.values()} <= set(patient_strings())


def test_a_table_that_is_no_text_is_refused(copy: Path) -> None:
    (copy / "guidance.csv").write_bytes(b"\xff\xfe\x00\x01")
    assert refused(copy).file == "guidance.csv"


@pytest.mark.parametrize(
    ("table", "column", "code"),
    [
        ("symptoms", "code", "swelling"),
        ("guidance", "key", "emergency"),
        ("case_levels", "code", "same_day"),
        ("procedure_classes", "code", "other"),
        ("questions", "id", "how_soon"),
        ("guidance", "key", "interruption"),
    ],
)
def test_a_row_that_must_be_there_is_missed(copy: Path, table: str, column: str, code: str) -> None:
    write(copy, table, [row for row in rows(copy, table) if row[column] != code])
    error = refused(copy)
    assert error.file == f"{table}.csv"
    assert code in error.reason


@pytest.mark.parametrize("text", patient_strings())
def test_patient_strings_are_easy_to_read(text: str) -> None:
    """Names of up to four words have no reading grade; sentences must meet it. What is filled in counts as a word."""
    text = re.sub(r"\{\w+\}", "it", text)
    assert longest_sentence(text) <= WORDS_PER_SENTENCE
    if len(text.split()) > 4:
        assert reading_grade(text) <= GRADE


def test_the_reading_grade_tells_hard_from_easy() -> None:
    assert reading_grade("Immediate ophthalmological evaluation is indicated for periorbital oedema.") > 12
    assert longest_sentence("One two three. Four five 100.4 six.") == 4


def test_colour_is_never_named_alone_and_is_named_for_all_skin() -> None:
    for text in patient_strings():
        lowered = text.lower()
        assert "redness" not in lowered
        if " red" in lowered:
            assert "white skin" in lowered, text
            assert "brown or black skin" in lowered, text
            assert lowered.index("feel") < lowered.index("red"), text
