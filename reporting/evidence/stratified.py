"""Comparisons of two groups over strata: Mantel-Haenszel, trend, and the refusal to pool what cannot be.

Mantel & Haenszel, J Natl Cancer Inst 1959;22:719-748; variances of Robins, Breslow & Greenland, Biometrics
1986;42:311-323 (odds ratio) and Greenland & Robins, Biometrics 1985;41:55-68 (risk ratio). Trend: Cochran,
Biometrics 1954;10:417-451; Armitage, Biometrics 1955;11:375-386.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike

from reporting.evidence.checks import Array, counts_within, finite, normal_quantile, same_length
from reporting.evidence.errors import ImpossibleData, NotComparable, NotEnoughData
from reporting.evidence.intervals import Estimate

NO_EVENTS = "no events"
NOT_COMPARABLE_STRATA = "no stratum holds both groups"
ZERO_CELL = "no events in one group"
ONE_BAND = "only one band"


@dataclass(frozen=True)
class ChiSquareTest:
    """A statistic with its p-value; both None and a note where it is not computable."""

    statistic: float | None
    p_value: float | None
    note: str = ""


@dataclass(frozen=True)
class StratifiedComparison:
    """Mantel-Haenszel odds ratio and risk ratio over strata, with the test of no association.

    strata counts the strata that hold both groups; a stratum without events never moves a ratio.
    """

    odds_ratio: Estimate
    risk_ratio: Estimate
    test: ChiSquareTest
    corrected_test: ChiSquareTest
    strata: int


def mantel_haenszel(
    events: ArrayLike, n: ArrayLike, other_events: ArrayLike, other_n: ArrayLike, level: float = 0.95
) -> StratifiedComparison:
    """Compare a group with another over strata (k,): events of n against other_events of other_n."""
    a, n1 = counts_within(events, n)
    c, n0 = counts_within(other_events, other_n)
    same_length(events=a, other_events=c)
    z = normal_quantile(level)
    both = (n1 > 0) & (n0 > 0)
    a, n1, c, n0 = a[both], n1[both], c[both], n0[both]
    if not both.any():
        nothing = Estimate(None, None, None, level, NOT_COMPARABLE_STRATA)
        test = ChiSquareTest(None, None, NOT_COMPARABLE_STRATA)
        return StratifiedComparison(nothing, nothing, test, test, 0)
    plain, corrected = (_cochran_mantel_haenszel(a, n1, c, n0, half) for half in (0.0, 0.5))
    return StratifiedComparison(
        odds_ratio=_odds_ratio(a, n1, c, n0, level, z),
        risk_ratio=_risk_ratio(a, n1, c, n0, level, z),
        test=plain,
        corrected_test=corrected,
        strata=int(both.sum()),
    )


def _odds_ratio(a: Array, n1: Array, c: Array, n0: Array, level: float, z: float) -> Estimate:
    b, d, total = n1 - a, n0 - c, n1 + n0
    r, s = a * d / total, b * c / total
    if r.sum() == 0 or s.sum() == 0:
        return Estimate(None, None, None, level, NO_EVENTS if (a + c).sum() == 0 else ZERO_CELL)
    p, q = (a + d) / total, (b + c) / total
    rr, ss = r.sum(), s.sum()
    variance = (p * r).sum() / (2 * rr**2) + (p * s + q * r).sum() / (2 * rr * ss)
    variance += (q * s).sum() / (2 * ss**2)
    return _ratio(rr / ss, float(variance), level, z)


def _risk_ratio(a: Array, n1: Array, c: Array, n0: Array, level: float, z: float) -> Estimate:
    total = n1 + n0
    r, s = (a * n0 / total).sum(), (c * n1 / total).sum()
    if r == 0 or s == 0:
        return Estimate(None, None, None, level, NO_EVENTS if (a + c).sum() == 0 else ZERO_CELL)
    variance = ((n1 * n0 * (a + c) - a * c * total) / total**2).sum() / (r * s)
    return _ratio(r / s, float(variance), level, z)


def _ratio(value: float, log_variance: float, level: float, z: float) -> Estimate:
    spread = z * float(np.sqrt(max(log_variance, 0.0)))
    return Estimate(float(value), float(value * np.exp(-spread)), float(value * np.exp(spread)), level)


def _cochran_mantel_haenszel(a: Array, n1: Array, c: Array, n0: Array, half: float) -> ChiSquareTest:
    total, hits = n1 + n0, a + c
    use = total > 1
    expected = n1 * hits / total
    variance = (n1 * n0 * hits * (total - hits))[use] / (total**2 * (total - 1))[use]
    if variance.sum() == 0:
        return ChiSquareTest(None, None, NO_EVENTS if hits.sum() == 0 else "all had the event")
    away = max(abs(float((a - expected).sum())) - half, 0.0)
    statistic = away**2 / float(variance.sum())
    return ChiSquareTest(statistic, float(scipy.stats.chi2.sf(statistic, 1)))


def risk_ratio(events: int, n: int, other_events: int, other_n: int, level: float = 0.95) -> Estimate:
    """Crude ratio of two risks with Katz's log limits (Katz, Baptista, Azen & Pike, Biometrics 1978;34:469).

    No value where a group has no answers or no events; the note says which.
    """
    return mantel_haenszel(events, n, other_events, other_n, level).risk_ratio


def odds_ratio(events: int, n: int, other_events: int, other_n: int, level: float = 0.95) -> Estimate:
    """Crude odds ratio with Woolf's log limits (Woolf, Ann Hum Genet 1955;19:251-253)."""
    return mantel_haenszel(events, n, other_events, other_n, level).odds_ratio


