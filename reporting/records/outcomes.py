"""Outcome rows: recomputed from a treatment's check-ins, never incremented.

Recomputing costs a handful of rows and is right after late, corrected and withdrawn check-ins alike.

The trail of a treated area: its answered check-ins in six bytes each, so that millions are read at once.
"""

import struct
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from sqlalchemy import Row, and_, bindparam, delete, func, insert, not_, or_, select, update
from sqlmodel import Session, col

from reporting.domain.course import SLOTS, of_visit, slot_for
from reporting.domain.packed import Answers
from reporting.domain.vocabulary import SYMPTOMS
from reporting.records import clinic_facts
from reporting.records.check_ins import IS_UNFINISHED
from reporting.records.judged import bits_of, is_unexpected
from reporting.records.tables import CheckIn, Clinic, Outcome, Revision, TreatedArea, Treatment

_ANSWER = struct.Struct("<HHBB")
_RECORD = np.dtype([("scheduled_day", "<u2"), ("recovery_day", "<u2"), ("asked", "u1"), ("events", "u1")])
_LARGEST_DAY = 0xFFFF


def packed(scheduled_day: int, recovery_day: int | None, asked: int, events: int) -> bytes:
    """One answered check-in. asked and events are masks over SYMPTOMS: was asked, was unexpected here."""
    answered = scheduled_day if recovery_day is None else recovery_day
    return _ANSWER.pack(min(scheduled_day, _LARGEST_DAY), min(answered, _LARGEST_DAY), asked, events)


def answers_of(trails: Sequence[bytes] | pa.Array, treated_on: np.ndarray) -> Answers:
    """Answered check-ins of the trails in their order; treated_on (trails,) day numbers."""
    sizes, answers = _laid_out(trails if isinstance(trails, pa.Array) else pa.array(trails, pa.binary()))
    answered_day = np.repeat(np.asarray(treated_on, dtype=np.int32), sizes)
    answered_day += answers["recovery_day"]
    return Answers(
        np.repeat(np.arange(len(trails), dtype=np.int32), sizes),
        answers["scheduled_day"].copy(),
        answered_day,
        answers["asked"].copy(),
        answers["events"].copy(),
        SYMPTOMS,
    )


def unpacked(
    trails: Sequence[bytes] | pa.Array, treated_on: np.ndarray, symptoms: Iterable[str] = SYMPTOMS
) -> pd.DataFrame:
    """answers_of as a table (as_frame)."""
    return as_frame(answers_of(trails, treated_on), treated_on, symptoms)


def as_frame(answers: Answers, treated_on: np.ndarray, symptoms: Iterable[str] = SYMPTOMS) -> pd.DataFrame:
    """The answers as a table, shape (answers,); treated_on as for answers_of.

    Columns: area_id (position of the trail), scheduled_day, due_day, answered (true), answered_day, and per symptom
    1 unexpected, 0 not, NaN not asked (16-bit floats).
    """
    columns: dict[str, object] = {
        "area_id": answers.row,
        "scheduled_day": answers.scheduled_day.astype(np.int16),
        "due_day": np.asarray(treated_on, dtype=np.int32)[answers.row] + answers.scheduled_day.astype(np.int32),
        "answered": np.ones(len(answers), dtype=bool),
        "answered_day": answers.answered_day,
    }
    return pd.DataFrame(columns | {symptom: _values(answers, answers.bit(symptom)) for symptom in symptoms})


