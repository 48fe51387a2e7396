"""Bands: where they are cut, that they stand still, and that the counts in them are right."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pytest

from reporting import clock
from reporting.dashboards.read_bands import Band, SettingBands, band_codes, cut, setting_bands, setting_choice
from reporting.dashboards.read_behind import Part, treatments_behind
from reporting.domain.actors import SYSTEM, Actor
from reporting.errors import InvalidInput, NotAllowed
from reporting.shell import read_scope
from reporting.shell.read_counting import count_symptom
from reporting.shell.read_scope import Filters
from tests.frames import many_rows

TODAY = date(2026, 3, 10)
CO2 = Filters(device_class="frac_ablative_co2")


def cut_of(values: list[float], year: int = 2025) -> tuple[Band, ...]:
    days = pd.Series(pd.to_datetime([f"{year}-06-01"] * len(values)))
    return cut(np.array(values, dtype=np.float32), days, TODAY).bands


def test_few_values_have_a_band_each() -> None:
    bands = cut_of([3, 1, 2, 1, float("nan")] * 30)
    assert [band.label for band in bands] == ["1", "2", "3"]
    codes = band_codes(np.array([2, 1, np.nan, 3], dtype=np.float32), bands)
    assert list(codes) == [1, 0, -1, 2]


def test_many_values_are_cut_at_readable_quintiles_open_at_both_ends() -> None:
    bands = cut_of([10 + i / 10 for i in range(200)])
    assert [band.label for band in bands] == [
        "below 14",
        "14 to below 18",
        "18 to below 22",
        "22 to below 26",
        "26 to below 29",
        "29 and more",
    ]
    codes = band_codes(np.array([1, 14, 17.99, 26, 900], dtype=np.float32), bands)
    assert list(codes) == [0, 1, 1, 4, 5]


def test_edges_that_two_digits_would_make_one_have_three() -> None:
    bands = cut_of([12 + i / 200 for i in range(200)])
    assert [band.low for band in bands[1:]] == [12.2, 12.4, 12.6, 12.8, 12.9]


def test_decimal_edges_take_their_own_value_in() -> None:
    bands = cut_of([round(0.05 * i, 2) for i in range(1, 101)])
    edge = bands[1].low
    assert edge is not None
    assert list(band_codes(np.array([edge], dtype=np.float32), bands)) == [1]


def test_new_treatments_do_not_move_the_cut() -> None:
    old = many_rows(500, seed=2)
    values, days = old["pulse_energy_mj"].to_numpy(), pd.Series(pd.to_datetime(["2025-06-01"] * 500))
    before = cut(values, days, TODAY)
    more = np.append(values, np.full(400, 99, dtype=np.float32))
    after = cut(more, pd.concat([days, pd.Series(pd.to_datetime(["2026-02-01"] * 400))]), TODAY)
    assert before == after
    assert before.fixed_on == date(2026, 1, 1)


def test_a_first_year_says_that_its_bands_still_move() -> None:
    days = pd.Series(pd.to_datetime(["2026-02-01"] * 100))
    assert cut(np.arange(100, dtype=np.float32), days, TODAY).fixed_on is None


def test_no_values_are_no_bands() -> None:
    assert cut_of([float("nan")] * 60) == ()
    assert list(band_codes(np.array([5], dtype=np.float32), ())) == [-1]


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch, sqlite_database: str) -> Iterator[pd.DataFrame]:
    frame = many_rows(4_000, seed=5, areas_per_treatment=1.4)
    monkeypatch.setattr(read_scope, "outcome_frame", lambda: frame)
    with clock.fixed(datetime(2026, 3, 10, tzinfo=UTC)):
        yield frame


def found(**filters: str) -> SettingBands:
    return setting_bands(SYSTEM, Filters(device_class="frac_ablative_co2", **filters), "pulse_energy_mj", "bumps")


def test_counts_per_band_and_skin_group_are_those_of_plain_pandas(rows: pd.DataFrame) -> None:
    result = found()
    answered, event = count_symptom(rows, "bumps")
    own = rows.assign(answered=answered, event=event)[rows["device_class"] == "frac_ablative_co2"]
    own = own.assign(group=own["fitzpatrick"].map(lambda skin: ["not recorded", "I-III", "IV-VI"][(skin + 2) // 3]))
    for row in result.table.itertuples():
        band = result.cut.bands[int(row.band)]
        inside = own["group"] == row.skin_group
        if band.low is not None:
            inside &= own["pulse_energy_mj"] >= np.float32(band.low)
        if band.high is not None:
            inside &= own["pulse_energy_mj"] < np.float32(band.high)
        per_treatment = own[inside].groupby("treatment_id")[["answered", "event"]].any()
        assert row.n_treatments == len(per_treatment)
        assert row.n_answered == per_treatment["answered"].sum()
        assert row.events == per_treatment["event"].sum()


def test_filters_narrow_the_counts_and_not_the_bands(rows: pd.DataFrame) -> None:
    everything, neck = found(), found(area="neck")
    assert everything.cut == neck.cut
    assert neck.table["n_treatments"].sum() < everything.table["n_treatments"].sum()


def test_areas_without_the_setting_are_counted_as_left_out(rows: pd.DataFrame) -> None:
    result = setting_bands(SYSTEM, CO2, "density_pct", "bumps")
    own = rows[rows["device_class"] == "frac_ablative_co2"]
    assert result.n_without_setting == own["density_pct"].isna().sum() > 0
    assert [band.label for band in result.cut.bands] == ["5", "10", "15", "20"]


def test_typical_and_guideline_ranges_come_from_the_content(rows: pd.DataFrame) -> None:
    neck = setting_bands(SYSTEM, Filters(device_class="frac_ablative_co2", area="neck"), "density_pct", "scarring")
    assert (neck.ranges[0].kind, neck.ranges[0].low, neck.ranges[0].high) == ("typical", 5, 20)
    assert {each.high for each in neck.ranges if each.kind == "guideline"} == {15}
    assert all(each.source for each in neck.ranges)


def test_a_strong_effect_in_one_group_is_said_of_that_group_alone(rows: pd.DataFrame) -> None:
    harmed = (rows["pulse_energy_mj"] > 33) & (rows["fitzpatrick"] >= 4) & (rows["answered_mask"] > 0)
    rows.loc[harmed, "first_bumps"] = np.int16(7)
    assert found().differences == {"I-III": "", "IV-VI": "more", "not recorded": ""}


def test_raw_settings_are_never_pooled_over_device_classes(rows: pd.DataFrame) -> None:
    with pytest.raises(InvalidInput, match="device_class"):
        setting_bands(SYSTEM, Filters(), "pulse_energy_mj", "bumps")


@pytest.mark.parametrize(("parameter", "symptom"), [("patient_id", "bumps"), ("passes", "itch")])
def test_unknown_settings_and_symptoms_are_refused(
    rows: pd.DataFrame, sqlite_database: str, parameter: str, symptom: str
) -> None:
    with pytest.raises(InvalidInput):
        setting_bands(SYSTEM, CO2, parameter, symptom)


def test_front_desk_and_patients_may_not_look(rows: pd.DataFrame) -> None:
    for actor in (
        Actor(kind="staff", id=1, clinic_id=1, role="front_desk"),
        Actor(kind="patient", id=1, clinic_id=1),
    ):
        with pytest.raises(NotAllowed):
            setting_bands(actor, CO2, "pulse_energy_mj", "bumps")
        with pytest.raises(NotAllowed):
            treatments_behind(actor, CO2, ["pulse_energy_mj"], "bumps", Part({"pulse_energy_mj": 0}, "I-III"))
        with pytest.raises(NotAllowed):
            setting_choice(actor, CO2.device_class)


def test_the_treatments_behind_a_band_are_those_counted_in_it(rows: pd.DataFrame) -> None:
    row = next(found().table.itertuples())
    part = Part({"pulse_energy_mj": row.band}, row.skin_group)
    listed = treatments_behind(SYSTEM, CO2, ["pulse_energy_mj"], "bumps", part)
    assert listed["event"].sum() >= row.events > 0
    assert listed["event"].is_monotonic_decreasing
    assert (listed["pulse_energy_mj"] < result_edge()).all()


def result_edge() -> float:
    edge = found().cut.bands[0].high
    assert edge is not None
    return edge


def test_the_main_setting_is_the_dose_on_the_skin_and_not_the_pulse(rows: pd.DataFrame) -> None:
    found = setting_choice(SYSTEM, "frac_ablative_co2")
    assert found is not None
    assert (found.main, found.beside) == ("density_pct", "pulse_energy_mj")
    assert found.settings == ("pulse_energy_mj", "density_pct", "passes")
    assert found.devices == ("C0/D0", "C1/D0", "C2/D0"), "devices of other classes are no choice"


def test_a_setting_that_is_hardly_ever_recorded_is_not_the_main_one(rows: pd.DataFrame) -> None:
    rows.loc[rows.index % 3 != 0, "density_pct"] = np.float32("nan")
    found = setting_choice(SYSTEM, "frac_ablative_co2")
    assert found is not None
    assert found.main == "pulse_energy_mj"


def test_a_class_without_any_recorded_setting_has_no_choice(rows: pd.DataFrame) -> None:
    assert setting_choice(SYSTEM, "ipl") is None


def test_the_part_narrows_by_days_and_operator(rows: pd.DataFrame) -> None:
    days = Part(from_date=date(2024, 6, 1), to_date=date(2024, 6, 30), operator="C1/O1")
    listed = treatments_behind(SYSTEM, CO2, ["passes"], "bumps", days)
    inside = (rows["device_class"] == "frac_ablative_co2") & (rows["operator"] == "C1/O1")
    inside &= rows["performed_on"].between(pd.Timestamp("2024-06-01"), pd.Timestamp("2024-06-30"))
    assert len(listed) == inside.sum() > 0
    assert listed["performed_on"].between(pd.Timestamp("2024-06-01"), pd.Timestamp("2024-06-30")).all()


def test_beyond_the_treating_clinic_small_bands_are_hidden(rows: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_scope, "_bound", lambda *_: None)
    colleague = Actor(kind="staff", id=1, clinic_id=1, role="safety_lead")
    table = setting_bands(colleague, replace(CO2, area="neck", from_date=date(2025, 9, 1)), "pulse_energy_mj", "bumps")
    hidden = table.table[table.table["is_hidden"]]
    assert len(hidden) > 1
    assert hidden[["events", "n_answered", "rate", "upper"]].isna().all(axis=None)
    assert not hidden["is_enough"].any()
