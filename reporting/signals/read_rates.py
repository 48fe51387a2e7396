"""Rates of unexpected side effects by group, crude and adjusted for case mix, with how many answered."""

import math
from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reporting import clock
from reporting.dashboards.read_bands import band_codes, cut
from reporting.dashboards.read_expectations import HAZARD_MODEL, STANDARDISED, expectations
from reporting.domain.actors import Actor
from reporting.domain.devices import setting_fields
from reporting.domain.vocabulary import SYMPTOMS
from reporting.errors import InvalidInput
from reporting.evidence.intervals import smr
from reporting.security.permissions import require
from reporting.shell.read_counting import count_symptom, group_codes, symptom_tables
from reporting.shell.read_scope import SKIN_GROUPS, Filters, own_operator, scoped_frame, sees_all_operators
from reporting.shell.read_small_cells import coarse, to_hand_on

CASE_MIX = ("procedure_class", "indication", "fitzpatrick")
"""Strata of the indirect standardisation: what the patient brings, never what the clinic chose."""

_COLUMNS = {
    "clinic": "clinic",
    "device": "device",
    "operator": "operator",
    "device-class": "device_class",
    "procedure-class": "procedure_class",
    "area": "area",
    "indication": "indication",
    "fitzpatrick": "fitzpatrick",
}
GROUPINGS = (*_COLUMNS, "skin-group", "week", "month", "setting-band", "all")

Ints = NDArray[np.int64]
EVERYTHING = Filters()


def _skin_group(frame: pd.DataFrame) -> "pd.Series[str]":
    skin = frame["fitzpatrick"].to_numpy()
    found = np.full(len(frame), "not recorded", dtype=object)
    for name, (low, high) in SKIN_GROUPS.items():
        found[(skin >= low) & (skin <= high)] = name
    return pd.Series(found, index=frame.index)


def _week(frame: pd.DataFrame) -> "pd.Series[str]":
    monday = frame["performed_on"] - pd.to_timedelta(frame["performed_on"].dt.day_of_week, unit="D")
    week: pd.Series[str] = monday.dt.strftime("%Y-%m-%d")
    return week


_MADE: dict[str, Callable[[pd.DataFrame], "pd.Series[str]"]] = {
    "skin-group": _skin_group,
    "week": _week,
    "month": lambda frame: frame["performed_on"].dt.strftime("%Y-%m"),
    "all": lambda frame: pd.Series("all", index=frame.index),
}


def _bands(frame: pd.DataFrame, parameter: str) -> "pd.Series[str]":
    if parameter not in setting_fields() or parameter not in frame.columns:
        raise InvalidInput(
            field="parameter", found=parameter, allowed=", ".join(sorted(set(setting_fields()) & set(frame.columns)))
        )
    values = frame[parameter].to_numpy()
    bands = cut(values, frame["performed_on"], clock.now().date()).bands
    labels = [*(band.label for band in bands), "not recorded"]
    return pd.Series([labels[code] for code in band_codes(values, bands)], index=frame.index)


def _grouped(frame: pd.DataFrame, by: str, parameter: str) -> tuple[Ints, list[str]]:
    """Group of each row, shape (rows,), and the names of the groups in order."""
    if by in _COLUMNS:
        codes, keys = group_codes(frame, [_COLUMNS[by]])
        return codes, [str(value) for value in keys[_COLUMNS[by]]]
    made = _bands(frame, parameter) if by == "setting-band" else _MADE[by](frame)
    codes, names = pd.factorize(made, sort=True)
    return codes.astype(np.int64), [str(name) for name in names]


def _expected(frame: pd.DataFrame, group: Ints, size: int, symptom: str) -> NDArray[np.float64]:
    """Expected events by group if each stratum of the case mix had the rate of all that is in scope."""
    answered, event = count_symptom(frame, symptom)
    strata, _ = group_codes(frame, CASE_MIX)
    per_stratum = np.bincount(strata[answered], minlength=1)
    events = np.bincount(strata[event], minlength=len(per_stratum))[: len(per_stratum)]
    rate = np.divide(events, per_stratum, out=np.zeros(len(per_stratum)), where=per_stratum > 0)
    expected: NDArray[np.float64] = np.bincount(group[answered], weights=rate[strata[answered]], minlength=size).astype(
        np.float64
    )
    return expected


