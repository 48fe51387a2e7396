"""What a clinician does about a case: acknowledge, contact, outcome, close; take over, give back, note, open again.

Every step keeps who and when, names the version of the case it was decided on, and is refused when
somebody else was faster: the answer then tells the newest state.

A dated note of the clinic about a patient, outside of any case. It is never changed afterwards.

The daily look for patients who reported a concern and then stopped answering: a case for the clinic.
"""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any

from reporting import clock
from reporting.clock import now
from reporting.domain.actors import SYSTEM, Actor
from reporting.domain.case_work import (
    ACTIONS_TAKEN,
    CONFIRMATIONS,
    GRADES,
    NOTE_CHARACTERS,
    STATE_WORDS,
    TERM_CHARACTERS,
    actions_for,
    coded_term,
    next_states,
)
from reporting.domain.reminders import local_day
from reporting.domain.triage import LastReport, fired
from reporting.errors import Conflict, InvalidInput
from reporting.records import audit, cases, patients, silence
from reporting.records.engine import Session, reading, transaction
from reporting.records.tables import CheckIn, Patient, PatientNote, TriageCase, id_of
from reporting.security.encryption import encrypt
from reporting.security.scope import own
from reporting.shell.act_step import Work


def _checked_note(note: str, *, required: bool = False) -> str:
    note = note.strip()
    if len(note) > NOTE_CHARACTERS or (required and not note):
        least = 1 if required else 0
        raise InvalidInput(
            field="note", found=f"{len(note)} characters", allowed=f"{least} to {NOTE_CHARACTERS} characters"
        )
    return note


def _one_of(field: str, value: object, allowed: Collection[Any]) -> None:
    if value not in allowed:
        raise InvalidInput(field=field, found=value, allowed="one of " + ", ".join(map(str, allowed)))


def _changed_by(session: Session, case: TriageCase) -> tuple[str, dict[str, Any]]:
    event, name = cases.events(session, [id_of(case)])[-1]
    return name or "A new report from the patient", {"kind": event.kind}


WORK = Work("case", TriageCase, "case.work", next_states, STATE_WORDS, cases.add_event, _changed_by)


def acknowledge(*, by: Actor, case_id: int, version: int) -> int:
    """Take a new case: it is now this person's. Returns the new version.

    Only the clock of taking it stops; the one of speaking to the patient goes on.
    Raises NotFound, NotAllowed, Conflict (also: it is not new any more).
    """

    def change(_session: Session, case: TriageCase) -> dict[str, Any]:
        case.owner_id, case.acknowledged_at = by.id, case.acknowledged_at or clock.now()
        return {}

    return WORK.step(by, case_id, version, "acknowledged", change, to_state="acknowledged")


def take_over(*, by: Actor, case_id: int, version: int) -> int:
    """Become the owner of a case that somebody else acknowledged; its state stays."""

    def change(_session: Session, case: TriageCase) -> dict[str, Any]:
        if case.state in ("new", "closed"):
            raise Conflict(f"A case that is {STATE_WORDS[case.state].lower()} cannot be taken over.")
        before, case.owner_id = case.owner_id, by.id
        return {"from_owner": before}

    return WORK.step(by, case_id, version, "taken_over", change, to_state=None)


def give_back(*, by: Actor, case_id: int, version: int) -> int:
    """Undo taking a case, for example after a tap by mistake: it is new again, and its deadline counts as before."""

    def change(session: Session, case: TriageCase) -> dict[str, Any]:
        before, case.owner_id = case.owner_id, None
        if cases.is_first_take(session, case):
            case.acknowledged_at = None
        return {"from_owner": before}

    return WORK.step(by, case_id, version, "given_back", change, to_state="new")


def record_contact(*, by: Actor, case_id: int, version: int, action_taken: str, note: str = "") -> int:
    """Write down what was done for the patient: a code of ACTIONS_TAKEN and a note. May be repeated.

    It stops the clock of speaking to the patient. *No contact needed* is refused for an urgent case: that clock ends
    with a contact alone. Raises InvalidInput beside what acknowledge raises.
    """
    _one_of("action_taken", action_taken, ACTIONS_TAKEN)
    note = _checked_note(note)

    def change(_session: Session, case: TriageCase) -> dict[str, Any]:
        if case.contacted_at is None:
            _one_of("action_taken", action_taken, actions_for(case.level))
        case.action_taken, case.contacted_at = action_taken, clock.now()
        return {"action_taken": action_taken}

    return WORK.step(by, case_id, version, "contacted", change, to_state="contacted", note=note)


