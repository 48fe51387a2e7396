"""Files go in row by row and once only: on both databases, from the first clinic to a disk that is full."""

import csv
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import SQLModel, func, select, update

from reporting.domain.actors import SYSTEM, Actor
from reporting.errors import InvalidInput, NotAllowed, StorageBusy, StorageFull, UnreadableFile
from reporting.imports import act_import as imports
from reporting.imports import act_steps as import_steps
from reporting.imports.act_import import ImportStopped, Summary, preview, run_import
from reporting.imports.file_csv import open_csv
from reporting.imports.file_mapping import KindMapping, parse_mapping
from reporting.imports.kind import Kind
from reporting.imports.kind_treatments import content_reference
from reporting.records import outcomes
from reporting.records.engine import reading, transaction
from reporting.records.tables import (
    AuditEvent,
    CheckIn,
    Clinic,
    CustomDeviceClass,
    CustomParameter,
    Device,
    ImportRun,
    Operator,
    Outcome,
    Patient,
    TreatedArea,
    Treatment,
)
from reporting.records.trail.verify import verify
from tests.cast import house

pytestmark = [pytest.mark.sqlite_first, pytest.mark.usefixtures("stopped_clock")]
DATA = Path(__file__).parent.parent / "data"
SAMPLE: Sequence[tuple[Kind, str]] = (
    ("devices", "devices.csv"),
    ("treatments", "treatments.csv"),
    ("check-ins", "checkins.csv"),
)
HEAD = "treatment,patient,performed_on,operator,device,area,pulse_energy_mj,density_pct,fitzpatrick"


def count(table: type[SQLModel]) -> int:
    with reading() as session:
        return int(session.exec(select(func.count()).select_from(table)).one())


def every(table: type[SQLModel]) -> list[Any]:
    with reading() as session:
        return list(session.exec(select(table)).all())


def sample(kind: Kind, name: str, folder: Path) -> Summary:
    mapping = parse_mapping((DATA / "simulation.toml").read_text(), kind)
    return run_import(
        by=SYSTEM,
        path=DATA / "simulation" / name,
        mapping=mapping,
        rejected_path=folder / f"{kind}.rejected.csv",
    )


def take_in(
    folder: Path,
    text: str,
    kind: Kind = "treatments",
    *,
    by: Actor = SYSTEM,
    clinic: str | None = "A",
    create_missing: bool = False,
    judged: bool = False,
) -> Summary:
    path = folder / "log.csv"
    path.write_text(text)
    mapping = KindMapping(kind, create_missing=create_missing, judged=judged)
    return run_import(by=by, path=path, mapping=mapping, clinic=clinic, rejected_path=folder / "log.rejected.csv")


def told(summary: Summary) -> str:
    """The reasons of a summary in one text."""
    return "; ".join(f"{column} {value}: {allowed}" for column, value, allowed in summary.faults)


# ---- the sample that another program wrote


def test_the_sample_goes_in_as_it_is_and_a_second_time_adds_nothing(database: str, tmp_path: Path) -> None:
    for kind, name in SAMPLE:
        first = sample(kind, name, tmp_path)
        assert (first.read, first.refused) == (first.imported, 0), told(first)
    before = {table: count(table) for table in (Clinic, Operator, Device, Patient, Treatment, TreatedArea, CheckIn)}
    for kind, name in SAMPLE:
        again = sample(kind, name, tmp_path)
        assert (again.imported, again.unchanged, again.refused) == (0, again.read, 0)
    assert before == {table: count(table) for table in before}
    with reading() as session:
        assert outcomes.compare(session) == []
    assert count(Outcome) == count(TreatedArea)
    assert verify().ok


def test_the_sample_says_what_its_files_say(database: str, tmp_path: Path) -> None:
    for kind, name in SAMPLE:
        sample(kind, name, tmp_path)
    with (DATA / "simulation" / "treatments.csv").open() as handle:
        rows = {row["treatment_id"]: row for row in csv.DictReader(handle)}
    with reading() as session:
        stored = session.exec(
            select(Treatment, TreatedArea, Patient, Device)
            .where(Treatment.id == TreatedArea.treatment_id, Treatment.patient_id == Patient.id)
            .where(Treatment.device_id == Device.id)
        ).all()
    assert len(stored) == len(rows)
    for treatment, area, patient, device in stored:
        row = rows[treatment.reference]
        assert (patient.reference, patient.fitzpatrick) == (row["patient_id"], int(row["fitzpatrick"]))
        assert (device.code, device.device_class) == (row["device_id"], row["device_model"])
        assert (str(treatment.performed_on), treatment.age_years) == (row["date"], int(row["age"]))
        assert area.area == "not_recorded"
        assert area.indication == {"hair": "hair_removal"}.get(row["indication"], row["indication"])
        assert (area.fluence_j_cm2, area.density_pct) == (
            float(row["fluence_jcm2"]),
            float(row["density_pct"]),
        )
        assert (area.pulse_width_ms, area.passes) == (float(row["pulse_ms"]), float(row["passes"]))


