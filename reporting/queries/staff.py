"""Who may sign in at the clinic."""

from dataclasses import dataclass
from datetime import datetime

from reporting.domain.actors import Actor
from reporting.security.permissions import require
from reporting.storage import sessions
from reporting.storage.engine import reading


@dataclass(frozen=True)
class Colleague:
    """One staff account, as administrators see it."""

    staff_id: int
    name: str
    email: str
    role: str
    is_active: bool
    since: datetime


def colleagues(by: Actor) -> list[Colleague]:
    """The accounts of the actor's clinic by name, the switched-off ones last. Raises NotAllowed."""
    require(by, "staff.manage")
    with reading() as session:
        found = sessions.accounts_of(session, by.clinic_id or 0)
    shown = [
        Colleague(one.id or 0, one.display_name, one.email, one.role, one.is_active, one.created_at) for one in found
    ]
    return sorted(shown, key=lambda one: not one.is_active)
