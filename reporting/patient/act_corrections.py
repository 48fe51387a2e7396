"""To change what was sent: correct, take back, put back. Old values stay; everything that follows is done anew."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from reporting import clock
from reporting.domain.actors import Actor
from reporting.domain.corrections import is_worse, read_reason
from reporting.domain.language import ENGLISH
from reporting.domain.patient_words import RECOVERY_WORDS as WORDS
from reporting.domain.questionnaire import so_far
from reporting.domain.triage import Assessment, assess
from reporting.errors import Conflict, InvalidInput, NotAllowed, NotFound
from reporting.patient import act_unfinished
from reporting.patient.act_check_ins import Receipt, checked, judged_as_sent, receipt
from reporting.patient.act_unfinished import tell_case
from reporting.patient.read_words import as_told, keep_words
from reporting.records import audit, cases, check_ins
from reporting.records.engine import Session, again_when_deadlocked, transaction
from reporting.records.outcomes import recompute
from reporting.records.tables import CheckIn, TriageCase, id_of
from reporting.security.encryption import encrypt
from reporting.security.permissions import require
from reporting.security.scope import own
from reporting.shell.act_consent import record_first_use

COUNTS, WITHDRAWN = "counts", "withdrawn"


def _changed_before() -> Conflict:
    return Conflict(WORDS["already_changed"], what_to_do=WORDS["already_changed_do"])


@dataclass(frozen=True)
class _Found:
    """A check-in of the actor's own, locked together with its treatment."""

    about: check_ins.Subject
    row: CheckIn

    @property
    def id(self) -> int:
        return id_of(self.row)


def _own(session: Session, by: Actor, check_in_id: int) -> _Found:
    """The check-in, if it is this patient's and they may read history. Raises NotFound, NotAllowed."""
    require(by, "history.read")
    if by.kind != "patient":
        raise NotAllowed(what_to_do="Only the patient can change a report. Add a note to the case instead.")
    seen = own(session, CheckIn, check_in_id, by, "history.read")
    about = check_ins.subject(session, seen.treatment_id, lock=True)
    session.refresh(seen)  # somebody may have been faster until the lock was ours
    if about is None or seen.answered_at is None:
        raise NotFound()
    if seen.source == "import":
        raise Conflict(WORDS["not_ours"], what_to_do=WORDS["not_ours_do"])
    return _Found(about, seen)


def _stored(words: str, code: str) -> str:
    """The reason as it is kept: a code, and the patient's own words unreadable without the key."""
    return f"{code}:{encrypt(words)}" if words else code


def _reported(row: CheckIn) -> dict[str, int]:
    """The worst of each symptom and how it was at the answer; one grade stood for both where only one was asked."""
    worst = check_ins.worst_of(row)
    return worst | {f"now_{symptom}": grade for symptom, grade in (worst | check_ins.now_of(row)).items()}


@dataclass(frozen=True)
class _Known:
    """What the clinic has of a report: the row, what the rules say of it, and the grades that were reported."""

    row: CheckIn
    assessed: Assessment
    reported: dict[str, int]


def _begun(session: Session, found: _Found) -> _Known | None:
    """What the clinic has of this change already, as it stood before it is sent; None where it has nothing."""
    draft = check_ins.draft_of(session, found.row.treatment_id, check_ins.correction_of(found.id))
    row = act_unfinished.of_draft(session, draft)
    said = act_unfinished.as_changed(session, found.about, found.row, row)
    return None if row is None or said is None else _Known(row, said.assessed, _reported(row))


@again_when_deadlocked
def keep_change(
    *, by: Actor, check_in_id: int, answers: Mapping[str, Any], submission_key: str, language: str = ENGLISH
) -> None:
    """Keep the answers of a change as they are given. The report stands as it was sent; what is new in the change and
    needs the clinic at once is told there (``act_unfinished``).

    Raises what ``correct_check_in`` raises, and InvalidInput for questions that no check-in has.
    """
    checked(answers)
    with transaction() as session:
        found = _own(session, by, check_in_id)
        if found.row.replaced_at is not None:
            raise _changed_before()
        record_first_use(session, by, clinic_id=found.row.clinic_id, patient_id=found.row.patient_id, language=language)
        kind = check_ins.correction_of(check_in_id)
        draft = check_ins.keep(session, found.about, answers, submission_key, clock.now(), kind)
        context = check_ins.as_it_was(session, found.about, found.row)[0]
        given = act_unfinished.judged(so_far(answers, context), context)
        act_unfinished.follow_change(session, by, found.about, found.row, draft, given, language)