def test_answers_of_the_sample_are_judged_already_and_silence_is_kept(database: str, tmp_path: Path) -> None:
    for kind, name in SAMPLE:
        sample(kind, name, tmp_path)
    with (DATA / "simulation" / "checkins.csv").open() as handle:
        rows = list(csv.DictReader(handle))
    stored = every(CheckIn)
    assert all(row.judged_by_source and row.source == "import" for row in stored)
    assert sum(row.answered_at is None for row in stored) == sum(row["answered"] == "0" for row in rows)
    assert sum(row.hyperpigmentation or 0 for row in stored) == sum(int(row["pih"] or 0) for row in rows)
    unexpected = {row["treatment_id"] for row in rows if row["burn"] == "1"}
    with reading() as session:
        found = session.exec(
            select(Treatment.reference)
            .where(Outcome.treatment_id == Treatment.id)
            .where(Outcome.first_burning.is_not(None))  # type: ignore[union-attr]
        ).all()
    assert set(found) == unexpected


def test_a_clinic_defines_device_classes_of_its_own(database: str, tmp_path: Path) -> None:
    sample("devices", "devices.csv", tmp_path)
    classes = {row.id: row for row in every(CustomDeviceClass)}
    assert {row.code for row in classes.values()} == {"ALEX755", "IPL", "FRAX1550"}
    assert {row.clinic_id for row in classes.values()} == {None}
    references = {
        classes[row.custom_device_class_id].code: row.reference
        for row in every(CustomParameter)
        if row.field == "fluence_j_cm2"
    }
    assert references == {"ALEX755": 14.0, "IPL": 18.0, "FRAX1550": 30.0}


# ---- rows that are refused


def test_good_rows_go_in_and_bad_ones_come_back_with_reasons(database: str, tmp_path: Path) -> None:
    a = house("A")
    summary = take_in(
        tmp_path,
        f"{HEAD}\nT1,P-0001,2026-03-01,O1,D1,cheeks,30,15,4\nT2,P-0001,2026-03-02,O1,D1,elbow,30,15,4\n"
        "T3,P-0001,2026-03-02,O1,D1,chin,3000,15,4\nT4,P-0001,2026-03-02,O1,D1,chin,40,15,4\n",
    )
    assert (summary.read, summary.imported, summary.refused) == (4, 2, 2)
    rejected = open_csv(Path(summary.rejected_file))
    assert [cells[-2] for _, cells in rejected.records()] == ["3", "4"]
    reasons = [cells[-1] for _, cells in rejected.records()]
    assert "area: found 'elbow'; allowed is one of" in reasons[0]
    assert "pulse_energy_mj: found '3000'; allowed is from 1 to 300 mJ" in reasons[1]
    assert {row.reference for row in every(Treatment)} == {"T-0001", "T1", "T4"}
    assert {row.clinic_id for row in every(Treatment)} == {a.clinic_id}


def test_corrected_rejects_go_in_by_themselves(database: str, tmp_path: Path) -> None:
    house("A")
    summary = take_in(tmp_path, f"{HEAD}\nT2,P-0001,2026-03-02,O1,D1,elbow,30,15,4\n")
    fixed = Path(summary.rejected_file).read_text().replace(",elbow,", ",cheeks,")
    assert take_in(tmp_path, fixed).imported == 1


