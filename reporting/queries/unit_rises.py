"""The events behind each rise of a unit's CUSUM: from where it left zero to its top or the limit."""

from dataclasses import dataclass
from datetime import date

import numpy as np

from reporting.domain.actors import Actor
from reporting.queries.signals import BehindSignal
from reporting.queries.units import Course
from reporting.security.permissions import may
from reporting.storage import signals
from reporting.storage.engine import reading

MOST_RISES = 4


@dataclass(frozen=True)
class Rise:
    """A climb of the chart: its first and last event, how high it came, whether past the limit, and the events."""

    first: date
    last: date
    top: float
    passed: bool
    events: tuple[BehindSignal, ...]
    n_events: int


def rises(by: Actor, course: Course) -> tuple[Rise, ...]:
    """Rises that passed the limit, newest first, or else the highest one; with the treatments for who may see them.

    The chart starts anew at zero and after each signal; a rise ends at its top.
    """
    table = course.table
    level, event = table["cusum"].to_numpy(), table["events"].to_numpy() > 0
    starts = np.r_[True, (level[:-1] <= 0) | (level[:-1] > course.limit)]
    climb = np.cumsum(starts)
    tops = {int(one): float(level[climb == one].max()) for one in np.unique(climb[event])}
    chosen = [one for one, top in tops.items() if top > course.limit][-MOST_RISES:]
    if not chosen and tops:
        chosen = [max(tops, key=lambda one: tops[one])]
    found = []
    for one in reversed(chosen):
        inside = np.flatnonzero(climb == one)
        until = inside[: int(level[inside].argmax()) + 1]
        at = until[event[until]]
        days = table["day"].iloc[at]
        found.append(Rise(
            days.iloc[0].date(), days.iloc[-1].date(), tops[one], tops[one] > course.limit,
            _treatments(by, table["treatment_id"].iloc[at].tolist()), len(at),
        ))  # fmt: skip
    return tuple(found)


def _treatments(by: Actor, ids: list[int]) -> tuple[BehindSignal, ...]:
    """Those who may open a timeline are shown whose treatments they were."""
    if not may(by, "timeline.read"):
        return ()
    with reading() as session:
        return tuple(BehindSignal(*each) for each in signals.treatments(session, ids))
