"""Who is told of urgent cases at once: to add somebody to the clinic's on-call list, and to take somebody off it."""

import re

from reporting.domain.actors import Actor
from reporting.domain.messages import email_address, phone_number, region_of
from reporting.domain.opening_hours import DAYS
from reporting.errors import InvalidInput, NotFound
from reporting.records import access, audit, on_call, patients
from reporting.records.engine import Session, transaction
from reporting.records.tables import OnCallEntry, id_of
from reporting.security.encryption import encrypt
from reporting.security.permissions import require
from reporting.security.scope import own

NAME_CHARACTERS = 120
SHORTEST_WAIT, LONGEST_WAIT = 2, 120
"""Minutes. A text message needs a moment; after two hours a case of the same day is overdue."""
MOST_ENTRIES = 30
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d|24:00")


def _name(text: str) -> str:
    tidy = " ".join(text.split())
    if not 1 <= len(tidy) <= NAME_CHARACTERS or not tidy.isprintable():
        raise InvalidInput(field="name", found=tidy[:60], allowed=f"1 to {NAME_CHARACTERS} characters")
    return tidy


def _hours(given: dict[str, list[str]]) -> dict[str, list[str]]:
    """Weekday to times from and until in turn, rising; a stretch over midnight is two. Empty: always."""
    for day, times in given.items():
        is_right = len(times) % 2 == 0 and all(map(_TIME.fullmatch, times)) and times == sorted(set(times))
        if day not in DAYS or not is_right:
            raise InvalidInput(
                field="hours", found=f"{day} {'-'.join(times)}"[:60], allowed="mon to sun, times such as 18:00-24:00"
            )
    return {day: list(times) for day, times in given.items() if times}


def add_on_call(
    *,
    by: Actor,
    name: str,
    telephone: str = "",
    email: str = "",
    hours: dict[str, list[str]] | None = None,
    wait_minutes: int = 10,
) -> int:
    """Put somebody at the end of the list. Returns the number of the entry.

    ``hours``: weekday to times from and until in turn, none: always. ``wait_minutes``: so long after this person was
    told the next one is, unless somebody has taken the case.
    Raises InvalidInput naming the field, NotAllowed.
    """
    require(by, "clinic.manage")
    where = by.clinic_key
    if not SHORTEST_WAIT <= wait_minutes <= LONGEST_WAIT:
        raise InvalidInput(field="minutes", found=wait_minutes, allowed=f"{SHORTEST_WAIT} to {LONGEST_WAIT}")
    with transaction() as session:
        access.one_at_a_time(session, where)
        clinic = patients.clinic(session, where)
        number = phone_number(telephone, region_of(clinic.telephone)) if telephone.strip() else ""
        address = email_address(email) if email.strip() else ""
        if not number and not address:
            raise InvalidInput(field="telephone or e-mail", found="neither", allowed="at least one of them")
        there = on_call.entries(session, where)
        if len(there) >= MOST_ENTRIES:
            raise InvalidInput(field="on-call list", found=len(there) + 1, allowed=f"up to {MOST_ENTRIES} entries")
        row = OnCallEntry(
            clinic_id=where,
            place=max((one.place for one in there), default=0) + 1,
            name=_name(name),
            phone_encrypted=encrypt(number) if number else None,
            email_encrypted=encrypt(address) if address else None,
            hours=_hours(hours or {}),
            wait_minutes=wait_minutes,
        )
        session.add(row)
        session.flush()
        _noted(session, by, row, "on_call.added")
        return id_of(row)


def remove_on_call(*, by: Actor, entry_id: int) -> None:
    """Take an entry off the list; messages that were written go out. Raises NotFound, NotAllowed."""
    with transaction() as session:
        row = own(session, OnCallEntry, entry_id, by, "clinic.manage", lock=True)
        _noted(session, by, row, "on_call.removed")
        session.delete(row)


def move_up_on_call(*, by: Actor, entry_id: int) -> None:
    """Let an entry be told before the one that stands above it. Raises NotFound, NotAllowed."""
    with transaction() as session:
        row = own(session, OnCallEntry, entry_id, by, "clinic.manage", lock=True)
        access.one_at_a_time(session, row.clinic_id)
        above = [one for one in on_call.entries(session, row.clinic_id) if one.place < row.place]
        if not above:
            raise NotFound()
        above[-1].place, row.place = row.place, above[-1].place
        session.add_all([row, above[-1]])
        _noted(session, by, row, "on_call.moved")


def _noted(session: Session, by: Actor, row: OnCallEntry, action: str) -> None:
    """The trail says which entry and by which ways it is told, never the address."""
    audit.write(
        session,
        by,
        action,
        "on_call_entry",
        row.id,
        clinic_id=row.clinic_id,
        place=row.place,
        wait_minutes=row.wait_minutes,
        hours=row.hours,
        sms=row.phone_encrypted is not None,
        email=row.email_encrypted is not None,
    )
