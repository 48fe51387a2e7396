"""Signals: which units signalled, when, on what evidence, and what the settings explain of it.

Shrunken effects of operators, devices and clinics: empirical Bayes in closed form.

Gamma-Poisson: observed ~ Poisson(expected·theta), theta ~ Gamma(1/tau², 1/tau²); Clayton & Kaldor, Biometrics
1987;43:671-681.
"""

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike
from scipy import special

from reporting.evidence.change_point import Alternatives
from reporting.evidence.checks import (
    Array,
    NotEnoughData,
    expectations,
    normal_quantile,
    not_negative,
    same_length,
)

NO_SPREAD = "no spread between units beyond chance"


@dataclass(frozen=True)
class ShrunkenRatios:
    """Per unit (k,): posterior mean of the ratio, its limits, probability that it exceeds `threshold`."""

    mean: Array
    lower: Array
    upper: Array
    probability_above: Array
    threshold: float
    tau2: float
    level: float
    note: str = ""


def gamma_poisson(
    observed: ArrayLike,
    expected: ArrayLike,
    tau2: float | None = None,
    *,
    threshold: float = 1.5,
    model_log_se: float = 0.0,
    level: float = 0.95,
) -> ShrunkenRatios:
    """Shrink O/E towards 1: mean (a + O)/(a + E) with a = 1/tau², limits from the gamma posterior.

    tau2 None: estimated by maximum likelihood; 0 puts every unit at 1, labelled. model_log_se widens the
    limits on the log scale for the error of the expectations.
    """
    o, e = not_negative("observed", observed), expectations("expected", expected)
    same_length(observed=o, expected=e)
    not_negative("model_log_se", model_log_se)
    spread = estimate_tau2(o, e) if tau2 is None else float(not_negative("tau2", tau2)[0])
    z, tail = normal_quantile(level), (1 - level) / 2
    if spread < 1e-8:
        one = np.ones(len(o))
        width = np.exp(z * model_log_se)
        above = np.full(len(o), float(threshold < 1))
        return ShrunkenRatios(one, one / width, one * width, above, threshold, 0.0, level, NO_SPREAD)
    shape, rate = 1 / spread + o, 1 / spread + e
    mean = shape / rate
    low, high = (np.asarray(special.gammaincinv(shape, p) * (1 / rate)) for p in (tail, 1 - tail))
    extra = z * model_log_se
    lower, upper = _widened(mean, low, high, extra)
    above = np.asarray(special.gammaincc(shape, threshold * rate))
    return ShrunkenRatios(mean, lower, upper, above, threshold, spread, level)


def _widened(mean: Array, low: Array, high: Array, extra: float) -> tuple[Array, Array]:
    down = np.hypot(np.log(mean / np.maximum(low, 1e-300)), extra)
    up = np.hypot(np.log(high / mean), extra)
    return np.asarray(mean * np.exp(-down), dtype=float), np.asarray(mean * np.exp(up), dtype=float)


def estimate_tau2(observed: ArrayLike, expected: ArrayLike) -> float:
    """Maximum-likelihood variance of the ratios: the negative binomial likelihood of the counts given E.

    0 when the counts vary no more than chance. Raises NotEnoughData with fewer than two units.
    """
    o, e = not_negative("observed", observed), expectations("expected", expected)
    same_length(observed=o, expected=e)
    o, e = o[e > 0], e[e > 0]
    if len(o) < 2:
        raise NotEnoughData("The spread between units needs at least two units with an expectation.")

    def minus_log_likelihood(log_tau2: float) -> float:
        a = np.exp(-log_tau2)
        terms = special.gammaln(a + o) - special.gammaln(a) - o * np.log(a + e) - a * np.log1p(e / a)
        return -float(terms.sum())

    best = scipy.optimize.minimize_scalar(
        minus_log_likelihood, bounds=(-16, 5), method="bounded", options={"xatol": 1e-9}
    )
    at_zero = -float((o * 0 - e).sum())
    return 0.0 if best.fun >= at_zero - 1e-9 else float(np.exp(best.x))


@dataclass(frozen=True)
class Signal:
    """One finding. day: the day it was raised on; since_day: where the change most likely began.

    kind "outcome": more side effects than expected; "settings": settings rose, no harm implied. probability:
    that this unit changed, against nothing and all other units of its clinic. observed, expected and ratio with
    limits (shrunken to 1) are of the answers since the change; for settings, observed is the number of
    treatments, ratio the mean shift in standard deviations. symptom is "any" where all rose together.
    """

    day: int
    clinic: str
    unit_type: str
    unit_id: str
    symptom: str
    kind: str
    probability: float
    since_day: int
    observed: float
    expected: float
    ratio: float
    lower: float
    upper: float
    detail: str = ""
    also_likely: tuple[tuple[str, str, float], ...] = ()
    """Other units of the clinic that share the excess: type, id, probability."""


def probability(log_odds: float) -> float:
    """Probability of log odds, safe at both ends."""
    return float(1 / (1 + np.exp(-np.clip(log_odds, -500, 500))))


def likeliest_change(observed: Array, expected: Array, options: Alternatives) -> int:
    """Week at which a rise most likely began: the change point with the largest Bayes factor of any ratio.

    observed and expected (weeks,), all symptoms together, ending with the week of the signal.
    """
    weeks = len(observed)
    shape, rate = options.benign_precision + observed.sum(), options.benign_precision + expected.sum()
    best, found = -np.inf, max(weeks - 1, 0)
    for change in range(max(1, weeks - options.weeks_back), weeks):
        late_o, late_e = observed[change:].sum(), expected[change:].sum()
        for ratio in options.ratios:
            value = late_o * np.log(ratio) - shape * np.log1p((ratio - 1) * late_e / rate)
            if value > best:
                best, found = float(value), change
    return found


def rising_symptom(observed: Array, expected: Array, symptoms: tuple[str, ...]) -> str:
    """The symptom that rose alone, or "any"; observed and expected (symptoms,) since the change.

    One symptom is named when it holds the excess and every other is at or below its expectation.
    """
    excess = observed - expected
    above = excess > 0
    return symptoms[int(np.argmax(excess))] if above.sum() == 1 and len(symptoms) > 1 else "any"


def excess_ratio(observed: float, expected: float, precision: float) -> tuple[float, float, float]:
    """Shrunken ratio of observed to expected with 95 % limits (gamma_poisson)."""
    shrunken = gamma_poisson([observed], [max(expected, 1e-9)], 1 / precision)
    return float(shrunken.mean[0]), float(shrunken.lower[0]), float(shrunken.upper[0])
