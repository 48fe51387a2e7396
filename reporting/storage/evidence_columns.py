"""The columns behind the evidence engine's frames: every treated area with its settings and its trail, once each."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from sqlmodel import Session

from reporting.storage.columns import category, is_large, read_apart, read_here

DOSE_SETTINGS = (
    "fluence_j_cm2", "pulse_energy_mj", "energy_per_pin_mj", "power_w", "density_pct", "density_mtz_cm2",
    "passes", "pulse_width_ms",
)  # fmt: skip
"""Settings that have a reference to be compared with."""
_NUMBERS = {
    "treated_area_id": "a.id", "treatment_id": "a.treatment_id", "patient_id": "t.patient_id",
    "clinic_id": "a.clinic_id", "operator_id": "COALESCE(t.operator_id, 0)",
    "device_id": "COALESCE(t.device_id, 0)", "due_mask": "o.due_mask", "answered_mask": "o.answered_mask",
}  # fmt: skip
_WORDS = {"area": "a.area", "indication": "a.indication"}
_AGE = "COALESCE(t.age_years, CAST(SUBSTR(CAST(t.performed_on AS TEXT), 1, 4) AS INTEGER) - p.year_of_birth)"
_ALWAYS = {"fitzpatrick": "p.fitzpatrick", "age": _AGE}
_MEASURES = {name: f"a.{name}" for name in ("spot_size_mm", *DOSE_SETTINGS)}
_WHOLE = {"performed_on": "t.performed_on", "trail": "o.trail"}


def _statement(clinic_id: int | None) -> str:
    wanted = {**_NUMBERS, **_WORDS, **_ALWAYS, **_MEASURES, **_WHOLE}
    own = "" if clinic_id is None else f"WHERE a.clinic_id = {int(clinic_id)}"
    return f"""
        SELECT {", ".join(f"{source} AS {name}" for name, source in wanted.items())}
        FROM treated_area a
        JOIN outcome o ON o.treated_area_id = a.id
        JOIN treatment t ON t.id = a.treatment_id
        JOIN patient p ON p.id = t.patient_id
        {own}"""


def evidence_columns(session: Session, clinic_id: int | None = None) -> tuple[pd.DataFrame, pa.Array]:
    """(columns, trails) of every treated area, by day and id. ``day`` counts from 1970; a setting that nobody
    recorded is left out; a trail is null where none is stored.
    """
    statement = _statement(clinic_id)
    table = read_apart(statement) if is_large(session) else read_here(session, statement)
    trails = table["trail"].combine_chunks().cast(pa.binary())
    found = dict(sorted(_arrays(table).items()))
    del table
    order = _in_order(found["day"], found["treated_area_id"])
    for name in found:
        found[name] = found[name].take(order)
    return pd.DataFrame(found, copy=False), trails.take(pa.array(order))


def _arrays(table: pa.Table) -> dict[str, Any]:
    found: dict[str, Any] = {name: table[name].to_numpy().astype(np.int64) for name in _NUMBERS}
    found["day"] = table["performed_on"].cast(pa.date32()).cast(pa.int32()).to_numpy().astype(np.int64)
    for name in _WORDS:
        found[name] = category(table[name])
    for name in (*_ALWAYS, *_MEASURES):
        if name in _ALWAYS or table[name].null_count < len(table):
            found[name] = table[name].to_numpy().astype(float)
    return found


def _in_order(day: NDArray[np.int64], ids: NDArray[np.int64]) -> NDArray[np.intp]:
    """Places by day and id; days are few, and most tables lie in the order of their ids."""
    by_id = np.arange(len(ids)) if (ids[1:] > ids[:-1]).all() else np.argsort(ids, kind="stable")
    late = day[by_id] - day.min(initial=0)
    brief = late.astype(np.uint16) if late.max(initial=0) <= np.iinfo(np.uint16).max else late
    return np.asarray(by_id[np.argsort(brief, kind="stable")], dtype=np.intp)
