"""Detectors people use without risk adjustment, for the table only: raw rates, p-charts, NHS rules."""

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from reporting.evidence.checks import Array
from reporting.evidence.control_charts import nhs_rules, p_chart, xmr_chart

UNITS = {"operator": "operator", "device": "device", "clinic": "clinic"}
LEAST_EVENTS = 3
WINDOW_DAYS, MONTH_DAYS, WEEK_DAYS = 90, 28, 7

Series = tuple[Array, Array, Array]
"""Days that periods end on, events and treatments of each period."""


def raw_rate(areas: pd.DataFrame, check_ins: pd.DataFrame, from_day: int, to_day: int) -> list[tuple[int, str, str]]:
    """Alarm when a unit's reports per treatment of the last 90 days are twice its baseline, with 3 reports."""

    def judge(days: Array, events: Array, treated: Array) -> Array:
        base = events[days <= from_day].sum() / max(treated[days <= from_day].sum(), 1)
        span = WINDOW_DAYS // WEEK_DAYS
        recent, n = (np.convolve(x, np.ones(span))[: len(x)] for x in (events, treated))
        return np.asarray((recent >= LEAST_EVENTS) & (recent >= 2 * base * n), dtype=float)

    return _alarms(areas, check_ins, from_day, to_day, WEEK_DAYS, judge)


def monthly_p_chart(
    areas: pd.DataFrame, check_ins: pd.DataFrame, from_day: int, to_day: int
) -> list[tuple[int, str, str]]:
    """Alarm when a month's proportion is above 3 sigma of the baseline's."""

    def judge(days: Array, events: Array, treated: Array) -> Array:
        base = events[days <= from_day].sum() / max(treated[days <= from_day].sum(), 1)
        n = np.maximum(treated, events)
        if n.sum() == 0:
            return np.zeros(len(n), dtype=bool)
        chart = p_chart(events, n, centre=float(base))
        return np.asarray(chart.values > chart.upper)

    return _alarms(areas, check_ins, from_day, to_day, MONTH_DAYS, judge)


def weekly_nhs_rules(
    areas: pd.DataFrame, check_ins: pd.DataFrame, from_day: int, to_day: int
) -> list[tuple[int, str, str]]:
    """Alarm when one of the four rules marks a week above the centre of an XmR chart of weekly rates."""

    def judge(days: Array, events: Array, treated: Array) -> Array:
        rates = events / np.maximum(treated, 1)
        chart = xmr_chart(rates, fixed_points=int((days <= from_day).sum()))
        causes = nhs_rules(chart)
        marked = causes.outside | causes.shift | causes.trend | causes.two_of_three
        return np.asarray(marked & (chart.values > chart.centre))

    return _alarms(areas, check_ins, from_day, to_day, WEEK_DAYS, judge)


NAIVE = {
    "raw rate, twice baseline": raw_rate,
    "p-chart, 3 sigma": monthly_p_chart,
    "NHS rules, weekly XmR": weekly_nhs_rules,
}


def _alarms(
    areas: pd.DataFrame,
    check_ins: pd.DataFrame,
    from_day: int,
    to_day: int,
    period: int,
    judge: Callable[[Array, Array, Array], Array],
) -> list[tuple[int, str, str]]:
    found = []
    for kind, unit, (days, events, treated) in _series(areas, check_ins, from_day, to_day, period):
        marked = judge(days, events, treated)
        found += [(int(day), kind, unit) for day in days[marked.astype(bool) & (days > from_day)]]
    return found


def _series(
    areas: pd.DataFrame, check_ins: pd.DataFrame, from_day: int, to_day: int, period: int
) -> Iterator[tuple[str, str, Series]]:
    """Reports by the day they came and treatments by their day, for every unit and symptom."""
    ends = np.arange(from_day % period, to_day + 1, period)
    indexed = areas.set_index("area_id")
    for symptom in ("burning", "hyperpigmentation"):
        reports = check_ins[check_ins["answered"].astype(bool) & (check_ins[symptom] == 1)]
        unit_of = indexed.loc[reports["area_id"]]
        when = np.searchsorted(ends, reports["answered_day"].to_numpy())
        treated_when = np.searchsorted(ends, areas["day"].to_numpy())
        for kind, column in UNITS.items():
            for unit in sorted(set(areas[column])):
                mine = (unit_of[column] == unit).to_numpy()
                events = np.bincount(when[mine], minlength=len(ends) + 1)[: len(ends)]
                own = (areas[column] == unit).to_numpy()
                treated = np.bincount(treated_when[own], minlength=len(ends) + 1)[: len(ends)]
                yield kind, str(unit), (ends.astype(float), events.astype(float), treated.astype(float))
