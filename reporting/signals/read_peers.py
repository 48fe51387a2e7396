"""Operators and devices: observed against expected, fair to those who treat the difficult cases, never ranked.

The events behind each rise of a unit's CUSUM: from where it left zero to its top or the limit.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reporting.dashboards.read_expectations import expectations
from reporting.domain.actors import Actor
from reporting.domain.vocabulary import SYMPTOMS
from reporting.errors import InvalidInput, NotFound
from reporting.evidence.checks import EvidenceProblem
from reporting.evidence.cusum import cusum, cusum_weights, limit_for_run_length
from reporting.evidence.funnel import Funnel, adjusted_limits, funnel, prediction_limits
from reporting.evidence.intervals import smr
from reporting.evidence.limits import Budget
from reporting.records import signals
from reporting.records.engine import reading
from reporting.security.permissions import may, require
from reporting.shell.read_marks import dated_marks
from reporting.shell.read_scope import Filters, own_operator, scoped_frame, sees_all_operators
from reporting.signals.read_signals import BehindSignal

UnitType = Literal["operator", "device"]
EVERYTHING = Filters()
LEAST_EXPECTED = 1.0
"""Units with fewer expected events are named and not drawn: their ratio says nothing."""
HIGHEST_RISK = 0.95
"""A treatment's expected events stand for its risk; repeated check-ins can add up to more than one."""


@dataclass(frozen=True)
class Units:
    """``table``, by name: unit, n_areas, n_treatments, events, expected, ratio, lower, upper (Garwood, 95 %), zone,
    is_drawn. ``funnel`` is of the drawn ones in the same order, None without any. ``curve`` holds its limits on a
    fine grid: expected, warn_low, warn_high (95 %), act_low, act_high (99.8 %)."""

    unit_type: UnitType
    symptom: str
    table: pd.DataFrame
    funnel: Funnel | None
    curve: pd.DataFrame
    only_own: bool
    """The reader sees the own chart only: operators are compared by the safety lead."""
    why_not: str = ""
    as_of: datetime | None = None
    """When the expected numbers were read, where newer answers may not be in them yet."""


@dataclass(frozen=True)
class Course:
    """One unit over time, a row of ``table`` per treated area in order: day, treatment_id, events, expected,
    excess (observed less expected so far), cusum. ``signals``: days on which the CUSUM passed ``limit``."""

    unit_type: UnitType
    unit: str
    symptom: str
    table: pd.DataFrame
    limit: float
    signals: tuple[date, ...]
    years_between_false: float
    """How long the chart runs on average between two false signals."""
    marks: tuple[tuple[date, str], ...]
    """Service of the device and actions taken on signals: day and words."""


def _table(by: Actor, unit_type: UnitType, symptom: str, filters: Filters) -> tuple[pd.DataFrame, str]:
    """Rows of the expectation table that the person may see and the filters choose, with why there are none."""
    if unit_type not in ("operator", "device"):
        raise InvalidInput(field="unit", found=unit_type, allowed="operator or device")
    if symptom not in SYMPTOMS:
        raise InvalidInput(field="symptom", found=symptom, allowed="one of " + ", ".join(SYMPTOMS))
    found = expectations(symptom)
    if found.why_not:
        return found.table, found.why_not
    mine = scoped_frame(by, filters, ["treatment_id"])["treatment_id"].to_numpy()
    table = found.table[np.isin(found.table["treatment_id"].to_numpy(), mine)]
    if unit_type == "operator" and not sees_all_operators(by):
        table = table[table["operator"] == own_operator(by)]
    recorded = ~table[unit_type].astype(str).str.contains("not_recorded|not recorded", regex=True)
    return table[recorded.to_numpy()], ""


def units(by: Actor, unit_type: UnitType, symptom: str, filters: Filters = EVERYTHING) -> Units:
    """Observed against expected of each operator or device. Raises NotAllowed, InvalidInput."""
    require(by, "overview.read")
    only_own = unit_type == "operator" and not sees_all_operators(by)
    table, why_not = _table(by, unit_type, symptom, filters)
    if table.empty:
        return Units(unit_type, symptom, table, None, pd.DataFrame(), only_own, why_not)
    summed = (
        table.assign(unit=table[unit_type].astype(str))
        .groupby("unit", sort=True)
        .agg(
            n_areas=("events", "size"),
            n_treatments=("treatment_id", "nunique"),
            events=("events", "sum"),
            expected=("expected", "sum"),
        )
        .reset_index()
    )
    summed["is_drawn"] = summed["expected"] >= LEAST_EXPECTED
    return replace(_with_limits(unit_type, symptom, summed, only_own), as_of=expectations(symptom).as_of)