def _extend(session: Session, row: CheckIn, assessed: Assessment) -> TriageCase:
    """The case of a report that the clinic must look at, again or for the first time.

    The case goes on showing its newest report, also when an older one was changed.
    """
    open_case = cases.open_case_of(session, row.treatment_id, row.patient_id)
    shown = check_ins.by_id(session, open_case.check_in_id) if open_case else None
    case = cases.open_or_extend(
        session,
        check_in=row,
        level=str(assessed.case_level),
        rules=[rule.code for rule in assessed.fired],
        reasons=[rule.words for rule in assessed.fired],
        at=clock.now(),
    )
    if shown and shown.replaced_at is None and _answered(shown) > _answered(row):
        case.check_in_id = id_of(shown)
    return case


def _answered(row: CheckIn) -> datetime:
    return row.answered_at or row.created_at


def _again(session: Session, earlier: CheckIn, check_in_id: int, about: check_ins.Subject) -> Receipt:
    """The receipt of the same correction that had arrived before."""
    if earlier.corrects_id != check_in_id:
        raise _changed_before()
    context, done = check_ins.as_it_was(session, about, earlier)
    assessed, case_id = as_told(assess(done, context), earlier), cases.case_of(session, id_of(earlier))
    return replace(receipt(session, earlier, about, assessed, case_id), already_sent=True)


@again_when_deadlocked
def correct_check_in(
    *,
    by: Actor,
    check_in_id: int,
    answers: Mapping[str, Any],
    reason: str,
    submission_key: str,
    language: str = ENGLISH,
    is_short: bool = False,
) -> Receipt:
    """Put a check-in with new answers in the place of an earlier one: all or nothing, once per key.

    What the clinic has of the change already (``keep_change``) becomes the correction. ``is_short``: sent as it
    stands, with questions open, which only answers may that need the clinic at once.

    The questions and rules are those of the day the first one was answered on. A case is opened or comes back to
    attention when the report got worse than the clinic knew; an open case always gets an event. ``reason`` is a code
    of ``domain.corrections.REASONS``, or ``other: my words``.
    Raises NotFound for what is not the actor's, NotAllowed without a second factor, InvalidInput,
    ConsentWithdrawn after the patient has asked to keep nothing more, and Conflict when the check-in was
    changed or taken back before.
    """
    code, words = read_reason(reason)
    if not submission_key:
        raise InvalidInput(field="submission_key", found=submission_key, allowed="the key that came with the form")
    with transaction() as session:
        found = _own(session, by, check_in_id)
        earlier = check_ins.by_submission_key(session, submission_key)
        if earlier is not None:
            return _again(session, earlier, check_in_id, found.about)
        if found.row.replaced_at is not None:
            raise _changed_before()
        record_first_use(session, by, clinic_id=found.row.clinic_id, patient_id=found.row.patient_id, language=language)
        context, was = check_ins.as_it_was(session, found.about, found.row)
        given, before = judged_as_sent(answers, context, is_short=is_short), assess(was, context)
        assessed = given.assessed
        begun = _begun(session, found)
        row = act_unfinished.change_written(begun.row if begun else None, found.about, found.row, given)
        row.answered_at, row.corrects_id, row.submission_key = found.row.answered_at, found.row.id, submission_key
        row.language = language
        found.row.replaced_at, found.row.replaced_reason = clock.now(), _stored(words, code)
        session.add_all([found.row, row])
        session.flush()
        known = _Known(found.row, before, _reported(found.row))
        case_id = _case_after(session, known, begun, row, assessed, code)
        keep_words(session, row, found.about, assessed.guidance)
        recompute(session, [row.treatment_id])
        check_ins.drop(session, row.treatment_id, check_ins.correction_of(check_in_id))
        audit.write(
            session,
            by,
            "check_in.corrected",
            "check_in",
            row.id,
            clinic_id=row.clinic_id,
            corrects=check_in_id,
            reason=code,
            before=_reported(found.row) | {"advice": found.row.advice},
            after=_reported(row) | {"advice": row.advice},
            case=case_id,
        )
        return receipt(session, row, found.about, assessed, case_id)


