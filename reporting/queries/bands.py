"""Bands of a device setting, with cut-points that stand still.

A setting with at most FEW_VALUES different values (passes, density steps) has a band per value. Any other is
cut at its quintiles and its 95th percentile (the strongest are a band of their own), rounded to two significant
digits so that people can read them, to three where two would make one of several. The cut-points come from every
treatment of the device class that the reader may see, whatever the filters, performed before
1 January of this year (all of them in a first year): moving cut-points would make trends of their own.
"""

from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

FEW_VALUES = 6
CUTS = (0.2, 0.4, 0.6, 0.8, 0.95)
COARSE_CUTS = (1 / 3, 2 / 3, 0.95)
"""Where two settings are crossed, a clinic with few treatments gets fewer and fuller cells."""
MANY = 3_000
"""Treatments from which crossed settings have as fine bands as single ones."""
ENOUGH_TO_CUT = 50

Numbers = NDArray[np.float32]


@dataclass(frozen=True)
class Band:
    """Values from ``low`` up to, not including, ``high``; no end where one is None. A single value has both
    ends equal to it."""

    low: float | None
    high: float | None

    @property
    def label(self) -> str:
        if self.low is None and self.high is None:
            return "all values"
        if self.low is None:
            return f"below {self.high:g}"
        if self.high is None:
            return f"{self.low:g} and more"
        return f"{self.low:g}" if self.low == self.high else f"{self.low:g} to below {self.high:g}"


@dataclass(frozen=True)
class Cut:
    """The bands of one setting in rising order, and from when to when their treatments were."""

    bands: tuple[Band, ...]
    fixed_on: date | None
    """None: the first year, so that the cut-points still move."""

    def band_of(self, value: float) -> int:
        """Index of the band that holds a value, -1 for none."""
        return int(band_codes(np.array([value], dtype=np.float32), self.bands)[0])


def cut(values: Numbers, performed_on: "pd.Series[pd.Timestamp]", today: date, *, crossed: bool = False) -> Cut:
    """Bands for values (NaN where not recorded), shape (rows,). No values: no bands. ``crossed``: for a map of two
    settings."""
    new_year = date(today.year, 1, 1)
    earlier = values[(performed_on < pd.Timestamp(new_year)).to_numpy() & ~np.isnan(values)]
    is_fixed = len(earlier) >= ENOUGH_TO_CUT
    known = earlier if is_fixed else values[~np.isnan(values)]
    cuts = COARSE_CUTS if crossed and len(known) < MANY else CUTS
    return Cut(_bands(known, values, cuts), new_year if is_fixed else None)


def _bands(known: Numbers, everything: Numbers, cuts: tuple[float, ...]) -> tuple[Band, ...]:
    if not len(known):
        return ()
    different = _few(everything)
    if different is not None:
        return tuple(Band(value, value) for value in different)
    ends: list[float | None] = [None, *_readable(np.quantile(known, cuts)), None]
    return tuple(Band(low, high) for low, high in pairwise(ends))


def _readable(edges: NDArray[np.float64]) -> list[float]:
    """The edges with as few digits as keep them apart, rising."""
    two, three = ({float(f"{edge:.{digits}g}") for edge in edges} for digits in (2, 3))
    return sorted(two if len(two) == len(three) else three)


def _few(values: Numbers) -> list[float] | None:
    """The different values if there are few, else None. A sample shows quickly when there are many."""
    for part in (values[:1_000], values):
        different = pd.unique(part[~np.isnan(part)])
        if len(different) > FEW_VALUES:
            return None
    return sorted(float(f"{value:.6g}") for value in different)


def band_codes(values: Numbers, bands: tuple[Band, ...]) -> NDArray[np.int64]:
    """Index of each value's band, -1 where it is not recorded or there is no band, shape (rows,)."""
    if not bands:
        return np.full(len(values), -1, dtype=np.int64)
    single = bands[0].low is not None and bands[0].low == bands[0].high
    edges = [band.low for band in (bands if single else bands[1:])]
    codes = np.searchsorted(np.array(edges, dtype=np.float32), values, side="right").astype(np.int64)
    return np.where(np.isnan(values), -1, codes - 1 if single else codes)
