"""Whom to call, on pages that are no check-in: of the patient who is signed in, or whose link is over."""

from dataclasses import dataclass

from reporting.domain.actors import Actor
from reporting.errors import Problem
from reporting.records import access, clinic_facts
from reporting.records.engine import Session, reading
from reporting.records.tables import Clinic, Patient
from reporting.security.tokens import hash_token


@dataclass(frozen=True)
class Numbers:
    """The clinic's telephone and the emergency number of where the patient is; empty where nobody's clinic is known:
    a number is never guessed."""

    clinic_name: str = ""
    telephone: str = ""
    emergency_telephone: str = ""


UNKNOWN = Numbers()


def _of(session: Session, patient: Patient | None) -> Numbers:
    clinic = session.get(Clinic, patient.clinic_id) if patient else None
    if clinic is None:
        return UNKNOWN
    return Numbers(clinic.name, clinic.telephone, clinic_facts.place_of(clinic, patient).emergency_telephone)


def numbers_of(by: Actor | None) -> Numbers:
    """Of a patient who is signed in; none for anybody else."""
    if by is None or by.kind != "patient" or by.id is None:
        return UNKNOWN
    try:
        with reading() as session:
            return _of(session, session.get(Patient, by.id))
    except Problem:  # the page tells of a problem, perhaps of this one
        return UNKNOWN


def numbers_of_link(token: str) -> Numbers:
    """Of the patient whom a link was for, also one that is over: nobody comes by such a link through guessing."""
    with reading() as session:
        found = access.invitation(session, token_hash=hash_token(token))
        return _of(session, found[1] if found else None)