def test_outside_the_typical_range_is_kept_and_marked(database: str, tmp_path: Path) -> None:
    house("A")
    take_in(
        tmp_path,
        f"{HEAD}\nT1,P-0001,2026-03-01,O1,D1,cheeks,30,45,4\nT2,P-0001,2026-03-01,O1,D1,cheeks,30,15,4\n",
    )
    marks = {row.density_pct: row.outside_typical for row in every(TreatedArea)}
    assert (marks[45.0], marks[15.0]) == (["density_pct"], [])


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("T1,P-0001,2026-03-11,O1,D1,cheeks,30,15,4", "a day up to today, 2026-03-10"),
        ("T1,P-0001,2026-03-01,O1,D9,cheeks,30,15,4", "a device class that is known"),
        ("T1,P-0001,2026-03-01,O9,D1,cheeks,30,15,4", "operator O9: the code of one that is there"),
        ("T1,P-9,2026-03-01,O1,D1,cheeks,30,15,4", "patient P-9: the code of one that is there"),
        ("T1,P-0001,2026-03-01,O1,D1,cheeks,30,15,2", "4, which is on record for patient P-0001"),
        ("T1,P-0001,2026-03-01,O1,,cheeks,30,,4", "procedure_class"),
    ],
)
def test_what_is_not_known_is_refused_and_leaves_nothing(database: str, tmp_path: Path, row: str, words: str) -> None:
    house("A")
    before = {table: count(table) for table in (Operator, Device, Patient, Treatment, TreatedArea)}
    summary = take_in(tmp_path, f"{HEAD}\n{row}\n")
    assert (summary.imported, summary.refused) == (0, 1)
    assert words in told(summary)
    assert before == {table: count(table) for table in before}


def test_settings_of_a_row_without_a_device_are_refused(database: str, tmp_path: Path) -> None:
    house("A")
    summary = take_in(tmp_path, "patient,performed_on,procedure_class,fluence_j_cm2\nP-0001,2026-03-01,other,10\n")
    assert "names no device" in told(summary)


def test_missing_ones_are_made_where_the_import_may(database: str, tmp_path: Path) -> None:
    text = (
        "clinic,patient,performed_on,operator,device,device_class,density_pct,fitzpatrick,is_tanned\n"
        "NEW,P1,2026-03-01,O1,D1,er_yag,10,3,yes\n"
    )
    assert "a clinic that is there" in told(take_in(tmp_path, text, clinic=None))
    summary = take_in(tmp_path, text, clinic=None, create_missing=True)
    assert summary.created == {"clinics": 1, "operators": 1, "devices": 1, "patients": 1, "treatments": 1}
    (patient,), (device,) = every(Patient), every(Device)
    assert (patient.fitzpatrick, device.device_class) == (3, "er_yag")
    [treatment] = every(Treatment)
    assert (treatment.procedure_class, treatment.is_tanned) == ("ablative", True)


def test_what_was_known_is_of_the_visit_and_changes_no_record(database: str, tmp_path: Path) -> None:
    house("A")
    head = "patient,performed_on,device,is_pregnant,eczema_history,isotretinoin_months_ago,lives_alone"
    text = f"{head}\nP-0001,2026-03-01,D1,yes,,2,no\nP-0001,2026-03-08,D1,,yes,,\n"
    assert take_in(tmp_path, text).imported == 2
    first, second = (row for row in every(Treatment) if row.source == "import")
    assert (first.is_pregnant, first.eczema_history, first.isotretinoin_months_ago, first.lives_alone) == (
        True,
        None,
        2,
        False,
    )
    assert (second.is_pregnant, second.eczema_history) == (None, True)
    assert take_in(tmp_path, text.replace(",yes,,2,no", ",no,,2,no")).unchanged == 2


