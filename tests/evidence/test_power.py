"""Whether a doubling would have been found: against the whole detector, and the directions it must have."""

import numpy as np
import pytest

from reporting.evidence.change_point import Alternatives
from reporting.evidence.checks import ImpossibleData
from reporting.evidence.detector import BENIGN_SD, outcome_odds
from reporting.evidence.limits import null_counts
from reporting.evidence.power import risen_charts
from reporting.evidence.surveillance import Network

HISTORY, WEEKS, LIMIT = 52, 26, 0.5


def network() -> Network:
    """A clinic of three operators on two devices."""
    operator, device = np.divmod(np.arange(6), 2)
    columns = [operator == k for k in range(3)] + [device == k for k in range(2)] + [np.ones(6, dtype=bool)]
    kinds = np.array(["operator"] * 3 + ["device"] * 2 + ["clinic"])
    return Network(
        np.arange(6),
        np.column_stack(columns).astype(float),
        kinds,
        np.array(list("abcdef")),
        np.zeros(6, dtype=int),
        np.zeros(6, dtype=int),
        (operator.astype(float), device.astype(float), np.zeros(6)),
        ("A",),
        np.zeros(6, dtype=int),
    )


def found_by_the_detector(weekly: float, replications: int = 200) -> float:
    """Share of simulated clinics in which a doubling of the first symptom on the second device raises a signal."""
    net, rng = network(), np.random.default_rng(1)
    on_device = net.membership[:, 4] > 0
    expected = np.full((2, HISTORY + WEEKS, 6), weekly / 3)
    happened = expected.copy()
    happened[0, HISTORY:, on_device] *= 2
    counts = null_counts(happened, net.groups, BENIGN_SD, replications, rng)
    odds = outcome_odds(counts, expected, net, Alternatives(), HISTORY, [HISTORY - 1])
    passed = (odds.log_odds[:, HISTORY:] > LIMIT).any(axis=(1, 2))
    return float(passed.mean())


@pytest.mark.parametrize("weekly", [0.3, 0.8, 2.0])
def test_it_is_what_the_whole_detector_finds(weekly: float) -> None:
    power = risen_charts(history_weeks=HISTORY, weeks=WEEKS).power(LIMIT, 2)
    assert power.within(WEEKS, [weekly])[0] == pytest.approx(found_by_the_detector(weekly), abs=0.15)


def test_more_treatments_more_time_and_larger_rises_are_found_more_often() -> None:
    charts = risen_charts()
    power = charts.power(LIMIT, 6)
    assert (np.diff(power.found, axis=0) >= 0).all()
    assert (np.diff(power.found, axis=1) >= 0).all()
    assert (risen_charts(ratio=3.0).power(LIMIT, 6).found >= power.found - 0.02).all()
    assert (charts.power(LIMIT + 2, 6).found <= power.found).all()
    assert power.found[-1, -1] > 0.95
    assert power.found[0, -1] < 0.1


def test_nothing_expected_is_never_found() -> None:
    power = risen_charts().power(LIMIT, 6)
    assert power.within(26, [0.0])[0] == 0
    assert power.within(26, [1e9])[0] == power.found[-1, -1]


def test_without_a_rise_it_alarms_rarely() -> None:
    assert risen_charts(ratio=1.0).power(LIMIT, 6).found.max() < 0.12


def test_impossible_questions_are_refused() -> None:
    with pytest.raises(ImpossibleData):
        risen_charts(ratio=0)
