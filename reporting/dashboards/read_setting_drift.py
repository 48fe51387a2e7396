"""How a setting moved over time: month by month as set or against what is usual for such patients, and how often it
was above what is recommended. The leading indicator: it needs no answer of a patient."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reporting.dashboards.read_bands import checked, skin_codes
from reporting.dashboards.read_ranges import Range, device_class_of, highest_of_protocol, highest_published, ranges_of
from reporting.domain.actors import Actor
from reporting.domain.devices import DeviceClass, parameter_of, setting_fields
from reporting.domain.vocabulary import SYMPTOMS
from reporting.errors import NotFound
from reporting.evidence.intervals import wilson_bounds
from reporting.security.permissions import require
from reporting.settings import settings
from reporting.shell.read_counting import ENOUGH_ANSWERED, group_codes
from reporting.shell.read_marks import dated_marks
from reporting.shell.read_scope import Filters, may_see_operator, scoped_frame
from reporting.shell.read_small_cells import is_beyond_clinic

Per = Literal["month", "quarter"]
Kind = Literal["class", "device", "operator"]
ENOUGH = ENOUGH_ANSWERED
"""With fewer treated areas a period is drawn hollow, and nothing is said of it."""
DRAWN_TOWARDS_ALL = 5.0
"""So many treated areas is the weight of all together in what is usual for a kind of patient. Our choice."""
CASE_MIX = ("skin", "area", "indication")
_COLUMNS = ("clinic_id", "treatment_id", "performed_on", "device", "operator", "area", "indication", "fitzpatrick")

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Unit:
    """Whose settings are looked at: all of the class, one device or one operator (``CLINIC/CODE``)."""

    kind: Kind
    code: str = ""


@dataclass(frozen=True)
class SettingDrift:
    """One setting of one unit over time, a row of ``table`` per period with treated areas: period (number), start,
    middle, label, n (treated areas), median, q1, q3, is_enough, is_hidden; in the setting's unit, or, if
    ``is_relative``, as a multiple of what is usual for the same skin group, area and indication.

    ``above``: a row per period and kind of limit (``guideline``, ``protocol``; ``typical`` where there is neither):
    period, start, middle, label, kind, n (with such a limit), n_above, share, lower, upper (Wilson, 95 %), is_enough,
    is_hidden.
    """

    device_class_name: str
    parameter: str
    label: str
    unit: str
    of: Unit
    per: Per
    is_relative: bool
    table: pd.DataFrame
    above: pd.DataFrame
    ranges: tuple[Range, ...]
    marks: tuple[tuple[date, str], ...]


def drift_units(by: Actor, filters: Filters) -> tuple[Unit, ...]:
    """Whose settings the person may look at within these filters, by name; operators: the safety lead all, everybody
    else themselves. Raises NotAllowed."""
    require(by, "settings.read")
    frame = scoped_frame(by, filters, ["device", "operator"])
    found = [Unit("class")]
    for kind in ("device", "operator"):
        column = frame[kind].cat
        names = sorted(str(column.categories[code]) for code in np.unique(column.codes.to_numpy()) if code >= 0)
        found += [Unit(kind, name) for name in names if name != "not recorded"]
    return tuple(unit for unit in found if _may_see(by, unit))


def _may_see(by: Actor, unit: Unit) -> bool:
    return unit.kind != "operator" or may_see_operator(by, unit.code)


def setting_drift(
    by: Actor, filters: Filters, parameter: str, unit: Unit, *, per: Per = "month", is_relative: bool = False
) -> SettingDrift:
    """One setting over time. Raises NotAllowed, InvalidInput, and NotFound for an operator one may not look at."""
    require(by, "settings.read")
    checked(parameter, SYMPTOMS[0])
    if not _may_see(by, unit):
        raise NotFound()
    chosen = device_class_of(by, filters.device_class)
    columns = [*_COLUMNS, parameter, *({"spot_size_mm"} - {parameter})]
    everybody = scoped_frame(by, filters, columns)
    everybody = _where(everybody, everybody[parameter].to_numpy() > 0)
    value = everybody[parameter].to_numpy(dtype=np.float64)
    shown = value / _usual(everybody, value) if is_relative else value
    rows = everybody.assign(shown=shown, period=_period(everybody["performed_on"], per))
    mine = _only(rows, unit)
    hidden = is_beyond_clinic(by, mine["clinic_id"].to_numpy())
    field = setting_fields()[parameter]
    return SettingDrift(
        chosen.name,
        parameter,
        field.label,
        field.unit,
        unit,
        per,
        is_relative,
        _table(mine, per, hidden),
        _above(by, mine, chosen, parameter, per, hidden),
        () if is_relative else ranges_of(by, chosen, parameter, filters.area, mine["spot_size_mm"].to_numpy()),
        dated_marks(by, _devices(mine) if unit.kind != "operator" else ()),
    )


def _devices(rows: pd.DataFrame) -> list[str]:
    column = rows["device"].cat
    return [str(column.categories[code]) for code in np.unique(column.codes.to_numpy()) if code >= 0]


def _only(rows: pd.DataFrame, unit: Unit) -> pd.DataFrame:
    if unit.kind == "class":
        return rows
    return _where(rows, (rows[unit.kind] == unit.code).to_numpy())


def _where(rows: pd.DataFrame, mask: NDArray[np.bool_]) -> pd.DataFrame:
    return rows if mask.all() else rows[mask].reset_index(drop=True)


def _usual(frame: pd.DataFrame, value: Numbers) -> Numbers:
    """Geometric mean of the setting among the treated areas of the same skin group, area and indication, drawn
    towards that of all by the weight of DRAWN_TOWARDS_ALL; shape (rows,). ``value`` is above zero."""
    kinds = pd.DataFrame({"skin": skin_codes(frame), "area": frame["area"], "indication": frame["indication"]})
    code, _ = group_codes(kinds, CASE_MIX) if len(frame) else (np.empty(0, dtype=np.int64), None)
    logs = np.log(value)
    total, often = np.bincount(code, weights=logs), np.bincount(code)
    overall = float(logs.mean()) if len(logs) else 0.0
    usual = (total + DRAWN_TOWARDS_ALL * overall) / (often + DRAWN_TOWARDS_ALL)
    return np.asarray(np.exp(usual[code]), dtype=np.float64)


def _period(day: "pd.Series[pd.Timestamp]", per: Per) -> NDArray[np.int64]:
    """Number of the month or quarter since the year 0."""
    months = day.to_numpy().astype("datetime64[M]").astype(np.int64) + 1970 * 12
    return np.asarray(months if per == "month" else months // 3, dtype=np.int64)


def days_of(period: int, per: Per) -> tuple[date, date]:
    """First and last day of a period."""
    length = 1 if per == "month" else 3
    first, after = period * length, (period + 1) * length
    return date(first // 12, first % 12 + 1, 1), date(after // 12, after % 12 + 1, 1) - timedelta(days=1)


def _named(periods: NDArray[np.int64], per: Per) -> pd.DataFrame:
    days = [days_of(int(period), per) for period in periods]
    words = [f"{first:%b %Y}" if per == "month" else f"Q{first.month // 3 + 1} {first.year}" for first, _ in days]
    return pd.DataFrame(
        {
            "period": periods,
            "start": pd.to_datetime([first for first, _ in days]),
            "middle": pd.to_datetime([first + (last - first) / 2 for first, last in days]),
            "label": words,
        }
    )


def _table(mine: pd.DataFrame, per: Per, hidden: bool) -> pd.DataFrame:
    period, shown = mine["period"].to_numpy(), mine["shown"].to_numpy()
    order = np.lexsort((shown, period))
    found, first, size = np.unique(period[order], return_index=True, return_counts=True)
    parts = [shown[order][at : at + n] for at, n in zip(first, size, strict=True)]
    spread = np.array([np.quantile(part, (0.25, 0.5, 0.75)) for part in parts]).reshape(-1, 3)
    table = _named(found, per).assign(n=size, q1=spread[:, 0], median=spread[:, 1], q3=spread[:, 2])
    return _without_small(table.assign(is_enough=table["n"] >= ENOUGH), ["n"], ["n", "median", "q1", "q3"], hidden)


def _limits(by: Actor, mine: pd.DataFrame, chosen: DeviceClass, parameter: str) -> Iterator[tuple[str, Numbers]]:
    """Highest recommended value for each row by kind of limit; what is usual only where nothing else says anything."""
    published = highest_published(mine, chosen, parameter)
    own = highest_of_protocol(by, mine["fitzpatrick"].to_numpy(), chosen, parameter)
    yield "guideline", published
    yield "protocol", own
    known = parameter_of(chosen, parameter)
    if known is not None and known.typical_high is not None and np.isnan(published).all() and np.isnan(own).all():
        yield "typical", np.full(len(mine), known.typical_high)


def _above(by: Actor, mine: pd.DataFrame, chosen: DeviceClass, parameter: str, per: Per, hidden: bool) -> pd.DataFrame:
    value, period, parts = mine[parameter].to_numpy(), mine["period"].to_numpy(), []
    for kind, limit in _limits(by, mine, chosen, parameter):
        known = ~np.isnan(limit)
        found, place, n = np.unique(period[known], return_inverse=True, return_counts=True)
        if len(found):
            events = np.bincount(place, weights=value[known] > limit[known].astype(np.float32)).astype(np.int64)
            lower, upper = wilson_bounds(events, n)
            parts.append(
                _named(found, per).assign(kind=kind, n=n, n_above=events, share=events / n, lower=lower, upper=upper)
            )
    columns = ["period", "start", "middle", "label", "kind", "n", "n_above", "share", "lower", "upper"]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    table = table.assign(is_enough=table["n"] >= ENOUGH)
    return _without_small(table, ["n", "n_above"], ["n", "n_above", "share", "lower", "upper"], hidden)


def _without_small(table: pd.DataFrame, counts: list[str], values: list[str], hidden: bool) -> pd.DataFrame:
    """Rows with a small count emptied for readers beyond the treating clinic. Periods have no total beside them that
    would give one back."""
    if not hidden:
        return table.assign(is_hidden=False)
    limit = settings().small_cell_threshold
    small = np.logical_or.reduce([((table[name] > 0) & (table[name] < limit)).to_numpy() for name in counts])
    emptied = table.astype(dict.fromkeys(values, "float64"))
    emptied.loc[small, values] = np.nan
    return emptied.assign(is_hidden=small, is_enough=emptied["is_enough"] & ~small)
