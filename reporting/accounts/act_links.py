"""One-time links by which staff choose a password: invited, helped by an administrator, or because they forgot it.

Nobody else ever sees or sets a password. A link is signed, stored as a hash, works once and ends by itself.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from reporting.clock import now
from reporting.domain.actors import SYSTEM, Actor
from reporting.domain.message_kinds import STAFF_LINK
from reporting.errors import NotFound, Problem
from reporting.notify.handed_over import channels
from reporting.records import access, audit, outbox
from reporting.records.engine import Session, reading, transaction
from reporting.records.tables import Clinic, StaffAccount, StaffLink, id_of
from reporting.security.encryption import encrypt
from reporting.security.passwords import check_new, hash_password
from reporting.security.scope import own
from reporting.security.tokens import hash_token, is_staff_token, new_staff_token
from reporting.settings import settings
from reporting.shell.pages import Plain

Purpose = Literal["invitation", "new_password"]
LIFE: dict[Purpose, timedelta] = {"invitation": timedelta(days=7), "new_password": timedelta(hours=1)}
ASKED_AT_MOST = 3
"""Links that are mailed to one address in an hour because somebody says they forgot the password."""
SUBJECT: dict[Purpose, str] = {"invitation": "Your account", "new_password": "Choose a new password"}
BODY: dict[Purpose, str] = {
    "invitation": (
        "An account was made for you. Choose your password here: {link}\n\n"
        "The link works once, until {until}. If you did not expect it, you need not do anything."
    ),
    "new_password": (
        "Choose a new password here: {link}\n\n"
        "The link works once, until {until}. If you did not ask for it, you need not do anything: your password "
        "stays as it is."
    ),
}


class StaffLinkOver(Problem):
    """Unknown, used, ended and made-up links alike."""

    code = "staff_link_over"
    status = 410
    message = "This link does not work any more."
    what_to_do = "Ask for a new one on the sign-in page, or ask an administrator of your clinic."


@dataclass(frozen=True)
class Handed:
    """A link that was made. ``link`` is empty where it was mailed; else it is shown once and kept nowhere."""

    staff_id: int
    link: str
    expires_at: datetime


@dataclass(frozen=True)
class LinkFor:
    """Whose link it is, for the page that asks for the password."""

    name: str
    email: str
    purpose: str


def can_mail() -> bool:
    """Whether links can be sent by e-mail at all."""
    return "email" in channels()


def words_about(clinic: Clinic, account: StaffAccount) -> tuple[str, ...]:
    """What a password of this person must not be made of."""
    return clinic.name, clinic.code, clinic.message_name, account.display_name, account.email


def hand_out(session: Session, account: StaffAccount, purpose: Purpose, by: Actor, *, mail: bool) -> Handed:
    """Make a link in the caller's transaction, and mail it where ``mail``; earlier links of that person end."""
    token, moment = new_staff_token(), now()
    until = moment + LIFE[purpose]
    access.end_links(session, id_of(account), moment)
    link = f"{settings().base_url.rstrip('/')}{Plain.NEW_PASSWORD}{token}"
    session.add(
        StaffLink(
            clinic_id=account.clinic_id,
            staff_id=id_of(account),
            token_hash=hash_token(token),
            purpose=purpose,
            created_at=moment,
            created_by=by.id if by.kind == "staff" else None,
            expires_at=until,
        )
    )
    if mail:
        _mail(session, account, purpose, link, until)
    audit.write(
        session,
        by,
        "staff.link_made",
        "staff_account",
        account.id,
        clinic_id=account.clinic_id,
        purpose=purpose,
        mailed=mail,
    )
    return Handed(id_of(account), "" if mail else link, until)


def _mail(session: Session, account: StaffAccount, purpose: Purpose, link: str, until: datetime) -> None:
    clinic = session.get_one(Clinic, account.clinic_id)
    body = BODY[purpose].format(link=link, until=f"{until:%d %B %Y, %H:%M} UTC")
    subject = f"{SUBJECT[purpose]}: {clinic.name}" if purpose == "invitation" else SUBJECT[purpose]
    outbox.add(
        session,
        clinic_id=account.clinic_id,
        kind=STAFF_LINK,
        staff_id=account.id,
        key=f"{STAFF_LINK.code}:{hash_token(link)}",
        payload={"subject": subject, "body_encrypted": encrypt(body)},
    )


def give_link(*, by: Actor, staff_id: int) -> Handed:
    """A new link for a colleague who cannot sign in: mailed where mail is set up, else to be shown once.

    Their present password works until they have chosen another. Raises NotAllowed, and NotFound for another
    clinic's account.
    """
    with transaction() as session:
        account = own(session, StaffAccount, staff_id, by, "staff.manage")
        purpose: Purpose = "new_password" if account.password_hash else "invitation"
        return hand_out(session, account, purpose, by, mail=can_mail())


def link_by_command(email: str) -> Handed:
    """For whoever runs the server: a link for that address, never mailed. Raises NotFound."""
    with transaction() as session:
        account = access.account_by_email(session, email)
        if account is None or not account.is_active:
            raise NotFound("No account that may sign in has this address.", what_to_do="Check how it is written.")
        return hand_out(session, account, "new_password", SYSTEM, mail=False)


def forgotten(*, email: str) -> None:
    """Mail a link to that address if an account has it, at most three in an hour. Nobody is told which it was."""
    if not can_mail():
        return
    with transaction() as session:
        account = access.account_by_email(session, email.replace("\0", ""))
        if account is None or not account.is_active:
            return
        access.one_at_a_time(session, account.clinic_id)
        if access.links_since(session, id_of(account), now() - timedelta(hours=1)) < ASKED_AT_MOST:
            hand_out(session, account, "new_password" if account.password_hash else "invitation", SYSTEM, mail=True)


def _usable(session: Session, token: str) -> tuple[StaffLink, StaffAccount]:
    row = access.staff_link(session, hash_token(token)) if is_staff_token(token) else None
    account = session.get(StaffAccount, row.staff_id) if row else None
    if row is None or account is None or row.used_at or row.expires_at <= now() or not account.is_active:
        raise StaffLinkOver()
    return row, account


def look(token: str) -> LinkFor:
    """Whose link it is; nothing is changed. Raises StaffLinkOver."""
    with reading() as session:
        row, account = _usable(session, token)
        return LinkFor(account.display_name, account.email, row.purpose)


def choose_password(token: str, password: str, *, source: str) -> None:
    """Set the password of the link's owner; the link is used up, and every session of theirs ends.

    Whatever slowed this person down here is forgotten: who holds the link is who they say. Raises StaffLinkOver,
    InvalidInput.
    """
    with transaction() as session:
        row, account = _usable(session, token)
        check_new(password, about=words_about(session.get_one(Clinic, account.clinic_id), account))
        row.used_at = now()
        account.password_hash = hash_password(password)
        session.add(row)
        session.add(account)
        access.end_links(session, id_of(account), now())
        access.end_all_of_staff(session, id_of(account), now())
        access.forgive_sign_in(session, account.email, source)
        by = Actor(kind="staff", id=account.id, clinic_id=account.clinic_id, label=account.display_name)
        audit.write(session, by, "password.set_by_link", "staff_account", account.id, purpose=row.purpose)
