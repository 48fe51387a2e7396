"""Statements about sign-in sessions, accounts and invitations.

Statements about one-time codes: the newest of a session counts, and asking for one ends the others.

Brakes against guessing: failures per key in a window, then a lock for some minutes.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from sqlalchemy import bindparam, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert as insert_on_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_on_sqlite
from sqlmodel import Session, col

from reporting.clock import now
from reporting.domain.message_kinds import SECOND_FACTOR_CODE
from reporting.errors import TooManyTries
from reporting.records.engine import is_sqlite, transaction
from reporting.records.tables import (
    Clinic,
    Invitation,
    OneTimeCode,
    Operator,
    OutboxMessage,
    Patient,
    RecoveryCode,
    SignInSession,
    StaffAccount,
    StaffLink,
    Throttle,
    Treatment,
)

_HASH: Any = bindparam("hash")
_WITH_INVITATION = (
    select(SignInSession, Invitation)
    .outerjoin(Invitation, col(Invitation.id) == SignInSession.invitation_id)
    .where(col(SignInSession.token_hash) == _HASH)
)


def with_invitation(session: Session, token_hash: str) -> tuple[SignInSession, Invitation | None] | None:
    """The session that a cookie's hash names, with the invitation that it came from, if any."""
    row = session.execute(_WITH_INVITATION, {"hash": token_hash}).one_or_none()
    return (row[0], row[1]) if row else None


def touch(session: Session, key: int, moment: datetime) -> None:
    """Note that a session was used."""
    session.execute(update(SignInSession).where(col(SignInSession.id) == key).values(last_seen_at=moment))


def end_all_of_staff(session: Session, staff_id: int, moment: datetime, *, but: int | None = None) -> None:
    """End every open session of a staff account, all ``but`` that one where it is given."""
    session.execute(
        update(SignInSession)
        .where(col(SignInSession.staff_id) == staff_id, col(SignInSession.ended_at).is_(None))
        .where(col(SignInSession.id) != (but or 0))
        .values(ended_at=moment)
    )


def staff_link(session: Session, token_hash: str) -> StaffLink | None:
    """The one-time link with that hash, whatever became of it; others who want to use it wait."""
    return session.execute(
        select(StaffLink).where(col(StaffLink.token_hash) == token_hash).with_for_update()
    ).scalar_one_or_none()


def end_links(session: Session, staff_id: int, moment: datetime) -> None:
    """No link that was handed out to this member of staff works any more."""
    session.execute(
        update(StaffLink)
        .where(col(StaffLink.staff_id) == staff_id, col(StaffLink.expires_at) > moment)
        .values(expires_at=moment)
    )


def recovery_code(session: Session, staff_id: int, code_hash: str) -> RecoveryCode | None:
    """The recovery code with that hash that was not used yet."""
    return (
        session.execute(
            select(RecoveryCode).where(
                col(RecoveryCode.staff_id) == staff_id,
                col(RecoveryCode.code_hash) == code_hash,
                col(RecoveryCode.used_at).is_(None),
            )
        )
        .scalars()
        .first()
    )


def recovery_codes_left(session: Session, staff_id: int) -> int:
    """How many recovery codes of an account were not used yet."""
    unused = select(func.count()).where(col(RecoveryCode.staff_id) == staff_id, col(RecoveryCode.used_at).is_(None))
    return int(session.execute(unused).scalar_one())


def drop_recovery_codes(session: Session, staff_id: int) -> None:
    """Recovery codes of before work no more."""
    session.execute(delete(RecoveryCode).where(col(RecoveryCode.staff_id) == staff_id))


def links_since(session: Session, staff_id: int, moment: datetime) -> int:
    """How many links nobody of the staff made for this account since then: it was said that the password is lost."""
    statement = select(func.count()).where(
        col(StaffLink.staff_id) == staff_id, col(StaffLink.created_at) > moment, col(StaffLink.created_by).is_(None)
    )
    return int(session.execute(statement).scalar_one())


def end_all_of_invitation(session: Session, invitation_ids: list[int], moment: datetime) -> None:
    """End every open session that these invitations opened."""
    session.execute(
        update(SignInSession)
        .where(col(SignInSession.invitation_id).in_(invitation_ids), col(SignInSession.ended_at).is_(None))
        .values(ended_at=moment)
    )


def account(session: Session, staff_id: int) -> StaffAccount | None:
    """A staff account by its id."""
    return session.get(StaffAccount, staff_id)


def account_by_email(session: Session, email: str) -> StaffAccount | None:
    """A staff account by its e-mail address, in any spelling of case."""
    return session.execute(
        select(StaffAccount).where(col(StaffAccount.email) == email.strip().lower())
    ).scalar_one_or_none()