class TestClass:
    """Without a class of its own a row has the one that the device proposes; the record that is there decides."""

    HEAD = "patient,performed_on,device,device_class,area,indication"

    def test_what_it_was_used_for_tells(self, database: str, tmp_path: Path) -> None:
        house("A")
        text = (
            f"{self.HEAD}\nP-0001,2026-03-01,Q,picosecond,hands,tattoo\nP-0001,2026-03-02,Q,picosecond,hands,pigment\n"
            "P-0001,2026-03-03,Y,nd_yag_long_pulse,thighs,vascular\n"
            "P-0001,2026-03-04,F,full_field_ablative_co2,cheeks,wrinkles\n"
        )
        take_in(tmp_path, text, create_missing=True)
        found = [row.procedure_class for row in sorted(every(Treatment), key=lambda row: row.id)]
        assert found[1:] == ["tattoo", "qs_pico", "leg_vein", "full_field_ablative"]
        assert take_in(tmp_path, text, create_missing=True).unchanged == 4

    def test_the_class_on_record_stays_and_the_row_is_no_other_treatment(self, database: str, tmp_path: Path) -> None:
        house("A")
        text = f"{self.HEAD}\nP-0001,2026-03-01,Q,picosecond,hands,tattoo\n"
        take_in(tmp_path, text, create_missing=True)
        with transaction() as session:
            session.execute(update(Treatment).values(procedure_class="qs_pico"))
        assert take_in(tmp_path, text, create_missing=True).unchanged == 1
        other = f"{self.HEAD},procedure_class,treatment\nP-0001,2026-03-02,Q,picosecond,hands,tattoo,peel,T9\n"
        take_in(tmp_path, other, create_missing=True)
        assert every(Treatment)[-1].procedure_class == "peel"

    def test_what_else_was_done_in_the_visit(self, database: str, tmp_path: Path) -> None:
        house("A")
        log = f"{self.HEAD},treatment,also_classes\nP-0001,2026-03-02,Q,picosecond,hands,tattoo,T9,"
        take_in(tmp_path, f"{log}peel+ipl\n", create_missing=True)
        assert every(Treatment)[-1].also_classes == "ipl+peel"
        assert take_in(tmp_path, f"{log}ipl + peel\n").unchanged == 1
        assert "also_classes magic: one of ablative" in told(take_in(tmp_path, f"{log}peel+magic\n"))
        assert "also_classes" in told(take_in(tmp_path, f"{log}peel\n"))

    def test_a_log_from_before_the_finer_classes_keeps_its_references(self, database: str, tmp_path: Path) -> None:
        house("A")
        text = f"{self.HEAD}\nP-0001,2026-03-01,F,full_field_ablative_co2,cheeks,wrinkles\n"
        take_in(tmp_path, text, create_missing=True)
        then = {"clinic": "A", "patient": "P-0001", "performed_on": "2026-03-01", "device": "F"}
        [made] = [row for row in every(Treatment) if row.source == "import"]
        assert made.reference == content_reference({**then, "procedure_class": "ablative"})
        assert made.procedure_class == "full_field_ablative"


def test_a_changed_row_is_refused_as_a_duplicate_with_the_difference(database: str, tmp_path: Path) -> None:
    house("A")
    row = "T1,P-0001,2026-03-01,O1,D1,cheeks,30,15,4"
    take_in(tmp_path, f"{HEAD}\n{row}\n")
    summary = take_in(tmp_path, f"{HEAD}\n{row.replace(',30,', ',35,')}\n{row.replace('03-01', '03-02')}\n")
    assert (summary.imported, summary.refused) == (0, 2)
    assert "pulse_energy_mj 30 (now 35)" in told(summary)
    assert "performed_on 2026-03-01 (now 2026-03-02)" in told(summary)
    assert {area.pulse_energy_mj for area in every(TreatedArea)} == {30.0}


def test_rows_of_one_visit_are_one_treatment_with_several_areas(database: str, tmp_path: Path) -> None:
    house("A")
    text = (
        "patient,performed_on,device,area,pass_group,pulse_energy_mj\nP-0001,2026-03-01,D1,cheeks,1,30\n"
        "P-0001,2026-03-01,D1,chin,1,20\nP-0001,2026-03-01,D1,chin,2,25\n"
    )
    assert take_in(tmp_path, text).imported == 3
    assert (count(Treatment), count(TreatedArea), count(Outcome)) == (2, 4, 4)
    assert take_in(tmp_path, text).unchanged == 3


def test_the_same_row_twice_in_one_file_counts_once(database: str, tmp_path: Path) -> None:
    house("A")
    row = "T1,P-0001,2026-03-01,O1,D1,cheeks,30,15,4"
    summary = take_in(tmp_path, f"{HEAD}\n{row}\n{row}\n")
    assert (summary.imported, summary.unchanged) == (1, 1)


def test_what_was_not_known_of_a_patient_is_filled_in(database: str, tmp_path: Path) -> None:
    head = "treatment,patient,performed_on,device,device_class,year_of_birth,fitzpatrick"
    text = f"{head}\nT1,P1,2026-03-01,D2,er_yag,,\nT2,P1,2026-03-02,D2,er_yag,1980,\nT3,P1,2026-03-03,D2,er_yag,,5\n"
    house("A")
    take_in(tmp_path, text, create_missing=True)
    found = next(patient for patient in every(Patient) if patient.reference == "P1")
    assert (found.year_of_birth, found.fitzpatrick) == (1980, 5)
    take_in(tmp_path, f"{head}\nT4,P-0001,2026-03-03,D1,,1980,4\nT5,P1,2026-03-04,D2,,1980,5\n")
    assert count(Treatment) == 6


