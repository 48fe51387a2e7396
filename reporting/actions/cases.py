"""What a clinician does about a case: acknowledge, contact, outcome, close; take over, give back, note, open again.

Every step keeps who and when, names the version of the case it was decided on, and is refused when
somebody else was faster: the answer then tells the newest state.
"""

from collections.abc import Callable, Collection
from typing import Any

from reporting import clock
from reporting.domain.actors import Actor
from reporting.domain.case_work import (
    ACTIONS_TAKEN,
    CONFIRMATIONS,
    GRADES,
    NOTE_CHARACTERS,
    STATE_WORDS,
    TERM_CHARACTERS,
    next_states,
)
from reporting.errors import Conflict, InvalidInput, NotFound
from reporting.security.permissions import require
from reporting.storage import audit, cases
from reporting.storage.engine import transaction
from reporting.storage.tables import TriageCase


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


def _newest(session: Any, case: TriageCase) -> Conflict:
    """The refusal for one who decided on an older state: who did what, and what the state is now."""
    event, name = cases.events(session, [case.id or 0])[-1]
    return Conflict(
        f"{name or 'A new report from the patient'} changed this case in the meantime. "
        f"It is now: {STATE_WORDS[case.state]}.",
        state=case.state, version=case.version, kind=event.kind,
    )  # fmt: skip


def _step(
    by: Actor, case_id: int, version: int, kind: str, change: Callable[[Any, TriageCase], dict[str, Any]],
    *, to_state: str | None, note: str,
) -> int:  # fmt: skip
    """One step in one transaction: check, change, event, audit row. Returns the new version."""
    with transaction() as session:
        case = cases.locked(session, case_id)
        if case is None or (by.clinic_id is not None and case.clinic_id != by.clinic_id):
            raise NotFound()
        require(by, "case.work", clinic_id=case.clinic_id)
        if case.version != version:
            raise _newest(session, case)
        if to_state is not None and to_state not in next_states(case.state):
            raise Conflict(
                f"The case is {STATE_WORDS[case.state].lower()}: "
                f"{STATE_WORDS[to_state].lower()} cannot be the next step.",
                state=case.state, version=case.version,
            )  # fmt: skip
        before = case.state
        details = change(session, case)
        case.state = to_state or case.state
        case.version += 1
        session.add(case)
        cases.add_event(session, case, kind, at=clock.now(), staff_id=by.id, note=note, **details)
        # The note stays in the case: the audit trail is read by people who may not read notes.
        audit.write(
            session, by, f"case.{kind}", "case", case.id, clinic_id=case.clinic_id, before=before,
            after=case.state, **details,
        )  # fmt: skip
        return case.version


def acknowledge(*, by: Actor, case_id: int, version: int) -> int:
    """Take a new case: it is now this person's. Returns the new version.

    Raises NotFound, NotAllowed, Conflict (also: it is not new any more).
    """

    def change(_session: Any, case: TriageCase) -> dict[str, Any]:
        case.owner_id, case.acknowledged_at = by.id, clock.now()
        return {}

    return _step(by, case_id, version, "acknowledged", change, to_state="acknowledged", note="")


def take_over(*, by: Actor, case_id: int, version: int) -> int:
    """Become the owner of a case that somebody else acknowledged; its state stays."""

    def change(_session: Any, case: TriageCase) -> dict[str, Any]:
        if case.state in ("new", "closed"):
            raise Conflict(f"A case that is {STATE_WORDS[case.state].lower()} cannot be taken over.")
        before, case.owner_id = case.owner_id, by.id
        return {"from_owner": before}

    return _step(by, case_id, version, "taken_over", change, to_state=None, note="")


def give_back(*, by: Actor, case_id: int, version: int) -> int:
    """Undo taking a case, for example after a tap by mistake: it is new again, and its deadline counts as before."""

    def change(_session: Any, case: TriageCase) -> dict[str, Any]:
        before, case.owner_id, case.acknowledged_at = case.owner_id, None, None
        return {"from_owner": before}

    return _step(by, case_id, version, "given_back", change, to_state="new", note="")


def record_contact(*, by: Actor, case_id: int, version: int, action_taken: str, note: str = "") -> int:
    """Write down what was done for the patient: a code of ACTIONS_TAKEN and a note. May be repeated."""
    _one_of("action_taken", action_taken, ACTIONS_TAKEN)
    note = _checked_note(note)

    def change(_session: Any, case: TriageCase) -> dict[str, Any]:
        case.action_taken = action_taken
        return {"action_taken": action_taken}

    return _step(by, case_id, version, "contacted", change, to_state="contacted", note=note)


def record_outcome(
    *, by: Actor, case_id: int, version: int, confirmation: str, term: str = "", grade: int | None = None,
    note: str = "",
) -> int:  # fmt: skip
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

    def change(_session: Any, case: TriageCase) -> dict[str, Any]:
        case.confirmation = confirmation
        case.complication_term = term if confirmed else None
        case.complication_grade = grade if confirmed else None
        return {
            "confirmation": confirmation,
            "term": case.complication_term,
            "grade": case.complication_grade,
        }

    return _step(by, case_id, version, "outcome", change, to_state="outcome", note=note)


def close(*, by: Actor, case_id: int, version: int, note: str = "") -> int:
    """Close a case whose outcome is recorded. Nothing closes by itself."""

    def change(_session: Any, case: TriageCase) -> dict[str, Any]:
        case.closed_at = clock.now()
        return {}

    return _step(by, case_id, version, "closed", change, to_state="closed", note=_checked_note(note))


def reopen(*, by: Actor, case_id: int, version: int, note: str) -> int:
    """Open a closed case again; the note says why. It is then this person's.

    Raises Conflict too when a newer case of the same treatment is open already.
    """
    note = _checked_note(note, required=True)

    def change(session: Any, case: TriageCase) -> dict[str, Any]:
        if case.state != "closed":
            raise Conflict(f"This case is {STATE_WORDS[case.state].lower()}, not closed.")
        if cases.open_case_of(session, case.treatment_id, case.patient_id) is not None:
            raise Conflict(
                "A newer case of this treatment is open already.", what_to_do="Add a note to the newer case."
            )
        case.closed_at = None
        case.owner_id, case.acknowledged_at = by.id, clock.now()
        return {}

    return _step(by, case_id, version, "reopened", change, to_state="acknowledged", note=note)


def add_note(*, by: Actor, case_id: int, version: int, note: str) -> int:
    """Add a note to a case in any state."""
    return _step(
        by,
        case_id,
        version,
        "note",
        lambda _session, _case: {},
        to_state=None,
        note=_checked_note(note, required=True),
    )
