"""Funnel plots of observed / expected, with over-dispersion, and never a ranking.

Spiegelhalter, Stat Med 2005;24:1185-1202 and Qual Saf Health Care 2005;14:347-351. "log" is the
transformation of the NHS summary hospital mortality indicator with 10 % of the units truncated at each end;
"square_root" is that of the Care Quality Commission with winsorised scores. Both as in the R package
FunnelPlotR.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy
from numpy.typing import ArrayLike

from reporting.evidence.checks import (
    Array,
    ImpossibleData,
    Mask,
    NotEnoughData,
    NotEstimable,
    expectations,
    normal_quantile,
    not_negative,
    same_length,
)

Transform = Literal["log", "square_root"]
LimitKind = Literal["exact", "chi_square"]

WARNING_LEVEL, ACTION_LEVEL = 0.95, 0.998
LEAST_UNITS = 10
"""With fewer units the spread between them cannot be estimated."""


@dataclass(frozen=True)
class Limits:
    """Lower and upper limits of observed / expected, each (k,)."""

    lower: Array
    upper: Array
    level: float


@dataclass(frozen=True)
class OverDispersion:
    """phi, the mean square of the trimmed scores, and tau2, the variance between units; z after both."""

    phi: float
    tau2: float
    transform: Transform
    units: int
    z: Array
    adjusted_z: Array


def poisson_limits(expected: ArrayLike, level: float = WARNING_LEVEL) -> Limits:
    """Control limits around 1 from the chi-square quantiles of the expected count, as FunnelPlotR draws them.

    Where nothing is expected they are 0 and the largest finite limit of the others, so that nothing signals.
    """
    e = expectations("expected", expected)
    normal_quantile(level)
    tail, some = (1 - level) / 2, np.where(e > 0, e, 1.0)
    lower = np.where(e > 0, scipy.stats.chi2.ppf(tail, 2 * some) / (2 * some), 0.0)
    upper = scipy.stats.chi2.ppf(1 - tail, 2 * some + 2) / (2 * some)
    return Limits(lower, np.where(e > 0, upper, upper.max(initial=0.0)), level)


def prediction_limits(expected: ArrayLike, level: float = WARNING_LEVEL) -> Limits:
    """Exact Poisson prediction limits, interpolated between counts (Spiegelhalter 2005, appendix A.1.1)."""
    e = expectations("expected", expected)
    normal_quantile(level)
    some, tail = np.where(e > 0, e, 1.0), (1 - level) / 2
    lower, upper = _interpolated_quantile(some, tail), _interpolated_quantile(some, 1 - tail)
    return Limits(np.where(e > 0, lower, 0.0) / some, upper / some, level)


def _interpolated_quantile(expected: Array, probability: float) -> Array:
    count = scipy.stats.poisson.ppf(probability, expected)
    above = scipy.stats.poisson.cdf(count, expected)
    share = (above - probability) / scipy.stats.poisson.pmf(count, expected)
    return np.asarray(np.maximum(count - share, 0), dtype=float)


def over_dispersion(
    observed: ArrayLike,
    expected: ArrayLike,
    transform: Transform = "square_root",
    trim: float = 0.1,
) -> OverDispersion:
    """Spread between units beyond chance: tau² = max(0, (k·phi - (k - 1))/(sum w - sum w²/sum w)), w = 1/s².

    log: y = log(O/E), s² = 1/E, truncated; square_root: y = sqrt(O/E), s² = 1/(4E), winsorised. Raises
    NotEnoughData with fewer than two units, NotEstimable for the log of a unit without events.
    """
    o, e = not_negative("observed", observed), expectations("expected", expected)
    same_length(observed=o, expected=e)
    if len(o) < 2 or not (e > 0).all():
        raise NotEnoughData("Over-dispersion needs at least two units with a positive expectation each.")
    if not 0 <= trim < 0.5:
        raise ImpossibleData("trim", trim, "0 to less than 0.5")
    effect, s2 = _transformed(o, e, transform)
    z = effect / np.sqrt(s2)
    kept, scores = _truncated(z, trim) if transform == "log" else _winsorised(z, trim)
    phi, tau2 = _phi_and_tau2(scores, 1 / s2[kept])
    return OverDispersion(phi, tau2, transform, len(o), z, effect / np.sqrt(s2 + tau2))


def _transformed(o: Array, e: Array, transform: Transform) -> tuple[Array, Array]:
    if transform == "square_root":
        return np.sqrt(o / e) - 1, 1 / (4 * e)
    if transform != "log":
        raise ImpossibleData("transform", transform, "log or square_root")
    if (o == 0).any():
        raise NotEstimable("The log of a ratio without events does not exist.", what_to_do="Use the square root.")
    return np.log(o / e), 1 / e


def _winsorised(z: Array, trim: float) -> tuple[Mask, Array]:
    low, high = np.quantile(z, [trim, 1 - trim])
    return np.ones(len(z), dtype=bool), np.asarray(np.clip(z, low, high), dtype=float)


def _truncated(z: Array, trim: float) -> tuple[Mask, Array]:
    """Keeps the middle of trim-wide rank groups, ties at their average rank."""
    if trim == 0:
        return np.ones(len(z), dtype=bool), z
    groups = 1 / trim
    group = np.floor(scipy.stats.rankdata(z) * groups / (len(z) + 1) + 1e-9)
    kept = np.asarray((group > 0) & (group < groups - 1 - 1e-9), dtype=bool)
    return kept, z[kept]


def _phi_and_tau2(scores: Array, weights: Array) -> tuple[float, float]:
    size = len(scores)
    if size < 2:
        raise NotEnoughData("Too few units are left after trimming to estimate over-dispersion.")
    phi = float((scores**2).mean())
    spare = float(weights.sum() - (weights**2).sum() / weights.sum())
    if spare <= 1e-9 * float(weights.sum()):
        raise NotEnoughData("One unit outweighs all others, so their spread cannot be estimated.")
    return phi, max(0.0, (size * phi - (size - 1)) / spare)


def adjusted_limits(
    expected: ArrayLike, tau2: float, level: float = WARNING_LEVEL, transform: Transform = "square_root"
) -> Limits:
    """Limits of observed / expected widened by the variance between units on the transformed scale."""
    e = expectations("expected", expected)
    not_negative("tau2", tau2)
    z, some = normal_quantile(level), np.where(e > 0, e, 1e-9)
    if transform == "log":
        reach = np.minimum(z * np.sqrt(1 / some + tau2), 700)
        return Limits(np.exp(-reach), np.exp(reach), level)
    reach = z * np.sqrt(1 / (4 * some) + tau2)
    return Limits(np.maximum(1 - reach, 0) ** 2, (1 + reach) ** 2, level)


def _limits(expected: Array, level: float, tau2: float | None, transform: Transform, kind: LimitKind) -> Limits:
    if kind not in ("exact", "chi_square"):
        raise ImpossibleData("limits", kind, "exact or chi_square")
    plain = prediction_limits(expected, level) if kind == "exact" else poisson_limits(expected, level)
    if tau2 is None:
        return plain
    wide = adjusted_limits(expected, tau2, level, transform)
    if kind == "chi_square":
        return wide
    return Limits(np.minimum(plain.lower, wide.lower), np.maximum(plain.upper, wide.upper), level)


@dataclass(frozen=True)
class Funnel:
    """One point per unit in the order given: ratio, limits at 95 and 99.8 %, and where the unit lies.

    `zone` is "inside", "above 95 %", "above 99.8 %", "below 95 %", "below 99.8 %" or "nothing expected".
    tau2_note says where tau2 came from.
    """

    ratio: Array
    expected: Array
    warning: Limits
    action: Limits
    zone: tuple[str, ...]
    phi: float | None
    tau2: float
    tau2_note: str


def funnel(
    observed: ArrayLike,
    expected: ArrayLike,
    *,
    adjusted: bool = True,
    transform: Transform = "square_root",
    limits: LimitKind = "exact",
    assumed_tau: float = 0.15,
    trim: float = 0.1,
) -> Funnel:
    """Funnel of units (k,) around O/E = 1.

    "exact" limits are prediction limits, and adjusted limits are never inside them: where little is expected
    the approximations would call a unit without events an outlier though its exact tail is not small.
    "chi_square" draws the approximations alone, as FunnelPlotR does.

    Adjusted with at least 10 units: tau² from them; with fewer an assumed between-unit sd on the log scale,
    which is halved on the square-root scale. Units with nothing expected lie outside the funnel.
    """
    o, e = not_negative("observed", observed), expectations("expected", expected)
    same_length(observed=o, expected=e)
    seen = e > 0
    phi, tau2, note = _between(o[seen], e[seen], adjusted, transform, assumed_tau, trim)
    warning, action = (
        _limits(e, level, tau2 if adjusted else None, transform, limits) for level in (WARNING_LEVEL, ACTION_LEVEL)
    )
    ratio = np.where(seen, o / np.where(seen, e, 1.0), 1.0)
    zone = tuple(_zone(k, ratio, seen, warning, action) for k in range(len(o)))
    return Funnel(ratio, e, warning, action, zone, phi, tau2, note)


def _between(
    o: Array, e: Array, adjusted: bool, transform: Transform, assumed_tau: float, trim: float
) -> tuple[float | None, float, str]:
    if not adjusted:
        return None, 0.0, "not adjusted"
    if len(o) < LEAST_UNITS:
        scale = 1.0 if transform == "log" else 0.5
        return None, (scale * assumed_tau) ** 2, f"assumed: fewer than {LEAST_UNITS} units"
    spread = over_dispersion(o, e, transform, trim)
    return spread.phi, spread.tau2, "estimated from the units"


def _zone(at: int, ratio: Array, seen: Mask, warning: Limits, action: Limits) -> str:
    if not seen[at]:
        return "nothing expected"
    for limits, name in ((action, "99.8 %"), (warning, "95 %")):
        if ratio[at] > limits.upper[at]:
            return f"above {name}"
        if ratio[at] < limits.lower[at]:
            return f"below {name}"
    return "inside"
