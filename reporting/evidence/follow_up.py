"""Time to a first report under follow-up that is not complete yet, and those who did not answer.

Kaplan & Meier, J Am Stat Assoc 1958;53:457-481; variance Greenwood 1926; log-log limits Kalbfleisch &
Prentice, The Statistical Analysis of Failure Time Data, 2nd ed. 2002, section 1.4. The naive rate counts
people who were not followed long enough as free of harm and is too low.

The silent: bounds, and how affected they would have to be. Manski, Am Econ Rev 1990;80:319-323.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from reporting.evidence.checks import (
    Array,
    ImpossibleData,
    Mask,
    NotEnoughData,
    counts_within,
    normal_quantile,
    not_negative,
    probabilities,
    same_length,
)
from reporting.evidence.intervals import NO_ANSWERS, Estimate

Scale = Literal["log-log", "log", "plain"]


@dataclass(frozen=True)
class SurvivalCurve:
    """At each distinct event time (k,): numbers, the share without the event, its error and limits."""

    time: Array
    at_risk: Array
    events: Array
    survival: Array
    standard_error: Array
    lower: Array
    upper: Array
    people: int
    level: float
    longest_follow_up: float

    def risk_by(self, time: float) -> Estimate:
        """Probability of the event by `time` with limits; beyond the longest follow-up none, labelled."""
        if not 0 <= time < np.inf:
            raise ImpossibleData("time", time, "0 or more")
        if time > self.longest_follow_up:
            return Estimate(None, None, None, self.level, "nobody has been followed that long")
        at = int(np.searchsorted(self.time, time, side="right")) - 1
        if at < 0:
            return Estimate(0.0, 0.0, 0.0, self.level, "no event yet")
        return Estimate(1 - float(self.survival[at]), 1 - float(self.upper[at]), 1 - float(self.lower[at]), self.level)


def kaplan_meier(time: ArrayLike, event: ArrayLike, *, level: float = 0.95, scale: Scale = "log-log") -> SurvivalCurve:
    """Product-limit curve of follow-up times (n,) that end in the event (1) or not yet (0).

    Those censored at an event's time are still at risk then. Raises ImpossibleData for a negative time,
    NotEnoughData without people. Without an event the curve has no steps.
    """
    t = not_negative("time", time) if np.size(time) else np.empty(0)
    d = probabilities("event", event) if np.size(event) else np.empty(0)
    same_length(time=t, event=d)
    if not len(t):
        raise NotEnoughData("There is nobody to follow.")
    moments = np.unique(t[d > 0])
    hits = np.array([d[t == moment].sum() for moment in moments])
    at_risk = np.array([float((t >= moment).sum()) for moment in moments])
    survival = np.cumprod(1 - hits / at_risk) if len(moments) else np.empty(0)
    left = np.where(at_risk > hits, at_risk - hits, 1.0)
    hazard_variance = np.cumsum(np.where(at_risk > hits, hits / (at_risk * left), 0.0))
    lower, upper = _limits(survival, hazard_variance, normal_quantile(level), scale)
    error = survival * np.sqrt(hazard_variance)
    return SurvivalCurve(moments, at_risk, hits, survival, error, lower, upper, len(t), level, float(t.max()))


def _limits(survival: Array, hazard_variance: Array, z: float, scale: Scale) -> tuple[Array, Array]:
    inside = (survival > 0) & (survival < 1)
    s, spread = np.where(inside, survival, 0.5), np.sqrt(hazard_variance)
    if scale == "plain":
        low, high = s - z * s * spread, s + z * s * spread
    elif scale == "log":
        low, high = s * np.exp(-z * spread), s * np.exp(z * spread)
    elif scale == "log-log":
        reach = z * spread / np.abs(np.log(s))
        low, high = s ** np.exp(reach), s ** np.exp(-reach)
    else:
        raise ImpossibleData("scale", scale, "log-log, log or plain")
    lower = np.where(inside, np.clip(low, 0, 1), 0.0)
    upper = np.where(inside, np.clip(high, 0, 1), np.where(survival > 0, 1.0, _last_upper(high, inside)))
    return lower, upper


def _last_upper(high: Array, inside: Mask) -> float:
    """Upper limit after everybody had the event: the last one that could be calculated."""
    known = np.flatnonzero(inside)
    return float(np.clip(high[known[-1]], 0, 1)) if len(known) else 1.0


@dataclass(frozen=True)
class ResponseBounds:
    """Rate among the answered, and among all asked if none or all of the silent were affected."""

    answered_rate: float | None
    if_none: float
    if_all: float
    response_rate: float
    note: str = ""


def response_bounds(events: int, answered: int, asked: int) -> ResponseBounds:
    """Worst-case bounds; nobody asked, or nobody answered, gives the bounds 0 to 1, labelled."""
    counts_within([events, answered], [answered, asked])
    if asked == 0:
        return ResponseBounds(None, 0.0, 1.0, 0.0, "nobody was asked")
    none, every = events / asked, (events + asked - answered) / asked
    if answered == 0:
        return ResponseBounds(None, 0.0, 1.0, 0.0, NO_ANSWERS)
    return ResponseBounds(events / answered, none, every, answered / asked)


@dataclass(frozen=True)
class TippingPoint:
    """Rate among the silent that would bring the whole to `target`; None where no rate can."""

    silent_rate: float | None
    ratio_to_answered: float | None
    sentence: str


def tipping_point(events: int, answered: int, asked: int, target: float) -> TippingPoint:
    """How affected the silent would have to be for the rate among all asked to reach `target`."""
    counts_within([events, answered], [answered, asked])
    probabilities("target", target)
    silent = asked - answered
    if silent == 0:
        return TippingPoint(None, None, "Everybody answered: nothing is left to change the rate.")
    needed = (target * asked - events) / silent
    if not 0 <= needed <= 1:
        side = "even if all of the silent were affected" if needed > 1 else "even if none of them was"
        return TippingPoint(None, None, f"The rate cannot be {100 * target:.1f} %, {side}.")
    ratio = needed / (events / answered) if events else None
    times = f", {ratio:.1f} times the rate among those who answered" if ratio is not None else ""
    sentence = f"The rate would be {100 * target:.1f} % if {100 * needed:.1f} % of the silent were affected{times}."
    return TippingPoint(needed, ratio, sentence)