def _laid_out(trails: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """(answers of each trail, all answers), shapes (trails,) and (answers,)."""
    _, ends, data = trails.buffers()
    at = np.frombuffer(ends, dtype=np.int32)[trails.offset : trails.offset + len(trails) + 1] if len(trails) else [0, 0]
    whole = np.frombuffer(data, dtype=np.uint8)[at[0] : at[-1]] if data is not None else np.zeros(0, np.uint8)
    return np.diff(at)[: len(trails)] // _RECORD.itemsize, whole.view(_RECORD)


def _values(answers: Answers, bit: int) -> np.ndarray:
    unexpected: np.ndarray = ((answers.events & bit) != 0).astype(np.float16)
    unexpected[(answers.asked & bit) == 0] = np.nan
    return unexpected


CHUNK = 500
"""Treatments per statement: below every database's limit of bound values."""


@dataclass
class _Tally:
    """What has been seen of one treated area so far."""

    due_mask: int = 0
    answered_mask: int = 0
    first: dict[str, int] = field(default_factory=dict)
    worst: dict[str, int] = field(default_factory=dict)
    trail: bytearray = field(default_factory=bytearray)
    newest: Row[Any] | None = None

    def columns(self) -> dict[str, int | str | bytes | None]:
        found: dict[str, int | str | bytes | None] = {
            "due_mask": self.due_mask,
            "answered_mask": self.answered_mask,
            "trail": bytes(self.trail),
            "package_version": self.newest.package_version if self.newest else None,
            "package_hash": self.newest.package_hash if self.newest else None,
        }
        for symptom in SYMPTOMS:
            found[f"first_{symptom}"] = self.first.get(symptom)
            found[f"worst_{symptom}"] = self.worst.get(symptom)
        return found


def _scheduled_mask(source: str, days: Sequence[int], check_ins: Sequence[Row[Any]]) -> int:
    """Bits of the days on which our own schedule asks this patient.

    A log that brings its own due check-ins keeps those alone; a treatment that was only imported and never
    answered here was not asked by us, so that its silence is no missing answer.
    """
    origins = {row.source for row in check_ins}
    asked_here = source in {"form", "demo"} or origins & {"patient", "proxy"}
    if "import" in origins or not asked_here:
        return 0
    return sum(1 << slot_for(day) for day in days)


def tally(check_ins: Sequence[Row[Any]], area_id: int, scheduled_mask: int = 0) -> dict[str, int | str | bytes | None]:
    """Outcome columns of one treated area from its treatment's current check-ins (any order)."""
    seen, since = _Tally(due_mask=scheduled_mask), None
    for check_in in sorted(check_ins, key=lambda row: (row.scheduled_day, row.id)):
        bit = 1 << slot_for(check_in.scheduled_day)
        seen.due_mask |= bit
        if check_in.answered_at is None:
            continue
        seen.answered_mask |= bit
        seen.newest = check_in
        asked = events = 0
        for place, symptom in enumerate(SYMPTOMS):
            severity = getattr(check_in, symptom)
            if severity is None:
                continue
            asked |= 1 << place
            where = check_in.areas.get(symptom)
            here = severity if not where or area_id in where else 0
            seen.worst[symptom] = max(seen.worst.get(symptom, 0), here)
            course = of_visit(check_in.procedure_class, check_in.also_classes)
            if here and is_unexpected(check_in, symptom, course, since):
                events |= 1 << place
                seen.first.setdefault(symptom, check_in.scheduled_day)
        seen.trail += packed(check_in.scheduled_day, check_in.recovery_day, asked, events)
        since = check_in.recovery_day
    return seen.columns()


def next_revision(session: Session) -> int:
    """Take the next revision number; its row stays locked until the transaction ends, so numbers
    appear in the order of their commits."""
    return int(session.connection().execute(_NEXT_REVISION).scalar_one())


_REVISION: Any = Revision.__table__  # type: ignore[attr-defined]
_NEXT_REVISION = update(_REVISION).values(value=_REVISION.c.value + 1).returning(_REVISION.c.value)


_CHECK_IN_COLUMNS = (
    CheckIn.id,
    CheckIn.treatment_id,
    CheckIn.scheduled_day,
    CheckIn.answered_at,
    CheckIn.recovery_day,
    CheckIn.judged_by_source,
    CheckIn.areas,
    CheckIn.source,
    CheckIn.unexpected,
    CheckIn.package_version,
    CheckIn.package_hash,
    *(getattr(CheckIn, name) for symptom in SYMPTOMS for name in (symptom, f"now_{symptom}")),
    Treatment.procedure_class,
    Treatment.also_classes,
)


def _counts_at(moment: datetime | None) -> Any:
    """Check-ins that count now, or counted at an earlier moment: before corrections that came later."""
    if moment is None:
        return and_(col(CheckIn.replaced_at).is_(None), not_(IS_UNFINISHED))
    return and_(
        not_(IS_UNFINISHED),
        or_(col(CheckIn.replaced_at).is_(None), col(CheckIn.replaced_at) > moment),
        or_(col(CheckIn.corrects_id).is_(None), col(CheckIn.created_at) <= moment),
    )


_ASKED: Any = bindparam("asked", expanding=True)
_ANSWERS = (
    select(*_CHECK_IN_COLUMNS)
    .join(Treatment, col(Treatment.id) == CheckIn.treatment_id)
    .where(col(CheckIn.treatment_id).in_(_ASKED))
)
_ANSWERS_NOW = _ANSWERS.where(_counts_at(None))
_AREAS = (
    select(
        col(TreatedArea.id),
        col(TreatedArea.treatment_id),
        col(TreatedArea.clinic_id),
        col(Treatment.source),
        col(Treatment.procedure_class),
        col(Treatment.also_classes),
        col(Treatment.performed_on),
        col(Clinic.content_version),
    )
    .join(Treatment, col(Treatment.id) == TreatedArea.treatment_id)
    .join(Clinic, col(Clinic.id) == TreatedArea.clinic_id)
    .where(col(TreatedArea.treatment_id).in_(_ASKED))
)
_DROP: Any = delete(Outcome).where(col(Outcome.treated_area_id).in_(_ASKED))
"""Built once: putting a statement together costs as much as sending it."""


def _check_ins_of(
    session: Session, treatment_ids: Sequence[int], moment: datetime | None = None
) -> Mapping[int, list[Row[Any]]]:
    statement = _ANSWERS_NOW if moment is None else _ANSWERS.where(_counts_at(moment))
    found: dict[int, list[Row[Any]]] = defaultdict(list)
    for row in session.execute(statement, {"asked": list(treatment_ids)}):
        found[row.treatment_id].append(row)
    return found


def computed(session: Session, treatment_ids: Sequence[int], moment: datetime | None = None) -> list[dict[str, Any]]:
    """The outcome rows that these treatments should have (without ``revision``), now or as of ``moment``:
    with the answers as they stood before later corrections, answers given later included."""
    check_ins = _check_ins_of(session, treatment_ids, moment)
    areas = session.execute(_AREAS, {"asked": list(treatment_ids)}).all()
    rows = []
    for area in areas:
        sent = check_ins.get(area.treatment_id, [])
        keys = {"treated_area_id": area.id, "treatment_id": area.treatment_id, "clinic_id": area.clinic_id}
        changed = clinic_facts.of_version(session, area.clinic_id, area.content_version)
        days = changed.due_days(of_visit(area.procedure_class, area.also_classes), area.performed_on)
        rows.append(keys | tally(sent, area.id, _scheduled_mask(area.source, days, sent)))
    return rows


def recompute(session: Session, treatment_ids: Iterable[int]) -> None:
    """Write the outcome rows of these treatments anew, in the caller's transaction."""
    session.flush()
    wanted = sorted(set(treatment_ids))
    if not wanted:
        return
    revision = next_revision(session)
    for start in range(0, len(wanted), CHUNK):
        part = wanted[start : start + CHUNK]
        rows = [row | {"revision": revision} for row in computed(session, part)]
        ids = [row["treated_area_id"] for row in rows]
        if ids:
            session.execute(_DROP, {"asked": ids}, execution_options={"synchronize_session": False})
            session.execute(insert(Outcome.__table__), rows)  # type: ignore[attr-defined]


def compare(session: Session) -> list[int]:
    """Ids of treated areas whose stored outcome is not what its check-ins say. Empty is right."""
    wrong: list[int] = []
    ids = session.execute(select(col(Treatment.id)).order_by(col(Treatment.id))).scalars().all()
    for start in range(0, len(ids), CHUNK):
        part = list(ids[start : start + CHUNK])
        stored = {
            row.treated_area_id: row
            for row in session.execute(select(Outcome).where(col(Outcome.treatment_id).in_(part))).scalars()
        }
        for row in computed(session, [int(i) for i in part if i is not None]):
            have = stored.pop(row["treated_area_id"], None)
            if have is None or any(getattr(have, name) != value for name, value in row.items()):
                wrong.append(int(row["treated_area_id"]))
        wrong.extend(stored)
    return sorted(wrong)


def rebuild(session: Session) -> int:
    """Recompute every outcome row; returns how many treatments there were."""
    ids = [int(i) for i in session.execute(select(col(Treatment.id))).scalars() if i is not None]
    recompute(session, ids)
    return len(ids)


def judge_anew(session: Session) -> int:
    """Judge every answered check-in by the content of today; returns how many are judged otherwise than before.

    The outcome rows are not touched: ``rebuild`` writes them.
    """
    changed = 0
    ids = [int(i) for i in session.execute(select(col(Treatment.id)).order_by(col(Treatment.id))).scalars() if i]
    for start in range(0, len(ids), CHUNK):
        for sent in _check_ins_of(session, ids[start : start + CHUNK]).values():
            since: int | None = None
            for row in sorted(sent, key=lambda one: (one.scheduled_day, one.id)):
                if row.answered_at is None:
                    continue
                bits = bits_of(row, of_visit(row.procedure_class, row.also_classes), since)
                since = row.recovery_day
                if bits != row.unexpected:
                    session.execute(update(CheckIn).where(col(CheckIn.id) == row.id).values(unexpected=bits))
                    changed += row.unexpected is not None
    return changed


def events(session: Session) -> dict[str, int]:
    """Symptom to the treated areas in which it was ever more than expected."""
    counts = (func.count(getattr(Outcome, f"first_{symptom}")) for symptom in SYMPTOMS)
    return dict(zip(SYMPTOMS, map(int, session.execute(select(*counts)).one()), strict=True))


def due_counts(session: Session, performed_on: Mapping[int, date], today: date) -> dict[int, int]:
    """Check-ins of each treatment (id to its day) that have come due by ``today``, answered ones included."""
    rows = session.execute(
        select(col(Outcome.treatment_id), col(Outcome.due_mask), col(Outcome.answered_mask))
        .join(TreatedArea, col(TreatedArea.id) == Outcome.treated_area_id)  # it has an index by treatment
        .where(col(TreatedArea.treatment_id).in_(list(performed_on)))
    )
    found: dict[int, int] = {}
    for key, scheduled, answered in rows:
        age = (today - performed_on[key]).days
        elapsed = sum(1 << bit for bit, day in enumerate(SLOTS) if day <= age)
        found[key] = (scheduled & elapsed | answered).bit_count()
    return found
