"""The columns behind the evidence engine's frames: every treated area with its settings and its trail, once each."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from sqlmodel import Session

from reporting.storage.columns import category, is_large, read_here
from reporting.storage.evidence_ahead import MEASURES, begun, read_in_turn, read_parts

_NUMBERS = {
    "treated_area_id": "a.id", "treatment_id": "a.treatment_id", "patient_id": "t.patient_id",
    "clinic_id": "a.clinic_id", "operator_id": "COALESCE(t.operator_id, 0)",
    "device_id": "COALESCE(t.device_id, 0)", "due_mask": "o.due_mask", "answered_mask": "o.answered_mask",
}  # fmt: skip
_WORDS = ("area", "indication")
_PEOPLE = {"fitzpatrick": "p.fitzpatrick", "age_years": "t.age_years", "year_of_birth": "p.year_of_birth"}
_WHOLE = {"performed_on": "t.performed_on", "trail": "o.trail"}
TRIES = 5
"""Readings begun at the same moment see the same state unless an answer comes in just between them."""

Whole = NDArray[np.integer[Any]]
Places = NDArray[np.intp]
Placed = tuple[pa.ChunkedArray, Places]


def _statement(clinic_id: int | None) -> str:
    own_names = {name: f"a.{name}" for name in (*_WORDS, *MEASURES)}
    wanted = {**_NUMBERS, **own_names, **_PEOPLE, **_WHOLE}
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
    if is_large(session):
        return _framed(_joined(*_tables(clinic_id)))
    table = read_here(session, _statement(clinic_id))
    everyone = np.arange(len(table), dtype=np.intp)
    return _framed({name: (table[name], everyone) for name in table.column_names})


def _tables(clinic_id: int | None) -> list[pa.Table]:
    """Treated areas, outcomes, treatments and patients, all as of one state of the database."""
    ahead = begun() if clinic_id is None else None
    for _ in range(TRIES):
        read = [reading.tables() for reading in ahead or read_parts(clinic_id)]
        if len({revision for revision, _ in read}) == 1:
            return [table for _, tables in read for table in tables]
        ahead = None
    return read_in_turn(clinic_id).tables()[1]


def _joined(areas: pa.Table, outcomes: pa.Table, treatments: pa.Table, patients: pa.Table) -> dict[str, Placed]:
    """Columns by name, each with the place of every treated area in it; an area without any of them is left out."""
    ids, treatment = areas["id"].to_numpy(), areas["treatment_id"].to_numpy()
    outcome = _places(outcomes["treated_area_id"].to_numpy(), ids)
    given = _places(treatments["id"].to_numpy(), treatment)
    person = _places(patients["id"].to_numpy(), treatments["patient_id"].to_numpy())[given]
    whole = np.flatnonzero((outcome >= 0) & (given >= 0) & (person >= 0))
    parts = (
        (areas.rename_columns(["treated_area_id", *areas.column_names[1:]]), whole),
        (outcomes.drop(["treated_area_id"]), outcome[whole]),
        (treatments.drop(["id"]), given[whole]),
        (patients.drop(["id"]), person[whole]),
    )
    return {name: (table[name], at) for table, at in parts for name in table.column_names}


def _places(ids: Whole, wanted: Whole) -> Places:
    """Place of every wanted id among the ids, -1 where it is not there. Ids are positive and each there once."""
    if len(ids) == len(wanted) and (ids == wanted).all():
        return np.arange(len(ids), dtype=np.intp)
    if not len(ids):
        return np.full(len(wanted), -1, dtype=np.intp)
    order = None if (ids[1:] > ids[:-1]).all() else np.argsort(ids, kind="stable")
    sorted_ids = ids if order is None else ids[order]
    if sorted_ids[-1] - sorted_ids[0] == len(ids) - 1:
        at = np.clip(wanted - sorted_ids[0], 0, len(ids) - 1)
    else:
        at = np.minimum(np.searchsorted(sorted_ids, wanted), len(ids) - 1)
    found = np.where(sorted_ids[at] == wanted, at if order is None else order[at], -1)
    return np.asarray(found, dtype=np.intp)


def _framed(placed: dict[str, Placed]) -> tuple[pd.DataFrame, pa.Array]:
    """The columns by day and id, and the trails beside them."""
    days, at = placed.pop("performed_on")
    day = days.cast(pa.date32()).cast(pa.int32()).to_numpy()[at].astype(np.int64)
    ids, at = placed["treated_area_id"]
    order = _in_order(day, ids.to_numpy()[at])
    found: dict[str, Any] = {"day": day[order]}
    trails, at = placed.pop("trail")
    trails = trails.combine_chunks().cast(pa.binary()).take(pa.array(at[order]))
    places: dict[int, Places] = {id(at): at[order] for _, at in placed.values()}
    for name, (column, at) in placed.items():
        if name in MEASURES and column.null_count == len(column):
            continue
        found[name] = _values(name, column, places[id(at)])
    born = found.pop("year_of_birth")
    age = found.pop("age_years")
    unknown = np.isnan(age)
    if unknown.any():
        year = found["day"][unknown].astype("datetime64[D]").astype("datetime64[Y]").astype(int) + 1970
        age[unknown] = year - born[unknown]
    found["age"] = age
    return pd.DataFrame(dict(sorted(found.items())), copy=False), trails


def _values(name: str, column: pa.ChunkedArray, at: Places) -> Any:
    if name in _WORDS:
        return category(column).take(at)
    return column.to_numpy().astype(np.int64 if name in _NUMBERS else float, copy=False)[at]


def _in_order(day: Whole, ids: Whole) -> Places:
    """Places by day and id; days are few, and most tables lie in the order of their ids."""
    by_id = np.arange(len(ids)) if (ids[1:] > ids[:-1]).all() else np.argsort(ids, kind="stable")
    late = day[by_id] - day.min(initial=0)
    brief = late.astype(np.uint16) if late.max(initial=0) <= np.iinfo(np.uint16).max else late
    return np.asarray(by_id[np.argsort(brief, kind="stable")], dtype=np.intp)