def accounts_of(session: Session, clinic_id: int) -> list[StaffAccount]:
    """Staff accounts of a clinic by name."""
    return list(
        session.execute(
            select(StaffAccount).where(col(StaffAccount.clinic_id) == clinic_id).order_by(StaffAccount.display_name)
        ).scalars()
    )


def has_staff(session: Session) -> bool:
    """Whether anybody could sign in."""
    return bool(session.execute(select(func.count()).select_from(StaffAccount)).scalar_one())


def clinic(session: Session, clinic_id: int) -> Clinic | None:
    """A clinic by its id."""
    return session.get(Clinic, clinic_id)


def clinics(session: Session) -> Sequence[Clinic]:
    """Every clinic, by code."""
    return session.execute(select(Clinic).order_by(col(Clinic.code))).scalars().all()


def one_at_a_time(session: Session, clinic_id: int) -> None:
    """Others who change accounts of this clinic wait until the transaction ends."""
    session.get(Clinic, clinic_id, with_for_update={"key_share": True})


def open_invitations(session: Session, treatment_id: int) -> list[Invitation]:
    """Invitations of a treatment that were not revoked."""
    return list(
        session.execute(
            select(Invitation).where(col(Invitation.treatment_id) == treatment_id, col(Invitation.revoked_at).is_(None))
        ).scalars()
    )


def invitation(session: Session, *, token_hash: str = "", code_hash: str = "") -> tuple[Invitation, Patient] | None:
    """The invitation with that link (of the card or of a reminder) or code, and its patient."""
    link = or_(col(Invitation.token_hash) == token_hash, col(Invitation.reminder_hash) == token_hash)
    wanted = link if token_hash else col(Invitation.code_hash) == code_hash
    row = session.execute(
        select(Invitation, Patient).join(Patient, col(Patient.id) == Invitation.patient_id).where(wanted)
    ).one_or_none()
    return (row[0], row[1]) if row else None


def is_erased(session: Session, patient_id: int) -> bool:
    """Whether the person behind this patient was taken out."""
    patient = session.get(Patient, patient_id)
    return patient is not None and patient.erased_at is not None


def treatment(session: Session, treatment_id: int) -> Treatment | None:
    """A treatment by its id; others who issue a link for it wait until the transaction ends."""
    return session.get(Treatment, treatment_id, with_for_update={"key_share": True})


def operator_code(session: Session, staff_id: int) -> str:
    """``CLINIC/CODE`` of the operator that a staff member is; empty when they are none."""
    row = session.execute(
        select(col(Clinic.code), col(Operator.code))
        .join(StaffAccount, col(StaffAccount.operator_id) == col(Operator.id))
        .join(Clinic, col(Clinic.id) == col(Operator.clinic_id))
        .where(col(StaffAccount.id) == staff_id)
    ).first()
    return f"{row[0]}/{row[1]}" if row else ""


