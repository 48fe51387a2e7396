"""The on-call list as it is shown: who, when, by which way, and whether the ways out are set up."""

from dataclasses import dataclass

from reporting import clock
from reporting.domain.actors import Actor
from reporting.domain.messages import hidden
from reporting.domain.opening_hours import week_words
from reporting.notify.handed_over import channels
from reporting.records import on_call, patients
from reporting.records.engine import reading
from reporting.records.tables import OnCallEntry, id_of
from reporting.security.encryption import CannotDecrypt, decrypt
from reporting.security.permissions import require

ALWAYS = "always"


@dataclass(frozen=True)
class OnCallRow:
    """One entry. Addresses are shown so far that they are known again; ``is_on_duty``: now."""

    entry_id: int
    name: str
    telephone: str
    email: str
    hours: str
    wait_minutes: int
    is_on_duty: bool
    is_reachable: bool
    """At least one of its ways out is set up here."""


@dataclass(frozen=True)
class OnCallPage:
    """The list in its order. ``ways_out``: text message or e-mail, whichever is set up."""

    rows: tuple[OnCallRow, ...]
    ways_out: tuple[str, ...]

    @property
    def can_tell_somebody(self) -> bool:
        """Whether an urgent case reaches anybody at all."""
        return any(row.is_reachable for row in self.rows)


def _shown(stored: str | None) -> str:
    if not stored:
        return ""
    try:
        return hidden(decrypt(stored))
    except CannotDecrypt:
        return "cannot be read with the present key"


def on_call_page(by: Actor) -> OnCallPage:
    """The list of the actor's clinic. Raises NotAllowed."""
    require(by, "clinic.manage")
    with reading() as session:
        clinic = patients.clinic(session, by.clinic_key)
        now_on = {id_of(row) for row in on_call.duty(session, clinic, clock.now())}
        rows = on_call.entries(session, id_of(clinic))
    ways = channels()
    return OnCallPage(tuple(_row(row, now_on, ways) for row in rows), tuple(ways))


def _row(row: OnCallEntry, now_on: set[int], ways: tuple[str, ...]) -> OnCallRow:
    has = {"sms": row.phone_encrypted, "email": row.email_encrypted}
    return OnCallRow(
        entry_id=id_of(row),
        name=row.name,
        telephone=_shown(row.phone_encrypted),
        email=_shown(row.email_encrypted),
        hours=week_words(row.hours) or ALWAYS,
        wait_minutes=row.wait_minutes,
        is_on_duty=id_of(row) in now_on,
        is_reachable=any(has[way] for way in ways),
    )