def cochran_armitage(events: ArrayLike, n: ArrayLike, scores: ArrayLike | None = None) -> ChiSquareTest:
    """Two-sided chi-square of a linear trend of proportions over ordered bands (k,), as R's prop.trend.test.

    Scores default to 1 … k. Bands without answers fall out; with one band left, no event or only events it is
    labelled as not computable.
    """
    hits, tries = counts_within(events, n)
    t = np.arange(1.0, len(hits) + 1) if scores is None else finite("scores", scores)
    same_length(events=hits, scores=t)
    hits, tries, t = hits[tries > 0], tries[tries > 0], t[tries > 0]
    total, affected = float(tries.sum()), float(hits.sum())
    spread = total * (tries @ t**2) - (tries @ t) ** 2
    if len(np.unique(t)) < 2:
        return ChiSquareTest(None, None, ONE_BAND)
    if affected in (0.0, total):
        return ChiSquareTest(None, None, NO_EVENTS if affected == 0 else "all had the event")
    slope = total * (hits @ t) - affected * (tries @ t)
    statistic = float(total * slope**2 / (affected * (total - affected) * spread))
    return ChiSquareTest(statistic, float(scipy.stats.chi2.sf(statistic, 1)))


def require_one_device(devices: Sequence[str], parameter: str, doses: ArrayLike | None = None) -> str:
    """The one device that raw doses may be compared within.

    Raises NotComparable for several devices: fluence and energy as displayed differ between devices, so only
    doses relative to each device's own reference may be pooled.
    """
    names = sorted(set(devices))
    if not names:
        raise NotEnoughData("There is no device to compare within.")
    if len(names) > 1:
        raise NotComparable(
            f"{parameter} of different devices is not one dose: {_ranges(devices, names, doses)}.",
            devices=tuple(names),
            parameter=parameter,
        )
    return names[0]


def _ranges(devices: Sequence[str], names: Sequence[str], doses: ArrayLike | None) -> str:
    if doses is None:
        return ", ".join(names)
    values, labels = finite("doses", doses), np.asarray(devices)
    if len(values) != len(labels):
        raise ImpossibleData("doses", len(values), f"{len(labels)} values, one per device entry")
    parts = ((name, values[labels == name]) for name in names)
    return ", ".join(f"{name} {own.min():g} to {own.max():g}" for name, own in parts)
