"""The second factor: what a patient shows beside the link before history, photos and own data open."""

import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from reporting.clock import now
from reporting.domain.actors import Actor
from reporting.domain.message_kinds import SECOND_FACTOR_CODE
from reporting.domain.patient_words import RIGHTS_WORDS, say
from reporting.errors import InvalidInput, NotAllowed, Problem, SignInNeeded, TooManyTries
from reporting.records import access, audit, privacy
from reporting.records.engine import Session, reading, transaction
from reporting.records.tables import Clinic, Invitation, OneTimeCode, OutboxMessage, Patient, SignInSession
from reporting.security.encryption import decrypt, encrypt, keyed_hash
from reporting.security.tokens import hash_token, new_token, tidy_code
from reporting.shell.act_sessions import Cookie, cookie_of

Factor = Literal["code", "email"]
LIFE = timedelta(minutes=10)
"""OWASP ASVS 6.5.5: a code sent by another way works for ten minutes at most."""
TRIES = 5
ASKED_AT_MOST = 3
"""Codes that a patient can ask for in 15 minutes."""


class CodeNotRight(Problem):
    """Wrong, unknown, used and expired codes alike, so that a guess learns nothing."""

    code = "code_not_right"
    status = 422
    message = RIGHTS_WORDS["code_not_right"]
    what_to_do = RIGHTS_WORDS["code_not_right_do"]


@dataclass(frozen=True)
class Unlock:
    """What the page asks for. ``hint``: the address a code goes to, mostly hidden. ``sent``: one is on its way."""

    factor: Factor
    hint: str
    sent: bool


def factor_of(clinic: Clinic, patient: Patient) -> Factor:
    """What the clinic chose; a patient without an e-mail address shows the code of the card instead."""
    return "email" if clinic.second_factor == "email" and patient.email_encrypted else "code"


def hidden(email: str) -> str:
    """Enough of an address to know it again: ``d…@clinic.example``."""
    name, _, host = email.partition("@")
    return f"{name[:1]}…@{host}"


def _patient_session(by: Actor) -> None:
    if by.kind != "patient":
        raise NotAllowed()
    if by.session_id is None:
        raise SignInNeeded()


def _usable(code: OneTimeCode | None) -> bool:
    return code is not None and code.used_at is None and code.expires_at > now() and code.tries < TRIES


def unlock_page(by: Actor) -> Unlock:
    """What this patient has to show, without changing anything."""
    _patient_session(by)
    with reading() as session:
        clinic, patient = session.get_one(Clinic, by.clinic_key), session.get_one(Patient, by.id)
        factor = factor_of(clinic, patient)
        if factor == "code":
            return Unlock(factor, "", False)
        sent = _usable(access.newest(session, by.session_id or 0))
        return Unlock(factor, hidden(decrypt(patient.email_encrypted or "")), sent)


def _hashed(session_id: int | None, digits: str) -> str:
    return keyed_hash(f"one-time:{session_id}:{digits}")


