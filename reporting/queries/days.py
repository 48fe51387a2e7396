"""Which day it is where somebody works."""

from datetime import date

from reporting import clock
from reporting.domain.actors import Actor
from reporting.errors import InvalidInput
from reporting.storage.engine import reading
from reporting.storage.sessions import clinic


def today(by: Actor) -> date:
    """The day at the actor's clinic; for the system, which works for all of them, the day in UTC."""
    if by.clinic_id is None:
        return clock.today("UTC")
    with reading() as session:
        found = clinic(session, by.clinic_id)
    return clock.today(found.timezone if found else "UTC")


def check_come(field: str, day: date) -> None:
    """Raise InvalidInput for a day that has come nowhere yet."""
    latest = clock.today("Pacific/Kiritimati")  # UTC+14: nobody's day is later
    if day > latest:
        raise InvalidInput(field=field, found=str(day), allowed=f"a day up to today, {latest}")
