"""To change the clinic's settings; the audit trail keeps what it was and what it is.

To change the clinical content for one clinic: a version more, never a version less.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from reporting import clock
from reporting.domain.actors import SYSTEM, Actor
from reporting.domain.clinic_content import SCHEDULES, Change, checked, first_day, values_of
from reporting.domain.clinic_settings import ClinicSettings, check_settings, typed_facts
from reporting.domain.opening_hours import SafetyFacts
from reporting.errors import Conflict, ContentRefused, InvalidInput, NotFound
from reporting.records import access, audit, clinic_facts
from reporting.records.engine import Session, transaction
from reporting.records.tables import Clinic, id_of
from reporting.security.permissions import require


def change_clinic(*, by: Actor, given: ClinicSettings) -> bool:
    """Set everything at once. False when nothing was different. Raises InvalidInput, NotAllowed."""
    require(by, "clinic.manage")
    after = check_settings(given)
    with transaction() as session:
        access.one_at_a_time(session, by.clinic_id or 0)
        clinic = session.get(Clinic, by.clinic_id or 0)
        if clinic is None:
            raise NotFound()
        return _set(session, by, clinic, after, "clinic.changed")


def _set(session: Session, by: Actor, clinic: Clinic, after: Mapping[str, Any], event: str) -> bool:
    """Put what is different into the clinic's row, with before and after in the trail; whether anything was."""
    changed = sorted(name for name, value in after.items() if getattr(clinic, name) != value)
    if not changed:
        return False
    before = {name: getattr(clinic, name) for name in changed}
    for name in changed:
        setattr(clinic, name, after[name])
    session.add(clinic)
    now = {name: after[name] for name in changed}
    audit.write(session, by, event, "clinic", clinic.id, clinic_id=clinic.id, before=before, after=now)
    return True


def change_facts(*, by: Actor, given: Mapping[str, str]) -> bool:
    """Set whom the patients of the actor's clinic call and when it is open, all at once. False when nothing was
    different.

    ``given``: as typed, under the names of ``clinic_settings.FACT_FIELDS``; nothing may be missing. Raises
    InvalidInput, NotAllowed, NotFound.
    """
    require(by, "clinic.manage")
    return _keep_facts(by, by.clinic_id or 0, typed_facts(given))


def change_facts_of(*, clinic_id: int, given: Mapping[str, str]) -> bool:
    """``change_facts`` for whoever runs the server, in the system's name: of any clinic, and some may be missing."""
    return _keep_facts(SYSTEM, clinic_id, typed_facts(given, complete=False))


def _keep_facts(by: Actor, key: int, facts: SafetyFacts) -> bool:
    after = facts.columns()
    with transaction() as session:
        access.one_at_a_time(session, key)
        clinic = access.clinic(session, key)
        if clinic is None:
            raise NotFound()
        session.refresh(clinic)
        return _set(session, by, clinic, after, "clinic.facts_changed")


LONGEST_REASON = 500


def _reason(text: str) -> str:
    tidy = " ".join(text.split())
    if not 3 <= len(tidy) <= LONGEST_REASON or not tidy.isprintable():
        raise InvalidInput(
            field="reason", found=tidy[:60], allowed=f"3 to {LONGEST_REASON} characters: why it is changed"
        )
    return tidy


def _clinic(session: Session, by: Actor) -> Clinic:
    """The actor's clinic, held until the transaction ends: changes come one after the other."""
    access.one_at_a_time(session, by.clinic_id or 0)
    clinic = access.clinic(session, by.clinic_id or 0)
    if clinic is None:
        raise NotFound()
    session.refresh(clinic)
    return clinic


def _from(table: str, row: str, clinic: Clinic, wanted: date | None) -> date:
    earliest = first_day(table, clock.today(clinic.timezone))
    if wanted is None or table != SCHEDULES:
        return earliest
    if wanted < earliest:
        raise ContentRefused(row, "from day", wanted.isoformat(), f"allowed is {earliest.isoformat()} or later")
    return wanted


def change_content(
    *, by: Actor, table: str, row: str, cells: Mapping[str, str], reason: str, from_day: date | None = None
) -> date | None:
    """Let a row of the clinical content say something else at the actor's clinic; returns from which day it does.

    ``cells``: column to text as it would stand in the file; columns that are not named are as in the files. Rules
    and deadlines hold from the next day of the clinic, a schedule for treatments from ``from_day`` on (the next day
    at the earliest), ranges at once. None when nothing is different. Raises ContentRefused naming row, field, found
    and allowed, InvalidInput for a missing reason, NotAllowed.
    """
    require(by, "content.manage")
    why = _reason(reason)
    with transaction() as session:
        clinic = _clinic(session, by)
        now = clinic_facts.of(session, clinic)
        tidy = checked(table, row, cells, now, clinic_facts.known(session, clinic.id))
        begins = _from(table, row, clinic, from_day)
        return _write(session, by, clinic, Change(table, row, tuple(sorted(tidy.items())), begins), why)


def undo_content(*, by: Actor, table: str, row: str, newest: int, reason: str) -> date | None:
    """Put the version before ``newest`` back, as a version of its own. Raises Conflict when ``newest`` is not the
    last one any more, and what ``change_content`` raises: what was allowed then may not fit what holds now."""
    require(by, "content.manage")
    why = _reason(reason)
    with transaction() as session:
        clinic = _clinic(session, by)
        versions = [version for version, _ in clinic_facts.history(session, id_of(clinic), table, row)]
        if not versions or versions[0].id != newest:
            raise Conflict()
        before = versions[1].cells if len(versions) > 1 else {}
        now = clinic_facts.of(session, clinic)
        tidy = checked(table, row, before, now, clinic_facts.known(session, clinic.id))
        begins = _from(table, row, clinic, None)
        return _write(session, by, clinic, Change(table, row, tuple(sorted(tidy.items())), begins), why)


def _write(session: Session, by: Actor, clinic: Clinic, change: Change, reason: str) -> date | None:
    now = clinic_facts.of(session, clinic).rows(change.table).get(change.row, ())
    if now == change.cells:
        return None
    before, after = (values_of(change.table, change.row, dict(cells)) for cells in (now, change.cells))
    different = sorted(name for name in {*before, *after} if before.get(name, "") != after.get(name, ""))
    clinic_facts.add(session, clinic, change, by.id, reason)
    audit.write(
        session,
        by,
        "content.changed",
        change.table,
        change.row,
        from_day=change.from_day.isoformat(),
        before={name: before.get(name, "") for name in different},
        after={name: after.get(name, "") for name in different},
    )
    return change.from_day
