"""The planner counts comparable treatments as plain pandas does, beside guidelines, for the own clinic only."""

from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from reporting.clinic.read_content import ProtocolRange
from reporting.dashboards import read_planner
from reporting.dashboards.read_planner import MINIMUM_HERE, Plan, last_treatments, plan
from reporting.domain.actors import SYSTEM
from reporting.domain.vocabulary import SYMPTOMS, skin_group_of
from reporting.errors import InvalidInput, NotAllowed, NotFound
from reporting.shell import read_scope
from tests.cast import House, house
from tests.frames import many_rows

CLASS = "frac_ablative_co2"


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch, sqlite_database: str, stopped_clock: datetime) -> pd.DataFrame:
    frame = many_rows(4_000, seed=5)
    monkeypatch.setattr(read_scope, "outcome_frame", lambda: frame)
    return frame


def planned(area: str = "cheeks", fitzpatrick: int | None = 2, **settings: float) -> Plan:
    return plan(SYSTEM, device_class=CLASS, fitzpatrick=fitzpatrick, area=area, settings=settings)


def test_comparable_are_those_within_reach_of_every_setting(rows: pd.DataFrame) -> None:
    value = float(rows.loc[rows["device_class"] == CLASS, "density_pct"].median())
    found = planned(density_pct=value)
    mine = rows[(rows["device_class"] == CLASS) & rows["fitzpatrick"].between(1, 3)]
    close = mine[(np.abs(mine["density_pct"] - value) <= 0.15 * value) & (mine["area"] == "cheeks")]
    assert (found.n_comparable, found.n_all) == (close["treatment_id"].nunique(), mine["treatment_id"].nunique())
    assert list(found.table["symptom"]) == list(SYMPTOMS)
    events = close.groupby("treatment_id")["first_burning"].max() >= 0
    assert found.table.iloc[0]["events"] == events.sum()
    assert (found.table["all_n_answered"] >= found.table["n_answered"]).all()


def test_an_area_with_too_few_is_counted_with_the_others(rows: pd.DataFrame) -> None:
    value = float(rows.loc[rows["device_class"] == CLASS, "density_pct"].median())
    assert planned("ears", density_pct=value).area == ""
    here = planned("cheeks", density_pct=value)
    assert here.area == "cheeks"
    assert here.n_comparable >= MINIMUM_HERE


def test_nothing_comparable_is_no_rate(rows: pd.DataFrame) -> None:
    found = planned(density_pct=0.001)
    assert found.n_comparable == 0
    assert not found.table["is_enough"].any()


def test_an_unknown_skin_type_counts_everybody(rows: pd.DataFrame) -> None:
    assert skin_group_of(None) == ""
    everyone = rows[rows["device_class"] == CLASS]["treatment_id"].nunique()
    assert planned(fitzpatrick=None, density_pct=10).n_all == everyone


def test_a_setting_above_the_published_maximum_is_marked(sqlite_database: str, stopped_clock: datetime) -> None:
    clinic = house("A")
    found = plan(
        clinic.staff["clinician"],
        device_class=CLASS,
        fitzpatrick=5,
        area="cheeks",
        settings={"density_pct": 60.0},
        last={"density_pct": 30.0},
    )
    [line] = found.settings
    assert line.last_value == 30
    assert line.is_above_guideline == (line.guideline_maximum is not None and line.guideline_maximum < 60)
    assert line.is_above_guideline or line.is_untypical


@pytest.mark.parametrize(("name", "value"), [("magic_mj", 3.0), ("density_pct", 0.0), ("density_pct", float("nan"))])
def test_what_is_no_setting_is_refused(rows: pd.DataFrame, name: str, value: float) -> None:
    with pytest.raises(InvalidInput):
        planned(**{name: value})


class TestLast:
    @pytest.fixture
    def clinic(self, database: str, stopped_clock: datetime) -> House:
        return house("A")

    def test_the_newest_treatment_of_each_area(self, clinic: House) -> None:
        found = last_treatments(clinic.staff["clinician"], clinic.patient_id)
        assert {one.treated_area_id for one in found} <= set(clinic.area_ids)
        assert len({one.area for one in found}) == len(found) >= 1
        assert all(one.settings for one in found)

    def test_another_clinics_patient_does_not_exist(self, clinic: House) -> None:
        other = house("B")
        with pytest.raises(NotFound):
            last_treatments(other.staff["clinician"], clinic.patient_id)
        with pytest.raises(NotFound):
            last_treatments(clinic.staff["clinician"], 10**9)

    def test_the_front_desk_may_not(self, clinic: House) -> None:
        with pytest.raises(NotAllowed):
            last_treatments(clinic.staff["front_desk"], clinic.patient_id)


def test_the_clinics_own_protocol_for_that_skin_stands_beside_each_setting(
    rows: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    for_all = ProtocolRange(CLASS, "density_pct", "", None, 18.0)
    for_dark = ProtocolRange(CLASS, "density_pct", "IV-VI", 5.0, 12.0)

    def ranges(_by: object, _class: str, field: str, group: str) -> tuple[ProtocolRange, ...]:
        if field != "density_pct":
            return ()
        return {"": (for_all, for_dark), "I-III": (for_all,), "IV-VI": (for_dark,)}[group]

    monkeypatch.setattr(read_planner, "protocol_ranges", ranges)
    for skin, expected, outside in ((2, (None, 18.0), False), (5, (5.0, 12.0), True), (None, (None, 18.0), False)):
        density, passes = planned(fitzpatrick=skin, density_pct=15.0, passes=2.0).settings
        assert (density.protocol, density.is_outside_protocol) == (expected, outside)
        assert (passes.protocol, passes.is_outside_protocol) == ((None, None), False)


def test_the_ceiling_is_asked_for_the_main_setting_of_the_class(rows: pd.DataFrame) -> None:
    assert planned(density_pct=10.0, passes=2.0).main_setting == "density_pct"
    assert planned(passes=2.0).main_setting == ""