def newest(session: Session, session_id: int) -> OneTimeCode | None:
    """The newest code of a sign-in session, whatever became of it."""
    return session.execute(
        select(OneTimeCode)
        .where(col(OneTimeCode.session_id) == session_id)
        .order_by(col(OneTimeCode.id).desc())
        .limit(1)
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()


def asked_since(session: Session, patient_id: int, moment: datetime) -> int:
    """How many codes a patient asked for since then, from any session."""
    statement = select(func.count()).where(
        col(OneTimeCode.patient_id) == patient_id, col(OneTimeCode.created_at) > moment
    )
    return int(session.execute(statement).scalar_one())


def end_all_of_patient(session: Session, patient_id: int, moment: datetime) -> None:
    """No code that was sent to this patient works any more, and those not sent yet stay here."""
    session.execute(
        update(OneTimeCode)
        .where(col(OneTimeCode.patient_id) == patient_id, col(OneTimeCode.expires_at) > moment)
        .values(expires_at=moment)
    )
    session.execute(
        update(OutboxMessage)
        .where(
            col(OutboxMessage.patient_id) == patient_id,
            col(OutboxMessage.kind) == SECOND_FACTOR_CODE.code,
            col(OutboxMessage.status) == "waiting",
        )
        .values(status="cancelled", payload={})
    )


LIMIT = 5
WINDOW = timedelta(minutes=15)
LOCK = timedelta(minutes=15)
LONGEST_LOCK = timedelta(days=1)
"""Keys of a single code are locked twice as long each time in a row, up to this: a year of birth has too few values
for the same lock again and again. Accounts and sources are not, or anybody could keep somebody else out for a day."""
_GROWING = ("code:", "unlock:patient:")
_FIXED = ("code:source:",)


def check(session: Session, *keys: str) -> None:
    """Raise TooManyTries while one of the keys is locked."""
    for key in keys:
        row = session.get(Throttle, key, populate_existing=True)
        if row and row.locked_until and row.locked_until > now():
            raise TooManyTries()


def failed(*keys: str) -> None:
    """Count one failure for each key, in a transaction of its own so that it outlives the refused one."""
    with transaction() as session:
        count(session, *keys)


def count(session: Session, *keys: str) -> None:
    """Count one failure for each key in the caller's transaction, which must not be rolled back for it."""
    for key in keys:
        row = _locked_row(session, key)
        if _is_over(row, key):
            row.failures, row.window_started_at, row.locked_until = 0, now(), None
        row.failures += 1
        if row.failures >= LIMIT:
            row.locked_until = now() + _lock(key, row.failures)
        session.add(row)
    session.flush()


def _grows(key: str) -> bool:
    return key.startswith(_GROWING) and not key.startswith(_FIXED)


def _is_over(row: Throttle, key: str) -> bool:
    """Whether earlier failures are forgotten: after the window, for growing locks a day after the last lock."""
    if _grows(key) and row.locked_until is not None:
        return now() - row.locked_until > LONGEST_LOCK
    return now() - row.window_started_at > WINDOW


def _lock(key: str, failures: int) -> timedelta:
    """15 minutes; for a growing key doubled with each further failure after a lock, up to a day."""
    return min(LOCK * 2 ** min(failures - LIMIT, 10), LONGEST_LOCK) if _grows(key) else LOCK


MOST_ON_ACCOUNT = 20
"""Failures on one account from anywhere, from which on a source that failed once may not go on."""
SLOWEST_S = 5.0


@dataclass(frozen=True)
class SignInKeys:
    """The brakes on signing in. ``pair``: as that address from that source, the only one that refuses the right
    password, so that nobody locks somebody else out."""

    pair: str
    account: str
    source: str

    @classmethod
    def of(cls, email: str, source: str) -> Self:
        account = hashlib.sha256(email.strip().lower().encode()).hexdigest()[:32]
        return cls(f"sign-in:pair:{account}:{source}", f"sign-in:account:{account}", f"sign-in:source:{source}")

    @property
    def all(self) -> tuple[str, str, str]:
        return self.pair, self.account, self.source


def check_sign_in(session: Session, keys: SignInKeys) -> None:
    """Raise TooManyTries for a source that failed five times on this account, or once where many sources guess."""
    check(session, keys.pair)
    if failures(session, keys.account) >= MOST_ON_ACCOUNT and failures(session, keys.pair):
        raise TooManyTries()


def failures(session: Session, key: str) -> int:
    """Failures of a key in its present window."""
    row = session.get(Throttle, key, populate_existing=True)
    return row.failures if row is not None and now() - row.window_started_at <= WINDOW else 0


def slowness_s(failed_before: int) -> float:
    """Seconds that a try from a source waits which failed so often: it is slowed down and never locked, because
    others may be behind the same address."""
    return min(max(failed_before - LIMIT + 1, 0) * 0.5, SLOWEST_S)


def forgive_sign_in(session: Session, email: str, source: str) -> None:
    """Forget what failed at signing in as that address from that source."""
    forgive(session, SignInKeys.of(email, source).pair)


def is_first_in_window(session: Session, key: str) -> bool:
    """Whether this key was not noted in the last window; it is noted now."""
    row = _locked_row(session, key)
    if row.failures and now() - row.window_started_at <= WINDOW:
        return False
    row.failures, row.window_started_at = 1, now()
    session.add(row)
    return True


def was_noted(session: Session, key: str) -> bool:
    """The same without noting it: a look that costs no write."""
    known = session.get(Throttle, key)
    return known is not None and bool(known.failures) and now() - known.window_started_at <= WINDOW


def forget_before(session: Session, moment: datetime) -> int:
    """Drop the rows that slow nobody down any more; returns how many there were."""
    is_free = or_(col(Throttle.locked_until).is_(None), col(Throttle.locked_until) < moment)
    done = session.execute(delete(Throttle).where(col(Throttle.window_started_at) < moment, is_free))
    return int(done.rowcount)  # type: ignore[attr-defined]


def _locked_row(session: Session, key: str) -> Throttle:
    """The row of a key, made if need be; others that count for it wait."""
    insert = insert_on_sqlite if is_sqlite() else insert_on_postgresql
    first = insert(Throttle).values(key=key, failures=0, window_started_at=now())
    session.execute(first.on_conflict_do_nothing())
    return session.get_one(Throttle, key, with_for_update=True, populate_existing=True)


def forgive(session: Session, *keys: str) -> None:
    """Forget the failures of these keys after a success."""
    session.execute(delete(Throttle).where(col(Throttle.key).in_(keys)))
