"""Sign-in sessions: a random secret in an HttpOnly cookie, everything else on the server.

Staff sign in with e-mail and password; the same answer and about the same time whatever was wrong.

Refused actions and throttled tries leave one audit row per person or source, way and window: never a flood.

What is done with figures that leave the application as a file: that somebody took one is on record.
"""

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from reporting.clock import now
from reporting.domain.actors import SYSTEM, Actor
from reporting.errors import Problem, SignInNeeded, StorageBusy, StorageFull
from reporting.records import access, audit
from reporting.records.engine import Session, reading, transaction
from reporting.records.tables import Invitation, SignInSession, StaffAccount, id_of
from reporting.security.passwords import verify_password
from reporting.security.permissions import require
from reporting.security.tokens import hash_token, new_token
from reporting.settings import settings

TOUCH_EVERY = timedelta(minutes=1)
"""How exactly the last use is kept: writing it on every rerun would make each page a write."""


@dataclass(frozen=True)
class Cookie:
    """The cookie to set: its name, secret value and lifetime."""

    name: str
    value: str
    max_age_s: int | None
    """None: it ends with the browser."""


def cookie_name() -> str:
    """``__Host-`` wherever the address is HTTPS: then no other host or path can set it."""
    return "__Host-session" if settings().secure_cookies else "session"


def begin(session: Session, *, hours: float, **whose: Any) -> Cookie:
    """Start a session in the caller's transaction; ``whose`` are columns of the session row."""
    secret, moment = new_token(), now()
    row = SignInSession(
        token_hash=hash_token(secret),
        created_at=moment,
        last_seen_at=moment,
        expires_at=moment + timedelta(hours=hours),
        **whose,
    )
    session.add(row)
    session.flush()
    return cookie_of(row, secret)


def cookie_of(row: SignInSession, secret: str) -> Cookie:
    """The cookie of a session: it lives as long as the session, or as the browser where that was so from the start."""
    left = None if row.ends_with_browser else ceil((row.expires_at - now()).total_seconds())
    return Cookie(cookie_name(), secret, left)


def raised(session: Session, row: SignInSession) -> Cookie:
    """The session of a member of staff with full strength and lifetime, under a new secret; the old cookie stops."""
    secret, moment = new_token(), now()
    row.token_hash, row.strength, row.last_seen_at = hash_token(secret), "full", moment
    row.expires_at = moment + timedelta(hours=settings().staff_session_hours)
    session.add(row)
    return cookie_of(row, secret)


def _is_over(row: SignInSession, moment: datetime) -> bool:
    idle = timedelta(minutes=settings().staff_idle_minutes)
    if row.ended_at is not None or moment >= row.expires_at:
        return True
    if row.kind != "staff":
        return False
    # Seen in the future, when the clock went back since: how long it was idle cannot be known.
    return moment - row.last_seen_at > idle or row.last_seen_at - moment > TOUCH_EVERY


def _staff_actor(session: Session, row: SignInSession) -> Actor | None:
    account = access.account(session, row.staff_id or 0)
    if account is None or not account.is_active or row.strength != "full":
        return None
    return Actor(
        kind="staff",
        id=account.id,
        clinic_id=account.clinic_id,
        role=account.role,  # type: ignore[arg-type]
        label=account.display_name,
        session_id=row.id,
    )


def _patient_actor(row: SignInSession, invitation: Invitation | None) -> Actor | None:
    if invitation is None or invitation.revoked_at is not None:
        return None
    return Actor(
        kind="patient",
        id=row.patient_id,
        clinic_id=row.clinic_id,
        label=f"patient {row.patient_id}",
        strength=row.strength,  # type: ignore[arg-type]
        treatment_id=invitation.treatment_id,
        session_id=row.id,
    )


def actor_of(secret: str | None, *, by_hand: bool = True) -> Actor:
    """Who the cookie stands for, asked of the database each time.

    ``by_hand`` is false for a page that refreshes by itself: that must not keep an idle session open.
    Raises SignInNeeded when there is no such session, it has ended, was idle too long, its account is
    switched off, or its link was replaced.
    """
    if not secret:
        raise SignInNeeded()
    moment = now()
    with reading() as session:
        found = access.with_invitation(session, hash_token(secret))
        if found is None or _is_over(found[0], moment):
            raise SignInNeeded()
        row, invitation = found
        actor = _staff_actor(session, row) if row.kind == "staff" else _patient_actor(row, invitation)
    if actor is None:
        raise SignInNeeded()
    if by_hand and moment - row.last_seen_at > TOUCH_EVERY:
        with suppress(StorageBusy, StorageFull), transaction() as session:  # who only reads is not held up
            access.touch(session, id_of(row), moment)
    return actor