def _message(patient: Patient, digits: str, language: str) -> dict[str, str]:
    """What the sender needs; address and code can only be read with the key."""
    minutes = int(LIFE.total_seconds() // 60)
    body = say("factor_mail", language, code=digits, minutes=minutes)
    return {
        "to_encrypted": patient.email_encrypted or "",
        "subject": say("factor_mail_subject", language),
        "body_encrypted": encrypt(body),
        "language": language,
    }


def send_code(*, by: Actor, source: str, language: str = "en") -> None:
    """Have a new six-digit code sent to the patient's e-mail address; earlier ones end.

    Raises TooManyTries after three within 15 minutes, or while five wrong codes lock this patient;
    InvalidInput where the clinic asks for another factor.
    """
    _patient_session(by)
    digits = f"{secrets.randbelow(1_000_000):06d}"
    with transaction() as session:
        patient = privacy.lock_patient(session, by.key)
        access.check(session, _keys(by, source)[0])
        clinic = session.get_one(Clinic, by.clinic_key)
        if patient is None or factor_of(clinic, patient) != "email":
            raise InvalidInput(field="second factor", found="e-mail", allowed="the code of the card")
        if access.asked_since(session, by.key, now() - access.WINDOW) >= ASKED_AT_MOST:
            raise TooManyTries()
        access.end_all_of_patient(session, by.key, now())
        row = OneTimeCode(
            clinic_id=by.clinic_key,
            patient_id=by.key,
            session_id=by.session_id or 0,
            code_hash=_hashed(by.session_id, digits),
            created_at=now(),
            expires_at=now() + LIFE,
        )
        session.add(row)
        session.add(
            OutboxMessage(
                clinic_id=by.clinic_key,
                patient_id=by.id,
                channel="email",
                kind=SECOND_FACTOR_CODE.code,
                payload=_message(patient, digits, language),
                idempotency_key=f"{SECOND_FACTOR_CODE.code}:{new_token()}",
                next_attempt_at=now(),
                created_at=now(),
            )
        )
        audit.write(session, by, "unlock.code_sent", "patient", by.id, clinic_id=by.clinic_id)


def _keys(by: Actor, source: str) -> tuple[str, str]:
    return f"unlock:patient:{by.id}", f"unlock:source:{source}"


def _raised(session: Session, by: Actor, factor: Factor) -> Cookie:
    """The same session with full strength under a new secret; the old cookie stops working."""
    row = session.get(SignInSession, by.session_id, with_for_update=True, populate_existing=True)
    if row is None or row.ended_at is not None or row.expires_at <= now():
        raise SignInNeeded()
    secret = new_token()
    row.token_hash, row.strength, row.last_seen_at = hash_token(secret), "full", now()
    session.add(row)
    access.forgive(session, f"unlock:patient:{by.id}")
    audit.write(session, by, "unlock.opened", "patient", by.id, clinic_id=by.clinic_id, factor=factor)
    return cookie_of(row, secret)


def _refuse(session: Session, by: Actor, source: str) -> None:
    """Counted before the patient is let go, so that many guesses at once are not more than five."""
    access.count(session, *_keys(by, source))
    audit.write(session, by, "unlock.refused", "patient", by.id, clinic_id=by.clinic_id)


def unlock_with_email_code(*, by: Actor, code: str, source: str) -> Cookie:
    """Raise the present session to full strength with the code that was sent; the cookie changes with it.

    Spaces and hyphens do not matter. Raises CodeNotRight, or TooManyTries after five wrong ones in 15 minutes.
    """
    _patient_session(by)
    digits = tidy_code(code)
    with transaction() as session:
        privacy.lock_patient(session, by.key)  # the same code posted twice at once is used once
        access.check(session, _keys(by, source)[0])
        row = access.newest(session, by.session_id or 0)
        cookie = None
        if row is not None and _usable(row):
            row.tries += 1
            if hmac.compare_digest(row.code_hash, _hashed(by.session_id, digits)):
                row.used_at = now()
                cookie = _raised(session, by, "email")
            session.add(row)
        if cookie is None:
            _refuse(session, by, source)
    if cookie is None:
        raise CodeNotRight()
    return cookie


def _fits(session: Session, by: Actor, code: str, year_of_birth: str) -> bool:
    """Whether code and year are those of the invitation that opened this session."""
    row = session.get(SignInSession, by.session_id)
    invitation = session.get(Invitation, row.invitation_id) if row and row.invitation_id else None
    patient = session.get(Patient, by.id)
    if invitation is None or patient is None or not invitation.code_hash or patient.year_of_birth is None:
        return False
    right_code = hmac.compare_digest(invitation.code_hash, keyed_hash(tidy_code(code)))
    return right_code and year_of_birth == str(patient.year_of_birth)


def unlock_with_card(*, by: Actor, code: str, year_of_birth: str, source: str) -> Cookie:
    """Raise the present session to full strength with the card's short code and the year of birth.

    Raises InvalidInput for a year that is none, CodeNotRight, or TooManyTries after five wrong pairs.
    """
    _patient_session(by)
    year = year_of_birth.strip()
    if not year.isdecimal() or len(year) != 4:
        raise InvalidInput(field="year of birth", found=year_of_birth[:12], allowed="four digits, such as 1980")
    with transaction() as session:
        patient = privacy.lock_patient(session, by.key)
        access.check(session, _keys(by, source)[0])
        clinic = session.get_one(Clinic, by.clinic_key)
        allowed = patient is not None and factor_of(clinic, patient) == "code"
        cookie = _raised(session, by, "code") if allowed and _fits(session, by, code, year) else None
        if cookie is None:
            _refuse(session, by, source)
    if cookie is None:
        raise CodeNotRight()
    return cookie