# ---- check-ins


def test_an_answer_that_comes_later_takes_the_place_of_the_open_check_in(database: str, tmp_path: Path) -> None:
    house("A")
    head = "treatment,scheduled_day,answered,answered_on,burning"
    take_in(tmp_path, f"{head}\nT-0001,1,0,,\n", "check-ins")
    later = take_in(tmp_path, f"{head}\nT-0001,1,1,2026-03-08,2\n", "check-ins")
    assert (later.imported, later.refused) == (1, 0)
    due, answered = sorted(every(CheckIn), key=lambda row: row.id)
    assert (due.answered_at, due.replaced_reason) == (None, "answered in a later import")
    assert (answered.burning, answered.recovery_day) == (2, 1)
    assert answered.answered_at == datetime(2026, 3, 8, 11, tzinfo=UTC)
    assert take_in(tmp_path, f"{head}\nT-0001,1,0,,\n", "check-ins").unchanged == 1
    changed = take_in(tmp_path, f"{head}\nT-0001,1,1,2026-03-08,3\n", "check-ins")
    assert "burning 2 (now 3)" in told(changed)
    with reading() as session:
        assert outcomes.compare(session) == []


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("T-9,1,1,2026-03-08,2", "import the treatments first"),
        ("T-0001,1,1,2026-03-06,2", "from the treatment, 2026-03-07, to today, 2026-03-10"),
        ("T-0001,1,1,2026-03-11,2", "to today, 2026-03-10"),
    ],
)
def test_a_check_in_that_cannot_be_is_refused(database: str, tmp_path: Path, row: str, words: str) -> None:
    house("A")
    summary = take_in(tmp_path, f"treatment,scheduled_day,answered,answered_on,burning\n{row}\n", "check-ins")
    assert words in told(summary)
    assert count(CheckIn) == 0


def test_without_judgement_of_the_source_the_expected_course_is_applied(database: str, tmp_path: Path) -> None:
    house("A")
    text = "treatment,scheduled_day,answered_on,swelling\nT-0001,1,2026-03-08,1\n"
    take_in(tmp_path, text, "check-ins")
    assert every(Outcome)[0].first_swelling is None
    house("B")
    take_in(tmp_path, text, "check-ins", clinic="B", judged=True)
    assert sorted(str(row.first_swelling) for row in every(Outcome)) == ["1", "None"]


def test_a_number_that_two_clinics_use_needs_the_clinic(database: str, tmp_path: Path) -> None:
    house("A")
    house("B")
    text = "treatment,scheduled_day,answered\nT-0001,1,0\n"
    assert "2 do, so the clinic must be given" in told(take_in(tmp_path, text, "check-ins", clinic=None))
    assert take_in(tmp_path, text, "check-ins", clinic="B").imported == 1


# ---- devices


def test_a_machine_of_a_known_class_and_limits_of_a_content_class(database: str, tmp_path: Path) -> None:
    house("A")
    text = "device_class,device,model,ref_fluence_j_cm2\ner_yag,D7,Model 7,\ner_yag,,,12\n"
    summary = take_in(tmp_path, text, "devices")
    assert (summary.imported, summary.refused) == (1, 1)
    assert "the limits of this class stay those of the content tables" in told(summary)
    assert {row.code: row.device_class for row in every(Device)}["D7"] == "er_yag"


def test_a_changed_device_class_is_refused(database: str, tmp_path: Path) -> None:
    house("A")
    text = "device_class,procedure_class,ref_fluence_j_cm2,plausible_max_fluence_j_cm2\nMINE,other,12,40\n"
    assert take_in(tmp_path, text, "devices").imported == 1
    assert take_in(tmp_path, text, "devices").unchanged == 1
    assert "ref_fluence_j_cm2 12 (now 13)" in told(take_in(tmp_path, text.replace("12", "13"), "devices"))
    assert {row.clinic_id for row in every(CustomDeviceClass)} == {row.id for row in every(Clinic)}
    log = "patient,performed_on,device,device_class,fluence_j_cm2\nP-0001,2026-03-01,D2,MINE,41\n"
    assert "from any to 40 J/cm2 for MINE" in told(take_in(tmp_path, log, create_missing=True))


