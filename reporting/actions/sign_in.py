"""Staff sign in with e-mail and password; the same answer and about the same time whatever was wrong."""

import hashlib

from reporting.actions.sessions import Cookie, begin
from reporting.domain.actors import SYSTEM, Actor
from reporting.errors import Problem
from reporting.security.passwords import verify_password
from reporting.settings import settings
from reporting.storage import audit, sessions, throttle
from reporting.storage.engine import reading, transaction


class WrongSignIn(Problem):
    code = "wrong_sign_in"
    status = 401
    message = "E-mail or password is not right."
    what_to_do = "Check both and try again. After five wrong tries there is a pause of 15 minutes."


def _keys(email: str, source: str) -> tuple[str, str]:
    account = hashlib.sha256(email.strip().lower().encode()).hexdigest()[:32]
    return f"sign-in:account:{account}", f"sign-in:source:{source}"


def sign_in(*, email: str, password: str, source: str) -> Cookie:
    """Check the password and begin a session. ``source`` is a hash of where the request came from.

    Raises WrongSignIn, or TooManyTries for an account or source with five failures in 15 minutes.
    """
    email = email.replace("\0", "")  # no database stores it, and it must not make another key for the brake
    keys = _keys(email, source)
    with reading() as session:
        throttle.check(session, *keys)
        account = sessions.account_by_email(session, email)
    fits = verify_password(account.password_hash if account else None, password)
    if account is None or not fits or not account.is_active:
        throttle.failed(*keys)
        with transaction() as session:
            audit.write(
                session, SYSTEM, "sign_in.failed", "staff_account", account.id if account else "unknown",
                clinic_id=account.clinic_id if account else None,
            )  # fmt: skip
        raise WrongSignIn()
    by = Actor(kind="staff", id=account.id, clinic_id=account.clinic_id, label=account.display_name)
    with transaction() as session:
        throttle.check(session, *keys)  # many guesses at the same moment all passed the first look
        throttle.forgive(session, keys[0])
        cookie = begin(
            session, hours=settings().staff_session_hours, kind="staff", clinic_id=account.clinic_id,
            staff_id=account.id,
        )  # fmt: skip
        audit.write(session, by, "sign_in.succeeded", "staff_account", account.id)
    return cookie