def record_outcome(
    *,
    by: Actor,
    case_id: int,
    version: int,
    confirmation: str,
    term: str = "",
    grade: int | None = None,
    note: str = "",
) -> int:
    """What it turned out to be. A confirmed complication needs its term and a grade of 1 to 5.

    Raises InvalidInput beside what acknowledge raises.
    """
    _one_of("confirmation", confirmation, CONFIRMATIONS)
    note, term = _checked_note(note), term.strip()
    confirmed = confirmation == "confirmed"
    if confirmed:
        _one_of("grade", grade, GRADES)
        if not 1 <= len(term) <= TERM_CHARACTERS:
            raise InvalidInput(field="term", found=term, allowed=f"1 to {TERM_CHARACTERS} characters")

    def change(_session: Session, case: TriageCase) -> dict[str, Any]:
        case.confirmation = confirmation
        case.complication_term = term if confirmed else None
        case.complication_grade = grade if confirmed else None
        return {
            "confirmation": confirmation,
            "term": case.complication_term,
            "term_code": found.code if confirmed and (found := coded_term(term)) else "",
            "grade": case.complication_grade,
        }

    return WORK.step(by, case_id, version, "outcome", change, to_state="outcome", note=note)


def close(*, by: Actor, case_id: int, version: int, note: str = "") -> int:
    """Close a case whose outcome is recorded. Nothing closes by itself."""

    def change(_session: Session, case: TriageCase) -> dict[str, Any]:
        case.closed_at = clock.now()
        return {}

    return WORK.step(by, case_id, version, "closed", change, to_state="closed", note=_checked_note(note))


def reopen(*, by: Actor, case_id: int, version: int, note: str) -> int:
    """Open a closed case again; the note says why. It is then this person's, and the patient is to be spoken to anew.

    Raises Conflict too when a newer case of the same treatment is open already.
    """
    note = _checked_note(note, required=True)

    def change(session: Session, case: TriageCase) -> dict[str, Any]:
        if case.state != "closed":
            raise Conflict(f"This case is {STATE_WORDS[case.state].lower()}, not closed.")
        if cases.open_case_of(session, case.treatment_id, case.patient_id) is not None:
            raise Conflict(
                "A newer case of this treatment is open already.", what_to_do="Add a note to the newer case."
            )
        clinic, case.closed_at = patients.clinic(session, case.clinic_id), None
        case.owner_id, case.acknowledged_at = by.id, case.acknowledged_at or clock.now()
        case.contact_due_at = cases.clocks_of(session, clinic, case.level, clock.now()).contacted_by
        case.contacted_at = None
        return {}

    return WORK.step(by, case_id, version, "reopened", change, to_state="acknowledged", note=note)


def add_note(*, by: Actor, case_id: int, version: int, note: str) -> int:
    """Add a note to a case in any state."""
    return WORK.step(by, case_id, version, "note", to_state=None, note=_checked_note(note, required=True))


def add_patient_note(*, by: Actor, patient_id: int, happened_on: date, words: str) -> int:
    """Write a note about a day up to today. Returns its id.

    The words are kept encrypted and stay out of the audit trail. Raises NotAllowed, NotFound, InvalidInput.
    """
    words = words.strip()
    with transaction() as session:
        patient = own(session, Patient, patient_id, by, "case.work")
        if not 1 <= len(words) <= NOTE_CHARACTERS:
            raise InvalidInput(
                field="note", found=f"{len(words)} characters", allowed=f"1 to {NOTE_CHARACTERS} characters"
            )
        today = clock.today(patients.clinic(session, patient.clinic_id).timezone)
        if happened_on > today:
            raise InvalidInput(field="happened_on", found=str(happened_on), allowed="a day up to today")
        note = PatientNote(
            clinic_id=patient.clinic_id,
            patient_id=patient_id,
            staff_id=by.id,
            written_at=clock.now(),
            happened_on=happened_on,
            note_encrypted=encrypt(words),
        )
        key = patients.add(session, note)
        audit.write(
            session,
            by,
            "patient.note_added",
            "patient",
            patient_id,
            clinic_id=patient.clinic_id,
            note=key,
            happened_on=happened_on.isoformat(),
        )
        return key


LONGEST = timedelta(days=400)
"""No schedule is longer."""


def open_silent_cases(at: datetime | None = None) -> int:
    """Open (or extend) a case for each silence that has become one. Once each; only staff close it."""
    moment = at or now()
    with reading() as session:
        due = [
            (report, timezone)
            for report, timezone in silence.last_reports(session, (moment - LONGEST).date())
            if any(
                not silence.is_known(session, report, rule.code)
                for rule in fired(report, local_day(moment, timezone), moment)
            )
        ]
    return sum(_open(report, timezone, moment) for report, timezone in due)


def _open(report: LastReport, timezone: str, moment: datetime) -> int:
    opened = 0
    with transaction() as session:
        cases.open_case_of(session, report.treatment_id, _patient(session, report))  # locks the treatment
        for rule in fired(report, local_day(moment, timezone), moment):
            if silence.is_known(session, report, rule.code):
                continue
            check_in = session.get_one(CheckIn, report.check_in_id)
            case = cases.open_or_extend(
                session,
                check_in=check_in,
                level=rule.case_level,
                rules=[rule.code],
                reasons=[rule.clinician_words],
                at=moment,
            )
            audit.write(
                session,
                SYSTEM,
                "case.silence",
                "case",
                case.id,
                clinic_id=case.clinic_id,
                rule=rule.code,
                check_in=check_in.id,
            )
            opened += 1
    return opened


def _patient(session: Session, report: LastReport) -> int:
    return session.get_one(CheckIn, report.check_in_id).patient_id
