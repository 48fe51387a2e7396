"""Statements about rows that an import refused and that wait to be mended.

Statements about the state of the data: languages of patients, and the imports.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, false, func, or_, select, true, update
from sqlmodel import Session, col

from reporting.domain.actors import Actor
from reporting.records.columns import add_rows
from reporting.records.tables import ImportRun, Patient, RefusedRow, StaffAccount, TreatedArea, Treatment, id_of

WAITING = col(RefusedRow.state) == "waiting"


def run_of(session: Session, run_id: int) -> ImportRun | None:
    return session.get(ImportRun, run_id)


def add(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep refused rows, the same keys in each."""
    add_rows(session, RefusedRow, rows)


def _seen_by(by: Actor) -> ColumnElement[bool]:
    """Of rows with their runs: those of the actor's clinic, and those of no known clinic that the actor imported."""
    if by.kind == "system":
        return true()
    if by.clinic_id is None:
        return false()
    own = col(ImportRun.clinic_id) == by.clinic_id
    brought = and_(col(RefusedRow.clinic_id).is_(None), col(ImportRun.created_by) == by.id)
    return and_(own, or_(col(RefusedRow.clinic_id) == by.clinic_id, brought))


def waiting(
    session: Session, by: Actor, run_id: int, ids: Collection[int] | None = None, *, lock: bool = False
) -> list[RefusedRow]:
    """Rows of a run that still wait and that the actor may see, by line; of these ids only, where some are given."""
    statement = (
        select(RefusedRow)
        .join(ImportRun, col(ImportRun.id) == RefusedRow.run_id)
        .where(col(RefusedRow.run_id) == run_id, WAITING, _seen_by(by))
        .order_by(col(RefusedRow.line))
    )
    rows = session.execute(statement.with_for_update(of=RefusedRow) if lock else statement).scalars()
    return [row for row in rows if ids is None or row.id in ids]


def waiting_of_clinic(session: Session, clinic_id: int) -> list[RefusedRow]:
    """Everything that waits at a clinic, and what names no clinic that is known."""
    of = (col(RefusedRow.clinic_id) == clinic_id) | col(RefusedRow.clinic_id).is_(None)
    return list(session.execute(select(RefusedRow).where(of, WAITING)).scalars())


def earlier_runs(session: Session, run: ImportRun) -> list[int]:
    """Ids of the runs that read the same file for the same clinic before, or when files had no shares of clinics."""
    same = select(col(ImportRun.id)).where(
        col(ImportRun.file_sha256) == run.file_sha256,
        col(ImportRun.kind) == run.kind,
        col(ImportRun.id) < run.id,
        or_(col(ImportRun.clinic_id) == run.clinic_id, col(ImportRun.clinic_id).is_(None)),
    )
    return [int(key or 0) for key in session.execute(same).scalars()]


def lines_worked_on(session: Session, run_ids: Collection[int]) -> set[int]:
    """Lines that somebody mended or dismissed in these runs."""
    statement = select(col(RefusedRow.line)).where(
        col(RefusedRow.run_id).in_(run_ids), col(RefusedRow.state).in_(("mended", "there", "dismissed"))
    )
    return set(session.execute(statement).scalars())


def finish(session: Session, ids: Iterable[int], state: str, **values: Any) -> int:
    """These rows no longer wait; what they held is gone. Returns how many still waited."""
    kept = list(ids)
    done = session.execute(
        update(RefusedRow)
        .where(col(RefusedRow.id).in_(kept), WAITING)
        .values(state=state, content_encrypted=None, **values)
    )
    return int(done.rowcount)  # type: ignore[attr-defined]


def replace(session: Session, run_ids: Collection[int], moment: datetime) -> None:
    """What waits from these runs is replaced by a later import of the same file."""
    session.execute(
        update(RefusedRow)
        .where(col(RefusedRow.run_id).in_(run_ids), WAITING)
        .values(state="replaced", content_encrypted=None, worked_at=moment)
    )


def states(session: Session, by: Actor, run_ids: Collection[int]) -> dict[int, dict[str, int]]:
    """Run id to the number of its rows by state; those that wait and that the actor may not see are ``hidden``."""
    state = case((and_(WAITING, _seen_by(by)), "waiting"), (WAITING, "hidden"), else_=col(RefusedRow.state))
    counted = (
        select(col(RefusedRow.run_id), state.label("state"))
        .join(ImportRun, col(ImportRun.id) == RefusedRow.run_id)
        .where(col(RefusedRow.run_id).in_(run_ids))
        .subquery()
    )
    statement = select(counted.c.run_id, counted.c.state, func.count()).group_by(counted.c.run_id, counted.c.state)
    found: dict[int, dict[str, int]] = {}
    for run_id, name, number in session.execute(statement):
        found.setdefault(run_id, {})[name] = int(number)
    return found


def count_old(session: Session, clinic_id: int, before: datetime) -> int:
    """How many rows refused before a moment still wait."""
    statement = select(func.count()).select_from(RefusedRow).where(*_old(clinic_id, before))
    return int(session.execute(statement).scalar_one())


def drop_old(session: Session, clinic_id: int, before: datetime, moment: datetime) -> int:
    """Take away what those rows held; returns how many there were."""
    done = session.execute(
        update(RefusedRow)
        .where(*_old(clinic_id, before))
        .values(state="over", content_encrypted=None, worked_at=moment)
    )
    return int(done.rowcount)  # type: ignore[attr-defined]


def _old(clinic_id: int, before: datetime) -> tuple[Any, ...]:
    """Of the clinic's imports, and of those from before each clinic had its own share of a file."""
    runs = select(col(ImportRun.id)).where(
        or_(col(ImportRun.clinic_id) == clinic_id, col(ImportRun.clinic_id).is_(None))
    )
    return col(RefusedRow.run_id).in_(runs), col(RefusedRow.created_at) < before, WAITING


NEWEST = 100


def languages(session: Session, clinic_id: int | None, treated_since: date | None = None) -> dict[int, str]:
    """Patient id to language, of those treated since a day; None as the clinic is every clinic."""
    statement = select(col(Patient.id), col(Patient.language))
    if treated_since is not None:
        treated = select(col(Treatment.patient_id)).where(col(Treatment.performed_on) >= treated_since)
        if clinic_id is not None:
            treated = treated.where(col(Treatment.clinic_id) == clinic_id)
        statement = statement.where(col(Patient.id).in_(treated))
    if clinic_id is not None:
        statement = statement.where(col(Patient.clinic_id) == clinic_id)
    return {key or 0: language for key, language in session.connection().execute(statement).fetchall()}


def unusual_settings(session: Session, area_ids: Sequence[int]) -> dict[int, dict[str, float]]:
    """Treated area id to its settings outside the typical range, with their values."""
    areas = session.execute(select(TreatedArea).where(col(TreatedArea.id).in_(area_ids))).scalars()
    return {id_of(each): {name: getattr(each, name) for name in each.outside_typical} for each in areas}


def import_runs(session: Session, clinic_id: int | None) -> list[tuple[ImportRun, str]]:
    """The newest imports, newest first, with who ran them; None as the clinic is every clinic."""
    statement = (
        select(ImportRun, col(StaffAccount.display_name))
        .outerjoin(StaffAccount, col(StaffAccount.id) == col(ImportRun.created_by))
        .order_by(col(ImportRun.id).desc())
        .limit(NEWEST)
    )
    if clinic_id is not None:
        statement = statement.where(col(ImportRun.clinic_id) == clinic_id)
    return [(run, who or "command line") for run, who in session.execute(statement).all()]
