"""A shift of settings that lies on one device is about the device, one that goes with a person about the person."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from reporting.evidence.drift import SettingsScores, placed
from reporting.evidence.signals import Signal

DAY, CHANGED = 400, 300


def clinic(shift_on: str, seed: int = 0, size: float = 2.0) -> tuple[pd.DataFrame, SettingsScores]:
    """Two devices, three operators; from CHANGED on the named device or operator is turned up."""
    rng = np.random.default_rng(seed)
    n = 900
    areas = pd.DataFrame(
        {
            "day": np.sort(rng.integers(0, DAY, n)),
            "clinic": "A",
            "fitzpatrick": 2.0,
            "operator": rng.choice(["A/O1", "A/O2", "A/O3"], n),
            "device": rng.choice(["A/D1", "A/D2"], n),
        }
    )
    raised = ((areas["device"] == shift_on) | (areas["operator"] == shift_on)) & (areas["day"] >= CHANGED)
    z = rng.normal(0, 1, n) + size * raised.to_numpy()
    return areas, SettingsScores(("density_pct", "index"), np.column_stack([z, z]))


def signal(unit_type: str, unit_id: str) -> Signal:
    return Signal(
        DAY, "A", unit_type, unit_id, "any", "settings", 0.99, DAY - 60, 20, 0, 1, 0.5, 1.5, "density_pct, all"
    )


@pytest.mark.parametrize("seed", range(4))
def test_a_device_that_was_turned_up_is_named_whoever_shows_it(seed: int) -> None:
    units = [("operator", "A/O1"), ("operator", "A/O2"), ("operator", "A/O3"), ("clinic", "A")]
    for found in placed([signal(*unit) for unit in units], *clinic("A/D2", seed)):
        assert (found.unit_type, found.unit_id) == ("device", "A/D2")
        assert 1.5 < found.lower < 2.0 < found.upper < 2.6
        assert abs(found.since_day - CHANGED) <= 10


@pytest.mark.parametrize("seed", range(4))
def test_an_operator_who_turns_up_every_device_stays_the_operator(seed: int) -> None:
    one = signal("operator", "A/O1")
    assert placed([one], *clinic("A/O1", seed)) == [one]


def test_without_a_shift_and_with_one_device_nothing_is_renamed() -> None:
    one = signal("operator", "A/O1")
    areas, scores = clinic("A/D2")
    assert placed([one], areas.assign(device="A/D1"), scores) == [one]
    falling = SettingsScores(scores.names, -scores.values)
    assert placed([one], areas, falling) == [one]


def test_signals_about_outcomes_stay_as_they_are() -> None:
    one = replace(signal("operator", "A/O1"), kind="outcome")
    assert placed([one], *clinic("A/D2")) == [one]
