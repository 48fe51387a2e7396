"""What one may know of one's own account, and which roles of the clinic need a second factor."""

from dataclasses import dataclass
from datetime import datetime

from reporting.domain.actors import Actor
from reporting.records import access
from reporting.records.engine import reading
from reporting.records.tables import Clinic, StaffAccount
from reporting.security.permissions import require


@dataclass(frozen=True)
class OwnAccount:
    """``factor_since``: when the second factor was set up, None where there is none."""

    name: str
    email: str
    factor_since: datetime | None
    recovery_codes_left: int


def own_account(by: Actor) -> OwnAccount:
    """The actor's own account. Raises NotAllowed."""
    require(by, "account.own")
    with reading() as session:
        account = session.get_one(StaffAccount, by.key)
        left = access.recovery_codes_left(session, by.key)
        return OwnAccount(account.display_name, account.email, account.totp_since, left)


def roles_with_factor(by: Actor) -> list[str]:
    """Roles of the actor's clinic that need a second factor. Raises NotAllowed."""
    require(by, "clinic.manage")
    with reading() as session:
        return list(session.get_one(Clinic, by.clinic_key).staff_second_factor)
