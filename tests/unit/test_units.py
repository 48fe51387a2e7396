"""Operators and devices: counts by hand, limits of the funnel, who may see whom, the course over time."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sqlmodel import select

from reporting.app.lifespan import warm_up
from reporting.dashboards import read_expectations as cache
from reporting.dashboards.read_behind import Part, treatments_behind
from reporting.dashboards.read_setting_drift import Unit, setting_drift
from reporting.demo import fill
from reporting.domain.actors import SYSTEM, Actor
from reporting.errors import InvalidInput, NotAllowed, NotFound
from reporting.evidence.cusum import cusum, cusum_weights
from reporting.evidence.funnel import funnel
from reporting.evidence.intervals import smr
from reporting.records import access, columns, outcomes
from reporting.records.engine import reading, transaction
from reporting.records.tables import StaffAccount
from reporting.shell.read_scope import Filters
from reporting.signals import chart_peers as charts
from reporting.signals.read_peers import Course, course, rises, units
from reporting.signals.read_rates import rates
from tests.cast import house

SYMPTOM = "hyperpigmentation"


@pytest.fixture(scope="module")
def clinic(module_database: str) -> fill.House:
    return fill.fill(treatments=700, seed=4)


def staff(role: str) -> Actor:
    with reading() as session:
        account = session.exec(select(StaffAccount).where(StaffAccount.role == role)).one()
    return Actor(kind="staff", id=account.id, clinic_id=account.clinic_id, role=account.role, label="x")  # type: ignore[arg-type]


def by_hand(unit_type: str) -> pd.DataFrame:
    table = cache.expectations(SYMPTOM).table
    return table.assign(unit=table[unit_type].astype(str)).groupby("unit")[["events", "expected"]].sum()


@pytest.mark.parametrize("kind", ["operator", "device"])
def test_counts_and_intervals_are_those_of_the_expectations(clinic: fill.House, kind: Any) -> None:
    found = units(SYSTEM, kind, SYMPTOM)
    hand = by_hand(kind)
    assert list(found.table["unit"]) == sorted(hand.index)
    for row in found.table.itertuples():
        assert (row.events, row.expected) == tuple(hand.loc[row.unit])
        limits = smr(row.events, row.expected)
        assert (row.lower, row.upper) == (limits.lower, limits.upper)
    assert found.table["expected"].sum() == pytest.approx(found.table["events"].sum(), rel=0.05)


@pytest.mark.parametrize("reader", ["safety_lead", "system"])
@pytest.mark.parametrize("symptom", [SYMPTOM, "bumps"])
def test_the_page_and_the_command_say_the_same(clinic: fill.House, reader: str, symptom: str) -> None:
    by = SYSTEM if reader == "system" else staff(reader)
    page = units(by, "device", symptom).table.set_index("unit")
    command = rates(by, "device", symptom).set_index("group").loc[page.index]
    assert set(command["adjustment"]) == {cache.HAZARD_MODEL}
    for ours, theirs in (
        ("events", "observed"),
        ("expected", "expected"),
        ("ratio", "adjusted_ratio"),
        ("lower", "ratio_lower"),
        ("upper", "ratio_upper"),
    ):
        np.testing.assert_allclose(page[ours], command[theirs], rtol=1e-12)


def test_without_a_model_the_command_standardises_and_the_page_says_why(clinic: fill.House) -> None:
    assert "events" in units(SYSTEM, "device", "swelling").why_not
    assert set(rates(SYSTEM, "device", "swelling")["adjustment"]) == {cache.STANDARDISED}


def test_zones_and_curve_are_the_funnels_own(clinic: fill.House) -> None:
    found = units(SYSTEM, "device", SYMPTOM)
    drawn = found.table[found.table["is_drawn"]]
    assert list(drawn["zone"]) == list(funnel(drawn["events"], drawn["expected"]).zone)
    assert (found.curve["act_high"] >= found.curve["warn_high"]).all()
    assert (found.curve["act_low"] <= found.curve["warn_low"]).all()
    assert found.curve["expected"].max() >= drawn["expected"].max()


def test_only_the_safety_lead_compares_operators(clinic: fill.House) -> None:
    everyone = units(staff("safety_lead"), "operator", SYMPTOM)
    assert len(everyone.table) == 3
    clinician = staff("clinician")
    own = units(clinician, "operator", SYMPTOM)
    with reading() as session:
        assert list(own.table["unit"]) == [access.operator_code(session, clinician.id or 0)]
    assert own.only_own
    other = next(unit for unit in everyone.table["unit"] if unit not in set(own.table["unit"]))
    with pytest.raises(NotFound):
        course(clinician, "operator", other, SYMPTOM)
    assert units(staff("administrator"), "operator", SYMPTOM).table.empty
    with pytest.raises(NotAllowed):
        units(staff("front_desk"), "device", SYMPTOM)


@pytest.mark.parametrize("role", ["clinician", "administrator"])
def test_no_way_round_leads_to_another_operator(clinic: fill.House, role: str) -> None:
    """Neither rates, nor a setting over time, nor the treatments behind a point, whatever stands in the address."""
    by, filters = staff(role), Filters(device_class="frac_ablative_co2")
    with reading() as session:
        own = access.operator_code(session, by.id or 0)
    assert set(rates(by, "operator", SYMPTOM)["group"]) == ({own} if own else set())
    for code in ({"DEMO/O1", "DEMO/O2", "DEMO/O3"} | {""}) - {own}:
        with pytest.raises(NotFound):
            setting_drift(by, filters, "density_pct", Unit("operator", code))
        if code:
            with pytest.raises(NotFound):
                treatments_behind(by, filters, ["density_pct"], SYMPTOM, Part(operator=code))
    assert len(rates(staff("safety_lead"), "operator", SYMPTOM)) == 3
    assert len(treatments_behind(staff("safety_lead"), filters, ["density_pct"], SYMPTOM, Part(operator="DEMO/O2")))


def test_another_clinic_sees_nothing_of_it(clinic: fill.House) -> None:
    stranger = house("Z").staff["safety_lead"]
    found = units(stranger, "device", SYMPTOM)
    assert not found.table["unit"].astype(str).str.startswith("DEMO").any() if len(found.table) else True
    with pytest.raises(NotFound):
        course(stranger, "device", "DEMO/CO2-1", SYMPTOM)


def test_the_course_is_vlad_and_cusum(clinic: fill.House) -> None:
    found = course(SYSTEM, "device", "DEMO/CO2-2", SYMPTOM)
    table = found.table
    assert table["day"].is_monotonic_increasing
    assert np.allclose(table["excess"], np.cumsum(table["events"] - table["expected"]))
    path = cusum(cusum_weights(table["events"], np.minimum(table["expected"], 0.95)), found.limit)
    assert np.allclose(table["cusum"], path.values)
    assert any(words == "Handpiece change" for _, words in found.marks)


def test_the_events_behind_a_rise_are_those_of_its_climb(clinic: fill.House) -> None:
    found = course(SYSTEM, "device", "DEMO/CO2-2", SYMPTOM)
    low = replace(found, limit=float(found.table["cusum"].max()) / 2)
    lead = Actor(kind="staff", id=1, clinic_id=clinic.clinic_id, role="safety_lead", label="x")
    [*shown] = rises(lead, low)
    assert shown
    for rise in shown:
        assert rise.passed
        day, event = found.table["day"].dt.date, found.table["events"] > 0
        inside = found.table[(day >= rise.first) & (day <= rise.last) & event]
        assert {one.treatment_id for one in rise.events} <= set(inside["treatment_id"])
        assert len(rise.events) == rise.n_events <= len(inside)
    assert rises(replace(lead, role="front_desk"), low)[0].events == ()


def test_a_climb_is_counted_by_hand() -> None:
    days = pd.date_range("2026-01-01", periods=8)
    table = pd.DataFrame(
        {
            "day": days,
            "treatment_id": range(8),
            "events": [1.0, 0, 0, 1, 1, 0, 1, 0],
            "expected": 0.1,
            "excess": 0.0,
            "cusum": [0.5, 0.2, 0.0, 0.6, 1.2, 1.1, 0.3, 0.1],
        }
    )
    made = Course("device", "A/D1", SYMPTOM, table, 1.15, (), 10.0, ())
    nobody = Actor(kind="staff", id=1, clinic_id=1, role="front_desk", label="x")
    [rise] = rises(nobody, made)
    assert (rise.first, rise.last, rise.n_events, rise.passed) == (date(2026, 1, 4), date(2026, 1, 5), 2, True)
    [highest] = rises(nobody, replace(made, limit=2.0))
    assert (highest.n_events, highest.passed, highest.top) == (2, False, 1.2)
    quiet = replace(made, table=table.assign(events=0.0))
    assert rises(nobody, quiet) == ()


def test_filters_narrow_the_units_but_not_the_model(clinic: fill.House) -> None:
    every = units(SYSTEM, "device", SYMPTOM).table.set_index("unit")
    co2 = units(SYSTEM, "device", SYMPTOM, Filters(device_class="frac_ablative_co2")).table.set_index("unit")
    assert set(co2.index) < set(every.index)
    assert (co2["expected"] == every.loc[co2.index, "expected"]).all()


@pytest.mark.parametrize("values", [("clinic", SYMPTOM), ("device", "itching")])
def test_unknown_words_are_refused(clinic: fill.House, values: tuple[Any, str]) -> None:
    with pytest.raises(InvalidInput):
        units(SYSTEM, *values)


def test_the_table_is_worked_out_once_for_each_state(clinic: fill.House, monkeypatch: pytest.MonkeyPatch) -> None:
    first = cache.expectations(SYMPTOM)
    assert cache.expectations(SYMPTOM) is first
    monkeypatch.setattr(cache, "newest_revision", lambda: -5)
    assert cache.expectations(SYMPTOM) is not first


class TestCharts:
    def test_the_funnel_says_the_finding_and_names_everybody(self, clinic: fill.House) -> None:
        found = units(SYSTEM, "device", SYMPTOM)
        figure = charts.funnel(found)
        assert all(unit in figure.alt for unit in found.table["unit"])
        assert figure.title.startswith("Hyperpigmentation: ")
        assert list(figure.table["Name"]) == sorted(figure.table["Name"])
        figure.chart.to_dict()

    def test_a_unit_above_the_limit_is_in_the_title(self, clinic: fill.House) -> None:
        found = units(SYSTEM, "device", SYMPTOM)
        found.table.loc[found.table["unit"].astype(str) == "DEMO/CO2-1", "zone"] = "above 99.8 %"
        assert "DEMO/CO2-1" in charts.funnel(found).title

    def test_the_course_draws_and_says_its_signals(self, clinic: fill.House) -> None:
        found = course(SYSTEM, "device", "DEMO/CO2-2", SYMPTOM)
        figure = charts.course(found)
        assert "DEMO/CO2-2" in figure.title
        assert "limit" in figure.alt
        assert len(str(figure.chart.to_dict())) < 400_000
        assert "limit" in charts.sequential(found).title
        assert figure.chart.to_dict()["width"] == "container"


def test_dates_are_days(clinic: fill.House) -> None:
    found = course(SYSTEM, "operator", "DEMO/O1", SYMPTOM)
    assert all(type(day) is date for day in found.signals)


def test_without_enough_events_it_says_why(sqlite_database: str, stopped_clock: datetime) -> None:
    clinic = house("A")
    found = units(clinic.staff["safety_lead"], "device", SYMPTOM)
    assert found.table.empty
    assert "events" in found.why_not
    with pytest.raises(NotFound):
        course(clinic.staff["safety_lead"], "device", "A/D1", SYMPTOM)


def test_of_many_treatments_the_table_is_kept_and_renewed_beside_the_reader(
    clinic: fill.House, monkeypatch: pytest.MonkeyPatch
) -> None:
    exact = cache.expectations(SYMPTOM).table
    assert units(SYSTEM, "device", SYMPTOM).as_of is None
    monkeypatch.setattr(columns, "LARGE", 0)
    kept = cache.expectations(SYMPTOM)
    assert units(SYSTEM, "device", SYMPTOM).as_of == kept.as_of is not None
    pd.testing.assert_frame_equal(kept.table, exact)
    with transaction() as session:
        outcomes.recompute(session, [int(exact["treatment_id"].iloc[0])])
    assert cache.expectations(SYMPTOM) is kept
    monkeypatch.setattr(cache, "RENEW_AFTER_S", 0.0)
    assert cache.expectations(SYMPTOM) is kept, "a reader waits for what is worked out beside them"
    assert cache._renewing is not None
    cache._renewing.join()
    renewed = cache.expectations(SYMPTOM)
    assert renewed is not kept
    pd.testing.assert_frame_equal(renewed.table, exact)
    reading_ahead = warm_up()
    assert reading_ahead is not None
    reading_ahead.join()
    monkeypatch.setattr(columns, "LARGE", 50_000)
    assert warm_up() is None
