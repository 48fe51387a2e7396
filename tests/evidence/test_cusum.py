"""Risk-adjusted CUSUM: printed weights, paths with reset, run lengths of the cardiac surgery mix."""

import numpy as np
import pytest
from scipy.special import expit

from reporting.evidence.checks import ImpossibleData, NotEstimable
from reporting.evidence.cusum import (
    average_run_length,
    cusum,
    cusum_weights,
    limit_for_run_length,
)
from reporting.evidence.logistic import fit_logistic
from tests.evidence.reference_table import columns


@pytest.mark.parametrize(
    ("odds_ratio", "printed"),
    [(2.0, (-0.024, 0.669, -0.433, 0.260)), (0.5, (0.012, -0.681, 0.316, -0.377))],
)
def test_weights_as_steiner_prints_them(odds_ratio: float, printed: tuple[float, ...]) -> None:
    """Parsonnet 0 and 50, alive and dead, logit = -3.68 + 0.077 score: Steiner et al. 2000, p. 446, and
    Steiner 2014, p. 234, as the tests of the R package vlad quote them."""
    risk = expit(-3.68 + 0.077 * np.array([0, 0, 50, 50]))
    np.testing.assert_allclose(cusum_weights([0, 1, 0, 1], risk, odds_ratio), printed, atol=5e-4)


def test_weight_as_rigdon_and_fricker_print_it() -> None:
    """Parsonnet 19, alive, logit = -3.67 + 0.077 score, odds ratio ½: 0.05083 (Monitoring the Health of
    Populations by Tracking Disease Outbreaks and Patient Outcomes, p. 226, in the tests of vlad)."""
    weight = cusum_weights([0], [expit(-3.67 + 0.077 * 19)], 0.5)
    assert weight[0] == pytest.approx(0.05083, abs=5e-6)


def test_signals_resets_and_windows_are_exact() -> None:
    path = cusum([1, 1, -3, 1, 1, 1, 1, -5, 2.5, 1], limit=2.5)
    assert path.values.tolist() == [1, 2, 0, 1, 2, 3, 1, 0, 2.5, 3.5]
    assert path.signals == (5, 9)
    assert path.starts == (3, 8)
    unreset = cusum([1, 1, -3, 1, 1, 1, 1, -5, 2.5, 1], limit=2.5, reset=False)
    assert unreset.signals == (5, 6, 9)


def test_a_window_begins_after_the_signal_before_it() -> None:
    path = cusum([2, 2, 2, 2], limit=3)
    assert (path.signals, path.starts) == ((1, 3), (0, 2))


def test_nothing_to_watch_gives_an_empty_path() -> None:
    path = cusum([], limit=2)
    assert (path.last, path.signals) == (0.0, ())


def cardiac_mix() -> tuple[np.ndarray, np.ndarray]:
    table = {name: np.array(values) for name, values in columns("cardiac_surgery.csv").items()}
    design = np.column_stack([np.ones(60), table["parsonnet"]])
    fit = fit_logistic(design, table["deaths"], table["operations"], penalty="none")
    return fit.fitted, table["operations"] / table["operations"].sum()


def test_the_limit_for_cardiac_surgery_is_that_of_vlad() -> None:
    """racusum_crit_mc(L0 = 370, RA = 2, RQ = 1, scaling = 600) is 1.8592 on its own grid."""
    risks, mix = cardiac_mix()
    assert limit_for_run_length(risks, 370, mix=mix) == pytest.approx(1.8592, abs=2e-3)
    assert average_run_length(risks, 1.8592, mix=mix) == pytest.approx(370, rel=0.005)


def test_a_finer_chain_hardly_moves_the_run_length_of_steiners_chart() -> None:
    risks, mix = cardiac_mix()
    coarse, fine = (average_run_length(risks, 4.5, mix=mix, states=n) for n in (400, 1200))
    assert coarse == pytest.approx(fine, rel=0.005)
    assert average_run_length(risks, 4.5, mix=mix, true_odds_ratio=2) < fine / 20


def bernoulli_chain(risk: float, odds_ratio: float, limit_steps: int, down_steps: int) -> float:
    """Exact run length of a CUSUM that goes `down_steps` lattice steps up at an event and one down else."""
    size = limit_steps + 1
    matrix = np.zeros((size, size))
    for state in range(size):
        matrix[state, max(state - 1, 0)] += 1 - risk
        if state + down_steps < size:
            matrix[state, state + down_steps] += risk
    return float(np.linalg.solve(np.eye(size) - matrix, np.ones(size))[0])


def test_run_length_of_a_lattice_chart_is_exact() -> None:
    """One risk, steps that are whole multiples: Reynolds & Stoumbos, J Qual Technol 1999;31:87."""
    odds_ratio, up = 2.0, 9
    step = np.log(odds_ratio) / (up + 1)
    risk = np.expm1(step) / (odds_ratio - 1)
    exact = bernoulli_chain(risk, odds_ratio, 40, up)
    ours = average_run_length([risk], 40.5 * step, odds_ratio=odds_ratio, states=41)
    assert ours == pytest.approx(exact, rel=1e-9)


@pytest.mark.thorough
def test_simulated_run_lengths_agree_within_three_percent() -> None:
    risks, mix = np.array([0.05, 0.1, 0.2]), np.array([0.5, 0.3, 0.2])
    rng = np.random.default_rng(5)
    draws = rng.choice(risks, (3000, 2000), p=mix)
    weights = cusum_weights((rng.random(draws.shape) < draws).ravel().astype(float), draws.ravel())
    lengths = [next(iter(cusum(of_one, 2.0).signals)) + 1 for of_one in weights.reshape(draws.shape).T]
    simulated = np.mean(lengths)
    assert average_run_length(risks, 2.0, mix=mix) == pytest.approx(simulated, rel=0.03)


def test_charts_that_cannot_signal_or_do_not_exist_are_named() -> None:
    with pytest.raises(NotEstimable):
        average_run_length([0.0], 2.0)
    with pytest.raises(ImpossibleData):
        cusum_weights([0], [1.2])
    with pytest.raises(ImpossibleData):
        cusum_weights([0], [0.1], 1.0)
    with pytest.raises(ImpossibleData):
        cusum([1.0], limit=0)
    with pytest.raises(ImpossibleData, match="mix"):
        average_run_length([0.1, 0.2], 2.0, mix=[0.5, 0.6])
