"""Intervals of a proportion, a difference, a rate and a standardised ratio.

Proportions follow Newcombe, Stat Med 1998;17:857-872;
differences Newcombe, Stat Med 1998;17:873-890; rates Garwood, Biometrika 1936;28:437-442 and Byar's
approximation in Breslow & Day, Statistical Methods in Cancer Research II, 1987, p. 69.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike
from scipy import special

from reporting.evidence.checks import (
    Array,
    ImpossibleData,
    NotEnoughData,
    counts_within,
    expectations,
    normal_quantile,
    not_negative,
)

NO_ANSWERS = "no answers"
NOTHING_EXPECTED = "nothing expected yet"


@dataclass(frozen=True)
class Interval:
    """Two finite limits. `note` says why the limits are not an ordinary interval ("no answers")."""

    lower: float
    upper: float
    level: float = 0.95
    note: str = ""

    def __iter__(self) -> Iterator[float]:
        yield self.lower
        yield self.upper

    def __contains__(self, value: float) -> bool:
        return self.lower <= value <= self.upper

    @property
    def width(self) -> float:
        return self.upper - self.lower


@dataclass(frozen=True)
class Estimate:
    """A value with its interval. Where there is none, value and limits are None and `note` says why."""

    value: float | None
    lower: float | None
    upper: float | None
    level: float = 0.95
    note: str = ""


def wilson_bounds(events: ArrayLike, n: ArrayLike, level: float = 0.95) -> tuple[Array, Array]:
    """Wilson's score limits of many proportions at once. Where n = 0 they are 0 and 1: nothing is known.

    events, n: shape (k,) or scalars, 0 <= events <= n, fractions allowed. Raises ImpossibleData.
    """
    events, n = counts_within(events, n)
    z = normal_quantile(level)
    some = np.where(n > 0, n, 1.0)
    p = events / some
    middle = (p + z**2 / (2 * some)) / (1 + z**2 / some)
    half = z * np.sqrt(p * (1 - p) / some + z**2 / (4 * some**2)) / (1 + z**2 / some)
    lower = np.where((n == 0) | (events == 0), 0.0, np.clip(middle - half, 0, p))
    upper = np.where((n == 0) | (events == n), 1.0, np.clip(middle + half, p, 1))
    return lower, upper


def wilson(events: float, n: float, level: float = 0.95) -> Interval:
    """Wilson's score interval, Newcombe's method 3.

    (p + z²/2n ± z·sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n). n = 0 gives 0 to 1 with the note "no answers".
    """
    lower, upper = wilson_bounds(events, n, level)
    return Interval(float(lower[0]), float(upper[0]), level, "" if n else NO_ANSWERS)


def clopper_pearson(events: float, n: float, level: float = 0.95) -> Interval:
    """Exact interval from the tails of the binomial, by the beta quantiles. n = 0: 0 to 1, labelled."""
    return _beta_interval(events, n, level, (0.0, 1.0), (1.0, 0.0))


def _beta_interval(
    events: float, n: float, level: float, low: tuple[float, float], high: tuple[float, float]
) -> Interval:
    counts_within(events, n)
    normal_quantile(level)
    if n == 0:
        return Interval(0.0, 1.0, level, NO_ANSWERS)
    tail, rest = (1 - level) / 2, n - events
    lower = scipy.stats.beta.ppf(tail, events + low[0], rest + low[1]) if events > 0 else 0.0
    upper = scipy.stats.beta.ppf(1 - tail, events + high[0], rest + high[1]) if rest > 0 else 1.0
    return Interval(float(lower), float(upper), level)


def newcombe(events: float, n: float, other_events: float, other_n: float, level: float = 0.95) -> Interval:
    """Interval of the difference events/n - other_events/other_n, square-and-add of Wilson limits.

    Newcombe's method 10. With no answers on one side it is -1 to 1 and labelled.
    """
    first, second = wilson(events, n, level), wilson(other_events, other_n, level)
    if n == 0 or other_n == 0:
        return Interval(-1.0, 1.0, level, NO_ANSWERS)
    p, q = events / n, other_events / other_n
    lower = p - q - np.hypot(p - first.lower, second.upper - q)
    upper = p - q + np.hypot(first.upper - p, q - second.lower)
    return Interval(float(max(lower, -1)), float(min(upper, 1)), level)


def newcombe_paired(both: int, first_only: int, second_only: int, neither: int, level: float = 0.95) -> Interval:
    """Interval of the difference of two paired proportions, Newcombe's paired method 10.

    Newcombe, Stat Med 1998;17:2635-2650: square-and-add with the continuity-corrected phi.
    """
    cells = not_negative("pairs", [both, first_only, second_only, neither])
    n = float(cells.sum())
    if n == 0:
        return Interval(-1.0, 1.0, level, NO_ANSWERS)
    one, two = both + first_only, both + second_only
    first, second = wilson(one, n, level), wilson(two, n, level)
    p, q, phi = one / n, two / n, _paired_phi(both, first_only, second_only, neither)
    down, up = (p - first.lower, second.upper - q), (first.upper - p, q - second.lower)
    lower = p - q - np.sqrt(max(down[0] ** 2 - 2 * phi * down[0] * down[1] + down[1] ** 2, 0))
    upper = p - q + np.sqrt(max(up[0] ** 2 - 2 * phi * up[0] * up[1] + up[1] ** 2, 0))
    return Interval(float(max(lower, -1)), float(min(upper, 1)), level)


def _paired_phi(both: int, first_only: int, second_only: int, neither: int) -> float:
    n = both + first_only + second_only + neither
    margins = (both + first_only) * (second_only + neither) * (both + second_only) * (first_only + neither)
    if margins == 0:
        return 0.0
    excess = float(both * neither - first_only * second_only)
    if excess > 0:
        excess = max(excess - n / 2, 0)
    return float(excess / np.sqrt(float(margins)))


def garwood(events: float, exposure: float = 1.0, level: float = 0.95) -> Interval:
    """Exact Poisson interval of events/exposure: chi-square quantiles with 2x and 2x + 2 degrees of freedom.

    Raises NotEnoughData when exposure is 0.
    """
    _rate_input(events, exposure, level)
    tail = (1 - level) / 2
    lower = special.gammaincinv(events, tail) if events > 0 else 0.0
    upper = special.gammaincinv(events + 1, 1 - tail)
    return Interval(float(lower / exposure), float(upper / exposure), level)


def byar(events: float, exposure: float = 1.0, level: float = 0.95) -> Interval:
    """Byar's approximation to Garwood's limits. Raises NotEnoughData when exposure is 0."""
    z = _rate_input(events, exposure, level)
    more = events + 1
    lower = events * (1 - 1 / (9 * events) - z / (3 * np.sqrt(events))) ** 3 if events > 0 else 0.0
    upper = more * (1 - 1 / (9 * more) + z / (3 * np.sqrt(more))) ** 3
    return Interval(float(max(lower, 0) / exposure), float(upper / exposure), level)


def _rate_input(events: float, exposure: float, level: float) -> float:
    not_negative("events", events)
    not_negative("exposure", exposure)
    if exposure == 0:
        raise NotEnoughData("There is no exposure yet, so there is no rate.")
    return normal_quantile(level)


def smr(observed: float, expected: float, level: float = 0.95, method: str = "garwood") -> Estimate:
    """Observed / expected with exact ("garwood") or Byar limits. Nothing expected: no value, labelled."""
    if method not in ("garwood", "byar"):
        raise ImpossibleData("method", method, "garwood or byar")
    not_negative("observed", observed)
    if expectations("expected", expected)[0] == 0:
        return Estimate(None, None, None, level, NOTHING_EXPECTED)
    limits = (garwood if method == "garwood" else byar)(observed, expected, level)
    return Estimate(observed / expected, limits.lower, limits.upper, level)


def zero_events_upper(n: float, level: float = 0.95) -> float:
    """One-sided upper limit of a rate when none of n had the event: 1 - (1 - level)^(1/n), about 3/n."""
    normal_quantile(level)
    if not_negative("n", n)[0] == 0:
        return 1.0
    return float(1 - (1 - level) ** (1 / n))
