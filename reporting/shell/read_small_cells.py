"""Small counts are hidden from anyone beyond the treating clinic, so that no patient can be made out.

Rule after the cell-size policies of CMS (no cell of 1 to 10, nor anything that lets it be derived) and NHS Digital
(what stays is made coarse); the threshold is the setting ``small_cell_threshold``.

- A row is hidden where its treatments, answers, events, or answers without the event are 1 to threshold - 1.
- Then further rows, the smallest first, until the totals of the lines (elsewhere on show) leave open for every hidden
  small count each value from 1 to threshold - 1.
- What is handed on is also made coarse: the middle of its group of as many as the threshold (of 5: 5 to 9 as 7), so
  that two tables cut differently, or of two months, leave open each value from 1 to threshold - 1 as well. Rounding to
  the nearest multiple would not: 5 to 7 as 5 tells more than 8 to 12 as 10.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import linprog

from reporting.domain.actors import Actor
from reporting.evidence.intervals import wilson_bounds
from reporting.security.scope import Scope
from reporting.settings import settings

COUNTS = ("events", "n_answered", "n_at_risk", "n_treatments", "answered_check_ins", "due_check_ins")
DERIVED = ("rate", "lower", "upper", "response_rate")
HIDDEN_WORDS = (
    "Counts of 1 to {most_hidden}, and what would give them away, are left out; the others are given as the middle of "
    "their group of {limit} ({first} to {last} as {middle}), and rates are those of these."
)
Flags = NDArray[np.bool_]
Counts = NDArray[np.int64]
Lines = list[NDArray[np.intp]]


def is_beyond_clinic(actor: Actor, clinic_ids: "np.ndarray[tuple[int], np.dtype[np.integer]] | list[int]") -> bool:
    """Whether a person looks at treatments of a clinic that is not their own. The system is no person."""
    return actor.kind != "system" and not all(Scope.of(actor).holds(clinic) for clinic in np.unique(clinic_ids))


def hide_small_cells(table: pd.DataFrame, by: Sequence[str] = (), threshold: int | None = None) -> pd.DataFrame:
    """The table with every count and rate of its small rows empty, and of those that could give them away.

    ``table``: events, n_answered, maybe n_treatments and the other COUNTS and DERIVED. ``by``: the columns by whose
    values totals are shown elsewhere (two of them: a grid); empty: the whole table has one total.
    """
    limit = _threshold(threshold)
    columns = _columns(table)
    small = _is_small(columns, limit)
    lines = _lines(table, by)
    known = [line for line in lines if not _is_small([column[line].sum(keepdims=True) for column in columns], limit)[0]]
    hidden = small.copy()
    people = np.maximum.reduce(columns)
    while (line := _line_that_tells(columns, known, hidden, small, limit)) is not None:
        shown = line[~hidden[line] & (people[line] > 0)]
        hidden[shown[np.argmin(people[shown])]] = True
    return _hidden(table, hidden)


def to_hand_on(table: pd.DataFrame, by: Sequence[str] = (), threshold: int | None = None) -> pd.DataFrame:
    """What may leave the clinic: small rows hidden, the other counts coarse, rates of those."""
    limit = _threshold(threshold)
    found = hide_small_cells(table, by, limit)
    for name in (column for column in COUNTS if column in found):
        found[name] = coarse(found[name].to_numpy(dtype=float), limit)
    shown = ~found["is_hidden"].to_numpy()
    with np.errstate(invalid="ignore", divide="ignore"):
        if "rate" in found:
            found["rate"] = found["events"] / found["n_answered"].where(found["n_answered"] > 0)
        if "response_rate" in found:
            due = found["due_check_ins"]
            found["response_rate"] = found["answered_check_ins"] / due.where(due > 0)
    if "lower" in found:
        lower, upper = wilson_bounds(found.loc[shown, "events"], found.loc[shown, "n_answered"])
        found.loc[shown, "lower"], found.loc[shown, "upper"] = lower, upper
    return found


def coarse(counts: "NDArray[np.float64] | float", threshold: int | None = None) -> "NDArray[np.float64]":
    """Counts as the middle of their group of ``threshold``: of 5, 5 to 9 as 7. None stays none, an empty one empty."""
    limit, given = _threshold(threshold), np.asarray(counts, dtype=float)
    return np.asarray(np.where(given == 0, 0.0, np.floor(given / limit) * limit + (limit - 1) // 2))


def example(threshold: int | None = None) -> dict[str, int]:
    """The numbers in HIDDEN_WORDS."""
    limit = _threshold(threshold)
    return {
        "most_hidden": limit - 1,
        "limit": limit,
        "first": limit,
        "last": 2 * limit - 1,
        "middle": int(coarse(limit, limit)),
    }


def _threshold(threshold: int | None) -> int:
    return max(settings().small_cell_threshold if threshold is None else threshold, 1)


def _columns(table: pd.DataFrame) -> list[Counts]:
    """Events, answers, answers without the event, and treatments: each is a count of people."""
    events, answered = (table[name].to_numpy().astype(np.int64) for name in ("events", "n_answered"))
    treatments = [table["n_treatments"].to_numpy().astype(np.int64)] if "n_treatments" in table else []
    return [events, answered, answered - events, *treatments]


def _is_small(columns: list[Counts], limit: int) -> Flags:
    """Without an event, the answers without one are all answers, and are judged as such."""
    small = [(column > 0) & (column < limit) for column in columns]
    small[2] &= columns[0] > 0
    return np.asarray(np.logical_or.reduce(small))


def _lines(table: pd.DataFrame, by: Sequence[str]) -> Lines:
    if not by:
        return [np.arange(len(table))] if len(table) else []
    return [np.asarray(at) for name in by for at in table.groupby(name, observed=True).indices.values()]


def _line_that_tells(
    columns: list[Counts], lines: Lines, hidden: Flags, small: Flags, limit: int
) -> NDArray[np.intp] | None:
    """A line in which to hide one more, since a small count can be told; None when none is told.

    Best is one with a single hidden cell, which its total gives away, then one through the cell that is told.
    """
    people = np.maximum.reduce(columns)
    for column in columns:
        for at in np.flatnonzero(small & (column > 0) & (column < limit)):
            low, high = _between(column, lines, hidden, int(at))
            if low <= 1 and high >= limit - 1:
                continue
            left = [line for line in lines if hidden[line].any() and (~hidden[line] & (people[line] > 0)).any()]
            if left:
                return min(left, key=lambda line: (hidden[line].sum() > 1, at not in line, hidden[line].sum()))
    return None


def _between(column: Counts, lines: Lines, hidden: Flags, at: int) -> tuple[float, float]:
    """Least and most that a hidden count can be, for somebody who knows the shown ones and the totals."""
    if len(lines) == 1:
        rest = column[lines[0][hidden[lines[0]]]]
        return (float(column[at]) if len(rest) == 1 else 0.0), float(rest.sum())
    cells = np.flatnonzero(hidden)
    equations = np.array([np.isin(cells, line) for line in lines], dtype=float).reshape(len(lines), len(cells))
    totals = np.array([column[line[hidden[line]]].sum() for line in lines], dtype=float)
    goal = (cells == at).astype(float)
    least, most = (
        linprog(sign * goal, A_eq=equations, b_eq=totals, bounds=(0, None), method="highs") for sign in (1, -1)
    )
    unbounded = most.fun is None
    return round(float(least.fun or 0), 6), np.inf if unbounded else round(-float(most.fun or 0), 6)


def _hidden(table: pd.DataFrame, hidden: Flags) -> pd.DataFrame:
    found = table.astype({name: "float64" for name in COUNTS if name in table})
    found.loc[hidden, [name for name in (*COUNTS, *DERIVED) if name in table]] = np.nan
    return found.assign(is_hidden=hidden)
