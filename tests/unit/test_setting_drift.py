"""Settings over time: periods, medians, what is usual for such patients, shares above limits, and who may look."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pytest

from reporting import clock
from reporting.clinic.read_content import ProtocolRange
from reporting.dashboards import read_ranges, read_setting_drift
from reporting.dashboards.read_setting_drift import Per, SettingDrift, Unit, days_of, drift_units
from reporting.domain.actors import SYSTEM, Actor
from reporting.errors import InvalidInput, NotAllowed, NotFound
from reporting.records import access
from reporting.shell import read_scope
from reporting.shell.read_scope import Filters
from tests.frames import many_rows

CO2 = Filters(device_class="frac_ablative_co2")
LEAD = Actor(kind="staff", id=1, clinic_id=1, role="safety_lead")
CLINICIAN = Actor(kind="staff", id=2, clinic_id=1, role="clinician")
ALL = Unit("class")


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch, sqlite_database: str) -> Iterator[pd.DataFrame]:
    frame = many_rows(3_000, seed=3, areas_per_treatment=1.3)
    monkeypatch.setattr(read_scope, "outcome_frame", lambda: frame)
    with clock.fixed(datetime(2026, 3, 10, tzinfo=UTC)):
        yield frame


def found(of: Unit = ALL, by: Actor = SYSTEM, per: Per = "month", *, is_relative: bool = False) -> SettingDrift:
    return read_setting_drift.setting_drift(by, CO2, "pulse_energy_mj", of, per=per, is_relative=is_relative)


def own(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[(rows["device_class"] == "frac_ablative_co2") & rows["pulse_energy_mj"].notna()]


def test_medians_and_middle_halves_are_those_of_plain_pandas(rows: pd.DataFrame) -> None:
    table = found().table
    by_month = own(rows).groupby(own(rows)["performed_on"].dt.to_period("M"))["pulse_energy_mj"]
    assert list(table["n"]) == list(by_month.size())
    assert np.allclose(table["median"], by_month.median())
    assert np.allclose(table["q1"], by_month.quantile(0.25))
    assert list(table["label"])[:2] == ["Jan 2024", "Feb 2024"]


def test_quarters_hold_their_three_months(rows: pd.DataFrame) -> None:
    table = found(per="quarter").table
    assert list(table["label"])[:4] == ["Q1 2024", "Q2 2024", "Q3 2024", "Q4 2024"]
    assert table["n"].sum() == len(own(rows))
    assert days_of(int(table["period"].iloc[3]), "quarter") == (date(2024, 10, 1), date(2024, 12, 31))
    assert days_of(2024 * 12 + 1, "month") == (date(2024, 2, 1), date(2024, 2, 29))


def test_one_device_is_that_device_alone(rows: pd.DataFrame) -> None:
    device = Unit("device", "C0/D0")
    assert found(device).table["n"].sum() == (own(rows)["device"] == "C0/D0").sum()


def test_against_what_is_usual_other_patients_are_no_drift_and_a_turned_knob_is(rows: pd.DataFrame) -> None:
    """Later months treat one area only, which always got twice the energy: the setting rises, the patients explain
    it. One device that is turned up by half within the same patients stays visible."""
    late = rows["performed_on"] >= "2025-06-01"
    rows.loc[rows["area"] == "neck", "pulse_energy_mj"] *= np.float32(2)
    rows.loc[late & (rows["area"] == "cheeks"), "pulse_energy_mj"] = np.float32("nan")
    plain, fair = found(per="quarter").table, found(per="quarter", is_relative=True).table
    assert plain["median"].iloc[-1] > 1.3 * plain["median"].iloc[0]
    assert fair["median"].iloc[-1] == pytest.approx(1, abs=0.1)
    rows.loc[late & (rows["device"] == "C0/D0"), "pulse_energy_mj"] *= np.float32(1.5)
    turned = found(Unit("device", "C0/D0"), per="quarter", is_relative=True).table
    assert turned["median"].iloc[-1] > 1.25
    assert turned["median"].iloc[0] == pytest.approx(1, abs=0.12)


def test_the_share_above_the_typical_range_where_nothing_is_published(rows: pd.DataFrame) -> None:
    rows.loc[rows.index % 10 == 0, "pulse_energy_mj"] = np.float32(57)
    above = found(per="quarter").above
    assert set(above["kind"]) == {"typical"}
    assert above["n_above"].sum() == (own(rows)["pulse_energy_mj"] > 56).sum() > 50
    assert ((above["lower"] <= above["share"]) & (above["share"] <= above["upper"])).all()


def test_guideline_by_area_and_protocol_by_skin(rows: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    ranges = (
        ProtocolRange("frac_ablative_co2", "density_pct", "", None, 18),
        ProtocolRange("frac_ablative_co2", "density_pct", "IV-VI", 5, 12),
    )
    monkeypatch.setattr(read_ranges, "protocol_ranges", lambda *_: ranges)
    result = read_setting_drift.setting_drift(SYSTEM, CO2, "density_pct", ALL)
    mine = rows[(rows["device_class"] == "frac_ablative_co2") & rows["density_pct"].notna()]
    on_neck, dark = mine["area"] == "neck", mine["fitzpatrick"] >= 4
    by_kind = result.above.groupby("kind")[["n", "n_above"]].sum()
    assert set(by_kind.index) == {"guideline", "protocol"}
    assert by_kind.loc["guideline", "n"] == on_neck.sum()
    assert by_kind.loc["guideline", "n_above"] == (on_neck & (mine["density_pct"] > 15)).sum()
    expected = (dark & (mine["density_pct"] > 12)) | (~dark & (mine["density_pct"] > 18))
    assert by_kind.loc["protocol", "n_above"] == expected.sum()
    assert [each.kind for each in result.ranges if each.kind == "protocol"] == ["protocol", "protocol"]


def test_operators_are_for_the_safety_lead_and_for_themselves(
    rows: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, mine = Unit("operator", "C0/O1"), Unit("operator", "C1/O1")
    assert other in drift_units(LEAD, CO2)
    monkeypatch.setattr(access, "operator_code", lambda *_: "C1/O1")
    assert not [unit for unit in drift_units(CLINICIAN, CO2) if unit.kind == "operator"]
    assert found(other, LEAD).table["n"].sum() > 0
    with pytest.raises(NotFound):
        found(other, CLINICIAN)
    assert found(mine, Actor(kind="staff", id=2, clinic_id=2, role="clinician")).table["n"].sum() > 0


def test_another_clinics_treatments_are_not_counted(rows: pd.DataFrame) -> None:
    assert found(by=CLINICIAN).table["n"].sum() == (own(rows)["clinic_id"] == 1).sum()
    assert found(Unit("device", "C1/D0"), CLINICIAN).table.empty


def test_beyond_the_treating_clinic_small_periods_are_hidden(
    rows: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_scope, "_bound", lambda *_: None)
    january = (rows["performed_on"] < "2024-02-01") & (rows["device"] == "C1/D0")
    rows.loc[rows[january].index[3:], "pulse_energy_mj"] = np.float32("nan")
    result = found(Unit("device", "C1/D0"), LEAD)
    hidden = result.table[result.table["is_hidden"]]
    assert len(hidden) == 1
    assert hidden[["n", "median", "q1", "q3"]].isna().all(axis=None)
    assert not hidden["is_enough"].any()
    assert result.above["is_hidden"].any()


def test_nobody_who_may_not_and_no_unknown_setting(rows: pd.DataFrame) -> None:
    for actor in (Actor(kind="staff", id=1, clinic_id=1, role="front_desk"), Actor(kind="patient", id=1, clinic_id=1)):
        with pytest.raises(NotAllowed):
            found(by=actor)
        with pytest.raises(NotAllowed):
            drift_units(actor, CO2)
    with pytest.raises(InvalidInput):
        read_setting_drift.setting_drift(SYSTEM, CO2, "shoe_size", ALL)


def test_no_treatments_are_no_periods(rows: pd.DataFrame) -> None:
    empty = read_setting_drift.setting_drift(SYSTEM, Filters(device_class="ipl"), "passes", ALL, is_relative=True)
    assert empty.table.empty
    assert empty.above.empty
