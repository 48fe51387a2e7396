"""Small counts are hidden from anyone beyond the treating clinic, so that no patient can be made out.

Rule after the cell-size policies of CMS (no cell of 1 to 10, nor anything that lets it be derived) and NHS
Digital; the threshold is the setting ``small_cell_threshold``. Where a hidden cell could be found by taking
the others from a total, the next smallest cell is hidden too.
"""

import numpy as np
import pandas as pd

from reporting.domain.actors import Actor
from reporting.settings import settings

COUNTS = ("events", "n_answered", "n_at_risk", "n_treatments", "answered_check_ins", "due_check_ins")
DERIVED = ("rate", "lower", "upper", "response_rate")


def is_beyond_clinic(actor: Actor, clinic_ids: "np.ndarray[tuple[int], np.dtype[np.integer]] | list[int]") -> bool:
    """Whether a person looks at treatments of a clinic that is not their own. The system is no person."""
    return actor.kind != "system" and any(clinic != actor.clinic_id for clinic in np.unique(clinic_ids))


def hide_small_cells(table: pd.DataFrame, threshold: int | None = None) -> pd.DataFrame:
    """The table with counts of 1 to threshold - 1 empty, and what could give them away with them.

    A row with a hidden count loses every count and rate. When exactly one row is hidden, the smallest other
    row that has an event is hidden as well, so that no total gives it back.
    """
    limit = settings().small_cell_threshold if threshold is None else threshold
    small = _is_small(table, limit)
    if small.sum() == 1 and len(table) > 1:
        others = table.loc[~small, "n_answered"].replace(0, np.nan)
        next_smallest = others.idxmin() if others.notna().any() else others.index[0]
        small |= table.index == next_smallest
    return _hidden(table, small.to_numpy())


def _is_small(table: pd.DataFrame, limit: int) -> "pd.Series[bool]":
    small = ((table["events"] > 0) & (table["events"] < limit)) | (
        (table["n_answered"] > 0) & (table["n_answered"] < limit)
    )
    not_events = table["n_answered"] - table["events"]
    return small | ((not_events > 0) & (not_events < limit) & (table["events"] > 0))


def _hidden(table: pd.DataFrame, small: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> pd.DataFrame:
    hidden = table.astype({name: "float64" for name in COUNTS if name in table})
    hidden.loc[small, [name for name in (*COUNTS, *DERIVED) if name in table]] = np.nan
    return hidden.assign(is_hidden=small)


def hide_small_in_grid(table: pd.DataFrame, across: str, up: str, threshold: int | None = None) -> pd.DataFrame:
    """The same for a table whose rows are the cells of a grid, named by the columns ``across`` and ``up``.

    The totals of its rows and columns are shown elsewhere (rates by one setting), so none may have a single hidden
    cell: there the smallest other cell with an answer is hidden as well, until every line has none or several.
    """
    limit = settings().small_cell_threshold if threshold is None else threshold
    small = _is_small(table, limit).to_numpy().copy()
    found = True
    while found:
        found = False
        for line in (across, up):
            for _, at in table.groupby(line).indices.items():
                others = [i for i in at if not small[i] and table["n_answered"].iloc[i] > 0]
                if small[at].sum() == 1 and others:
                    small[min(others, key=lambda i: float(table["n_answered"].iloc[i]))] = True
                    found = True
    return _hidden(table, small)
