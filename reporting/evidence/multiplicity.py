"""Many looks at once: false discovery rate over a scan, with the number of cells that were looked at.

Benjamini & Hochberg, J R Stat Soc B 1995;57:289-300.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from reporting.evidence.checks import Array, ImpossibleData, Mask, not_negative, probabilities, same_length


@dataclass(frozen=True)
class Discoveries:
    """q_values (m,) in the order given, rejected (m,) at `rate`, and the number of cells tested."""

    q_values: Array
    rejected: Mask
    tested: int
    rate: float


def benjamini_hochberg(p_values: ArrayLike, rate: float = 0.10) -> Discoveries:
    """Step-up procedure: reject p_(k) <= rate·k/m. Ties share their fate; no cells gives no discoveries."""
    if not 0 < rate < 1:
        raise ImpossibleData("rate", rate, "between 0 and 1")
    p = probabilities("p_values", p_values) if np.size(p_values) else np.empty(0)
    size = len(p)
    order = np.argsort(p, kind="stable")
    scaled = p[order] * size / np.arange(1, size + 1)
    q = np.empty(size)
    q[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return Discoveries(q, q <= rate, size, rate)


@dataclass(frozen=True)
class ScanResult:
    """A scan: which cells were tested (enough answers), which are signals, and how many were looked at."""

    q_values: Array
    tested: Mask
    signal: Mask
    rate: float
    least_events: int

    @property
    def n_tested(self) -> int:
        return int(self.tested.sum())


def scan(
    p_values: ArrayLike,
    events: ArrayLike,
    answered: ArrayLike,
    *,
    rate: float = 0.10,
    least_events: int = 3,
    least_answered: int = 5,
) -> ScanResult:
    """Benjamini-Hochberg over the cells with enough answers; a signal also needs `least_events` events.

    Cells without enough answers leave the family; a cell with too few events stays in it, since it was looked
    at, but is never a signal. Untested cells have q = 1.
    """
    p = probabilities("p_values", p_values)
    seen, hits = not_negative("answered", answered), not_negative("events", events)
    same_length(p_values=p, events=hits, answered=seen)
    tested = seen >= least_answered
    found = benjamini_hochberg(p[tested], rate)
    q = np.ones(len(p))
    q[tested] = found.q_values
    return ScanResult(q, tested, tested & (q <= rate) & (hits >= least_events), rate, least_events)