def _case_after(
    session: Session, sent: _Known, begun: _Known | None, new: CheckIn, after: Assessment, code: str
) -> int | None:
    """What a correction means for the clinic's case; a case that showed the old values shows the new ones.

    What was told of it before it was sent is known, while the case of that is open, and told no more.
    """
    case = cases.open_case_of(session, new.treatment_id, new.patient_id)
    known = begun if begun and case is not None else sent
    if is_worse(known.assessed, after, (known.reported, _reported(new))):
        case = _extend(session, new, after)
    elif case is not None and case.check_in_id == sent.row.id:
        case.check_in_id = id_of(new)
    if begun and case is not None:
        act_unfinished.taken_back(session, case, new, begun.assessed, after, sent.assessed)
    return tell_case(session, case, "corrected", check_in=new.id, corrects=sent.row.id, reason=code)


@again_when_deadlocked
def withdraw_check_in(*, by: Actor, check_in_id: int, reason: str) -> int | None:
    """Take a check-in back: it no longer counts, its values stay. Returns the open case that was told, if any.

    Taking the same one back again changes nothing. Raises what ``correct_check_in`` raises.
    """
    code, words = read_reason(reason)
    with transaction() as session:
        found = _own(session, by, check_in_id)
        if check_ins.successor(session, check_in_id) is not None:
            raise _changed_before()
        case = cases.open_case_of(session, found.row.treatment_id, found.row.patient_id)
        if found.row.replaced_at is not None:
            return case.id if case else None
        found.row.replaced_at, found.row.replaced_reason = clock.now(), _stored(words, code)
        session.add(found.row)
        act_unfinished.let_go(session, by, found.about, found.row, check_ins.correction_of(check_in_id))
        case_id = tell_case(session, case, "withdrawn", check_in=check_in_id, reason=code)
        _changed(session, by, found, "check_in.withdrawn", (COUNTS, WITHDRAWN), reason=code, case=case_id)
    return case_id


def _changed(session: Session, by: Actor, found: _Found, action: str, states: tuple[str, str], **details: Any) -> None:
    """Outcome rows and audit row of a check-in that counts no more, or again."""
    recompute(session, [found.row.treatment_id])
    before, after = states
    audit.write(
        session,
        by,
        action,
        "check_in",
        found.id,
        clinic_id=found.row.clinic_id,
        before=before,
        after=after,
        severities=_reported(found.row),
        **details,
    )


@again_when_deadlocked
def restore_check_in(*, by: Actor, check_in_id: int) -> int | None:
    """Put a check-in back that was taken back. Returns the case that it is in, if any.

    If its answers need the clinic, its case comes back to attention, or a new one is opened. Raises what
    ``correct_check_in`` raises: Conflict when a correction took its place.
    """
    with transaction() as session:
        found = _own(session, by, check_in_id)
        if check_ins.successor(session, check_in_id) is not None:
            raise _changed_before()
        case = cases.open_case_of(session, found.row.treatment_id, found.row.patient_id)
        if found.row.replaced_at is None:
            return case.id if case else None
        found.row.replaced_at, found.row.replaced_reason = None, ""
        session.add(found.row)
        session.flush()
        context, done = check_ins.as_it_was(session, found.about, found.row)
        assessed = assess(done, context)
        if assessed.case_level is not None:
            case = _extend(session, found.row, assessed)
        case_id = tell_case(session, case, "restored", check_in=check_in_id)
        _changed(session, by, found, "check_in.restored", (WITHDRAWN, COUNTS), case=case_id)
    return case_id


def stop_correcting(*, by: Actor, check_in_id: int) -> None:
    """Forget the changes that were begun and not sent; what the clinic was told of them is taken back.

    Raises what ``correct_check_in`` raises.
    """
    with transaction() as session:
        found = _own(session, by, check_in_id)
        act_unfinished.let_go(session, by, found.about, found.row, check_ins.correction_of(check_in_id))
