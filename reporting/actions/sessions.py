"""Sign-in sessions: a random secret in an HttpOnly cookie, everything else on the server."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from reporting.clock import now
from reporting.domain.actors import Actor
from reporting.errors import SignInNeeded
from reporting.security.tokens import hash_token, new_token
from reporting.settings import settings
from reporting.storage import audit, sessions
from reporting.storage.engine import reading, transaction
from reporting.storage.tables import Invitation, SignInSession

TOUCH_EVERY = timedelta(minutes=1)
"""How exactly the last use is kept: writing it on every rerun would make each page a write."""


@dataclass(frozen=True)
class Cookie:
    """The cookie to set: its name, secret value and lifetime."""

    name: str
    value: str
    max_age_s: int


def cookie_name() -> str:
    """``__Host-`` wherever the address is HTTPS: then no other host or path can set it."""
    return "__Host-session" if settings().secure_cookies else "session"


def begin(session: Any, *, hours: int, **whose: Any) -> Cookie:
    """Start a session in the caller's transaction; ``whose`` are columns of the session row."""
    secret, moment = new_token(), now()
    session.add(
        SignInSession(
            token_hash=hash_token(secret), created_at=moment, last_seen_at=moment,
            expires_at=moment + timedelta(hours=hours), **whose,
        )
    )  # fmt: skip
    session.flush()
    return Cookie(cookie_name(), secret, hours * 3600)


def _is_over(row: SignInSession, moment: datetime) -> bool:
    idle = timedelta(minutes=settings().staff_idle_minutes)
    if row.ended_at is not None or moment >= row.expires_at:
        return True
    return row.kind == "staff" and moment - row.last_seen_at > idle


def _staff_actor(session: Any, row: SignInSession) -> Actor | None:
    account = sessions.account(session, row.staff_id or 0)
    if account is None or not account.is_active:
        return None
    return Actor(
        kind="staff", id=account.id, clinic_id=account.clinic_id, role=account.role,  # type: ignore[arg-type]
        label=account.display_name, session_id=row.id,
    )  # fmt: skip


def _patient_actor(row: SignInSession, invitation: Invitation | None) -> Actor | None:
    if invitation is None or invitation.revoked_at is not None:
        return None
    return Actor(
        kind="patient", id=row.patient_id, clinic_id=row.clinic_id, label=f"patient {row.patient_id}",
        strength=row.strength, treatment_id=invitation.treatment_id, session_id=row.id,  # type: ignore[arg-type]
    )  # fmt: skip


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
        found = sessions.with_invitation(session, hash_token(secret))
        if found is None or _is_over(found[0], moment):
            raise SignInNeeded()
        row, invitation = found
        actor = _staff_actor(session, row) if row.kind == "staff" else _patient_actor(row, invitation)
    if actor is None:
        raise SignInNeeded()
    if by_hand and moment - row.last_seen_at > TOUCH_EVERY:
        with transaction() as session:
            sessions.touch(session, row.id or 0, moment)
    return actor


def end(by: Actor) -> None:
    """End the actor's present session."""
    with transaction() as session:
        row = session.get(SignInSession, by.session_id)
        if row is not None and row.ended_at is None:
            row.ended_at = now()
            session.add(row)
            audit.write(session, by, "session.ended", "session", by.session_id)
