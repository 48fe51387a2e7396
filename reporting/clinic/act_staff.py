"""Staff accounts: the first administrator, new colleagues, other roles, and goodbye."""

import re
from collections.abc import Mapping

from reporting.accounts.act_links import Handed, can_mail, hand_out
from reporting.clock import now
from reporting.domain.actors import ROLES, SYSTEM, Actor, Role
from reporting.domain.clinic_settings import typed_facts
from reporting.errors import Conflict, InvalidInput
from reporting.records import access, audit, cases, packages
from reporting.records.engine import Session, transaction
from reporting.records.tables import Clinic, StaffAccount, id_of
from reporting.security.passwords import check_new, hash_password
from reporting.security.permissions import ROLES as OF_ROLE
from reporting.security.permissions import require
from reporting.security.scope import own

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def _checked_email(email: str) -> str:
    tidy = email.strip().lower()
    if len(tidy) > 254 or not _EMAIL.fullmatch(tidy) or not tidy.isprintable():
        raise InvalidInput(field="e-mail", found=email[:60], allowed="an address such as name@clinic.example")
    return tidy


def _checked_name(field: str, name: str) -> str:
    tidy = " ".join(name.split())
    if not 1 <= len(tidy) <= 120 or not tidy.isprintable():
        raise InvalidInput(field=field, found=name[:60], allowed="1 to 120 characters")
    return tidy


def _checked_role(role: str) -> str:
    if role not in ROLES:
        raise InvalidInput(field="role", found=role, allowed=", ".join(ROLES))
    return role


def _role(name: str) -> Role:
    found: Role = next(role for role in OF_ROLE if role == name)
    return found


def set_up_clinic(*, clinic_name: str, name: str, email: str, password: str, facts: Mapping[str, str]) -> None:
    """Create the first clinic and its administrator. Only while nobody can sign in; for ever closed afterwards.

    ``facts``: as typed, under the names of ``clinic_settings.FACT_FIELDS``; none may be missing. Raises Conflict when
    there is staff already, InvalidInput naming the field.
    """
    told = typed_facts(facts)
    clinic_name, name, email = (
        _checked_name("clinic", clinic_name),
        _checked_name("name", name),
        _checked_email(email),
    )
    check_new(password, about=(clinic_name, name, email))
    hashed = hash_password(password)
    code = re.sub(r"[^A-Z0-9]+", "-", clinic_name.upper()).strip("-")[:32] or "CLINIC"
    with transaction() as session:
        audit.write(session, SYSTEM, "clinic.set_up", "clinic", code)
        audit.lock(session)  # makes the next line race-safe: nobody else can commit what is on the trail
        if access.has_staff(session):
            raise Conflict("This database has been set up already.", what_to_do="Sign in, or ask an administrator.")
        gone = packages.withdrawn(session)
        clinic = Clinic(code=code, name=clinic_name, content_withdrawn=gone, **told.columns())
        session.add(clinic)
        session.flush()
        session.add(
            StaffAccount(
                clinic_id=id_of(clinic),
                email=email,
                display_name=name,
                password_hash=hashed,
                role="administrator",
            )
        )


def create_staff(*, by: Actor, name: str, email: str, role: str) -> Handed:
    """A new account in the actor's clinic, and the link by which its owner chooses the password.

    Raises InvalidInput, also for a taken address.
    """
    require(by, "staff.manage")
    tidy = _checked_email(email)
    with transaction() as session:
        access.one_at_a_time(session, by.clinic_key)
        if access.account_by_email(session, tidy):
            raise InvalidInput(field="e-mail", found=tidy, allowed="an address that no account uses yet")
        account = StaffAccount(
            clinic_id=by.clinic_key,
            email=tidy,
            display_name=_checked_name("name", name),
            password_hash="",
            role=_checked_role(role),
        )
        session.add(account)
        session.flush()
        audit.write(session, by, "staff.created", "staff_account", account.id, role=role)
        return hand_out(session, account, "invitation", by, mail=can_mail())


def change_staff(
    *,
    by: Actor,
    staff_id: int,
    role: str | None = None,
    is_active: bool | None = None,
) -> list[str]:
    """Change role or activity of a colleague; all their sessions end at once, and their links where they go.

    Open cases of one who can work on cases no more are given back: their patients' references are returned.
    Raises NotFound for another clinic's account, Conflict for the last active administrator.
    """
    require(by, "staff.manage")
    with transaction() as session:
        access.one_at_a_time(session, by.clinic_key)
        account = own(session, StaffAccount, staff_id, by, "staff.manage")
        before = {"role": account.role, "is_active": account.is_active}
        account.role = _checked_role(role) if role else account.role
        account.is_active = account.is_active if is_active is None else is_active
        session.add(account)
        session.flush()
        _keep_an_administrator(session, account.clinic_id)
        access.end_all_of_staff(session, staff_id, now())
        if not account.is_active:
            access.end_links(session, staff_id, now())
        can_work = account.is_active and "case.work" in OF_ROLE[_role(account.role)]
        given_back = [] if can_work else cases.give_back_all(session, staff_id, now())
        audit.write(
            session,
            by,
            "staff.changed",
            "staff_account",
            staff_id,
            before=before,
            after={"role": account.role, "is_active": account.is_active},
            cases_given_back=len(given_back),
        )
        return given_back


def _keep_an_administrator(session: Session, clinic_id: int) -> None:
    staff = access.accounts_of(session, clinic_id)
    if not any(one.role == "administrator" and one.is_active for one in staff):
        raise Conflict(
            "The clinic would be left without an administrator.",
            what_to_do="Make a colleague administrator first.",
        )
