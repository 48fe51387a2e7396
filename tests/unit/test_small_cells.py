"""No hidden count can be worked out from what is shown: not from totals, not from two tables cut differently.

The test plays somebody who has every shown number and every total, and asks by linear programming between what bounds
each hidden count must lie. It shares nothing with the code that hides.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st
from scipy.optimize import linprog

from reporting.dashboards import read_overview, read_ranges
from reporting.dashboards.read_bands import setting_bands
from reporting.dashboards.read_overview import overview
from reporting.domain.actors import Actor
from reporting.settings import settings
from reporting.shell import read_scope
from reporting.shell.read_scope import Filters
from reporting.shell.read_small_cells import coarse, hide_small_cells, to_hand_on
from tests.frames import many_rows

K = st.integers(2, 11)
Bounds = list[tuple[float, float | None]]


def counts(size: int) -> st.SearchStrategy[list[tuple[int, int, int]]]:
    """(events, answers without, silent) of each row; small numbers are frequent."""
    number = st.one_of(st.integers(0, 12), st.integers(0, 200))
    return st.lists(st.tuples(number, number, number), min_size=size, max_size=size)


def a_table(rows: list[tuple[int, int, int]], **names: Any) -> pd.DataFrame:
    part = np.array(rows, dtype=np.int64).reshape(-1, 3)
    answered = part[:, 0] + part[:, 1]
    return pd.DataFrame({**names, "events": part[:, 0], "n_answered": answered, "n_treatments": answered + part[:, 2]})


def is_open(cell: int, bounds: Bounds, sums: list[tuple[list[int], float, float]], k: int) -> bool:
    """Whether cell can still be everything from 1 to k - 1. ``sums``: (cells, least, most) of known totals."""
    rows = [[float(i in cells) for i in range(len(bounds))] for cells, _, _ in sums]
    left = [*rows, *([-value for value in row] for row in rows)]
    right = [*(most for _, _, most in sums), *(-least for _, least, _ in sums)]
    goal = [float(i == cell) for i in range(len(bounds))]
    for wanted, sign in ((1, 1), (k - 1, -1)):
        found = linprog([sign * g for g in goal], A_ub=left or None, b_ub=right or None, bounds=bounds, method="highs")
        end = -np.inf if found.status == 3 else found.fun
        if found.status not in (0, 3) or end > sign * wanted + 1e-6:
            return False
    return True


def columns(table: pd.DataFrame) -> dict[str, Any]:
    return {
        "events": table["events"],
        "n_answered": table["n_answered"],
        "n_treatments": table["n_treatments"],
        "without": table["n_answered"] - table["events"],
    }


def is_small(value: int, k: int) -> bool:
    return 0 < value < k


def total_is_on_show(part: pd.DataFrame, k: int) -> bool:
    whole = {name: int(column.sum()) for name, column in columns(part).items()}
    return not any(is_small(n, k) for name, n in whole.items() if name != "without" or whole["events"])


def told(table: pd.DataFrame, lines: list[list[int]], k: int) -> list[str]:
    """Small counts that can be told from the shown ones and the exact totals of ``lines``."""
    shown = hide_small_cells(table, [] if "row" not in table else ["row", "column"], k)
    found = []
    for name, column in columns(table).items():
        bounds: Bounds = [
            (0, None) if hidden else (value, value) for value, hidden in zip(column, shown["is_hidden"], strict=True)
        ]
        sums = [
            (line, float(column[line].sum()), float(column[line].sum()))
            for line in lines
            if total_is_on_show(table.iloc[line], k)
        ]
        for cell in np.flatnonzero(shown["is_hidden"]):
            if not is_small(int(column[cell]), k) or (name == "without" and not table["events"][cell]):
                continue
            everything_hidden = any(shown["is_hidden"][line].all() for line, _, _ in sums if cell in line)
            if not is_open(int(cell), bounds, sums, k) and not everything_hidden:
                found.append(f"{name} {cell}")
    return found


@profile(max_examples=60)
@given(rows=st.integers(1, 6).flatmap(counts), k=K)
def test_a_total_gives_no_hidden_count_back(rows: list[tuple[int, int, int]], k: int) -> None:
    table = a_table(rows)
    assert told(table, [list(range(len(table)))], k) == []


@profile(max_examples=40)
@given(rows=counts(9), k=K)
def test_the_totals_of_a_grid_give_no_hidden_count_back(rows: list[tuple[int, int, int]], k: int) -> None:
    table = a_table(rows, row=np.repeat(range(3), 3), column=list(range(3)) * 3)
    lines = [list(range(r * 3, r * 3 + 3)) for r in range(3)] + [list(range(c, 9, 3)) for c in range(3)]
    assert told(table, lines, k) == []


@given(rows=st.integers(1, 6).flatmap(counts), k=K)
def test_nothing_small_is_shown(rows: list[tuple[int, int, int]], k: int) -> None:
    shown = to_hand_on(a_table(rows), threshold=k)
    kept = shown[~shown["is_hidden"]]
    for name, column in columns(kept).items():
        assert name == "without" or not column.between(1, k - 1).any(), name
        assert name == "without" or ((column == 0) | (column % k == (k - 1) // 2)).all(), name
    assert shown.loc[shown["is_hidden"], ["events", "n_answered", "n_treatments"]].isna().all(axis=None)


@given(small=st.integers(1, 10), large=st.integers(0, 300), k=K)
def test_two_tables_cut_differently_give_no_small_count_back(small: int, large: int, k: int) -> None:
    """All skins and skins I to III are handed on; the few of IV to VI are what one would get by taking away."""
    if not is_small(small, k) or is_small(large, k) or is_small(small + large, k):
        return
    ends = []
    for value in (small + large, large):
        shown = float(coarse(value, k))
        possible = [n for n in range(int(shown) + k + 1) if float(coarse(n, k)) == shown and not is_small(n, k)]
        ends.append((min(possible), max(possible)))
    (least, most), (other_least, other_most) = ends
    assert least - other_most <= 1
    assert most - other_least >= k - 1


def test_small_cells_and_what_would_give_them_away_are_hidden() -> None:
    table = pd.DataFrame({"events": [3, 20, 40, 0], "n_answered": [60, 100, 200, 90], "rate": [0.05, 0.2, 0.2, 0]})
    hidden = hide_small_cells(table, threshold=5)
    assert list(hidden["is_hidden"]) == [True, True, False, True], "3 and 0 together are still 3"
    assert hidden.loc[0, ["events", "n_answered", "rate"]].isna().all()
    assert hidden.loc[2, "events"] == 40


def test_nothing_small_hides_nothing() -> None:
    table = pd.DataFrame({"events": [0, 20], "n_answered": [60, 100], "rate": [0, 0.2]})
    assert not hide_small_cells(table, threshold=5)["is_hidden"].any()


def test_a_bridge_between_two_corners_of_a_grid_is_closed() -> None:
    """Each line has two hidden cells, and yet the one in the middle could be told by adding and taking away."""
    corner = [(0, 0), (0, 1), (1, 0), (1, 1), (3, 3), (3, 4), (4, 3), (4, 4), (1, 3)]
    rows = [(2, 50, 0) if (r, c) in corner else (40, 60, 0) for r in range(5) for c in range(5)]
    table = a_table(rows, row=np.repeat(range(5), 5), column=list(range(5)) * 5)
    lines = [list(range(r * 5, r * 5 + 5)) for r in range(5)] + [list(range(c, 25, 5)) for c in range(5)]
    assert told(table, lines, 5) == []


def test_the_threshold_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    table = a_table([(7, 60, 0), (30, 60, 0), (50, 60, 0)])
    assert not hide_small_cells(table)["is_hidden"].any()
    monkeypatch.setattr(settings(), "small_cell_threshold", 11)
    assert hide_small_cells(table)["is_hidden"].tolist() == [True, True, False]


@pytest.mark.parametrize("which", ["side effects", "bands"])
def test_tables_of_the_dashboards_leave_the_clinic_without_small_counts(
    monkeypatch: pytest.MonkeyPatch, sqlite_database: str, which: str
) -> None:
    frame = many_rows(1_800, seed=4)
    monkeypatch.setattr(read_scope, "outcome_frame", lambda: frame)
    monkeypatch.setattr(read_ranges, "protocol_ranges", lambda *_: ())
    by, narrow = Actor(kind="staff", id=1, clinic_id=1, role="clinician"), Filters(device_class="frac_ablative_co2")
    if which == "bands":
        table = read_overview.bands(setting_bands(by, narrow, "density_pct", "burning"))
    else:
        table = read_overview.side_effects(overview(by, replace(narrow, skin_group="IV-VI")))
    hidden = table["Hidden"] == "yes"
    assert hidden.any()
    assert not hidden.all()
    numbers = table.loc[~hidden, ["Treatments", "Answered", "Unexpected"]]
    assert ((numbers == 0) | (numbers % 5 == 2)).all(axis=None)
    assert table.loc[hidden, ["Treatments", "Answered", "Unexpected", "Rate", "Lower 95 %"]].isna().all(axis=None)


def test_rates_are_those_of_the_coarse_counts() -> None:
    table = a_table([(7, 60, 0), (33, 58, 0)]).assign(rate=0.0, lower=0.0, upper=0.0)
    shown = to_hand_on(table, threshold=5)
    assert shown["events"].tolist() == [7, 32]
    assert shown["n_answered"].tolist() == [67, 92]
    assert shown["rate"].tolist() == [7 / 67, 32 / 92]
    assert ((shown["lower"] < shown["rate"]) & (shown["rate"] < shown["upper"])).all()
