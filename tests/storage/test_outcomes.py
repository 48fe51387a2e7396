"""Outcome rows are what the check-ins say, whatever happened to them and in whatever order."""

import itertools
from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlmodel import col

from reporting.domain.course import SLOTS, due_days, is_unexpected
from reporting.domain.vocabulary import SYMPTOMS
from reporting.records import columns, outcomes
from reporting.records import outcome_frame as frames
from reporting.records.engine import reading, transaction
from reporting.records.tables import CheckIn, Outcome, TreatedArea, Treatment
from tests.cast import PERFORMED, House, house


def check_in(clinic: House, day: int, *, answered: bool = True, **values: object) -> CheckIn:
    moment = datetime(2026, 3, 7, 19, tzinfo=UTC) + timedelta(days=day)
    return CheckIn(
        clinic_id=clinic.clinic_id,
        patient_id=clinic.patient_id,
        treatment_id=clinic.treatment_id,
        scheduled_day=day,
        recovery_day=day,
        due_on=PERFORMED + timedelta(days=day),
        answered_at=moment if answered else None,
        **values,
    )


def written(clinic: House, *check_ins: CheckIn) -> list[Outcome]:
    with transaction() as session:
        session.add_all(check_ins)
        outcomes.recompute(session, [clinic.treatment_id])
    with reading() as session:
        return list(session.execute(select(Outcome).order_by(Outcome.treated_area_id)).scalars())


def bit(day: int) -> int:
    return 1 << SLOTS.index(day)


def test_due_and_answered_are_kept_apart(database: str) -> None:
    clinic = house("A")
    [row] = written(clinic, check_in(clinic, 1, burning=2), check_in(clinic, 3, answered=False))
    assert row.answered_mask == bit(1)
    assert row.due_mask & bit(3)


def test_our_own_schedule_is_due_for_a_treatment_recorded_here(database: str) -> None:
    clinic = house("A")
    [row] = written(clinic)
    assert row.due_mask == sum(bit(day) for day in due_days("ablative", PERFORMED))


def test_a_log_with_its_own_due_check_ins_keeps_those_alone(database: str) -> None:
    clinic = house("A")
    [row] = written(
        clinic,
        check_in(clinic, 1, source="import", burning=0),
        check_in(clinic, 7, source="import", answered=False),
    )
    assert row.due_mask == bit(1) | bit(7)


def test_expected_is_not_a_complication(database: str) -> None:
    clinic = house("A")
    [row] = written(clinic, check_in(clinic, 1, burning=1), check_in(clinic, 28, burning=1))
    assert not is_unexpected("ablative", "burning", 1, 1)
    assert (row.first_burning, row.worst_burning) == (28, 1)


def test_values_judged_by_the_source_are_not_judged_again(database: str) -> None:
    clinic = house("A")
    [row] = written(clinic, check_in(clinic, 1, burning=1, judged_by_source=True, source="import"))
    assert row.first_burning == 1


def test_a_symptom_counts_only_where_it_is(database: str) -> None:
    clinic = house("A", areas=("cheeks", "neck"))
    cheeks, neck = clinic.area_ids
    rows = written(clinic, check_in(clinic, 28, swelling=3, areas={"swelling": [neck]}))
    assert {row.treated_area_id: row.first_swelling for row in rows} == {cheeks: None, neck: 28}


def test_a_replaced_check_in_counts_no_more(database: str) -> None:
    clinic = house("A")
    wrong = check_in(clinic, 28, scarring=4)
    written(clinic, wrong)
    with transaction() as session:
        session.execute(update(CheckIn).values(replaced_at=datetime.now(UTC)))
        session.add(check_in(clinic, 28, scarring=0))
        outcomes.recompute(session, [clinic.treatment_id])
    with reading() as session:
        row = session.execute(select(Outcome)).scalar_one()
    assert (row.first_scarring, row.worst_scarring) == (None, 0)


days = st.sampled_from(due_days("ablative", PERFORMED))
_numbers = itertools.count()
severities = st.dictionaries(st.sampled_from(SYMPTOMS), st.integers(0, 4))


@hypothesis_settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sent=st.lists(st.tuples(days, st.booleans(), severities, st.booleans()), max_size=8), seed=st.randoms())
def test_any_order_of_any_check_ins_gives_the_same_row(sqlite_database: str, sent: list, seed: object) -> None:
    """Late, withdrawn and repeated ones included; the row is what a plain reading of them says."""
    clinic = house(f"A{next(_numbers)}")
    shuffled = list(sent)
    seed.shuffle(shuffled)  # type: ignore[attr-defined]
    for day, answered, values, withdrawn in shuffled:
        row = check_in(clinic, day, answered=answered, **(values if answered else {}))
        row.replaced_at = datetime.now(UTC) if withdrawn else None
        found = next(r for r in written(clinic, row) if r.treatment_id == clinic.treatment_id)
    if not shuffled:
        return
    for symptom in SYMPTOMS:
        told = [(d, v[symptom]) for d, a, v, w in sent if a and not w and symptom in v]
        worst = max((value for _, value in told), default=None)
        first = min((d for d, value in told if value and is_unexpected("ablative", symptom, d, value)), default=None)
        assert getattr(found, f"worst_{symptom}") == worst
        assert getattr(found, f"first_{symptom}") == first
    with reading() as session:
        assert outcomes.compare(session) == []