def _check(by: Actor, filters: Filters) -> None:
    """Raise InvalidInput for a clinic or device class without a treatment, and for days that end before they begin."""
    if filters.from_date and filters.to_date and filters.from_date > filters.to_date:
        raise InvalidInput(
            field="from", found=str(filters.from_date), allowed=f"a day up to {filters.to_date}, the last one"
        )
    wanted = {"clinic": filters.clinics, "device_class": (filters.device_class,) if filters.device_class else ()}
    frame = scoped_frame(by, EVERYTHING, list(wanted))
    for column, codes in wanted.items():
        there = sorted(str(code) for code in frame[column].unique())
        for code in codes:
            if there and code not in there:
                allowed = "one with treatments: " + ", ".join(there)
                raise InvalidInput(field=column.replace("_", "-"), found=code, allowed=allowed)


def _adjusted(
    frame: pd.DataFrame, group: Ints, size: int, symptom: str, events: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], str]:
    """(observed, expected) events by group, and how the expectation was adjusted.

    By the hazard model the trials are answered check-ins of treated areas; where it cannot be fitted they are
    treatments, standardised by stratum.
    """
    found = expectations(symptom).of_areas(frame["treated_area_id"].to_numpy())
    if found is None:
        return events.astype(np.float64), _expected(frame, group, size, symptom), STANDARDISED
    observed, expected = (np.bincount(group, weights=each, minlength=size).astype(np.float64) for each in found)
    return observed, expected, HAZARD_MODEL


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value


def rates(
    by: Actor, grouping: str, symptom: str, filters: Filters = EVERYTHING, *, parameter: str = ""
) -> pd.DataFrame:
    """One row per group: ``group``, the counts and rate of ``queries.counting``, ``expected``,
    ``adjusted_ratio``, ``ratio_lower``, ``ratio_upper``.

    The adjusted ratio is observed over expected events with Garwood's exact 95 % limits, NaN where nothing was
    expected; ``observed`` counts as the adjustment does. ``adjustment`` names it: the discrete-time hazard of
    model A over case mix, or, with too few events for a model, indirect standardisation over procedure class,
    indication and Fitzpatrick type. ``setting-band`` needs ``parameter`` and one device class in ``filters``.

    Operators are compared by those alone who may; everybody else gets the own row. Raises InvalidInput for an unknown
    grouping, symptom or parameter; NotAllowed.
    """
    require(by, "rates.read")
    if symptom not in SYMPTOMS:
        raise InvalidInput(field="symptom", found=symptom, allowed=", ".join(SYMPTOMS))
    if grouping not in GROUPINGS:
        raise InvalidInput(field="by", found=grouping, allowed=", ".join(GROUPINGS))
    if grouping == "setting-band" and not filters.device_class:
        raise InvalidInput(
            field="device-class", found="", allowed="one device class: settings are never pooled across devices"
        )
    if parameter and grouping != "setting-band":
        raise InvalidInput(field="parameter", found=parameter, allowed="none, but with setting-band")
    _check(by, filters)
    frame = scoped_frame(by, filters)
    if grouping == "operator" and not sees_all_operators(by):
        frame = frame[(frame["operator"] == own_operator(by)).to_numpy()].reset_index(drop=True)
    group, names = _grouped(frame, grouping, parameter)
    [table] = symptom_tables(frame, group, len(names), [symptom])
    observed, expected, adjustment = _adjusted(frame, group, len(names), symptom, table["events"].to_numpy())
    table.insert(0, "group", names)
    return _with_ratios(table.assign(observed=observed, expected=expected)).assign(adjustment=adjustment)


def _with_ratios(table: pd.DataFrame) -> pd.DataFrame:
    pairs = zip(table["observed"], table["expected"], strict=True)
    ratios = [None if math.isnan(events) else smr(events, due) for events, due in pairs]
    limits = {"adjusted_ratio": "value", "ratio_lower": "lower", "ratio_upper": "upper"}
    return table.assign(
        **{
            column: [math.nan if ratio is None else _or_nan(getattr(ratio, part)) for ratio in ratios]
            for column, part in limits.items()
        }
    )


def rates_to_hand_on(
    by: Actor, grouping: str, symptom: str, filters: Filters = EVERYTHING, *, parameter: str = ""
) -> pd.DataFrame:
    """The same for readers beyond the treating clinic: small counts hidden (``is_hidden``), the others coarse, and
    every rate and ratio from those. Operators are never in it: InvalidInput.
    """
    if grouping == "operator":
        raise InvalidInput(field="by", found=grouping, allowed="anything but operator in what is handed on")
    found = to_hand_on(rates(by, grouping, symptom, filters, parameter=parameter))
    hidden = found["is_hidden"].to_numpy()
    found["observed"] = np.where(hidden, np.nan, coarse(found["observed"].to_numpy()))
    found["expected"] = np.where(hidden, np.nan, found["expected"].round(1))
    return _with_ratios(found)