def _with_limits(unit_type: UnitType, symptom: str, summed: pd.DataFrame, only_own: bool) -> Units:
    drawn = summed[summed["is_drawn"]]
    limits = funnel(drawn["events"], drawn["expected"]) if len(drawn) else None
    ratios = [smr(events, due) for events, due in zip(summed["events"], summed["expected"], strict=True)]
    zones = dict.fromkeys(summed.index, "too few expected")
    if limits is not None:
        zones |= dict(zip(drawn.index, limits.zone, strict=True))
    ratio = summed["events"] / summed["expected"].where(summed["expected"] > 0)
    lower, upper = (np.array([getattr(r, side) for r in ratios], dtype=float) for side in ("lower", "upper"))
    table = summed.assign(ratio=ratio, lower=lower, upper=upper, zone=list(zones.values()))
    curve = pd.DataFrame() if limits is None else _curve(limits, drawn["expected"].to_numpy())
    return Units(unit_type, symptom, table, limits, curve, only_own)


def _curve(limits: Funnel, expected: NDArray[np.float64]) -> pd.DataFrame:
    """The funnel's own limits between and beside its points."""
    grid = np.geomspace(LEAST_EXPECTED, max(float(expected.max()) * 1.15, 2 * LEAST_EXPECTED), 60)
    found = {"expected": grid}
    for name, level in (("warn", limits.warning.level), ("act", limits.action.level)):
        plain, wide = prediction_limits(grid, level), adjusted_limits(grid, limits.tau2, level)
        found[f"{name}_low"] = np.minimum(plain.lower, wide.lower)
        found[f"{name}_high"] = np.maximum(plain.upper, wide.upper)
    return pd.DataFrame(found)


def course(by: Actor, unit_type: UnitType, unit: str, symptom: str, filters: Filters = EVERYTHING) -> Course:
    """One unit over time. Raises NotFound for a unit that the person may not see, NotAllowed, InvalidInput."""
    require(by, "overview.read")
    table, _ = _table(by, unit_type, symptom, filters)
    others = max(1, table[unit_type].nunique()) if len(table) else 1
    mine = table[table[unit_type] == unit] if len(table) else table
    if mine.empty:
        raise NotFound()
    risk = np.minimum(mine["expected"].to_numpy(), HIGHEST_RISK)
    outcome = mine["events"].to_numpy()
    limit, years = _limit(risk, mine["day"], others)
    path = cusum(cusum_weights(outcome, risk), limit)
    drawn = mine[["day", "treatment_id", "events", "expected"]].assign(
        excess=np.cumsum(outcome - mine["expected"].to_numpy()), cusum=path.values
    )
    days = tuple(mine["day"].iloc[at].date() for at in path.signals)
    marks = dated_marks(by, [unit] if unit_type == "device" else [])
    return Course(unit_type, unit, symptom, drawn, limit, days, years, marks)


def _limit(risk: NDArray[np.float64], days: "pd.Series[pd.Timestamp]", charts: int) -> tuple[float, float]:
    """Limit at which all charts of the clinic together spend the stated budget of false signals, and the years
    between two false signals of this one."""
    years = max((days.iloc[-1] - days.iloc[0]).days / 365.25, 0.25)
    between = charts / Budget().per_clinic_year
    trials = max(len(risk) / years * between, 2.0)
    typical = np.quantile(risk, np.linspace(0.025, 0.975, 20)) if len(risk) > 20 else risk
    return _cached_limit(tuple(np.maximum(typical, 1e-6).round(6).tolist()), round(trials, 1)), between


@lru_cache(maxsize=256)
def _cached_limit(risks: tuple[float, ...], trials: float) -> float:
    try:
        return limit_for_run_length(risks, trials, states=100)
    except EvidenceProblem:
        return UNREACHED


UNREACHED = 5.0
"""Where even the lowest limit is passed less often than the budget: a usual limit is drawn."""


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
        found.append(
            Rise(
                days.iloc[0].date(),
                days.iloc[-1].date(),
                tops[one],
                tops[one] > course.limit,
                _treatments(by, table["treatment_id"].iloc[at].tolist()),
                len(at),
            )
        )
    return tuple(found)


def _treatments(by: Actor, ids: list[int]) -> tuple[BehindSignal, ...]:
    """Those who may open a timeline are shown whose treatments they were."""
    if not may(by, "timeline.read"):
        return ()
    with reading() as session:
        return tuple(BehindSignal(*each) for each in signals.treatments(session, ids))
