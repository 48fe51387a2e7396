"""Trials counted by cell say what trials in rows say; work beside is the same work."""

import os
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting.domain.packed import Answers, distinct
from reporting.evidence import beside, hazard
from reporting.evidence.checks import ImpossibleData, NotEnoughData
from reporting.evidence.hazard import case_mix, fit_hazard, person_periods
from reporting.evidence.surveillance import Schedule, build_network, weekly_tables
from reporting.evidence.trials import laid_out, trials

FORK = "ignore:.*fork:DeprecationWarning"
"""Newer Pythons warn of a fork beside threads: tests have some, commands have none."""
SYMPTOMS = ("burning", "hyperpigmentation")
AREAS = 40
answer = st.tuples(
    st.integers(0, AREAS - 1),
    st.sampled_from([1, 3, 14, 28, 56]),
    st.integers(0, 20),
    st.integers(0, 3),
    st.integers(0, 3),
)


def treated(n: int = AREAS) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "area_id": np.arange(n),
            "day": np.sort(rng.integers(0, 60, n)),
            "fitzpatrick": rng.integers(1, 7, n),
            "age": rng.integers(20, 70, n),
            "clinic": "A",
            "operator": rng.choice(["A/x", "A/y"], n),
            "device": rng.choice(["A/d", "A/e"], n),
            "device_class": "laser",
            "indication": "scar",
            "area": "cheeks",
        }
    )


def answers_of(rows: list[tuple[int, int, int, int, int]], areas: pd.DataFrame) -> Answers:
    table = np.array(sorted(rows, key=lambda row: row[0]), dtype=np.int64).reshape(-1, 5)
    row, scheduled, late, asked, events = table.T
    answered = areas["day"].to_numpy()[row] + scheduled + late
    return Answers(
        row.astype(np.int32),
        scheduled.astype(np.uint16),
        answered.astype(np.int32),
        asked.astype(np.uint8),
        events.astype(np.uint8),
        SYMPTOMS,
    )


def as_table(answers: Answers) -> pd.DataFrame:
    columns: dict[str, object] = {
        "area_id": answers.row,
        "scheduled_day": answers.scheduled_day.astype(int),
        "answered": np.ones(len(answers), dtype=bool),
        "answered_day": answers.answered_day,
    }
    for symptom in SYMPTOMS:
        bit = answers.bit(symptom)
        columns[symptom] = np.where(answers.asked & bit, (answers.events & bit) != 0, np.nan)
    return pd.DataFrame(columns)


@given(st.lists(answer, max_size=120))
def test_bytes_and_rows_give_the_same_trials(rows: list[tuple[int, int, int, int, int]]) -> None:
    areas = treated()
    answers = answers_of(rows, areas)
    for symptom in SYMPTOMS:
        found, periods = trials(areas, answers, symptom), person_periods(areas, as_table(answers), symptom)
        event = np.zeros(len(found.row))
        event[found.events] = 1
        mine = sorted(zip(found.row, found.day, found.interval, event, strict=True))
        theirs = periods[["row", "answered_day", "interval", "event"]].itertuples(index=False, name=None)
        assert mine == sorted(theirs)


def test_an_unknown_symptom_is_refused() -> None:
    with pytest.raises(ImpossibleData, match="rash"):
        trials(treated(), answers_of([], treated()), "rash")


def many(monkeypatch: pytest.MonkeyPatch) -> tuple[pd.DataFrame, Answers]:
    """Answers that fill several blocks."""
    monkeypatch.setattr(hazard, "BLOCK", 64)
    rng, areas = np.random.default_rng(2), treated(400)
    rows = [(k, day, int(rng.integers(0, 5)), 3, int(rng.random() < 0.2) * 3) for k in range(400) for day in (1, 14)]
    return areas, answers_of(rows, areas)


def test_models_of_counts_are_the_models_of_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    areas, answers = many(monkeypatch)
    mix, found = case_mix(areas), trials(areas, answers, "burning")
    schedule = Schedule(40, 75, 7, 14)
    laid = laid_out(mix, found, schedule.fit_days)
    seen, events = laid.counts()
    periods = person_periods(areas, as_table(answers), "burning")
    tables = weekly_tables(areas, answers, ("burning",), schedule, build_network(areas))
    for at, day in enumerate(schedule.fit_days):
        known = periods[periods["answered_day"] <= day]
        assert (seen[at].sum(), events[at].sum()) == (len(known), known["event"].sum())
        model = fit_hazard(known, mix)
        assert tables.models[0][at].fit.coefficients == pytest.approx(model.fit.coefficients, abs=1e-9)
    known = periods[periods["answered_day"] <= schedule.judged[-1]]
    assert tables.observed.sum() == known["event"].sum()
    hazards = np.empty(len(known))
    for at, day in enumerate(schedule.fit_days):
        late = (known["answered_day"] > day).to_numpy() | (at == 0)
        expected = tables.models[0][at].expected(known["row"].to_numpy(), known["interval"].to_numpy())
        hazards[late] = expected[late]
    assert tables.expected.sum() == pytest.approx(hazards.sum(), rel=1e-12)


def test_a_baseline_without_an_event_is_no_baseline(monkeypatch: pytest.MonkeyPatch) -> None:
    areas, answers = many(monkeypatch)
    quiet = replace(answers, events=np.zeros_like(answers.events))
    with pytest.raises(NotEnoughData):
        weekly_tables(areas, quiet, ("burning",), Schedule(40, 75), build_network(areas))


@given(st.lists(st.one_of(st.integers(-5, 5), st.integers(-(10**9), 10**9))))
def test_distinct_numbers_are_those_of_numpy(keys: list[int]) -> None:
    found, known = distinct(np.array(keys, dtype=np.int64)), np.unique(keys, return_index=True, return_inverse=True)
    for mine, theirs in zip(found, known, strict=True):
        assert mine.tolist() == theirs.tolist()


def alone(monkeypatch: pytest.MonkeyPatch, *, single: bool = True) -> None:
    monkeypatch.setattr(beside, "_is_single", lambda: single)


@pytest.mark.filterwarnings(FORK)
def test_work_beside_is_done_by_another_process(monkeypatch: pytest.MonkeyPatch) -> None:
    alone(monkeypatch)
    there = beside.beside(lambda: (os.getpid(), np.arange(10**6)), rows=beside.LARGE)
    pid, numbers = there()
    assert pid != os.getpid()
    assert numbers.sum() == 499_999_500_000
    assert there()[0] == pid


@pytest.mark.filterwarnings(FORK)
def test_what_goes_wrong_beside_is_raised_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> None:
        raise NotEnoughData("too few")

    def refuses() -> None:
        raise ImpossibleData("allowed", 0, "more than 0")

    alone(monkeypatch)
    with pytest.raises(NotEnoughData, match="too few"):
        beside.beside(fails, rows=beside.LARGE)()
    with pytest.raises(RuntimeError, match="allowed is more than 0"):
        beside.beside(refuses, rows=beside.LARGE)()
    with pytest.raises(RuntimeError, match="without a result"):
        beside.beside(lambda: os._exit(9), rows=beside.LARGE)()


@pytest.mark.parametrize(("rows", "single"), [(beside.LARGE - 1, True), (beside.LARGE, False)])
def test_small_work_and_threads_stay_in_the_process(monkeypatch: pytest.MonkeyPatch, rows: int, single: bool) -> None:
    alone(monkeypatch, single=single)
    assert beside.beside(os.getpid, rows=rows)() == os.getpid()
