"""How treatments, answers and side effects are counted, in one place for every table and chart.

- The unit is the **treatment within a group**: several areas of one treatment count once in each group they
  fall into, with the event if any of those areas had it. Groups that split a treatment (an area, a setting
  band) can therefore add up to more than the total.
- A treatment **answered** for a symptom when a check-in was answered on or after the first recovery day on
  which that symptom counts as a complication (``risk_from_day`` of the content table), or when the symptom
  was reported as unexpected before: such a report is an answer too, and nothing reported is left out.
- An **event** is a report that was unexpected for its day and procedure. It is a report, not a diagnosis.
- The **response rate** is answered due check-ins over due check-ins (days that have come by today).
- A **rate** is events over treatments that answered, with Wilson's 95 % interval.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reporting.domain.course import SLOTS
from reporting.domain.vocabulary import symptom as symptom_of
from reporting.evidence.intervals import wilson_bounds, zero_events_upper

ENOUGH_ANSWERED = 5
"""Fewer treatments that answered than this say nothing: they are shown grey, without a rate."""

RATE_COLUMNS = (
    "n_treatments",
    "n_at_risk",
    "n_answered",
    "due_check_ins",
    "answered_check_ins",
    "response_rate",
    "events",
    "rate",
    "lower",
    "upper",
)
COUNTING_COLUMNS = ("treatment_id", "due_mask", "answered_mask")

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@cache
def _window(first_day: int) -> int:
    return sum(1 << bit for bit, day in enumerate(SLOTS) if day >= first_day)


def window_mask(symptom: str) -> int:
    """Bits of SLOTS from the first recovery day on which the symptom counts as a complication."""
    return _window(symptom_of(symptom).risk_from_day)


def count_symptom(frame: pd.DataFrame, symptom: str) -> tuple[Flags, Flags]:
    """(answered, event) of each row, shape (rows,): see the head of this module."""
    event = frame[f"first_{symptom}"].to_numpy() >= 0
    in_window = (frame["answered_mask"].to_numpy() & window_mask(symptom)) != 0
    return in_window | event, event


@dataclass(frozen=True)
class Units:
    """One entry per treatment within a group; ``events`` are true where any of its areas is."""

    group: Ints
    due: Ints
    """Due check-ins, a mask of SLOTS."""
    answered: Ints
    """Answered check-ins, a mask of SLOTS."""
    events: tuple[Flags, ...]


def units(treatment: Ints, group: Ints, due: Ints, answered: Ints, *events: Flags) -> Units:
    """Rows (all arguments shape (rows,), ``due`` and ``answered`` as bit masks) as treatments in groups.

    Check-ins belong to a treatment, so the masks of its areas are the same: the first one is taken.
    """
    key = treatment * (int(group.max(initial=0)) + 2) + group
    if (key[1:] > key[:-1]).all():
        return Units(group, due, answered, events)
    if not (key[1:] >= key[:-1]).all():
        order = np.argsort(key, kind="stable")  # fast, because nearly in order
        key, group, due, answered = key[order], group[order], due[order], answered[order]
        events = tuple(event[order] for event in events)
    is_first = np.append(True, key[1:] != key[:-1])
    first, unit_of_row = np.flatnonzero(is_first), np.cumsum(is_first) - 1
    return Units(
        group[first],
        due[first],
        answered[first],
        tuple(_any_area(event, unit_of_row, len(first)) for event in events),
    )


def _any_area(event: Flags, unit_of_row: Ints, size: int) -> Flags:
    """Whether any row of each unit has the event."""
    found = np.zeros(size, dtype=np.bool_)
    found[unit_of_row[event]] = True
    return found


def distinct(ids: Ints) -> int:
    """How many different ids there are; quickest when they are nearly in order."""
    ordered = np.sort(ids, kind="stable")
    return int(np.count_nonzero(ordered[1:] != ordered[:-1])) + bool(len(ordered))


def _sums(group: Ints, size: int, values: NDArray[np.uint8]) -> Ints:
    if size == 1:
        return np.array([values.sum()], dtype=np.int64)
    return np.bincount(group, weights=values, minlength=size).astype(np.int64)


def _counted(group: Ints, size: int, flag: Flags) -> Ints:
    if size == 1:
        return np.array([np.count_nonzero(flag)], dtype=np.int64)
    return np.bincount(group[flag], minlength=size)


def tables(units: Units, size: int, windows: Sequence[int]) -> list[pd.DataFrame]:
    """One table of RATE_COLUMNS for groups 0 to size-1 per event of ``units`` and window of its symptom.

    A group below 0 is left out. A rate without answers is NaN, its limits 0 and 1.
    """
    if (units.group < 0).any():
        keep = np.flatnonzero(units.group >= 0)
        events = tuple(event[keep] for event in units.events)
        units = Units(units.group[keep], units.due[keep], units.answered[keep], events)
    n = _counted(units.group, size, np.ones(len(units.group), dtype=np.bool_))
    due, answered = (_sums(units.group, size, np.bitwise_count(mask)) for mask in (units.due, units.answered))
    in_window = {mask: (units.due & mask != 0, units.answered & mask != 0) for mask in set(windows)}
    found = []
    for event, mask in zip(units.events, windows, strict=True):
        fell_due, heard = in_window[mask]
        answering = heard | event
        flags = (fell_due | answering, answering, event)
        found.append(_table(n, due, answered, *(_counted(units.group, size, flag) for flag in flags)))
    return found


def _table(n: Ints, due: Ints, answered: Ints, risk: Ints, heard: Ints, event: Ints) -> pd.DataFrame:
    lower, upper = wilson_bounds(event, heard)
    return pd.DataFrame(
        {
            "n_treatments": n,
            "n_at_risk": risk,
            "n_answered": heard,
            "due_check_ins": due,
            "answered_check_ins": answered,
            "response_rate": _share(answered, due),
            "events": event,
            "rate": _share(event, heard),
            "lower": lower,
            "upper": upper,
        }
    )


def _share(part: Ints, whole: Ints) -> NDArray[np.float64]:
    share: NDArray[np.float64] = np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)
    return share


def symptom_tables(frame: pd.DataFrame, group: Ints, size: int, symptoms: Sequence[str]) -> list[pd.DataFrame]:
    """A table of RATE_COLUMNS per symptom, for groups 0 to size-1; ``group`` shape (rows,), -1 is none."""
    found = units(
        frame["treatment_id"].to_numpy(),
        group,
        frame["due_mask"].to_numpy(),
        frame["answered_mask"].to_numpy(),
        *(frame[f"first_{code}"].to_numpy() >= 0 for code in symptoms),
    )
    return tables(found, size, [window_mask(code) for code in symptoms])


def group_codes(frame: pd.DataFrame, by: Sequence[str]) -> tuple[Ints, pd.DataFrame]:
    """(code of each row's group, the groups' values in order of their code), groups in rising order."""
    codes, keys = np.zeros(len(frame), dtype=np.int64), pd.DataFrame(index=[0])
    for name in by:
        own, values = _factorized(frame[name])
        codes = codes * len(values) + own
        keys = keys.merge(pd.DataFrame({name: values}), how="cross")
    seen = np.bincount(codes, minlength=len(keys)) > 0
    return (np.cumsum(seen) - 1)[codes], keys[seen].reset_index(drop=True)


def _factorized(column: "pd.Series[Any]") -> tuple[Ints, list[Any]]:
    if isinstance(column.dtype, pd.CategoricalDtype):
        values = [str(value) for value in column.cat.categories]
        codes = column.cat.codes.to_numpy().astype(np.int64)
        order = np.argsort(np.asarray(values, dtype=object), kind="stable")
        return np.argsort(order, kind="stable")[codes], [values[i] for i in order]
    codes, found = pd.factorize(column, sort=True)
    return codes.astype(np.int64), list(found)


def rate_table(frame: pd.DataFrame, by: str | Sequence[str], symptom: str) -> pd.DataFrame:
    """Rates by group: the ``by`` columns, then RATE_COLUMNS; one row per group that occurs, rising.

    ``frame`` has COUNTING_COLUMNS, ``first_<symptom>`` and the ``by`` columns. An empty ``by`` gives one row.
    """
    names = [by] if isinstance(by, str) else list(by)
    codes, keys = group_codes(frame, names)
    if not len(frame):
        keys = keys.iloc[:0]
    [table] = symptom_tables(frame, codes, len(keys), [symptom])
    return pd.concat([keys, table], axis=1)


def with_upper_limits(table: pd.DataFrame) -> pd.DataFrame:
    """The table for people to look at: where nobody of those who answered had the event, ``upper`` is the
    one-sided 95 % limit 1 - 0.05^(1/n), and ``is_enough`` says whether there are ENOUGH_ANSWERED."""
    none = (table["events"] == 0) & (table["n_answered"] > 0)
    limits = [zero_events_upper(n) for n in table.loc[none, "n_answered"]]
    shown = table.assign(is_enough=table["n_answered"] >= ENOUGH_ANSWERED)
    shown.loc[none, "upper"] = limits
    return shown
