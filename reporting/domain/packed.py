"""Answered check-ins as few bytes each: what millions of them are handed on and worked on in.

Distinct numbers of a long column, found by counting: a million small numbers need no sorting.

Which scheduled days have come, for whole columns of treatments at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reporting.domain.course import SLOTS

Whole = NDArray[np.integer[Any]]
Bits = NDArray[np.uint8]


@dataclass(frozen=True)
class Answers:
    """Answered check-ins in the order of their areas, all (answers,); an area's own may stand in any order.

    row: position of the treated area in a table sorted by day; scheduled_day; answered_day, a day number; asked and
    events: masks over `symptoms`, what was asked and what was unexpected.
    """

    row: Whole
    scheduled_day: Whole
    answered_day: Whole
    asked: Bits
    events: Bits
    symptoms: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.row)

    def bit(self, symptom: str) -> int:
        """Mask of a symptom. Raises ValueError for one that is not among `symptoms`."""
        return 1 << self.symptoms.index(symptom)

    def unexpected(self, symptoms: Sequence[str]) -> NDArray[np.bool_]:
        """Whether the answer was unexpected for one of the symptoms, (answers,)."""
        mask = np.uint8(sum(self.bit(symptom) for symptom in symptoms))
        return np.asarray((self.asked & self.events & mask) != 0)

    def of(self, which: NDArray[np.bool_]) -> "Answers":
        """These answers alone."""
        return Answers(
            self.row[which],
            self.scheduled_day[which],
            self.answered_day[which],
            self.asked[which],
            self.events[which],
            self.symptoms,
        )


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
