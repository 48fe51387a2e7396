"""Counting: the unit is the treatment, the denominator those who answered, recomputed by plain pandas."""

import math

import numpy as np
import pandas as pd
import pytest

from reporting.domain.course import SLOTS
from reporting.domain.vocabulary import SYMPTOMS, symptom
from reporting.shell.read_counting import RATE_COLUMNS, count_symptom, rate_table, window_mask
from tests.frames import bits, many_rows


def days_of(mask: int) -> list[int]:
    return [day for i, day in enumerate(SLOTS) if mask >> i & 1]


def slowly(frame: pd.DataFrame, by: list[str], code: str) -> pd.DataFrame:
    """The same table, row by row, without any of the code under test."""
    start, found = symptom(code).risk_from_day, []
    for key, part in frame.groupby(by, observed=True):
        row = dict(zip(by, key, strict=True)) | dict.fromkeys(RATE_COLUMNS[:5], 0) | {"events": 0}
        for _, areas in part.groupby("treatment_id"):
            due, heard = days_of(areas["due_mask"].iloc[0]), days_of(areas["answered_mask"].iloc[0])
            event = bool((areas[f"first_{code}"] >= 0).any())
            row["n_treatments"] += 1
            row["n_at_risk"] += event or any(d >= start for d in [*due, *heard])
            row["n_answered"] += event or any(d >= start for d in heard)
            row["due_check_ins"] += len(due)
            row["answered_check_ins"] += len(heard)
            row["events"] += event
        found.append(row)
    return pd.DataFrame(found)


def wilson_by_hand(events: int, n: int) -> tuple[float, float]:
    z = 1.959963984540054
    p, under = events / n, 1 + z * z / n
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / under
    middle = (p + z * z / (2 * n)) / under
    return max(middle - half, 0), min(middle + half, 1)


@pytest.mark.parametrize("code", SYMPTOMS)
@pytest.mark.parametrize("by", [["clinic"], ["device", "fitzpatrick"], ["area"]])
def test_the_table_is_what_counting_by_hand_gives(code: str, by: list[str]) -> None:
    frame = many_rows(900, seed=3, areas_per_treatment=1.7)
    frame = frame.sample(frac=1, random_state=1).reset_index(drop=True)
    ours, slow = rate_table(frame, by, code), slowly(frame, by, code)
    columns = [
        *by,
        "n_treatments",
        "n_at_risk",
        "n_answered",
        "due_check_ins",
        "answered_check_ins",
        "events",
    ]
    pd.testing.assert_frame_equal(
        ours[columns].astype(str), slow.sort_values(by).reset_index(drop=True)[columns].astype(str)
    )
    for row in ours.itertuples():
        assert row.rate == row.events / row.n_answered
        assert (row.lower, row.upper) == pytest.approx(wilson_by_hand(row.events, row.n_answered), abs=1e-12)
        assert row.response_rate == row.answered_check_ins / row.due_check_ins


def two_areas(**changes: object) -> pd.DataFrame:
    frame = many_rows(2, areas_per_treatment=1.0).assign(treatment_id=1, area=pd.Categorical(["cheeks", "neck"]))
    return frame.assign(due_mask=bits(1, 3, 28), answered_mask=bits(1, 3), first_swelling=np.int16(-1)).assign(
        **changes
    )


def test_two_areas_of_one_treatment_are_one_treatment() -> None:
    [row] = rate_table(two_areas(first_swelling=[-1, 3]), [], "swelling").to_dict("records")
    assert (row["n_treatments"], row["events"], row["due_check_ins"], row["answered_check_ins"]) == (
        1,
        1,
        3,
        2,
    )


def test_areas_apart_count_in_each_group_with_their_own_event() -> None:
    table = rate_table(two_areas(first_swelling=[-1, 3]), "area", "swelling")
    assert list(table["area"]) == ["cheeks", "neck"]
    assert list(table["n_treatments"]) == [1, 1]
    assert list(table["events"]) == [0, 1]


def test_answers_before_the_window_do_not_count_for_late_symptoms() -> None:
    answered, event = count_symptom(two_areas(first_scarring=np.int16(-1)), "scarring")
    assert not answered.any()
    assert not event.any()
    assert count_symptom(two_areas(), "swelling")[0].all()
    assert days_of(window_mask("scarring"))[0] == 14


def test_an_early_unexpected_report_is_an_answer_too() -> None:
    [row] = rate_table(two_areas(first_scarring=np.int16(3)), [], "scarring").to_dict("records")
    assert (row["n_answered"], row["events"], row["rate"]) == (1, 1, 1.0)


def test_nobody_answered_is_no_rate_and_no_knowledge() -> None:
    frame = two_areas(answered_mask=0, first_swelling=np.int16(-1))
    [row] = rate_table(frame, [], "swelling").to_dict("records")
    assert math.isnan(row["rate"])
    assert (row["n_answered"], row["lower"], row["upper"], row["response_rate"]) == (0, 0, 1, 0)


def test_an_empty_frame_gives_an_empty_table() -> None:
    table = rate_table(many_rows(5).iloc[:0], "device", "burning")
    assert table.empty
    assert list(table.columns) == ["device", *RATE_COLUMNS]
