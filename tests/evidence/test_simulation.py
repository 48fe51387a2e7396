"""The simulator draws what it says, and the scorer counts what it should."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tools.simulation.clinics import SCENARIOS, simulate
from tools.simulation.files import network, read_network
from tools.simulation.naive import NAIVE
from tools.simulation.oracle import foreknown
from tools.simulation.score_run import write_network
from tools.simulation.scorer import collapsed, median_delay, score, summary


def test_a_seed_draws_the_same_network_again() -> None:
    first, second = (simulate(5, "op_settings", clinics=2) for _ in range(2))
    for name, frame in first.files.items():
        pd.testing.assert_frame_equal(frame, second.files[name])


@pytest.mark.parametrize("scenario", [s for s in SCENARIOS if not s.startswith("null")])
def test_a_fault_harms_only_the_guilty_and_from_its_day_on(scenario: str) -> None:
    truth = simulate(2, scenario, clinics=3).truth
    injection = truth["injections"][0]
    assert min(injection["realised_rr"].values()) > 1.3
    assert 270 <= truth["t0_day"] < 450
    assert not set(map(tuple, injection["true_units"])) & set(map(tuple, injection["related_units"]))


def test_no_effect_is_no_harm() -> None:
    ratios = simulate(2, "op_technique", clinics=3, effect=0.0).truth["injections"][0]["realised_rr"]
    assert ratios["burn"] == pytest.approx(1.0)


def test_an_unknown_scenario_is_refused() -> None:
    with pytest.raises(ValueError, match="choose from"):
        simulate(1, "flood")


def test_files_come_back_as_the_engines_frames(tmp_path: Path) -> None:
    write_network(tmp_path, 4, "null_nuisance")
    truth = json.loads((tmp_path / "truth.json").read_text())
    read = read_network(tmp_path, pd.Timestamp(truth["start"]))
    drawn = simulate(4, "null_nuisance").files
    direct = network(drawn["treatments"], drawn["checkins"], drawn["devices"], pd.Timestamp(truth["start"]))
    pd.testing.assert_frame_equal(read.areas, direct.areas, check_dtype=False)
    assert (read.check_ins["answered"] == read.check_ins["burning"].notna()).all()
    ratio = read.areas["fluence_j_cm2"] / read.areas["reference_fluence_j_cm2"]
    assert ratio.median() == pytest.approx(1, abs=0.15)


def test_the_oracle_is_sure_of_a_great_fault_and_of_none_by_chance() -> None:
    """Two clinics with much to see: odds six times as high are plain within 120 days."""
    found = {}
    for effect in (2.0, 0.05):
        drawn = simulate(7, "op_technique", clinics=2, per_week=40, effect=effect)
        files = drawn.files
        read = network(files["treatments"], files["checkins"], files["devices"], pd.Timestamp(drawn.truth["start"]))
        found[effect] = foreknown(read, drawn.truth, files["truth_treatments"])
    assert found[2.0]["sure in 120 d"]
    assert found[2.0]["sure in 240 d"]
    assert found[2.0]["observed, 120 d"] > 2 * found[2.0]["expected, 120 d"]
    assert not found[0.05]["sure in 240 d"]
    assert found[0.05]["observed, 240 d"] == pytest.approx(found[0.05]["expected, 240 d"], rel=0.35)


def truth() -> dict:
    return {
        "start": "2024-01-01",
        "days": 700,
        "phase1_days": 100,
        "scenario": "op_settings",
        "seed": 1,
        "clinics": ["C1", "C2"],
        "t0_day": 300,
        "unit_rates": [],
        "dose_response": [],
        "thresholds": [],
        "injections": [{"true_units": [["operator", "C1-O1"]], "related_units": [["clinic", "C1"]]}],
    }


def alarm(day: int, kind: str, unit: str) -> dict:
    return {
        "date": str((pd.Timestamp("2024-01-01") + pd.Timedelta(days=day)).date()),
        "unit_type": kind,
        "unit_id": unit,
    }


def test_alarms_are_true_related_or_false_and_repeats_are_one() -> None:
    given = [
        alarm(50, "operator", "C2-O1"),
        alarm(200, "operator", "C1-O1"),
        alarm(310, "operator", "C1-O1"),
        alarm(340, "operator", "C1-O1"),
        alarm(371, "operator", "C1-O1"),
        alarm(320, "clinic", "C1"),
        alarm(320, "clinic", "C2"),
    ]
    row = score({"detector": "x", "alarms": given}, truth(), pd.DataFrame())
    assert (row["true"], row["related"], row["false"], row["delay"]) == (2, 1, 2, 10)
    assert len(collapsed(given, pd.Timestamp("2024-01-01"))) == 6
    table = summary([row])
    assert table["found 120 d"].tolist() == [1.0]
    assert table["right"].tolist() == [0.5]


def test_an_undetected_fault_is_a_censored_delay() -> None:
    assert median_delay(np.array([10.0, 30.0, np.inf]), np.array([100.0, 100.0, 20.0])) == 30
    assert median_delay(np.array([np.inf, np.inf]), np.array([100.0, 100.0])) == np.inf


def test_naive_detectors_cry_wolf_where_nothing_is_wrong() -> None:
    drawn = simulate(3, "null_stable", clinics=2)
    read = network(*(drawn.files[name] for name in ("treatments", "checkins", "devices")))
    for name, detector in NAIVE.items():
        found = detector(read.areas, read.check_ins, 180, 729)
        assert len({(kind, unit) for _, kind, unit in found}) >= 3, name
        assert all(day > 180 for day, *_ in found)