def test_compare_finds_a_row_that_was_changed_behind_its_back(database: str) -> None:
    clinic = house("A")
    [row] = written(clinic, check_in(clinic, 28, scarring=2))
    with transaction() as session:
        session.execute(update(Outcome).values(worst_scarring=0))
    with reading() as session:
        assert outcomes.compare(session) == [row.treated_area_id]
    with transaction() as session:
        outcomes.rebuild(session)
    with reading() as session:
        assert outcomes.compare(session) == []


def test_the_frame_shows_what_was_committed_and_nothing_else(database: str, stopped_clock: datetime) -> None:
    clinic = house("A")
    written(clinic)
    assert outcome_value("worst_swelling") == -1
    with pytest.raises(RuntimeError), transaction() as session:
        session.add(check_in(clinic, 1, swelling=4))
        outcomes.recompute(session, [clinic.treatment_id])
        raise RuntimeError
    assert outcome_value("worst_swelling") == -1
    written(clinic, check_in(clinic, 1, swelling=2))
    assert outcome_value("worst_swelling") == 2


def outcome_value(column: str) -> int:
    frame = frames.outcome_frame()
    assert len(frame) == 1
    return int(frame[column].iloc[0])


def test_days_still_to_come_are_not_due(database: str, stopped_clock: datetime) -> None:
    clinic = house("A")
    written(clinic)
    passed = (stopped_clock.date() - PERFORMED).days
    assert outcome_value("due_mask") == sum(bit(day) for day in due_days("ablative", PERFORMED) if day <= passed)


def test_the_frame_is_small(database: str) -> None:
    clinic = house("A")
    written(clinic)
    frame = frames.outcome_frame()
    assert frame["performed_on"].iloc[0].date() == date(2026, 3, 7)
    assert {"clinic", "operator", "device", "device_class"} <= set(frame.select_dtypes("category").columns)
    assert frame["operator"].iloc[0] == "A/O1"


def test_two_clinics_stay_two(database: str) -> None:
    first, second = house("A"), house("B")
    with transaction() as session:
        outcomes.recompute(session, [first.treatment_id, second.treatment_id])
        areas = list(session.execute(select(TreatedArea.id)).scalars())
    frame = frames.outcome_frame()
    assert sorted(frame["treated_area_id"]) == sorted(areas)
    assert sorted(frame["clinic"]) == ["A", "B"]


def test_the_frame_of_a_large_database_is_the_same(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = house("A", areas=("cheeks", "neck")), house("B")
    written(first, check_in(first, 1, swelling=4), check_in(first, 7, answered=False))
    with transaction() as session:
        session.execute(update(Treatment).where(col(Treatment.id) == second.treatment_id).values(device_id=None))
        session.execute(update(TreatedArea).where(col(TreatedArea.clinic_id) == second.clinic_id).values(passes=None))
    small = frames.outcome_frame()
    frames.forget()
    monkeypatch.setattr(columns, "LARGE", 0)
    large = frames.outcome_frame()
    assert len(large) == 3
    pd.testing.assert_frame_equal(large, small)


def as_read_anew() -> pd.DataFrame:
    frames.forget()
    return frames.outcome_frame().sort_values("treated_area_id").reset_index(drop=True)


def assert_current() -> None:
    """The frame that was brought up to date says the same as one that is read from the start."""
    now = frames.outcome_frame().sort_values("treated_area_id").reset_index(drop=True)
    fresh = as_read_anew()
    for name in frames._CATEGORIES:
        now[name], fresh[name] = now[name].astype(str), fresh[name].astype(str)
    pd.testing.assert_frame_equal(now, fresh)


def test_a_new_answer_changes_its_rows_and_no_others(database: str, stopped_clock: datetime) -> None:
    first, second = house("A", areas=("cheeks", "neck")), house("B")
    before = frames.outcome_frame()
    kept = before.copy(deep=True)
    written(first, check_in(first, 7, swelling=4))
    after = frames.outcome_frame()
    assert after.loc[after["clinic"] == "A", "worst_swelling"].tolist() == [4, 4]
    assert after.loc[after["clinic"] == "B", "worst_swelling"].tolist() == [-1]
    pd.testing.assert_frame_equal(before, kept)  # somebody may still be reading it
    assert_current()
    with transaction() as session:
        session.execute(update(TreatedArea).where(col(TreatedArea.clinic_id) == second.clinic_id).values(passes=3))
        outcomes.recompute(session, [second.treatment_id])
    assert sorted(frames.outcome_frame()["passes"]) == [1.0, 1.0, 3.0]
    assert_current()


def test_a_corrected_treatment_takes_its_new_words_into_the_frame(database: str, stopped_clock: datetime) -> None:
    first = house("A", areas=("cheeks", "neck"))
    frames.outcome_frame()
    with transaction() as session:
        session.execute(update(TreatedArea).where(col(TreatedArea.area) == "neck").values(area="abdomen"))
        session.execute(update(Treatment).where(col(Treatment.id) == first.treatment_id).values(operator_id=None))
        outcomes.recompute(session, [first.treatment_id])
    frame = frames.outcome_frame()
    assert sorted(frame["area"]) == ["abdomen", "cheeks"]
    assert set(frame["operator"]) == {"not recorded"}
    assert_current()


def test_a_treatment_that_is_new_joins_the_frame(database: str, stopped_clock: datetime) -> None:
    house("A")
    frames.outcome_frame()
    house("B")
    assert sorted(frames.outcome_frame()["clinic"]) == ["A", "B"]
    assert_current()
