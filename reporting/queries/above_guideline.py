"""How many treated areas were treated above the published maximum, by device class and setting."""

from typing import cast

import numpy as np
import pandas as pd

from reporting.domain.actors import Actor
from reporting.domain.content import content
from reporting.domain.devices import guideline_maximum, setting_fields
from reporting.queries.scope import Filters, scoped_frame
from reporting.security.permissions import require
from reporting.storage import device_classes
from reporting.storage.engine import reading
from reporting.storage.outcome_frame import SETTINGS

COLUMNS = ("device_class", "label", "setting", "unit", "n_areas", "n_above", "share")


def areas_above_guideline(by: Actor, filters: Filters) -> pd.DataFrame:
    """One row per device class and setting for which a maximum is published: COLUMNS, by name.

    ``n_areas`` are treated areas whose value and for whose skin type, spot and area a maximum is known.
    Raises NotAllowed.
    """
    require(by, "settings.read")
    frame = scoped_frame(by, filters, ["device_class", "fitzpatrick", "area", *SETTINGS])
    published = {(row.device_class, row.field) for row in content().guidelines}
    with reading() as session:
        known = device_classes.known(session, by.clinic_id)
    rows = []
    for code, field in sorted(published):
        part = frame[(frame["device_class"] == code).to_numpy()] if field in SETTINGS else frame.iloc[:0]
        n_areas, n_above = _counts(part, code, field)
        if n_areas:
            of, name = setting_fields()[field], known[code].name if code in known else code
            rows.append((code, name, of.label, of.unit, n_areas, n_above, n_above / n_areas))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _counts(part: pd.DataFrame, code: str, field: str) -> tuple[int, int]:
    """Areas with a value and a published maximum, and those above it; each combination is looked up once."""
    part = part[part[field].notna()]
    if part.empty:
        return 0, 0
    keys = part.assign(spot=part["spot_size_mm"].fillna(-1.0)).groupby(
        ["fitzpatrick", "spot", "area"], observed=True, dropna=False
    )
    total = above = 0
    for key, rows in keys:
        skin, spot, area = cast("tuple[int, float, str]", key)
        limit = guideline_maximum(code, field, int(skin) or None, float(spot) if spot >= 0 else None, str(area))
        if limit is not None:
            total += len(rows)
            above += int(np.count_nonzero(rows[field].to_numpy(dtype=float) > limit.maximum))
    return total, above
