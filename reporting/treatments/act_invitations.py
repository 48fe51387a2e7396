"""Patients' links and codes: issued by staff, shown once, stored as hashes, replaced by the next one."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from reporting.clock import now
from reporting.domain.actors import SYSTEM, Actor
from reporting.domain.course import is_known
from reporting.errors import ClinicIncomplete, Conflict, ContentNotReady, InvalidInput, LinkNotValid
from reporting.records import access, audit, clinic_facts
from reporting.records.engine import Session, reading, transaction
from reporting.records.tables import Clinic, Invitation, Patient, Treatment
from reporting.security.encryption import keyed_hash
from reporting.security.scope import mine
from reporting.security.tokens import hash_token, new_code, new_token, tidy_code
from reporting.settings import settings
from reporting.shell.act_second_factor import factor_of
from reporting.shell.act_sessions import Cookie, begin
from reporting.shell.pages import Plain
from reporting.shell.read_scope import content_stops, missing_to_invite

AFTER_THE_LAST_DAYS = 14
"""So long after its last check-in is due a link still works, however short links are kept otherwise."""


@dataclass(frozen=True)
class IssuedInvitation:
    """What goes on the patient's card. The secret parts are not kept anywhere."""

    token: str
    link: str
    code: str
    expires_at: datetime


def issue_invitation(*, by: Actor, treatment_id: int) -> IssuedInvitation:
    """Make a link and a short code for a treatment; earlier ones and what they opened end at once.

    The one door by which patients are invited: reminders go to those who have a link already. Raises NotFound for a
    treatment that is not of the actor's clinic, NotAllowed for the wrong role, ClinicIncomplete where the clinic has
    not told whom its patients call and when it is open, or where an urgent case would reach nobody, ContentNotReady
    where the clinical content is not signed or was withdrawn, Conflict for a patient whose data was erased.
    """
    token, code, moment = new_token(), new_code(), now()
    with transaction() as session:
        treatment = mine(access.treatment(session, treatment_id), by, "invitation.issue")
        if missing := missing_to_invite(session, session.get_one(Clinic, treatment.clinic_id)):
            raise ClinicIncomplete(missing)
        if why := content_stops(session, session.get_one(Clinic, treatment.clinic_id)):
            raise ContentNotReady(why)
        expires_at = _end(session, treatment, moment)
        if access.is_erased(session, treatment.patient_id):
            raise Conflict("The data of this patient was erased.", what_to_do="Record a new patient.")
        _revoke(session, treatment_id, moment)
        invitation = Invitation(
            clinic_id=treatment.clinic_id,
            patient_id=treatment.patient_id,
            treatment_id=treatment_id,
            token_hash=hash_token(token),
            code_hash=keyed_hash(tidy_code(code)),
            created_at=moment,
            created_by=by.id if by.kind == "staff" else None,
            expires_at=expires_at,
        )
        session.add(invitation)
        session.flush()
        audit.write(
            session,
            by,
            "invitation.issued",
            "invitation",
            invitation.id,
            clinic_id=treatment.clinic_id,
            treatment=treatment_id,
        )
    return IssuedInvitation(token, f"{settings().base_url.rstrip('/')}{Plain.LINK}{token}", code, expires_at)


def _end(session: Session, treatment: Treatment, moment: datetime) -> datetime:
    """When a link made now ends: as set, but not before the last check-in of its treatment can be answered."""
    expires_at = moment + timedelta(days=settings().invitation_days)
    if not is_known(treatment.course):
        return expires_at
    of = clinic_facts.of_clinic(session, treatment.clinic_id)
    last = of.due_days(treatment.course, treatment.performed_on)[-1] + AFTER_THE_LAST_DAYS
    return max(expires_at, datetime.combine(treatment.performed_on + timedelta(days=last), time(), UTC))


