"""Could a doubling have been seen? How often the detector's own chart passes its limit after a known rise.

A unit's course is simulated as the limits are: Poisson counts around the expectation, times a harmless difference of
the unit; from a known week on one symptom's events are multiplied. What is found depends on the unit through its
expected events a week alone, so a curve over these answers for every unit. Units that share treatments compete in
the detector; the curve is for the rise being found at the unit or at one that shares it. Power of sequential
surveillance by simulation: Kulldorff et al., Seq Anal 2011;30:58-78.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from reporting.evidence.change_point import Alternatives, log_change_evidence
from reporting.evidence.checks import Array, ImpossibleData
from reporting.evidence.detector import BENIGN_SD, UNIT_PRIOR

GRID = np.geomspace(0.02, 10.0, 16)
"""Expected events a week that are simulated; between them it is interpolated."""
LEVELS = 3
"""A unit's treatments carry the harmless differences of an operator, a device and a clinic."""


@dataclass(frozen=True)
class DetectionPower:
    """found (grid, weeks): probability that a rise is found within 1, 2, … weeks, for expected events a week."""

    weekly_expected: Array
    found: Array
    ratio: float

    def within(self, weeks: int, weekly_expected: ArrayLike) -> Array:
        """Probability that the rise is found within so many weeks at these expected events a week, same shape.

        Below the grid it shrinks to 0 with the expected events.
        """
        wanted = np.asarray(weekly_expected, dtype=float)
        curve = np.r_[0.0, self.found[:, weeks - 1]]
        return np.asarray(np.interp(wanted, np.r_[0.0, self.weekly_expected], curve), dtype=float)


@dataclass(frozen=True)
class RisenCharts:
    """Log evidence (replications, weeks, grid) of a change in the weeks after a symptom's rise by `ratio`."""

    evidence: Array
    ratio: float
    options: Alternatives

    def power(self, limit: float, symptoms: int) -> DetectionPower:
        """How often one of `symptoms` has passed the limit (log odds); with more expected events at least as often.

        Raises ImpossibleData for no symptoms.
        """
        if symptoms <= 0:
            raise ImpossibleData("symptoms", symptoms, "above 0")
        share = min(weight for _, weight in self.options.masks(symptoms))
        odds = self.evidence + np.log(share * UNIT_PRIOR)
        passed = np.maximum.accumulate(odds > limit, axis=1).mean(axis=0).T
        return DetectionPower(GRID, np.maximum.accumulate(passed, axis=0), self.ratio)


def risen_charts(
    *,
    ratio: float = 2.0,
    history_weeks: int = 52,
    weeks: int = 26,
    options: Alternatives | None = None,
    replications: int = 256,
    seed: int = 0,
) -> RisenCharts:
    """Simulated charts of units in which a symptom rises by `ratio` after history_weeks; no limit is needed yet.

    Raises ImpossibleData for a ratio or numbers of weeks that are not positive.
    """
    if min(ratio, history_weeks, weeks) <= 0:
        raise ImpossibleData("ratio and weeks", min(ratio, history_weeks, weeks), "above 0")
    chosen = options or Alternatives()
    rng = np.random.default_rng(seed)
    total = history_weeks + weeks
    rise = np.where(np.arange(total) >= history_weeks, ratio, 1.0)[:, None]
    expected = np.broadcast_to(GRID, (total, len(GRID)))
    unit = np.exp(rng.normal(0, BENIGN_SD * np.sqrt(LEVELS), (replications, 1, len(GRID))))
    observed = rng.poisson(expected * rise * unit).astype(float)
    evidence = log_change_evidence(observed[:, None], expected[None, None], chosen, history_weeks)
    return RisenCharts(evidence[:, history_weeks:], ratio, chosen)
