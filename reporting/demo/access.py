"""Ways into the demo clinic: a patient link, and a fresh password per role. Refused for any real clinic."""

import secrets
from dataclasses import dataclass

from reporting.domain.actors import SYSTEM, Role
from reporting.errors import NotAllowed, NotFound
from reporting.records import audit
from reporting.records.clinic_facts import demo_staff, first_open_treatment, set_password
from reporting.records.columns import all_synthetic
from reporting.records.engine import reading, transaction
from reporting.security.passwords import hash_password
from reporting.settings import settings
from reporting.shell.act_sessions import Cookie, begin
from reporting.treatments.act_invitations import IssuedInvitation, issue_invitation, open_link


@dataclass(frozen=True)
class Access:
    """A patient link with its code, and (role, e-mail, password) for each staff account."""

    invitation: IssuedInvitation
    staff: list[tuple[Role, str, str]]


def demo_access() -> Access:
    """Issue a new patient link and new passwords; the old ones stop working.

    Raises NotAllowed when the database holds any clinic that is not synthetic, or none at all.
    """
    with reading() as session:
        if not all_synthetic(session):
            raise NotAllowed(
                "This database is not a demo: it has a clinic that is not synthetic, or none at all.",
                what_to_do="Use the sign-in page. Demo access exists for synthetic clinics only.",
            )
        treatment = first_open_treatment(session)
    staff: list[tuple[Role, str, str]] = []
    with transaction() as session:
        for account in demo_staff(session):
            password = secrets.token_urlsafe(12)
            set_password(session, account, hash_password(password))
            audit.write(session, SYSTEM, "demo.password_set", "staff_account", account.id, clinic_id=account.clinic_id)
            staff.append((account.role, account.email, password))  # type: ignore[arg-type]
    return Access(issue_invitation(by=SYSTEM, treatment_id=treatment), staff)


def is_open() -> bool:
    """Whether anybody may walk into the demo: a local start, and nothing but synthetic clinics in it."""
    if settings().environment != "local":
        return False
    with reading() as session:
        return all_synthetic(session)


def enter(role: str) -> Cookie:
    """Begin a session in the synthetic clinic, as ``patient`` or as the staff member of a role.

    Raises NotFound where the demo is not open or has no such role.
    """
    if not is_open():
        raise NotFound()
    with reading() as session:
        treatment = first_open_treatment(session)
        staff = {account.role: account for account in demo_staff(session)}
    if role == "patient":
        return open_link(issue_invitation(by=SYSTEM, treatment_id=treatment).token)
    if role not in staff:
        raise NotFound()
    account = staff[role]
    with transaction() as session:
        cookie = begin(
            session,
            hours=settings().staff_session_hours,
            kind="staff",
            clinic_id=account.clinic_id,
            staff_id=account.id,
        )
        audit.write(session, SYSTEM, "demo.entered", "staff_account", account.id, clinic_id=account.clinic_id)
    return cookie
