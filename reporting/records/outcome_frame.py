"""The outcome frame: one process-wide pandas frame of outcome rows that every dashboard filters.

It is refreshed by asking for outcome rows above the last revision seen. Revisions appear in the order of
their commits (their counter's row is locked until the transaction ends), so nothing is missed.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from sqlalchemy import text

from reporting.domain.packed import elapsed, of_each
from reporting.domain.vocabulary import SYMPTOMS
from reporting.records.clinic_facts import clinic_days
from reporting.records.columns import are_many_treatments, category, read_apart
from reporting.records.engine import engine, one_reading, reading

SETTINGS = (
    "fluence_j_cm2",
    "pulse_energy_mj",
    "density_pct",
    "density_mtz_cm2",
    "pulse_width_ms",
    "passes",
    "spot_size_mm",
    "energy_per_pin_mj",
    "needle_depth_mm",
)
_REVISION = text("SELECT value FROM revision")
_CATEGORIES = ("clinic", "operator", "device", "device_class", "procedure_class", "area", "indication")
_INTEGERS: dict[str, type[np.integer[Any]]] = {
    "treated_area_id": np.int64,
    "treatment_id": np.int64,
    "patient_id": np.int64,
    "clinic_id": np.int32,
    "operator_id": np.int32,
    "device_id": np.int32,
    "scheduled_mask": np.int64,
    "answered_mask": np.int64,
    "fitzpatrick": np.int8,
    "age_years": np.int16,
    "is_over_typical": np.int8,
    **{f"first_{symptom}": np.int16 for symptom in SYMPTOMS},
    **{f"worst_{symptom}": np.int8 for symptom in SYMPTOMS},
}
_EMPTY = {"fitzpatrick": 0, "operator_id": 0, "device_id": 0}

_QUERY = f"""
SELECT o.treated_area_id, o.treatment_id, t.patient_id, o.clinic_id, t.performed_on,
       c.code AS clinic, c.code || '/' || op.code AS operator, t.operator_id, t.device_id,
       c.code || '/' || d.code AS device, d.device_class, t.procedure_class, a.area, a.indication,
       p.fitzpatrick,
       COALESCE(t.age_years, CAST(SUBSTR(CAST(t.performed_on AS TEXT), 1, 4) AS INTEGER) - p.year_of_birth)
           AS age_years,
       {", ".join(f"a.{name}" for name in SETTINGS)},
       CASE WHEN CAST(a.outside_typical AS TEXT) = '[]' THEN 0 ELSE 1 END AS is_over_typical,
       o.due_mask AS scheduled_mask, o.answered_mask,
       {", ".join(f"o.first_{s}" for s in SYMPTOMS)}, {", ".join(f"o.worst_{s}" for s in SYMPTOMS)}
FROM outcome o
JOIN treatment t ON t.id = o.treatment_id
JOIN treated_area a ON a.id = o.treated_area_id
JOIN patient p ON p.id = t.patient_id
JOIN clinic c ON c.id = o.clinic_id
LEFT JOIN operator op ON op.id = t.operator_id
LEFT JOIN device d ON d.id = t.device_id
WHERE o.revision > :after AND o.revision <= :upto
"""


def _compact(frame: pd.DataFrame) -> pd.DataFrame:
    """The same rows in the smallest types that hold them."""
    frame["performed_on"] = pd.to_datetime(frame["performed_on"]).astype("datetime64[s]")
    for name, kind in _INTEGERS.items():
        frame[name] = frame[name].fillna(_EMPTY.get(name, -1)).astype(kind)
    for name in SETTINGS:
        frame[name] = frame[name].astype(np.float32)
    for name in _CATEGORIES:
        frame[name] = frame[name].fillna("not recorded").astype("category")
    return frame


def _read(after: int, upto: int) -> pd.DataFrame:
    if after < 0 and are_many_treatments():
        return _of_columns(read_apart(_QUERY.replace(":after", str(int(after))).replace(":upto", str(int(upto)))))
    with reading() as session:
        result = session.connection().execute(text(_QUERY), {"after": after, "upto": upto})
        columns = list(result.keys())
        parts = [pd.DataFrame(part, columns=columns) for part in iter(lambda: result.fetchmany(50_000), [])]
        compact = [_compact(part) for part in parts]
    return _joined(compact) if compact else _compact(pd.DataFrame([], columns=columns))


def _of_columns(table: pa.Table) -> pd.DataFrame:
    """The compact rows from whole columns, as ``_compact`` makes them from a part."""
    day = table["performed_on"].cast(pa.date32()).to_numpy().astype("datetime64[s]")
    found: dict[str, Any] = dict.fromkeys(table.column_names)
    found["performed_on"] = day
    for name, kind in _INTEGERS.items():
        found[name] = table[name].fill_null(_EMPTY.get(name, -1)).to_numpy().astype(kind)
    for name in SETTINGS:
        found[name] = table[name].to_numpy().astype(np.float32)
    for name in _CATEGORIES:
        found[name] = category(table[name], "not recorded")
    return pd.DataFrame(found, copy=False)


def _joined(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Rows of several frames; categories are united so that they stay compact."""
    if len(parts) == 1:
        return parts[0]
    for name in _CATEGORIES:
        united = sorted({value for part in parts for value in part[name].cat.categories})
        for part in parts:
            part[name] = part[name].cat.set_categories(united)
    return pd.concat(parts, ignore_index=True)


