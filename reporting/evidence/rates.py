"""Rates by group: answered, events, rate with Wilson limits, and the ratio to what was expected."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from reporting.evidence.checks import (
    Array,
    ImpossibleData,
    NotEnoughData,
    counts_within,
    finite,
    not_negative,
    same_length,
)
from reporting.evidence.intervals import NO_ANSWERS, Estimate, smr, wilson

FEW_ANSWERS = 5
NOT_ENOUGH = "not enough data"


@dataclass(frozen=True)
class GroupRate:
    """One row. rate and limits are None without answers; ratio is observed / expected with exact limits.

    note is "no answers", "not enough data" (fewer than 5 answered) or empty.
    """

    group: str
    answered: float
    events: float
    rate: Estimate
    expected: float | None
    ratio: Estimate
    note: str


def rate(events: float, n: float, level: float = 0.95) -> Estimate:
    """events / n with Wilson's limits; without answers no value, labelled."""
    counts_within(events, n)
    if n == 0:
        return Estimate(None, None, None, level, NO_ANSWERS)
    limits = wilson(events, n, level)
    return Estimate(events / n, limits.lower, limits.upper, level)


def group_rates(
    groups: Sequence[str],
    events: ArrayLike,
    n: ArrayLike,
    expected: ArrayLike | None = None,
    level: float = 0.95,
) -> tuple[GroupRate, ...]:
    """Sum rows (r,) by group, in order of first appearance; expected are events from a risk model."""
    y, m = counts_within(events, n)
    e = None if expected is None else not_negative("expected", expected)
    if len(groups) != len(y) or (e is not None and len(e) != len(y)):
        raise ImpossibleData("groups", len(groups), f"{len(y)} names, one per row")
    names = list(dict.fromkeys(groups))
    index = np.array([names.index(name) for name in groups], dtype=int)
    hits, tries = (np.bincount(index, weights=w, minlength=len(names)) for w in (y, m))
    hoped = None if e is None else np.bincount(index, weights=e, minlength=len(names))
    return tuple(
        _row(name, float(hits[k]), float(tries[k]), None if hoped is None else float(hoped[k]), level)
        for k, name in enumerate(names)
    )


def _row(name: str, events: float, n: float, expected: float | None, level: float) -> GroupRate:
    ratio = Estimate(None, None, None, level, "no expectation")
    if expected is not None:
        ratio = smr(events, expected, level)
    note = NO_ANSWERS if n == 0 else NOT_ENOUGH if n < FEW_ANSWERS else ""
    return GroupRate(name, n, events, rate(events, n, level), expected, ratio, note)


def quantile_bands(values: ArrayLike, strata: Sequence[str], bands: int = 4) -> tuple[Array, dict[str, Array]]:
    """Band 0 … bands - 1 of each value within its stratum, and the cut points per stratum.

    Cut within device model and skin group and kept fixed from a date on: cut points that move make trends.
    Values on a cut belong to the lower band; strata with few distinct values have empty bands.
    """
    x = finite("values", values)
    names = np.asarray(strata)
    if len(names) != len(x):
        raise ImpossibleData("strata", len(names), f"{len(x)} names, one per value")
    if bands < 2:
        raise ImpossibleData("bands", bands, "2 or more")
    cuts = {str(name): np.quantile(x[names == name], np.arange(1, bands) / bands) for name in np.unique(names)}
    return assign_bands(x, strata, cuts), cuts


def assign_bands(values: ArrayLike, strata: Sequence[str], cuts: dict[str, Array]) -> Array:
    """Bands by cut points fixed before. Raises NotEnoughData for a stratum without cut points."""
    x, names = finite("values", values), np.asarray(strata)
    same_length(values=x, strata=np.zeros(len(names)))
    unknown = sorted(set(names.tolist()) - set(cuts))
    if unknown:
        raise NotEnoughData(f"No bands are fixed yet for {', '.join(unknown)}.")
    bands = np.zeros(len(x))
    for name, points in cuts.items():
        here = names == name
        bands[here] = np.searchsorted(points, x[here], side="left")
    return bands
