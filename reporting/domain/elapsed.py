"""Which scheduled days have come, for whole columns of treatments at once."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reporting.domain.schedule import SLOTS

_SLOTS = np.asarray(SLOTS)
_UP_TO = np.cumsum(np.append(np.int64(0), np.left_shift(np.int64(1), np.arange(len(SLOTS), dtype=np.int64))))


def elapsed(age_days: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
    """Bits of SLOTS up to each age in days since the treatment, (n,); of one still to come, none."""
    return _UP_TO[np.searchsorted(_SLOTS, age_days, side="right")]


def of_each(ids: NDArray[np.integer[Any]], days: Mapping[int, int]) -> NDArray[np.int64]:
    """The day number of each row's clinic, (n,), or (1,) where it is the same for all; ``days``: clinic id to it."""
    if len(set(days.values())) == 1:
        return np.array([*days.values()][:1], dtype=np.int64)
    by_id = np.zeros(max(days, default=-1) + 1, dtype=np.int64)
    by_id[list(days)] = list(days.values())
    found: NDArray[np.int64] = by_id[ids]
    return found
