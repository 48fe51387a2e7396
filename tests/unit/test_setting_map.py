"""The map of two settings: counts per cell, what stays grey and why, what is hidden, and the one that stands out."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pytest

from reporting import clock
from reporting.dashboards.read_behind import Part, treatments_behind
from reporting.dashboards.read_setting_map import LEAST_IN_CELL, SettingMap, setting_map
from reporting.domain.actors import SYSTEM, Actor
from reporting.errors import InvalidInput, NotAllowed
from reporting.shell import read_scope
from reporting.shell.read_counting import count_symptom
from reporting.shell.read_scope import Filters
from reporting.shell.read_small_cells import hide_small_cells
from tests.frames import many_rows

CO2 = Filters(device_class="frac_ablative_co2")


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch, sqlite_database: str) -> Iterator[pd.DataFrame]:
    frame = many_rows(4_000, seed=7, areas_per_treatment=1.3)
    monkeypatch.setattr(read_scope, "outcome_frame", lambda: frame)
    with clock.fixed(datetime(2026, 3, 10, tzinfo=UTC)):
        yield frame


def found(filters: Filters = CO2, by: Actor = SYSTEM) -> SettingMap:
    return setting_map(by, filters, "pulse_energy_mj", "density_pct", "bumps")


def test_cells_are_counted_as_plain_pandas_counts(rows: pd.DataFrame) -> None:
    result = found()
    answered, event = count_symptom(rows, "bumps")
    own = rows.assign(answered=answered, event=event)[rows["device_class"] == "frac_ablative_co2"]
    assert len(result.table) == len(result.across.cut.bands) * len(result.up.cut.bands)
    for row in result.table.itertuples():
        band, value = result.across.cut.bands[row.across], result.up.cut.bands[row.up].low
        inside = own["density_pct"] == value
        inside &= own["pulse_energy_mj"] >= np.float32(-np.inf if band.low is None else band.low)
        inside &= own["pulse_energy_mj"] < np.float32(np.inf if band.high is None else band.high)
        treatments = own[inside].groupby("treatment_id")[["answered", "event"]].any()
        assert (row.n_treatments, row.n_answered, row.events) == (
            len(treatments),
            treatments["answered"].sum(),
            treatments["event"].sum(),
        )
    assert result.n_left_out == own["density_pct"].isna().sum() > 0


def test_thin_cells_have_a_reason_and_no_rate(rows: pd.DataFrame) -> None:
    table = found(replace(CO2, area="neck", from_date=date(2025, 9, 1))).table
    thin = table[~table["is_enough"]]
    assert len(thin)
    assert (thin["n_answered"] < LEAST_IN_CELL).all()
    assert thin["why"].str.match("no treatments|too thin: [0-9] answered, 10 are needed").all()
    assert (table.loc[table["is_enough"], "why"] == "").all()


def test_nothing_stands_out_of_chance(rows: pd.DataFrame) -> None:
    assert found().stands_out == -1


def test_shades_are_drawn_towards_the_average_where_there_is_only_chance(rows: pd.DataFrame) -> None:
    result = found()
    shown = result.table[result.table["is_enough"]]
    assert (abs(shown["steadied"] - result.average) <= abs(shown["rate"] - result.average) + 1e-9).all()
    assert shown["steadied"].std() < shown["rate"].std()
    thinnest = shown["n_answered"].idxmin()
    assert shown["steadied"][thinnest] == pytest.approx(
        (shown["events"][thinnest] + 20 * result.average) / (shown["n_answered"][thinnest] + 20)
    )
    assert result.table.loc[~result.table["is_enough"], "steadied"].isna().all()


def test_few_treatments_get_fewer_and_fuller_cells(rows: pd.DataFrame) -> None:
    assert [band.label for band in found().across.cut.bands] == [
        "below 27",
        "27 to below 34",
        "34 to below 43",
        "43 and more",
    ]


def test_a_harmful_pair_stands_out(rows: pd.DataFrame) -> None:
    harmed = (rows["density_pct"] == 20) & (rows["pulse_energy_mj"] > 37) & (rows["answered_mask"] > 0)
    rows.loc[harmed, "first_bumps"] = np.int16(7)
    result = found()
    row = result.table.loc[result.stands_out]
    assert row["up_label"] == "20"
    assert row["across"] >= 2, "from the upper third on"
    shown = result.table[result.table["is_enough"]]
    assert result.elsewhere == (shown["events"].sum() - row["events"], shown["n_answered"].sum() - row["n_answered"])


def test_the_treatments_behind_a_cell_are_those_counted_in_it(rows: pd.DataFrame) -> None:
    result = found()
    row = next(row for row in result.table.itertuples() if row.events)
    part = Part({"pulse_energy_mj": row.across, "density_pct": row.up})
    listed = treatments_behind(SYSTEM, CO2, ["pulse_energy_mj", "density_pct"], "bumps", part)
    assert listed["treatment"].nunique() == 0, "the rows were made in memory: no reference is stored"
    assert row.n_treatments <= len(listed)
    assert listed["event"].sum() >= row.events
    assert set(listed["density_pct"]) == {float(row.up_label)}


def test_two_equal_settings_unknown_ones_and_no_class_are_refused(rows: pd.DataFrame) -> None:
    for across, up, filters in (
        ("passes", "passes", CO2),
        ("passes", "shoe_size", CO2),
        ("passes", "density_pct", Filters()),
    ):
        with pytest.raises(InvalidInput):
            setting_map(SYSTEM, filters, across, up, "bumps")


def test_the_front_desk_may_not_look(rows: pd.DataFrame) -> None:
    with pytest.raises(NotAllowed):
        found(by=Actor(kind="staff", id=1, clinic_id=1, role="front_desk"))


def test_beyond_the_treating_clinic_small_cells_are_hidden(rows: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_scope, "_bound", lambda *_: None)
    table = found(by=Actor(kind="staff", id=1, clinic_id=1, role="safety_lead")).table
    hidden = table[table["is_hidden"]]
    assert len(hidden)
    assert hidden[["events", "n_answered", "rate"]].isna().all(axis=None)
    assert (hidden["why"] == "hidden: too few to show beyond the treating clinic").all()
    assert (~table["is_hidden"] & table["events"].between(1, 4)).sum() == 0


def test_no_line_of_a_grid_gives_a_hidden_cell_back() -> None:
    table = pd.DataFrame(
        {
            "across": np.repeat(range(3), 3),
            "up": list(range(3)) * 3,
            "events": [2, 20, 30, 40, 50, 60, 70, 80, 90],
            "n_answered": [100, 101, 102, 103, 104, 105, 106, 107, 108],
        }
    )
    table["n_answered"] += 200
    hidden = hide_small_cells(table, ("across", "up"), threshold=5)
    for line in ("across", "up"):
        assert not (hidden.groupby(line)["is_hidden"].sum() == 1).any()
    assert hidden["is_hidden"].sum() == 4
    assert not hide_small_cells(table.iloc[1:], ("across", "up"), threshold=5)["is_hidden"].any()