def end(by: Actor) -> None:
    """End the actor's present session."""
    with transaction() as session:
        row = session.get(SignInSession, by.session_id)
        if row is not None and row.ended_at is None:
            row.ended_at = now()
            session.add(row)
            audit.write(session, by, "session.ended", "session", by.session_id)


class WrongSignIn(Problem):
    code = "wrong_sign_in"
    status = 401
    message = "E-mail or password is not right."
    what_to_do = "Check both and try again. After five wrong tries there is a pause of 15 minutes."


def slowness_s(way: str, source: str) -> float:
    """Seconds that a try to come in by that ``way`` (``sign-in``, ``code``, ``unlock``) waits from this source."""
    with reading() as session:
        return access.slowness_s(access.failures(session, f"{way}:source:{source}"))


def _note_failed(account: StaffAccount | None) -> None:
    with transaction() as session:
        audit.write(
            session,
            SYSTEM,
            "sign_in.failed",
            "staff_account",
            account.id if account else "unknown",
            clinic_id=account.clinic_id if account else None,
        )


HALF_HOURS = 1 / 6
"""Ten minutes between the password and the second factor."""


def needs_factor(session: Session, account: StaffAccount) -> bool:
    """Whether the password alone does not let this person in: they set a second factor up, or their role needs one."""
    if account.totp_since is not None:
        return True
    clinic = access.clinic(session, account.clinic_id)
    return clinic is not None and account.role in clinic.staff_second_factor


def is_half(secret: str) -> bool:
    """Whether this cookie's session waits for a second factor."""
    with reading() as session:
        found = access.with_invitation(session, hash_token(secret))
        return found is not None and found[0].kind == "staff" and found[0].strength != "full"


def sign_in(*, email: str, password: str, source: str) -> Cookie:
    """Check the password and begin a session. ``source`` is a hash of where the request came from.

    Raises WrongSignIn, or TooManyTries for a source that failed five times on this account in 15 minutes, once where
    many sources guess at it: the right password passes from every source that has not itself failed.
    """
    email = email.replace("\0", "")  # no database stores it, and it must not make another key for the brake
    keys = access.SignInKeys.of(email, source)
    with reading() as session:
        access.check_sign_in(session, keys)
        account = access.account_by_email(session, email)
        is_flood = account is None and access.failures(session, keys.source) >= access.MOST_ON_ACCOUNT
    fits = verify_password(account.password_hash if account else None, password)
    if account is None or not fits or not account.is_active:
        access.failed(*keys.all)
        if not is_flood:  # of those, the trail has what was throttled
            _note_failed(account)
        raise WrongSignIn()
    by = Actor(kind="staff", id=account.id, clinic_id=account.clinic_id, label=account.display_name)
    with transaction() as session:
        access.check_sign_in(session, keys)  # many guesses at the same moment all passed the first look
        access.forgive(session, keys.pair)
        is_half = needs_factor(session, account)
        cookie = begin(
            session,
            hours=HALF_HOURS if is_half else settings().staff_session_hours,
            kind="staff",
            clinic_id=account.clinic_id,
            staff_id=account.id,
            strength="link" if is_half else "full",
        )
        done = "sign_in.password_right" if is_half else "sign_in.succeeded"
        audit.write(session, by, done, "staff_account", account.id)
    return cookie


def note(action: str, where: str, *, by: Actor | None = None, source: str = "") -> None:
    """Write that something was refused, unless the same was written within the last 15 minutes.

    ``action`` is ``access.refused`` or ``throttled``; ``where`` names the page or way in; ``source`` is a hash of
    where the request came from, for those who are not signed in.
    """
    who = f"{by.kind}:{by.id}" if by is not None else f"source:{source}"
    key = f"noted:{action}:{where}"[:48] + f":{who}"[:48]
    with reading() as session:
        if access.was_noted(session, key):
            return
    with transaction() as session:
        if access.is_first_in_window(session, key):
            audit.write(session, by or SYSTEM, action, "page", where[:64])


def note_taken(*, by: Actor, file_name: str, page: str, content: bytes) -> None:
    """Write into the audit trail who took which file from which ``page`` (its address holds the filters and names
    nobody); its hash tells the file again. Raises NotAllowed."""
    require(by, "overview.read")
    with transaction() as session:
        audit.write(
            session,
            by,
            "export.taken",
            "file",
            file_name,
            clinic_id=by.clinic_id,
            page=page,
            sha256=hashlib.sha256(content).hexdigest(),
        )