def _revoke(session: Session, treatment_id: int, moment: datetime) -> None:
    earlier = access.open_invitations(session, treatment_id)
    for invitation in earlier:
        invitation.revoked_at = moment
    keys = [invitation.id for invitation in earlier if invitation.id is not None]
    access.end_all_of_invitation(session, keys, moment)


def _usable(found: tuple[Invitation, Patient] | None) -> tuple[Invitation, Patient]:
    """The invitation, if it may still be used. Unknown, expired and revoked are the same answer."""
    if found is None or found[0].revoked_at is not None or found[0].expires_at <= now():
        raise LinkNotValid()
    return found


def check_link(token: str) -> Actor:
    """Whom a link stands for, if it may be opened; nothing is changed and no session begun. Raises LinkNotValid."""
    with reading() as session:
        invitation, patient = _usable(access.invitation(session, token_hash=hash_token(token)))
    return Actor(
        kind="patient",
        id=patient.id,
        clinic_id=invitation.clinic_id,
        label=f"patient {patient.id}",
        strength="link",
        treatment_id=invitation.treatment_id,
    )


def _open(found: tuple[Invitation, Patient], strength: str, how: str, *, ends_with_browser: bool = False) -> Cookie:
    invitation, patient = found
    by = Actor(kind="patient", id=patient.id, clinic_id=invitation.clinic_id, label=f"patient {patient.id}")
    with transaction() as session:
        cookie = begin(
            session,
            hours=settings().patient_session_hours,
            kind="patient",
            clinic_id=invitation.clinic_id,
            patient_id=patient.id,
            invitation_id=invitation.id,
            strength=strength,
            ends_with_browser=ends_with_browser,
        )
        audit.write(session, by, f"{how}.opened", "invitation", invitation.id, treatment=invitation.treatment_id)
    return cookie


def open_link(token: str) -> Cookie:
    """Begin a patient's session from a link: it may send check-ins, not read history. Raises LinkNotValid."""
    with reading() as session:
        found = _usable(access.invitation(session, token_hash=hash_token(token)))
    return _open(found, "link", "link")


def _note_refusal(found: tuple[Invitation, Patient] | None) -> None:
    with transaction() as session:
        audit.write(
            session,
            SYSTEM,
            "code.refused",
            "invitation",
            found[0].id if found else "unknown",
            clinic_id=found[0].clinic_id if found else None,
        )


def open_code(*, code: str, year_of_birth: str, source: str) -> Cookie:
    """Begin a patient's session from a typed code and the year of birth.

    It may also read history, unless the clinic asks for a code by e-mail instead. Raises InvalidInput for a year
    that is none, LinkNotValid, or TooManyTries after five failures of this code in 15 minutes.
    """
    if not year_of_birth.strip().isdecimal() or len(year_of_birth.strip()) != 4:
        raise InvalidInput(field="year of birth", found=year_of_birth[:12], allowed="four digits, such as 1980")
    hashed = keyed_hash(tidy_code(code))
    keys = f"code:{hashed[:32]}", f"code:source:{source}"
    with reading() as session:
        access.check(session, keys[0])
        found = access.invitation(session, code_hash=hashed)
        is_flood = found is None and access.failures(session, keys[1]) >= access.LIMIT
    try:
        invitation, patient = _usable(found)
        if patient.year_of_birth != int(year_of_birth):
            raise LinkNotValid()
    except LinkNotValid:
        access.failed(*(keys[1:] if is_flood else keys))
        if not is_flood:  # of those, the trail has what was throttled
            _note_refusal(found)
        raise
    with transaction() as session:
        access.check(session, keys[0])  # many guesses at the same moment all passed the first look
        access.forgive(session, keys[0])
        clinic = session.get_one(Clinic, invitation.clinic_id)
        strength = "full" if factor_of(clinic, patient) == "code" else "link"
    # A code is typed where the link is not at hand, perhaps on a screen that others use too.
    return _open((invitation, patient), strength, "code", ends_with_browser=True)
