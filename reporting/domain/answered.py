"""Answered check-ins as few bytes each: what millions of them are handed on and worked on in."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
            self.row[which], self.scheduled_day[which], self.answered_day[which], self.asked[which],
            self.events[which], self.symptoms,
        )  # fmt: skip
