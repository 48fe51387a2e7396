"""The frames of the evidence engine, read from the database: treated areas with settings, and their answers.

An answer counts from the day it was given. A correction counts from the day it was made; before it the earlier
answer stands, so that a replay never uses what came later.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import and_, or_, select
from sqlmodel import Session, col

from reporting.domain.devices import DeviceClass, reference_for
from reporting.domain.symptoms import SYMPTOMS
from reporting.storage import device_classes, outcomes
from reporting.storage.engine import is_sqlite, reading
from reporting.storage.tables import CheckIn, Clinic, Device, Operator, Treatment
from reporting.storage.trails import unpacked

DOSE_SETTINGS = (
    "fluence_j_cm2", "pulse_energy_mj", "energy_per_pin_mj", "power_w", "density_pct", "density_mtz_cm2",
    "passes", "pulse_width_ms",
)  # fmt: skip
"""Settings that have a reference to be compared with."""
NOT_RECORDED = "not_recorded"
CHUNK = 100_000
_NUMBERS = ("treated_area_id", "treatment_id", "patient_id", "clinic_id", "operator_id", "device_id", "day")
_WORDS = ("area", "indication")
_MEASURES = ("fitzpatrick", "age", "spot_size_mm", *DOSE_SETTINGS)
_EPOCH = date(1970, 1, 1)

Symptoms = Iterable[str]


@dataclass(frozen=True)
class EngineFrames:
    """``areas`` and ``check_ins`` (answered ones) as ``evidence.backtest.replay`` takes them; ``start`` is day 0.

    ``areas`` is sorted by day and holds, beside the engine's columns, treated_area_id, treatment_id, clinic_id and
    due_mask/answered_mask (bits of SLOTS). Operators and devices are named CLINIC/CODE.
    """

    areas: pd.DataFrame
    check_ins: pd.DataFrame
    start: date

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
    symptoms: Symptoms = SYMPTOMS,
) -> EngineFrames | None:
    """The frames with treatments and answers up to ``as_of`` (None: everything), corrections as they stood that
    day, or on the earlier day ``corrected_until``. None when there is no treatment yet.
    """
    settled = corrected_until or as_of
    with reading() as session:
        columns = _read(session, clinic_id)
        frame = _joined(columns)
        if as_of is not None:
            frame = frame[frame["day"].to_numpy() <= (as_of - _EPOCH).days]
        if frame.empty:
            return None
        frame = frame.sort_values(["day", "treated_area_id"], ignore_index=True)
        trails = _trails(session, frame, None if settled is None else end_of(settled))
        named = _named(session, frame.drop(columns="trail"))
    check_ins = unpacked(trails, frame["day"].to_numpy(), symptoms)
    first = int(frame["day"].iloc[0])
    for name in ("due_day", "answered_day"):
        check_ins[name] = (check_ins[name].to_numpy() - first).astype(np.int32)
    if as_of is not None:
        check_ins = check_ins[check_ins["answered_day"].to_numpy() <= (as_of - _EPOCH).days - first]
    named["day"] = (named["day"] - first).astype(np.int32)
    return EngineFrames(named, check_ins, _EPOCH + timedelta(days=first))


def _statement(clinic_id: int | None) -> str:
    day = (
        "CAST(JULIANDAY(t.performed_on) - 2440587.5 AS INTEGER)"
        if is_sqlite()
        else "(t.performed_on - DATE '1970-01-01')"
    )
    born = "CAST(SUBSTR(CAST(t.performed_on AS TEXT), 1, 4) AS INTEGER) - p.year_of_birth"
    own = "" if clinic_id is None else f"WHERE a.clinic_id = {int(clinic_id)}"
    return f"""
        SELECT a.id, a.treatment_id, t.patient_id, a.clinic_id, COALESCE(t.operator_id, 0),
               COALESCE(t.device_id, 0), {day}, a.area, a.indication, p.fitzpatrick,
               COALESCE(t.age_years, {born}), a.spot_size_mm, {", ".join(f"a.{name}" for name in DOSE_SETTINGS)},
               o.due_mask, o.answered_mask, o.trail
        FROM treated_area a
        JOIN outcome o ON o.treated_area_id = a.id
        JOIN treatment t ON t.id = a.treatment_id
        JOIN patient p ON p.id = t.patient_id
        {own}"""


def _read(session: Session, clinic_id: int | None) -> list[dict[str, Any]]:
    """The rows in parts of columns. The driver is asked directly: at a million rows it is twice as fast."""
    connection = session.connection().connection.driver_connection
    cursor = connection.cursor() if is_sqlite() else connection.cursor("evidence")  # type: ignore[union-attr]
    names = (*_NUMBERS, *_WORDS, *_MEASURES, "due_mask", "answered_mask", "trail")
    parts = []
    try:
        cursor.execute(_statement(clinic_id))
        while rows := cursor.fetchmany(CHUNK):
            parts.append(_compact(dict(zip(names, zip(*rows, strict=True), strict=True))))
    finally:
        cursor.close()
    return parts


def _compact(columns: dict[str, Sequence[Any]]) -> dict[str, Any]:
    """A part in arrays; a measure that nobody recorded is left out."""
    found: dict[str, Any] = {name: np.array(columns[name], dtype=np.int64) for name in _NUMBERS}
    for name in ("due_mask", "answered_mask"):
        found[name] = np.array(columns[name], dtype=np.int64)
    for name in _WORDS:
        found[name] = pd.Categorical(columns[name])
    for name in _MEASURES:
        values = columns[name]
        if name in ("fitzpatrick", "age") or values.count(None) < len(values):
            found[name] = np.array(values, dtype=float)
    found["trail"] = columns["trail"]
    return found


def _joined(parts: list[dict[str, Any]]) -> pd.DataFrame:
    if not parts:
        return pd.DataFrame({"day": np.zeros(0, dtype=np.int64)})
    joined: dict[str, Any] = {}
    for name in sorted({name for part in parts for name in part}):
        if name in _WORDS:
            joined[name] = pd.api.types.union_categoricals([part[name] for part in parts], sort_categories=True)
        elif name == "trail":
            joined[name] = np.array([trail for part in parts for trail in part[name]] + [b""], dtype=object)[:-1]
        else:
            joined[name] = np.concatenate([part.get(name, np.full(len(part["day"]), np.nan)) for part in parts])
    return pd.DataFrame(joined)


def _trails(session: Session, frame: pd.DataFrame, known_at: datetime | None) -> list[bytes]:
    """Trails in the order of the frame: as stored, or computed anew where corrections came later or none is stored."""
    trails = frame["trail"].tolist()
    treatment = frame["treatment_id"].to_numpy()
    again = {int(treatment[k]) for k, trail in enumerate(trails) if trail is None}
    if known_at is not None:
        again |= _changed_after(session, known_at)
    if not again:
        return trails
    wanted = sorted(again & set(treatment.tolist()))
    fresh: dict[int, bytes] = {}
    for start in range(0, len(wanted), outcomes.CHUNK):
        part = outcomes.computed(session, wanted[start : start + outcomes.CHUNK], known_at)
        fresh |= {row["treated_area_id"]: row["trail"] for row in part}
    areas = frame["treated_area_id"].tolist()
    return [fresh.get(area, trail) or b"" for area, trail in zip(areas, trails, strict=True)]


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
    known = {key: device_classes.known(session, key) for key in np.unique(clinic_ids).tolist()}
    for name in DOSE_SETTINGS:
        if name in frame and frame[name].notna().any():
            frame[f"reference_{name}"] = _references(frame, name, known)
        elif name in frame:
            frame = frame.drop(columns=name)
    return frame.drop(columns=["operator_id", "device_id"])


def _codes(session: Session, table: Any, clinics: dict[int, str]) -> dict[int, str]:
    rows = session.execute(select(col(table.id), col(table.clinic_id), col(table.code)))
    return {key: f"{clinics[clinic]}/{code}" for key, clinic, code in rows}


def _category(ids: np.ndarray, names: dict[int, str]) -> pd.Categorical:
    """Names of ids, as a category; an unknown id is not recorded."""
    distinct, place = np.unique(ids, return_inverse=True)
    said = np.array([names.get(int(key), NOT_RECORDED) for key in distinct], dtype=object)
    categories, codes = np.unique(said, return_inverse=True)
    return pd.Categorical.from_codes(codes[place].astype(np.int32), categories=pd.Index(categories))


def _unit(frame: pd.DataFrame, column: str, names: dict[int, str], clinics: dict[int, str]) -> pd.Categorical:
    """CLINIC/CODE of operators or devices; who was not recorded is one unit of each clinic."""
    ids, clinic = frame[column].to_numpy(), frame["clinic_id"].to_numpy()
    unknown = {-key: f"{code}/{NOT_RECORDED}" for key, code in clinics.items()}
    return _category(np.where(ids == 0, -clinic, ids), names | unknown)


def _references(frame: pd.DataFrame, name: str, known: dict[int, dict[str, DeviceClass]]) -> np.ndarray:
    """Reference of one setting for every row, looked up once for each kind of treatment."""
    spot = frame["spot_size_mm"].to_numpy() if "spot_size_mm" in frame else np.full(len(frame), np.nan)
    columns = [
        frame["clinic_id"].to_numpy(), frame["device_class"].cat.codes.to_numpy(),
        np.nan_to_num(frame["fitzpatrick"].to_numpy(dtype=float)), frame["area"].cat.codes.to_numpy(),
        np.unique(np.nan_to_num(spot), return_inverse=True)[1],
    ]  # fmt: skip
    key = np.zeros(len(frame), dtype=np.int64)
    for column in columns:
        codes = np.unique(column, return_inverse=True)[1]
        key = key * (codes.max() + 1) + codes
    _, first, back = np.unique(key, return_index=True, return_inverse=True)
    found = [_reference(frame, int(row), name, known, float(spot[row])) for row in first]
    return np.array(found, dtype=float)[back]


def _reference(
    frame: pd.DataFrame, row: int, name: str, known: dict[int, dict[str, DeviceClass]], spot: float
) -> float:
    device_class = known[int(frame["clinic_id"].to_numpy()[row])].get(str(frame["device_class"].iat[row]))
    if device_class is None:
        return float("nan")
    skin = float(frame["fitzpatrick"].to_numpy(dtype=float)[row])
    value = reference_for(
        device_class, name, int(skin) if np.isfinite(skin) else None,
        spot if np.isfinite(spot) else None, str(frame["area"].iat[row]),
    )  # fmt: skip
    return float("nan") if value is None else float(value)


def treatment_references(treatment_ids: Sequence[int]) -> dict[int, str]:
    """The clinics' own numbers of treatments."""
    wanted = set(treatment_ids)
    with reading() as session:
        rows = session.execute(select(col(Treatment.id), col(Treatment.reference)))
        return {int(key): reference for key, reference in rows if key in wanted}
