"""The second factor of staff: set up at sign-in, asked for at every sign-in after it, reset by an administrator.

Between password and second factor a session is only half begun: it opens nothing but the page that asks.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from reporting.clock import now
from reporting.domain.actors import ROLES, Actor
from reporting.errors import Conflict, InvalidInput, Problem, SignInNeeded
from reporting.records import access, audit
from reporting.records.engine import Session, reading, transaction
from reporting.records.tables import Clinic, RecoveryCode, SignInSession, StaffAccount, id_of
from reporting.security.encryption import decrypt, encrypt
from reporting.security.factors import new_recovery_codes, recovery_hash, setup_address, setup_secret, step_of
from reporting.security.permissions import require
from reporting.security.scope import own
from reporting.security.tokens import hash_token
from reporting.shell.act_sessions import Cookie, raised


class FactorNotRight(Problem):
    """Wrong, old and used codes alike."""

    code = "factor_not_right"
    status = 422
    message = "This code does not work."
    what_to_do = "Wait for the next one in your application and type it. After five wrong ones there is a pause."


@dataclass(frozen=True)
class Asked:
    """What the page shows. ``setup``: the secret and what the square code holds, where none is set up yet."""

    name: str
    email: str
    is_signed_in: bool
    setup: tuple[str, str] | None


def _found(session: Session, secret: str | None, *, lock: bool = False) -> tuple[SignInSession, StaffAccount]:
    found = access.with_invitation(session, hash_token(secret)) if secret else None
    row = found[0] if found else None
    if row is None or row.staff_id is None or row.ended_at is not None or row.expires_at <= now():
        raise SignInNeeded()
    account = session.get(StaffAccount, row.staff_id, with_for_update=True if lock else None, populate_existing=lock)
    if account is None or not account.is_active:
        raise SignInNeeded()
    return row, account


def asked(secret: str | None) -> Asked:
    """What the holder of this cookie is asked for; nothing is changed. Raises SignInNeeded."""
    with reading() as session:
        row, account = _found(session, secret)
        setup = None
        if account.totp_since is None:
            offered = setup_secret(id_of(row), row.token_hash)
            clinic = session.get_one(Clinic, account.clinic_id)
            setup = offered, setup_address(offered, email=account.email, issuer=clinic.name)
        return Asked(account.display_name, account.email, row.strength == "full", setup)


def _keys(account: StaffAccount, source: str) -> access.SignInKeys:
    return access.SignInKeys.of(f"second factor of {account.id}", source)


def _actor(account: StaffAccount) -> Actor:
    return Actor(kind="staff", id=account.id, clinic_id=account.clinic_id, label=account.display_name)


def _refuse(session: Session, account: StaffAccount, source: str) -> None:
    access.count(session, *_keys(account, source).all)
    audit.write(session, _actor(account), "sign_in.factor_refused", "staff_account", account.id)


def set_up(secret: str | None, code: str, *, source: str) -> tuple[Cookie, list[str]]:
    """Confirm the offered secret with a first code: the session is whole, and the recovery codes are told this once.

    Raises SignInNeeded, FactorNotRight, TooManyTries, Conflict where one is set up already.
    """
    with transaction() as session:
        row, account = _found(session, secret, lock=True)
        access.check_sign_in(session, _keys(account, source))
        if account.totp_since is not None:
            raise Conflict("A second factor is set up already.", what_to_do="Sign in with it.")
        offered = setup_secret(id_of(row), row.token_hash)
        step = step_of(offered, code, now(), after=0)
        if step is None:
            _refuse(session, account, source)
        else:
            account.totp_encrypted, account.totp_since, account.totp_last_step = encrypt(offered), now(), step
            session.add(account)
            codes = _new_codes(session, account)
            audit.write(session, _actor(account), "second_factor.set_up", "staff_account", account.id)
            cookie = _let_in(session, row, account, "application", source)
    if step is None:
        raise FactorNotRight()
    return cookie, codes


def _new_codes(session: Session, account: StaffAccount) -> list[str]:
    access.drop_recovery_codes(session, id_of(account))
    codes = new_recovery_codes()
    for code in codes:
        kept = recovery_hash(id_of(account), code)
        session.add(RecoveryCode(clinic_id=account.clinic_id, staff_id=id_of(account), code_hash=kept))
    return codes


def _let_in(session: Session, row: SignInSession, account: StaffAccount, factor: str, source: str) -> Cookie:
    access.forgive(session, _keys(account, source).pair)
    audit.write(session, _actor(account), "sign_in.succeeded", "staff_account", account.id, factor=factor)
    return raised(session, row)


def show(secret: str | None, code: str, *, source: str) -> Cookie:
    """Make a half session whole with a code of the application, or with a recovery code; each works once.

    Raises SignInNeeded, FactorNotRight, TooManyTries after five wrong ones from this source.
    """
    with transaction() as session:
        row, account = _found(session, secret, lock=True)
        access.check_sign_in(session, _keys(account, source))
        factor = _factor_of(session, account, code)
        cookie = _let_in(session, row, account, factor, source) if factor else None
        if cookie is None:
            _refuse(session, account, source)
    if cookie is None:
        raise FactorNotRight()
    return cookie


def _factor_of(session: Session, account: StaffAccount, code: str) -> str:
    """Which factor the code is, used up by this; empty: none."""
    if account.totp_since is None or not account.totp_encrypted:
        return ""
    step = step_of(decrypt(account.totp_encrypted), code, now(), after=account.totp_last_step)
    if step is not None:
        account.totp_last_step = step
        session.add(account)
        return "application"
    kept = access.recovery_code(session, id_of(account), recovery_hash(id_of(account), code))
    if kept is None:
        return ""
    kept.used_at = now()
    session.add(kept)
    return "recovery code"


def reset_factor(*, by: Actor, staff_id: int) -> None:
    """Take a colleague's second factor away: their sessions end, and where it is needed they set a new one up.

    Raises NotAllowed, and NotFound for another clinic's account.
    """
    with transaction() as session:
        account = own(session, StaffAccount, staff_id, by, "staff.manage", lock=True)
        account.totp_encrypted, account.totp_since = None, None
        session.add(account)
        access.drop_recovery_codes(session, staff_id)
        access.end_all_of_staff(session, staff_id, now())
        audit.write(session, by, "second_factor.reset", "staff_account", staff_id, clinic_id=account.clinic_id)


def require_of(*, by: Actor, roles: Sequence[str]) -> bool:
    """Say which roles of the clinic need a second factor, from their next sign-in on. False: nothing was different.

    Raises InvalidInput for what is no role, NotAllowed.
    """
    require(by, "clinic.manage")
    unknown = [role for role in roles if role not in ROLES]
    if unknown:
        raise InvalidInput(field="role", found=unknown[0], allowed=", ".join(ROLES))
    wanted: list[str] = [role for role in ROLES if role in roles]
    with transaction() as session:
        access.one_at_a_time(session, by.clinic_key)
        clinic = session.get_one(Clinic, by.clinic_key, populate_existing=True)
        before = clinic.staff_second_factor
        if before == wanted:
            return False
        clinic.staff_second_factor = wanted
        session.add(clinic)
        audit.write(
            session, by, "clinic.second_factor", "clinic", clinic.id, clinic_id=clinic.id, before=before, after=wanted
        )
    return True
