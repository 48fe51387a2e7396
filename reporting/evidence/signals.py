"""Signals: which units signalled, when, on what evidence, and what the settings explain of it."""

from dataclasses import dataclass

import numpy as np

from reporting.evidence.change_point import Alternatives
from reporting.evidence.checks import Array
from reporting.evidence.shrinkage import gamma_poisson


@dataclass(frozen=True)
class Signal:
    """One finding. day: the day it was raised on; since_day: where the change most likely began.

    kind "outcome": more side effects than expected; "settings": settings rose, no harm implied. probability:
    that this unit changed, against nothing and all other units of its clinic. observed, expected and ratio with
    limits (shrunken to 1) are of the answers since the change; for settings, observed is the number of
    treatments, ratio the mean shift in standard deviations. symptom is "any" where all rose together.
    """

    day: int
    clinic: str
    unit_type: str
    unit_id: str
    symptom: str
    kind: str
    probability: float
    since_day: int
    observed: float
    expected: float
    ratio: float
    lower: float
    upper: float
    detail: str = ""
    also_likely: tuple[tuple[str, str, float], ...] = ()
    """Other units of the clinic that share the excess: type, id, probability."""


def probability(log_odds: float) -> float:
    """Probability of log odds, safe at both ends."""
    return float(1 / (1 + np.exp(-np.clip(log_odds, -500, 500))))


def likeliest_change(observed: Array, expected: Array, options: Alternatives) -> int:
    """Week at which a rise most likely began: the change point with the largest Bayes factor of any ratio.

    observed and expected (weeks,), all symptoms together, ending with the week of the signal.
    """
    weeks = len(observed)
    shape, rate = options.benign_precision + observed.sum(), options.benign_precision + expected.sum()
    best, found = -np.inf, max(weeks - 1, 0)
    for change in range(max(1, weeks - options.weeks_back), weeks):
        late_o, late_e = observed[change:].sum(), expected[change:].sum()
        for ratio in options.ratios:
            value = late_o * np.log(ratio) - shape * np.log1p((ratio - 1) * late_e / rate)
            if value > best:
                best, found = float(value), change
    return found


def rising_symptom(observed: Array, expected: Array, symptoms: tuple[str, ...]) -> str:
    """The symptom that rose alone, or "any"; observed and expected (symptoms,) since the change.

    One symptom is named when it holds the excess and every other is at or below its expectation.
    """
    excess = observed - expected
    above = excess > 0
    return symptoms[int(np.argmax(excess))] if above.sum() == 1 and len(symptoms) > 1 else "any"


def excess_ratio(observed: float, expected: float, precision: float) -> tuple[float, float, float]:
    """Shrunken ratio of observed to expected with 95 % limits (gamma_poisson)."""
    shrunken = gamma_poisson([observed], [max(expected, 1e-9)], 1 / precision)
    return float(shrunken.mean[0]), float(shrunken.lower[0]), float(shrunken.upper[0])
