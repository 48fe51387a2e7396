"""Answered check-ins become trials, and the hazard fitted on them averages right."""

import numpy as np
import pandas as pd
import pytest

from reporting.evidence.checks import ImpossibleData, NotEnoughData
from reporting.evidence.hazard import (
    answered_intervals,
    case_mix,
    fit_hazard,
    interval_shares,
    person_periods,
)


def areas(n: int = 3) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "area_id": [f"T{k}" for k in range(n)],
            "day": np.arange(n) * 10,
            "fitzpatrick": [1 + k % 6 for k in range(n)],
            "indication": "hair",
            "device_class": "A",
            "area": "not_recorded",
            "age": 30 + np.arange(n) % 40,
        }
    )


def check_ins(rows: list[tuple]) -> pd.DataFrame:
    """(area, scheduled day, answered day or None, burning)."""
    return pd.DataFrame(
        {
            "area_id": [r[0] for r in rows],
            "scheduled_day": [r[1] for r in rows],
            "due_day": [r[1] for r in rows],
            "answered": [r[2] is not None for r in rows],
            "answered_day": [np.nan if r[2] is None else r[2] for r in rows],
            "burning": [np.nan if r[2] is None else float(r[3]) for r in rows],
            "scarring": 0.0,
        }
    )


def test_a_row_for_each_answer_until_the_first_report_and_a_skipped_one_widens_the_next() -> None:
    answers = check_ins([("T0", 1, 1, 0), ("T0", 3, None, 0), ("T0", 7, 8, 1), ("T0", 14, 14, 0), ("T1", 1, 12, 0)])
    periods = person_periods(areas(), answers, "burning")
    assert periods[["row", "interval", "event"]].to_numpy().tolist() == [[0, 1, 0], [0, 1007, 1], [1, 1, 0]]


def test_silence_is_neither_yes_nor_no() -> None:
    silent = check_ins([("T0", 1, None, 1), ("T0", 3, None, 0)])
    assert len(person_periods(areas(), silent, "burning")) == 0


def test_scarring_is_not_at_risk_before_day_14() -> None:
    answers = check_ins([("T0", 7, 7, 0), ("T0", 14, 15, 0)])
    assert person_periods(areas(), answers, "scarring")["scheduled_day"].tolist() == [14]


def test_a_doubled_answer_counts_once_and_an_unknown_area_not_at_all() -> None:
    answers = check_ins([("T0", 1, 1, 1), ("T0", 1, 1, 1), ("lost", 1, 1, 1)])
    assert person_periods(areas(), answers, "burning")["event"].tolist() == [1.0]


def test_an_unknown_symptom_is_named() -> None:
    with pytest.raises(ImpossibleData, match="rash"):
        person_periods(areas(), check_ins([("T0", 1, 1, 0)]), "rash")


def many(n: int = 400) -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(4)
    table = areas(n)
    rows = [
        (area, day, at * 10 + day, int(rng.random() < 0.1))
        for at, area in enumerate(table["area_id"])
        for day in (1, 7)
        if rng.random() < 0.8
    ]
    return table, check_ins(rows)


def test_expected_events_sum_to_the_observed_and_do_not_depend_on_the_start() -> None:
    table, answers = many()
    periods, mix = person_periods(table, answers, "burning"), case_mix(table)
    row, interval = periods["row"].to_numpy(), periods["interval"].to_numpy()
    early = fit_hazard(periods[periods["answered_day"] < 2000], mix)
    cold, warm = fit_hazard(periods, mix), fit_hazard(periods, mix, early)
    assert cold.expected(row, interval).sum() == pytest.approx(periods["event"].sum(), abs=1e-6)
    assert warm.fit.coefficients == pytest.approx(cold.fit.coefficients, abs=1e-8)


def test_an_interval_never_seen_before_is_given_an_average_hazard() -> None:
    table, answers = many()
    model = fit_hazard(person_periods(table, answers, "burning"), case_mix(table))
    unseen = model.expected(np.arange(6), np.full(6, 55_056))
    assert ((unseen > 0) & (unseen < 1)).all()


def test_no_event_no_model() -> None:
    table, answers = many()
    with pytest.raises(NotEnoughData):
        fit_hazard(person_periods(table, answers.assign(burning=0.0), "burning"), case_mix(table))


def test_interval_shares_average_the_paths_of_those_followed_to_the_end() -> None:
    answers = check_ins([("T0", 1, 1, 0), ("T0", 7, 7, 0), ("T1", 7, 17, 0), ("T2", 1, 21, 0), ("T2", 7, None, 0)])
    shares = interval_shares(answered_intervals(areas(), answers, "burning"), 100)
    assert shares == {1: pytest.approx(2 / 3), 1007: pytest.approx(1 / 3), 7: pytest.approx(1 / 3)}