# ---- who may, and what is on record


def test_staff_import_for_their_own_clinic_only(database: str, tmp_path: Path) -> None:
    a = house("A")
    house("B")
    row = "T1,P-0001,2026-03-01,O1,D1,cheeks,30,15,4"
    administrator = a.staff["administrator"]
    assert take_in(tmp_path, f"{HEAD}\n{row}\n", by=administrator, clinic=None).imported == 1
    assert {t.clinic_id for t in every(Treatment) if t.reference == "T1"} == {a.clinic_id}
    other = take_in(tmp_path, f"clinic,{HEAD}\nB,{row}\n", by=administrator, clinic=None)
    assert "your own clinic, A" in told(other)
    with pytest.raises(InvalidInput):
        take_in(tmp_path, f"{HEAD}\n{row}\n", by=administrator, clinic="B")
    for role in ("clinician", "front_desk"):
        with pytest.raises(NotAllowed):
            take_in(tmp_path, f"{HEAD}\n{row}\n", by=a.staff[role], clinic=None)


def test_a_run_is_on_record(database: str, tmp_path: Path) -> None:
    a = house("A")
    take_in(
        tmp_path,
        f"{HEAD}\nT1,P-0001,2026-03-01,O1,D1,cheeks,30,15,4\nT2,,,,,,,,\n",
        by=a.staff["administrator"],
    )
    (run,) = every(ImportRun)
    assert (run.rows_read, run.rows_imported, run.rows_unchanged, run.rows_refused) == (2, 1, 0, 1)
    assert (run.clinic_id, run.created_by) == (a.clinic_id, a.staff["administrator"].id)
    assert [row.action for row in every(AuditEvent)] == ["treatments.imported", "import.finished"]
    assert verify().ok


# ---- the database gives up


@pytest.mark.parametrize(("cause", "words"), [(StorageFull, "the disk is full"), (StorageBusy, "holds the database")])
def test_when_the_database_gives_up_whole_chunks_are_in_and_the_rest_follows_later(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cause: type[Exception], words: str
) -> None:
    house("A")
    monkeypatch.setattr(imports, "CHUNK_ROWS", 2)
    recompute, calls = import_steps.recompute, []

    def gives_up(session: Any, ids: Any) -> None:
        calls.append(1)
        recompute(session, ids)
        if len(calls) == 2:
            raise cause()

    monkeypatch.setattr(import_steps, "recompute", gives_up)
    rows = "".join(f"T{n},P-0001,2026-03-01,O1,D1,cheeks,30,15,4\n" for n in range(5))
    with pytest.raises(ImportStopped, match=words) as stopped:
        take_in(tmp_path, f"{HEAD}\n{rows}")
    assert "2 rows are safely in; nothing from row 4 on was saved" in stopped.value.message
    assert "run the same import again" in stopped.value.what_to_do
    assert count(Treatment) == 3
    again = take_in(tmp_path, f"{HEAD}\n{rows}")
    assert (again.imported, again.unchanged) == (3, 2)


def test_a_database_file_that_cannot_grow_names_the_disk(sqlite_database: str, tmp_path: Path) -> None:
    house("A")
    from sqlalchemy import text

    from reporting.records.engine import engine

    with engine().connect() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar_one()
        connection.execute(text(f"PRAGMA max_page_count={pages + 8}"))
    rows = "".join(f"T{n},P{n},2026-03-01,O1,D1,cheeks,30,15,4\n" for n in range(3000))
    with pytest.raises(ImportStopped, match="the disk is full"):
        take_in(tmp_path, f"{HEAD}\n{rows}", create_missing=True)
    assert (count(Treatment), count(Patient)) == (1, 1)


