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
    small = ((table["events"] > 0) & (table["events"] < limit)) | (
        (table["n_answered"] > 0) & (table["n_answered"] < limit)
    )
    not_events = table["n_answered"] - table["events"]
    small |= (not_events > 0) & (not_events < limit) & (table["events"] > 0)
    if small.sum() == 1 and len(table) > 1:
        others = table.loc[~small, "n_answered"].replace(0, np.nan)
        next_smallest = others.idxmin() if others.notna().any() else others.index[0]
        small |= table.index == next_smallest
    hidden = table.astype({name: "float64" for name in COUNTS if name in table})
    hidden.loc[small, [name for name in (*COUNTS, *DERIVED) if name in table]] = np.nan
    return hidden.assign(is_hidden=small)
