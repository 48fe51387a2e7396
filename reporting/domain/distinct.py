"""Distinct numbers of a long column, found by counting: a million small numbers need no sorting."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Whole = NDArray[np.integer[Any]]
Places = NDArray[np.intp]

SPARSE = 4
"""Where the numbers span more than so many times their count, they are sorted after all."""


def distinct(keys: Whole) -> tuple[Whole, Places, Places]:
    """(values, first, place) of whole numbers (n,), as numpy.unique gives them with index and inverse.

    values rise; first: place in `keys` where each is first found; place (n,): which of the values each key is.
    """
    low, high = (int(keys.min()), int(keys.max())) if len(keys) else (0, 0)
    if high - low >= SPARSE * len(keys) + SPARSE:
        return np.unique(keys, return_index=True, return_inverse=True)
    late = keys.astype(np.intp) - low
    seen = np.zeros(high - low + 1, dtype=bool)
    seen[late] = True
    values = np.flatnonzero(seen) + low if len(keys) else np.zeros(0, dtype=np.intp)
    place = (np.cumsum(seen) - 1)[late]
    first = np.zeros(len(values), dtype=np.intp)
    first[place[::-1]] = np.arange(len(keys) - 1, -1, -1)
    return values, first, place
