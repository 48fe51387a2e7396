"""The silent: bounds, and how affected they would have to be. Manski, Am Econ Rev 1990;80:319-323."""

from dataclasses import dataclass

from reporting.evidence.checks import (
    counts_within,
    probabilities,
)
from reporting.evidence.intervals import NO_ANSWERS


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