def test_a_locked_database_is_named_and_the_import_is_run_again(sqlite_database: str, tmp_path: Path) -> None:
    house("A")
    import sqlite3

    from sqlalchemy import text

    from reporting.records.engine import engine
    from reporting.settings import settings

    with engine().connect() as connection:
        connection.execute(text("PRAGMA busy_timeout=50"))
    rows = f"{HEAD}\nT1,P-0001,2026-03-01,O1,D1,cheeks,30,15,4\n"
    other = sqlite3.connect(settings().data_dir / "reporting.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(ImportStopped, match="another program holds the database"):
        take_in(tmp_path, rows)
    other.execute("ROLLBACK")
    other.close()
    assert take_in(tmp_path, rows).imported == 1


def test_a_class_from_a_clinic_stays_with_that_clinic(database: str, tmp_path: Path) -> None:
    a = house("A")
    text = "device_class,clinic,procedure_class,ref_fluence_j_cm2\nMINE,,other,12\n"
    assert take_in(tmp_path, text, "devices", by=a.staff["administrator"], clinic=None).imported == 1
    assert [row.clinic_id for row in every(CustomDeviceClass)] == [a.clinic_id]


def test_a_wrong_file_changes_nothing(database: str, tmp_path: Path) -> None:
    house("A")
    with pytest.raises(UnreadableFile, match="no column for patient, performed_on"):
        take_in(tmp_path, "name,price\nsoap,3\n")
    assert (count(ImportRun), count(AuditEvent)) == (0, 0)


# ---- rehearsal


def test_a_preview_shows_faults_beside_rows_and_writes_nothing(database: str, tmp_path: Path) -> None:
    house("A")
    path = tmp_path / "log.csv"
    path.write_text(f"{HEAD}\nT1,P7,2026-03-01,O7,D1,cheeks,30,15,4\nT2,P7,2026-03-01,O1,D1,elbow,30,15,4\n")
    before = {table: count(table) for table in (Operator, Patient, Treatment, AuditEvent, ImportRun)}
    shown = preview(by=SYSTEM, path=path, mapping=KindMapping("treatments", create_missing=True), clinic="A")
    assert (shown.rows, shown.imported, shown.unchanged, shown.refused) == (2, 1, 0, 1)
    assert [bool(line.faults) for line in shown.lines] == [False, True]
    assert before == {table: count(table) for table in before}


# ---- everything adds up


@pytest.mark.parametrize("seed", range(4))
def test_read_is_imported_and_unchanged_and_refused(
    database: str, tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Any mixture of good, bad, repeated and changed rows, in chunks of any size."""
    house("A")
    chance = random.Random(seed)
    monkeypatch.setattr(imports, "CHUNK_ROWS", chance.choice([1, 3, 7, 50]))
    for _ in range(3):
        rows = [
            f"T{chance.randint(1, 12)},{chance.choice(['P-0001', 'P2', 'P3'])},"
            f"2026-03-0{chance.randint(1, 2)},O1,D1,{chance.choice(['cheeks', 'chin', 'elbow'])},"
            f"{chance.choice([30, 40, 9000])},15,{chance.choice([3, 4])}"
            for _ in range(30)
        ]
        before = count(TreatedArea)
        summary = take_in(tmp_path, "\n".join([HEAD, *rows]), create_missing=True)
        assert summary.read == 30 == summary.imported + summary.unchanged + summary.refused
        assert count(TreatedArea) - before == summary.imported
        if summary.refused:
            assert open_csv(Path(summary.rejected_file)).rows == summary.refused
        good = [row.split(",")[0] for row in rows if "elbow" not in row and "9000" not in row]
        assert {t.reference for t in every(Treatment)} - {"T-0001"} <= {*good, *(f"T{n}" for n in range(13))}
        again = take_in(tmp_path, "\n".join([HEAD, *rows]), create_missing=True)
        assert (again.imported, again.refused) == (0, summary.refused)
    with reading() as session:
        assert outcomes.compare(session) == []


def test_two_imports_of_one_file_at_the_same_time_keep_each_row_once(database: str, tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    house("A")
    path = tmp_path / "log.csv"
    rows = "".join(f"T{n},P{n % 50},2026-03-01,O1,D1,cheeks,30,15,4\n" for n in range(300))
    path.write_text(f"{HEAD}\n{rows}")
    mapping = replace(KindMapping("treatments"), create_missing=True)

    def one(number: int) -> Summary:
        return run_import(
            by=SYSTEM, path=path, mapping=mapping, clinic="A", rejected_path=tmp_path / f"{number}.rejected.csv"
        )

    with ThreadPoolExecutor(2) as pool:
        summaries = list(pool.map(one, range(2)))
    assert [summary.refused for summary in summaries] == [0, 0]
    assert (count(Treatment), count(Patient), count(TreatedArea)) == (301, 51, 301)
    assert date(2026, 3, 1) in {treatment.performed_on for treatment in every(Treatment)}
