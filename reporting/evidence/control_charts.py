"""Shewhart charts for the overview: XmR and its four NHS rules, p-chart.

XmR: Wheeler, Understanding Variation, 1993; rules of NHS England, Making Data Count, as NHSRplotthedots applies
them. p-chart: Montgomery, Introduction to Statistical Quality Control, 6th ed. 2009, section 7.2. Their
denominators are ignored (XmR) or approximated (p): not the detector.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from reporting.evidence.checks import Array, Mask, NotEnoughData, counts_within, finite

MOVING_RANGE_TO_LIMIT = 2.66
"""3/1.128, rounded as in every XmR table."""
MOVING_RANGE_LIMIT = 3.267
RUN = 7
"""Points of a shift or trend in the NHS rules."""


@dataclass(frozen=True)
class ControlChart:
    """values, centre and limits, all (k,); outside marks the points beyond a limit."""

    values: Array
    centre: Array
    lower: Array
    upper: Array

    @property
    def outside(self) -> Mask:
        return np.asarray((self.values > self.upper) | (self.values < self.lower), dtype=bool)

    @property
    def signals(self) -> tuple[int, ...]:
        """0-based positions of the points beyond a limit."""
        return tuple(int(at) for at in np.flatnonzero(self.outside))


def xmr_chart(values: ArrayLike, *, fixed_points: int | None = None, screen: bool = True) -> ControlChart:
    """Individuals chart: mean ± 2.66 mean moving ranges, from the first `fixed_points` points or all.

    screen leaves out moving ranges of 3.267 times their mean or more before the limits are drawn. Raises
    NotEnoughData with fewer than two points.
    """
    x = finite("values", values) if np.size(values) else np.empty(0)
    base = x if fixed_points is None else x[:fixed_points]
    if len(base) < 2:
        raise NotEnoughData("An XmR chart needs at least two points.")
    ranges = np.abs(np.diff(base))
    kept = ranges[ranges < MOVING_RANGE_LIMIT * ranges.mean()] if screen and ranges.any() else ranges
    mean, reach = base.mean(), MOVING_RANGE_TO_LIMIT * kept.mean()
    level = np.full(len(x), mean)
    return ControlChart(x, level, level - reach, level + reach)


@dataclass(frozen=True)
class SpecialCauses:
    """The four rules, each a mask (k,): one point outside the limits, a shift, a trend, two of three near."""

    outside: Mask
    shift: Mask
    trend: Mask
    two_of_three: Mask

    @property
    def any(self) -> Mask:
        return self.outside | self.shift | self.trend | self.two_of_three

    @property
    def labels(self) -> tuple[tuple[str, ...], ...]:
        """Names of the rules that each point breaks."""
        masks = {
            "outside limits": self.outside,
            "shift": self.shift,
            "trend": self.trend,
            "two of three near a limit": self.two_of_three,
        }
        return tuple(tuple(name for name, mask in masks.items() if mask[at]) for at in range(len(self.outside)))


def nhs_rules(chart: ControlChart) -> SpecialCauses:
    """Rules of Making Data Count on a chart; every point of a pattern is marked, not only its last.

    Shift: 7 points on one side of the mean. Trend: 7 points, each higher (or each lower) than the last. Two
    of three: at least two of three successive points between two and three sigma, all three on one side.
    """
    side = np.sign(chart.values - chart.centre)
    near = ~chart.outside & (np.abs(chart.values - chart.centre) > (chart.upper - chart.centre) * 2 / 3)
    rises = np.sign(np.diff(chart.values))
    return SpecialCauses(
        outside=chart.outside,
        shift=_runs(side, RUN, 0),
        trend=_runs(rises, RUN - 1, 1),
        two_of_three=_two_of_three(near, side),
    )


def _runs(signs: Array, length: int, extra: int) -> Mask:
    """Marks the points of every run of `length` equal non-zero signs; steps between points span one more."""
    marked = np.zeros(len(signs) + extra, dtype=bool)
    for begin in range(len(signs) - length + 1):
        window = signs[begin : begin + length]
        if window[0] != 0 and (window == window[0]).all():
            marked[begin : begin + length + extra] = True
    return marked


def _two_of_three(near: Mask, side: Array) -> Mask:
    marked = np.zeros(len(near), dtype=bool)
    for begin in range(len(near) - 2):
        window = slice(begin, begin + 3)
        if near[window].sum() >= 2 and abs(side[window].sum()) == 3:
            marked[window] |= near[window]
    return marked


def p_chart(events: ArrayLike, n: ArrayLike, *, sigmas: float = 3.0, centre: float | None = None) -> ControlChart:
    """Proportions with limits p ± sigmas·sqrt(p(1 - p)/n), cut at 0 and 1; p from all the data or given.

    A period without answers stands on the centre with limits 0 and 1. Raises NotEnoughData without answers.
    """
    hits, tries = counts_within(events, n)
    if tries.sum() == 0:
        raise NotEnoughData("There is not one answer to draw.")
    p = float(hits.sum() / tries.sum()) if centre is None else centre
    seen = np.where(tries > 0, tries, 1.0)
    reach = sigmas * np.sqrt(p * (1 - p) / seen)
    return ControlChart(
        values=np.where(tries > 0, hits / seen, p),
        centre=np.full(len(hits), p),
        lower=np.where(tries > 0, np.maximum(p - reach, 0), 0.0),
        upper=np.where(tries > 0, np.minimum(p + reach, 1), 1.0),
    )
