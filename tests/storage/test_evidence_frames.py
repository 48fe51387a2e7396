"""What the evidence engine reads: each answer from its day on, corrections from theirs, references of the device."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update
from sqlmodel import col

from reporting.domain.devices import device_class, reference_for, reference_value
from reporting.domain.vocabulary import SYMPTOMS
from reporting.records import columns, outcomes
from reporting.records.engine import transaction
from reporting.records.evidence_frames import correction_days, engine_frames, treatment_references
from reporting.records.outcome_frame import newest_revision
from reporting.records.outcomes import packed, unpacked
from reporting.records.tables import (
    CheckIn,
    CustomDeviceClass,
    CustomParameter,
    Device,
    Outcome,
    Patient,
    TreatedArea,
    Treatment,
)
from tests.cast import PERFORMED, House, house


def moment(day: int) -> datetime:
    return datetime(2026, 3, 7, 10, tzinfo=UTC) + timedelta(days=day)


def check_in(clinic: House, day: int, answered_day: int | None, **values: object) -> CheckIn:
    return CheckIn(
        clinic_id=clinic.clinic_id,
        patient_id=clinic.patient_id,
        treatment_id=clinic.treatment_id,
        scheduled_day=day,
        due_on=PERFORMED + timedelta(days=day),
        recovery_day=answered_day,
        answered_at=None if answered_day is None else moment(answered_day),
        **values,
    )


def write(clinic: House, *rows: CheckIn) -> None:
    with transaction() as session:
        session.add_all(rows)
        outcomes.recompute(session, [clinic.treatment_id])


def on(day: int) -> date:
    return PERFORMED + timedelta(days=day)


def told(as_of: date | None = None, symptom: str = "burning") -> list[tuple[int, int, float]]:
    """(scheduled day, answered day, value) of the answers known that day."""
    frames = engine_frames(as_of)
    assert frames is not None
    rows = frames.check_ins[frames.check_ins[symptom].notna()]
    return list(zip(rows["scheduled_day"], rows["answered_day"], rows[symptom].astype(float), strict=True))


def test_an_empty_database_has_no_frames(database: str) -> None:
    assert engine_frames() is None


def test_a_treatment_comes_with_its_patient_settings_and_references(database: str) -> None:
    clinic = house("A", areas=("cheeks", "neck"))
    frames = engine_frames()
    assert frames is not None
    assert frames.start == PERFORMED
    assert (frames.day(on(3)), frames.date(3)) == (3, on(3))
    assert len(frames.areas) == 2
    row = frames.areas.iloc[0]
    assert (row["clinic"], row["operator"], row["device"]) == ("A", "A/O1", "A/D1")
    assert (row["device_class"], row["area"], row["indication"]) == ("frac_ablative_co2", "cheeks", "acne_scars")
    assert (row["fitzpatrick"], row["age"], row["patient"], row["day"]) == (4, 46, clinic.patient_id, 0)
    assert (row["pulse_energy_mj"], row["density_pct"], row["passes"]) == (30, 15, 1)
    co2 = device_class("frac_ablative_co2")
    assert co2 is not None
    assert row["reference_pulse_energy_mj"] == reference_value(co2, "pulse_energy_mj")
    assert "fluence_j_cm2" not in frames.areas
    assert treatment_references([clinic.treatment_id]) == {clinic.treatment_id: "T-0001"}


def test_the_reference_is_the_guideline_of_skin_spot_and_area_where_there_is_one() -> None:
    yag, co2 = device_class("nd_yag_long_pulse"), device_class("frac_ablative_co2")
    assert yag is not None
    assert co2 is not None
    assert reference_for(yag, "fluence_j_cm2", 5, 10.0) == (25 + 40) / 2
    assert reference_for(yag, "fluence_j_cm2", 2, 10.0) == reference_for(yag, "fluence_j_cm2", 2)
    usual = reference_value(co2, "density_pct")
    assert usual is not None
    assert reference_for(co2, "density_pct", 4, None, "neck") == min(usual, 15)
    assert reference_for(co2, "density_pct", 4, None, "cheeks") == usual
    assert reference_for(co2, "pulse_delay_ms") is None


def test_a_class_that_the_clinic_defined_has_the_clinics_reference(database: str) -> None:
    clinic = house("A")
    with transaction() as session:
        own = CustomDeviceClass(clinic_id=clinic.clinic_id, code="OWN", name="Own", procedure_class="ablative")
        session.add(own)
        session.flush()
        session.add(CustomParameter(custom_device_class_id=own.id, field="pulse_energy_mj", reference=24.0))
        session.execute(update(Device).values(device_class="OWN"))
    frames = engine_frames()
    assert frames is not None
    assert frames.areas["reference_pulse_energy_mj"].tolist() == [24.0]
    assert np.isnan(frames.areas["reference_density_pct"]).all()


def test_an_answer_counts_from_the_day_it_was_given(database: str) -> None:
    clinic = house("A")
    write(clinic, check_in(clinic, 1, 4, burning=4), check_in(clinic, 7, 7, burning=0), check_in(clinic, 14, None))
    assert told(on(3)) == []
    assert told(on(4)) == [(1, 4, 1.0)]
    assert told() == [(1, 4, 1.0), (7, 7, 0.0)]
    frames = engine_frames(on(8))
    assert frames is not None
    assert frames.check_ins["swelling"].isna().all()
    assert frames.check_ins["due_day"].tolist() == [1, 7]


def test_a_treatment_of_later_is_not_known_yet(database: str) -> None:
    house("A")
    with transaction() as session:
        session.execute(update(Treatment).values(performed_on=on(30)))
    assert engine_frames(on(29)) is None
    assert engine_frames(on(30)) is not None


def test_a_correction_counts_from_the_day_it_was_made(database: str) -> None:
    clinic = house("A")
    first = check_in(clinic, 7, 7, burning=4)
    write(clinic, first)
    with transaction() as session:
        session.execute(update(CheckIn).values(replaced_at=moment(20), replaced_reason="wrong"))
    write(clinic, check_in(clinic, 7, 7, burning=0, corrects_id=first.id, created_at=moment(20)))
    assert told(on(19)) == [(7, 7, 1.0)]
    assert told(on(20)) == [(7, 7, 0.0)]
    assert told() == [(7, 7, 0.0)]
    assert correction_days(on(7), on(30)) == [on(20)]
    assert correction_days(on(20), on(30)) == []
    early = engine_frames(on(25), corrected_until=on(10))
    assert early is not None
    assert early.check_ins["burning"].tolist() == [1.0]


def test_what_was_taken_back_counted_until_then(database: str) -> None:
    clinic = house("A")
    write(clinic, check_in(clinic, 7, 7, burning=4))
    with transaction() as session:
        session.execute(update(CheckIn).values(replaced_at=moment(12), replaced_reason="withdrawn"))
        outcomes.recompute(session, [clinic.treatment_id])
    assert told(on(11)) == [(7, 7, 1.0)]
    assert told(on(12)) == []


def test_only_where_it_was_and_only_the_own_clinic(database: str) -> None:
    clinic, other = house("A", areas=("cheeks", "neck")), house("B")
    cheeks, _ = clinic.area_ids
    write(clinic, check_in(clinic, 28, 28, swelling=4, areas={"swelling": [cheeks]}))
    frames = engine_frames(clinic_id=clinic.clinic_id)
    assert frames is not None
    assert set(frames.areas["clinic"]) == {"A"}
    assert dict(zip(frames.check_ins["area_id"], frames.check_ins["swelling"], strict=True)) == {0: 1.0, 1: 0.0}
    only = engine_frames(clinic_id=other.clinic_id)
    assert only is not None
    assert len(only.check_ins) == 0


def test_a_row_without_a_trail_is_read_from_its_check_ins(database: str) -> None:
    clinic = house("A")
    write(clinic, check_in(clinic, 7, 7, burning=4))
    before = newest_revision()
    with transaction() as session:
        session.execute(update(Outcome).values(trail=None))
    assert told() == [(7, 7, 1.0)]
    assert newest_revision() == before


answers = st.tuples(st.integers(0, 365), st.integers(0, 400), st.integers(0, 63), st.integers(0, 63))


@given(st.lists(st.lists(answers, max_size=5), min_size=1, max_size=6))
def test_trails_come_back_as_they_went_in(given_trails: list[list[tuple[int, int, int, int]]]) -> None:
    trails = [b"".join(packed(s, r, a, e & a) for s, r, a, e in trail) for trail in given_trails]
    frame = unpacked(trails, np.arange(len(trails)) * 10)
    flat = [(k, *answer) for k, trail in enumerate(given_trails) for answer in trail]
    assert len(frame) == len(flat)
    for (area, scheduled, late, asked, events), row in zip(flat, frame.to_dict("records"), strict=True):
        assert (row["area_id"], row["scheduled_day"], row["answered_day"]) == (area, scheduled, area * 10 + late)
        for place, symptom in enumerate(SYMPTOMS):
            wanted = float(bool(events & asked & 1 << place)) if asked & 1 << place else None
            assert (None if np.isnan(row[symptom]) else row[symptom]) == wanted


def test_a_day_beyond_the_field_is_held_to_its_end() -> None:
    frame = unpacked([packed(1, 10**6, 1, 1)], np.array([0]))
    assert frame["answered_day"].tolist() == [0xFFFF]


@pytest.mark.parametrize("recovery", [None, 3])
def test_an_answer_without_a_recovery_day_is_of_its_scheduled_day(recovery: int | None) -> None:
    assert unpacked([packed(3, recovery, 1, 0)], np.array([5]))["answered_day"].tolist() == [8]


def test_a_process_of_its_own_reads_the_same(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    clinic, other = house("A", areas=("cheeks", "neck")), house("B")
    write(clinic, check_in(clinic, 28, 28, swelling=4), check_in(clinic, 7, 8, burning=0))
    with transaction() as session:
        session.execute(update(Outcome).where(col(Outcome.clinic_id) == other.clinic_id).values(trail=None))
        session.execute(update(Patient).where(col(Patient.clinic_id) == other.clinic_id).values(fitzpatrick=None))
        session.execute(
            update(TreatedArea)
            .where(col(TreatedArea.clinic_id) == other.clinic_id)
            .values(passes=None, density_pct=5.5)
        )
    here = engine_frames()
    monkeypatch.setattr(columns, "LARGE", 0)
    apart = engine_frames()
    assert here is not None
    assert apart is not None
    pd.testing.assert_frame_equal(apart.areas, here.areas)
    pd.testing.assert_frame_equal(apart.check_ins, here.check_ins)
    assert len(here.check_ins) == 4


def test_a_statement_that_fails_apart_says_why(database: str) -> None:
    with pytest.raises(RuntimeError, match="no_such_table"):
        columns.read_apart("SELECT * FROM no_such_table")
