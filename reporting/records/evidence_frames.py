"""The frames of the evidence engine, read from the database: treated areas with settings, and their answers.

An answer counts from the day it was given. A correction counts from the day it was made; before it the earlier
answer stands, so that a replay never uses what came later.

The columns behind the evidence engine's frames: every treated area with its settings and its trail, once each.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from sqlalchemy import and_, or_, select
from sqlmodel import Session, col

from reporting.domain.devices import DeviceClass, reference_for
from reporting.domain.packed import Answers, distinct
from reporting.records import clinic_facts, outcomes
from reporting.records.clinic_facts import clinic_days
from reporting.records.columns import category, is_large, read_here
from reporting.records.engine import reading
from reporting.records.outcomes import answers_of, as_frame
from reporting.records.read_ahead import DOSE_SETTINGS, MEASURES, begun, read_in_turn, read_parts
from reporting.records.tables import CheckIn, Clinic, Device, Operator, Treatment

_NUMBERS = {
    "treated_area_id": "a.id",
    "treatment_id": "a.treatment_id",
    "patient_id": "t.patient_id",
    "clinic_id": "a.clinic_id",
    "operator_id": "COALESCE(t.operator_id, 0)",
    "device_id": "COALESCE(t.device_id, 0)",
    "due_mask": "o.due_mask",
    "answered_mask": "o.answered_mask",
}
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


NOT_RECORDED = "not_recorded"
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class EngineFrames:
    """``areas`` and ``answers`` as ``evidence.detector.detect`` takes them; ``start`` is day 0.

    ``areas`` is sorted by day and holds, beside the engine's columns, treated_area_id, treatment_id, clinic_id and
    due_mask/answered_mask (bits of SLOTS). Operators and devices are named CLINIC/CODE. ``until`` is the last
    day of each clinic that the frames speak of, by clinic id: the day asked for, or its own day where that is earlier.
    """

    areas: pd.DataFrame
    answers: Answers
    start: date
    until: Mapping[int, int]
    _with_event: dict[str, NDArray[np.bool_]] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def check_ins(self) -> pd.DataFrame:
        """The answers as ``evidence.backtest.replay`` takes them, one column for each symptom."""
        return as_frame(self.answers, self.areas["day"].to_numpy())

    def with_event(self, symptom: str) -> NDArray[np.bool_]:
        """Treated areas with an unexpected answer for the symptom, (areas,)."""
        if symptom not in self._with_event:
            found = np.zeros(len(self.areas), dtype=bool)
            found[self.answers.row[self.answers.unexpected([symptom])]] = True
            self._with_event[symptom] = found
        return self._with_event[symptom]

    def day(self, of: date) -> int:
        """Day number of a date."""
        return (of - self.start).days

    def date(self, day: int) -> date:
        """Date of a day number."""
        return self.start + timedelta(days=day)


def end_of(day: date) -> datetime:
    """The moment up to which everything was known on a day."""
    return datetime.combine(day + timedelta(days=1), time(), UTC)


def engine_frames(
    as_of: date | None = None,
    *,
    corrected_until: date | None = None,
    clinic_id: int | None = None,
) -> EngineFrames | None:
    """The frames with treatments and answers up to ``as_of`` (None: everything), corrections as they stood that
    day, or on the earlier day ``corrected_until``. None when there is no treatment yet. ``as_of`` is a day of each
    clinic's own calendar.
    """
    settled = corrected_until or as_of
    with reading() as session:
        frame, trails = evidence_columns(session, clinic_id)
        if as_of is not None:
            known = int(np.searchsorted(frame["day"].to_numpy(), (as_of - _EPOCH).days, side="right"))
            frame, trails = frame.iloc[:known], trails.slice(0, known)
        if frame.empty:
            return None
        trails = _settled(session, frame, trails, None if settled is None else end_of(settled))
        named, until = _named(session, frame), clinic_days(session)
    first = int(frame["day"].iloc[0])
    if as_of is not None:
        until = {clinic: min(day, (as_of - _EPOCH).days) for clinic, day in until.items()}
    named["day"] = (named["day"] - first).astype(np.int32)
    answers = answers_of(trails, named["day"].to_numpy())
    if as_of is not None:
        late = answers.answered_day > (as_of - _EPOCH).days - first
        answers = answers.of(~late) if late.any() else answers
    until = {clinic: day - first for clinic, day in until.items()}
    return EngineFrames(named, answers, _EPOCH + timedelta(days=first), until)


def _settled(session: Session, frame: pd.DataFrame, trails: pa.Array, known_at: datetime | None) -> pa.Array:
    """Trails as stored, or computed anew where corrections came later or none is stored."""
    treatment = frame["treatment_id"].to_numpy()
    again = set(treatment[trails.is_null().to_numpy(zero_copy_only=False)].tolist()) if trails.null_count else set()
    if known_at is not None:
        again |= _changed_after(session, known_at)
    wanted = sorted(again & set(treatment.tolist())) if again else []
    if not wanted:
        return trails
    fresh: dict[int, bytes] = {}
    for start in range(0, len(wanted), outcomes.CHUNK):
        part = outcomes.computed(session, wanted[start : start + outcomes.CHUNK], known_at)
        fresh |= {row["treated_area_id"]: row["trail"] for row in part}
    areas, stored = frame["treated_area_id"].tolist(), trails.to_pylist()
    return pa.array([fresh.get(area, trail) or b"" for area, trail in zip(areas, stored, strict=True)], pa.binary())


def _is_change() -> Any:
    """Check-ins that were answered and then corrected or taken back, and the corrections themselves."""
    return and_(
        col(CheckIn.answered_at).is_not(None),
        or_(col(CheckIn.corrects_id).is_not(None), col(CheckIn.replaced_at).is_not(None)),
    )


def _changed_after(session: Session, moment: datetime) -> set[int]:
    """Treatments whose answers were corrected or taken back after the moment."""
    late = or_(
        and_(col(CheckIn.corrects_id).is_not(None), col(CheckIn.created_at) > moment),
        and_(col(CheckIn.answered_at).is_not(None), col(CheckIn.replaced_at) > moment),
    )
    return {int(key) for key in session.execute(select(col(CheckIn.treatment_id)).where(late).distinct()).scalars()}


def correction_days(first: date, last: date, clinic_id: int | None = None) -> list[date]:
    """Days after ``first``, up to ``last``, on which an answer was corrected or taken back; in UTC, rising."""
    statement = select(col(CheckIn.corrects_id), col(CheckIn.created_at), col(CheckIn.replaced_at)).where(_is_change())
    if clinic_id is not None:
        statement = statement.where(col(CheckIn.clinic_id) == clinic_id)
    found: set[date] = set()
    with reading() as session:
        for corrects, created, replaced in session.execute(statement):
            moments = [created] if corrects is not None else []
            found |= {moment.date() for moment in [*moments, *([replaced] if replaced else [])]}
    return sorted(day for day in found if first < day <= last)


def _named(session: Session, frame: pd.DataFrame) -> pd.DataFrame:
    """Codes for ids, references for settings, in the columns of the engine."""
    clinics = {key: code for key, code in session.execute(select(col(Clinic.id), col(Clinic.code)))}
    operators = _codes(session, Operator, clinics)
    devices = _codes(session, Device, clinics)
    classes = {key: code for key, code in session.execute(select(col(Device.id), col(Device.device_class)))}
    clinic_ids = frame["clinic_id"].to_numpy()
    frame["clinic"] = _category(clinic_ids, clinics)
    frame["operator"] = _unit(frame, "operator_id", operators, clinics)
    frame["device"] = _unit(frame, "device_id", devices, clinics)
    frame["device_class"] = _category(frame["device_id"].to_numpy(), classes)
    frame["patient"] = frame.pop("patient_id")
    frame["area_id"] = np.arange(len(frame), dtype=np.int32)
    if frame["fitzpatrick"].notna().all():
        frame["fitzpatrick"] = frame["fitzpatrick"].astype(np.int8)
    known = {key: clinic_facts.known(session, key) for key in distinct(clinic_ids)[0].tolist()}
    recorded = [name for name in DOSE_SETTINGS if name in frame and frame[name].notna().any()]
    frame = frame.drop(columns=[name for name in DOSE_SETTINGS if name in frame and name not in recorded])
    for name, values in _references(frame, recorded, known).items():
        frame[f"reference_{name}"] = values
    return frame.drop(columns=["operator_id", "device_id"])


def _codes(session: Session, table: Any, clinics: dict[int, str]) -> dict[int, str]:
    rows = session.execute(select(col(table.id), col(table.clinic_id), col(table.code)))
    return {key: f"{clinics[clinic]}/{code}" for key, clinic, code in rows}


def _category(ids: np.ndarray, names: dict[int, str]) -> pd.Categorical:
    """Names of ids, as a category; an unknown id is not recorded."""
    known, _, place = distinct(ids)
    said = np.array([names.get(int(key), NOT_RECORDED) for key in known], dtype=object)
    categories, codes = np.unique(said, return_inverse=True)
    return pd.Categorical.from_codes(codes[place].astype(np.int32), categories=pd.Index(categories))


def _unit(frame: pd.DataFrame, column: str, names: dict[int, str], clinics: dict[int, str]) -> pd.Categorical:
    """CLINIC/CODE of operators or devices; who was not recorded is one unit of each clinic."""
    ids, clinic = frame[column].to_numpy(), frame["clinic_id"].to_numpy()
    unknown = {-key: f"{code}/{NOT_RECORDED}" for key, code in clinics.items()}
    return _category(np.where(ids == 0, -clinic, ids), names | unknown)


def _references(
    frame: pd.DataFrame, names: Sequence[str], known: dict[int, dict[str, DeviceClass]]
) -> dict[str, np.ndarray]:
    """Reference of each setting for every row, looked up once for each kind of treatment."""
    spot = frame["spot_size_mm"].to_numpy() if "spot_size_mm" in frame else np.full(len(frame), np.nan)
    columns = [
        frame["clinic_id"].to_numpy(),
        frame["device_class"].cat.codes.to_numpy(),
        np.nan_to_num(frame["fitzpatrick"].to_numpy(dtype=float)),
        frame["area"].cat.codes.to_numpy(),
        np.nan_to_num(spot),
    ]
    key = np.zeros(len(frame), dtype=np.int64)
    for column in columns:
        codes, found = pd.factorize(column)
        key = key * max(len(found), 1) + codes
    _, first, kind = distinct(key)
    kinds = frame.iloc[first]
    described = list(
        zip(
            kinds["clinic_id"],
            kinds["device_class"].astype(str),
            kinds["fitzpatrick"].astype(float),
            spot[first],
            kinds["area"].astype(str),
            strict=True,
        )
    )
    return {name: np.array([_reference(name, known, *of) for of in described])[kind] for name in names}


def _reference(
    name: str, known: dict[int, dict[str, DeviceClass]], clinic: int, code: str, skin: float, spot: float, area: str
) -> float:
    device_class = known[clinic].get(code)
    if device_class is None:
        return float("nan")
    value = reference_for(
        device_class, name, int(skin) if np.isfinite(skin) else None, spot if np.isfinite(spot) else None, area
    )
    return float("nan") if value is None else float(value)


def treatment_references(treatment_ids: Sequence[int]) -> dict[int, str]:
    """The clinics' own numbers of treatments."""
    wanted = set(treatment_ids)
    with reading() as session:
        rows = session.execute(select(col(Treatment.id), col(Treatment.reference)))
        return {int(key): reference for key, reference in rows if key in wanted}
