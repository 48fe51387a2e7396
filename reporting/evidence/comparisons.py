"""Exact and mid-P tests of a 2 x 2 table, of pairs, and of a count against its expectation.

Fisher, J R Stat Soc 1935;98:39-82; mid-P: Lancaster, J Am Stat Assoc 1961;56:223-234; pairs: McNemar,
Psychometrika 1947;12:153-157 and Fagerland, Lydersen & Laake, BMC Med Res Methodol 2013;13:91.

Comparisons of two groups over strata: Mantel-Haenszel and trend.

Mantel & Haenszel, J Natl Cancer Inst 1959;22:719-748; variances of Robins, Breslow & Greenland, Biometrics
1986;42:311-323 (odds ratio) and Greenland & Robins, Biometrics 1985;41:55-68 (risk ratio). Trend: Cochran,
Biometrics 1954;10:417-451; Armitage, Biometrics 1955;11:375-386.

Two sides of one face: paired proportions; the pairs decide the test.

Random-effects pooling of units: DerSimonian & Laird, Control Clin Trials 1986;7:177-188.
"""

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike

from reporting.evidence.checks import (
    Array,
    ImpossibleData,
    NotEnoughData,
    counts_within,
    finite,
    normal_quantile,
    not_negative,
    same_length,
)
from reporting.evidence.intervals import Estimate, Interval, newcombe_paired


@dataclass(frozen=True)
class ExactTest:
    """p-values: exact two-sided, mid-P two-sided, and one-sided towards more events (exact and mid-P)."""

    two_sided: float
    mid_p: float
    greater: float
    mid_p_greater: float


def fisher(events: int, n: int, other_events: int, other_n: int) -> ExactTest:
    """Events of n against other_events of other_n, given the margins.

    Two-sided exact: all tables no likelier than this one; two-sided mid-P: twice the smaller mid-P tail.
    An empty group or no event gives 1 throughout.
    """
    counts_within([events, other_events], [n, other_n])
    if n + other_n == 0:
        return _with_tails(1.0, 1.0, 1.0, 1.0)
    law = scipy.stats.hypergeom(n + other_n, events + other_events, n)
    support = np.arange(max(0, events + other_events - other_n), min(n, events + other_events) + 1)
    mass = law.pmf(support)
    here = float(law.pmf(events))
    two_sided = float(mass[mass <= here * (1 + 1e-7)].sum())
    return _with_tails(two_sided, float(law.sf(events - 1)), float(law.cdf(events)), here)


def binomial_excess(events: int, n: int, probability: float) -> ExactTest:
    """A count of n against a probability; two-sided exact: all outcomes no likelier than this one."""
    counts_within(events, n)
    if not 0 <= probability <= 1:
        raise ImpossibleData("probability", probability, "0 to 1")
    law = scipy.stats.binom(n, probability)
    mass, here = law.pmf(np.arange(n + 1)), float(law.pmf(events))
    two_sided = float(mass[mass <= here * (1 + 1e-7)].sum())
    return _with_tails(two_sided, float(law.sf(events - 1)), float(law.cdf(events)), here)


def mcnemar(first_only: int, second_only: int) -> ExactTest:
    """Discordant pairs: exact binomial test at ½. `greater`: the first harms more. No pair gives 1."""
    not_negative("pairs", [first_only, second_only])
    return binomial_excess(first_only, first_only + second_only, 0.5)


def _with_tails(two_sided: float, above: float, below: float, here: float) -> ExactTest:
    mid_above, mid_below = above - here / 2, below - here / 2
    return ExactTest(
        two_sided=min(two_sided, 1.0),
        mid_p=float(np.clip(2 * min(mid_above, mid_below), 0, 1)),
        greater=float(np.clip(above, 0, 1)),
        mid_p_greater=float(np.clip(mid_above, 0, 1)),
    )


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


@dataclass(frozen=True)
class PairedComparison:
    """Four kinds of pairs with the ratio and difference of the paired risks and McNemar's exact test."""

    both: int
    first_only: int
    second_only: int
    neither: int
    risk_ratio: Estimate
    difference: Interval
    test: ExactTest


def compare_pairs(both: int, first_only: int, second_only: int, neither: int, level: float = 0.95) -> PairedComparison:
    """Paired ratio with log limits: variance (b + c)/((a + b)(a + c)) of the log ratio.

    Nam & Blackwelder, Stat Med 2002;21:689-699 (their Wald interval); difference by Newcombe's paired method.
    """
    cells = not_negative("pairs", [both, first_only, second_only, neither])
    if cells.sum() == 0:
        raise NotEnoughData("There is not one pair to compare.")
    return PairedComparison(
        both,
        first_only,
        second_only,
        neither,
        risk_ratio=_paired_ratio(both, first_only, second_only, level),
        difference=newcombe_paired(both, first_only, second_only, neither, level),
        test=mcnemar(first_only, second_only),
    )


def _paired_ratio(both: int, first_only: int, second_only: int, level: float) -> Estimate:
    z = normal_quantile(level)
    one, two = both + first_only, both + second_only
    if one == 0 or two == 0:
        return Estimate(None, None, None, level, ZERO_CELL)
    spread = z * np.sqrt((first_only + second_only) / (one * two))
    return Estimate(one / two, float(one / two * np.exp(-spread)), float(one / two * np.exp(spread)), level)


LEAST_VARIANCE = 1e-12


@dataclass(frozen=True)
class PooledEffect:
    """Pooled effect with interval, between-unit variance tau2, Cochran's Q and its p-value, I² (0 to 1)."""

    value: float
    standard_error: float
    lower: float
    upper: float
    tau2: float
    q: float
    q_p_value: float
    i2: float
    weights: Array
    units: int
    level: float = 0.95


def dersimonian_laird(effects: ArrayLike, variances: ArrayLike, level: float = 0.95) -> PooledEffect:
    """Pool effects (k,) with their sampling variances (k,).

    tau² = max(0, (Q - (k - 1))/(sum w - sum w²/sum w)), w = 1/variance. One unit: itself, with tau² = 0.
    """
    y, v = finite("effects", effects) if np.size(effects) else np.empty(0), np.asarray(variances, dtype=float)
    same_length(effects=y, variances=np.atleast_1d(v))
    if not len(y):
        raise NotEnoughData("There is not one unit to pool.")
    if not ((v >= LEAST_VARIANCE) & (v <= 1 / LEAST_VARIANCE)).all():
        raise ImpossibleData("variances", v.tolist(), f"numbers from {LEAST_VARIANCE:g} to {1 / LEAST_VARIANCE:g}")
    z, k, w = normal_quantile(level), len(y), 1 / np.atleast_1d(v)
    q = float(w @ (y - (w @ y) / w.sum()) ** 2)
    spare = float(w.sum() - (w**2).sum() / w.sum())
    if k > 1 and spare <= 1e-12 * w.sum():
        raise NotEnoughData("One unit outweighs all others, so their spread cannot be estimated.")
    tau2 = max(0.0, (q - (k - 1)) / spare) if k > 1 else 0.0
    weight = 1 / (v + tau2)
    value, error = float(weight @ y / weight.sum()), float(1 / np.sqrt(weight.sum()))
    return PooledEffect(
        value=value,
        standard_error=error,
        lower=value - z * error,
        upper=value + z * error,
        tau2=tau2,
        q=q,
        q_p_value=float(scipy.stats.chi2.sf(q, k - 1)) if k > 1 else 1.0,
        i2=max(0.0, (q - (k - 1)) / q) if k > 1 and q > 0 else 0.0,
        weights=weight / weight.sum(),
        units=k,
        level=level,
    )