def _with_rows(frame: pd.DataFrame, at: NDArray[np.intp], fresh: pd.DataFrame) -> pd.DataFrame:
    """The frame with other rows ``at`` these places. What does not change is shared: a new answer changes few columns,
    and readers may still hold the frame as it was."""
    found: dict[str, Any] = {}
    for name, shown in frame.items():
        found[str(name)] = column = shown
        if name == fresh.index.name:
            continue
        new = fresh[name]
        if isinstance(column.dtype, pd.CategoricalDtype):
            new = new.astype(str)
            column = (
                column
                if new.isin(column.cat.categories).all()
                else column.cat.set_categories(sorted({*column.cat.categories, *new}))
            )
        if not _same(column.iloc[at], new):
            column = column.copy()
            column.iloc[at] = new.to_numpy()
        found[str(name)] = column
    return pd.DataFrame(found, copy=False)


def _same(column: "pd.Series[Any]", other: "pd.Series[Any]") -> bool:
    mine, new = column.to_numpy(), other.to_numpy()
    return bool(((mine == new) | ((mine != mine) & (new != new))).all())


def _mark_due(frame: pd.DataFrame, days: dict[int, int]) -> pd.DataFrame:
    """The frame with ``due_mask``: the scheduled days that have come by its clinic's day, and those answered.

    What does not change is shared: a midnight changes one column, and readers may still hold the frame as it was.
    """
    performed = frame["performed_on"].to_numpy().astype("datetime64[D]").astype(np.int64)
    come = elapsed(of_each(frame["clinic_id"].to_numpy(), days) - performed)
    due = (frame["scheduled_mask"].to_numpy() & come) | frame["answered_mask"].to_numpy()
    return pd.DataFrame({**{str(name): column for name, column in frame.items()}, "due_mask": due}, copy=False)


class _Store:
    """The frame, the revision and the clinics' days it stands at, and the database it was read from."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.forget()

    def forget(self) -> None:
        self.frame: pd.DataFrame | None = None
        self.revision = 0
        self.database = ""
        self.days: dict[int, int] = {}

    def _replace(self, frame: pd.DataFrame, fresh: pd.DataFrame) -> pd.DataFrame:
        is_old = frame["treated_area_id"].isin(fresh["treated_area_id"]).to_numpy()
        if np.count_nonzero(is_old) == len(fresh):
            at = np.flatnonzero(is_old)
            return _with_rows(frame, at, fresh.set_index("treated_area_id").loc[frame["treated_area_id"].iloc[at]])
        return _joined([frame[~is_old], fresh])

    def current(self) -> pd.DataFrame:
        with self.lock:
            address = str(engine().url)
            if self.database != address:
                self.forget()
                self.database = address
            newest, days = _state()
            if self.frame is None or newest < self.revision:
                self.frame = _mark_due(_read(-1, newest), days)
            else:
                if newest > self.revision:
                    self.frame = self._replace(self.frame, _mark_due(_read(self.revision, newest), days))
                if days != self.days:
                    self.frame = _mark_due(self.frame, days)
            self.revision, self.days = newest, days
            return self.frame


_store = _Store()


def newest_revision() -> int:
    """Grows with every transaction that changes an outcome: what was worked out before it is out of date."""
    with reading() as session:
        return int(session.connection().execute(_REVISION).scalar_one())


def _state() -> tuple[int, dict[int, int]]:
    """The newest revision and the day of each clinic; read in this order, every row's clinic is among them."""
    with reading() as session:
        return int(session.connection().execute(_REVISION).scalar_one()), clinic_days(session)


SETTLED_FOR_S = 600.0
_settled: dict[str, tuple[int, float]] = {}


def settled_revision() -> int:
    """The revision for what takes long to work out: of a large database one that stands still for SETTLED_FOR_S."""
    newest = newest_revision()
    if not are_many_treatments():
        return newest
    revision, since = _settled.get(str(engine().url), (-1, 0.0))
    if 0 <= revision <= newest and time.monotonic() - since < SETTLED_FOR_S:
        return revision
    _settled[str(engine().url)] = (newest, time.monotonic())
    return newest


def outcome_frame() -> pd.DataFrame:
    """One row per treated area, as of the last committed transaction. Do not change it in place.

    Columns: ids; ``performed_on`` (datetime64[s]); categories clinic, operator, device (``CLINIC/CODE``),
    device_class, procedure_class, area, indication; fitzpatrick (0 unknown), age_years (-1 unknown);
    settings with their unit in the name (float32, NaN where not recorded); ``due_mask`` (scheduled days that
    have come by the clinic's own day) and ``answered_mask`` (bits of ``domain.schedule.SLOTS``);
    ``first_<symptom>`` (day of the first unexpected answer, -1 none) and ``worst_<symptom>`` (0 to 4, -1 not asked).
    """
    kept: pd.DataFrame | None = getattr(_moment, "frame", None)
    return _store.current() if kept is None else kept


_moment = threading.local()


@contextmanager
def one_moment() -> Iterator[None]:
    """What this thread reads until the block ends, this frame as well, is of one transaction: parts of one page agree.

    The frame is read first: a state of the database that others have gone beyond would be read as a whole.
    """
    if getattr(_moment, "frame", None) is not None:
        yield
        return
    with one_reading():
        _moment.frame = _store.current()
        try:
            yield
        finally:
            _moment.frame = None


def forget() -> None:
    """Drop the frame; the next reader loads it afresh."""
    with _store.lock:
        _store.forget()
