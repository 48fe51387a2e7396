"""To send a check-in: validated again, exactly once, in one transaction with everything that follows from it.

To keep answers as they are given, so that a locked phone or a lost connection loses nothing.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from reporting import clock
from reporting.domain.actors import Actor
from reporting.domain.answers import known_question_ids
from reporting.domain.case_work import URGENT_LEVELS
from reporting.domain.check_in_form import CheckInForm
from reporting.domain.guidance import warned
from reporting.domain.language import ENGLISH
from reporting.domain.questionnaire import CheckInContext, answered, complete, so_far, usable
from reporting.domain.triage import Assessment, FiredRule, Guidance, assess
from reporting.errors import InvalidInput, NotFound
from reporting.patient import act_unfinished
from reporting.patient.act_unfinished import Answered
from reporting.patient.read_words import as_told, keep_words, read_words
from reporting.records import audit, cases, check_ins, photo_store
from reporting.records.engine import Session, again_when_deadlocked, transaction
from reporting.records.outcomes import recompute
from reporting.records.tables import CheckIn, Draft, id_of
from reporting.security.scope import mine
from reporting.shell.act_consent import record_first_use

NO_PROBLEMS_KEY = "none"
"""Begins the submission keys of "No problems today", which name their treatment: nobody may use another's up."""
Source = Literal["patient", "proxy", "demo"]
ANSWERED_BY = {"patient": ("", "carer"), "staff": ("", "telephone", "desk"), "system": ("",)}
"""Who gave the answers, if not the patient alone, by who sends them."""


@dataclass(frozen=True)
class Receipt:
    """What the sender is told. ``already_sent``: the same submission had arrived before."""

    check_in_id: int
    advice: str
    guidance: Guidance
    fired: tuple[FiredRule, ...]
    case_id: int | None
    already_sent: bool


def allowed_to_send(by: Actor, about: check_ins.Subject | None) -> check_ins.Subject:
    """A patient sends for the own treatment only; staff with the right to, for patients of their clinic.

    Raises NotFound for somebody else's treatment, NotAllowed for the wrong role.
    """
    return mine(about, by, "check_in.submit" if by.kind == "patient" else "check_in.proxy")


def _who(row: CheckIn, by: Actor, source: Source, answered_by: str) -> None:
    """Whoever of the staff sends it, it is by proxy. Raises InvalidInput for an answerer who cannot be."""
    allowed = ANSWERED_BY[by.kind]
    if answered_by not in allowed:
        raise InvalidInput(field="answered by", found=answered_by[:20], allowed="one of " + ", ".join(allowed[1:]))
    row.source = "proxy" if by.kind == "staff" else source
    row.answered_by, row.entered_by = answered_by, by.id if by.kind == "staff" else None


def receipt(
    session: Session, row: CheckIn, about: check_ins.Subject, assessed: Assessment, case_id: int | None
) -> Receipt:
    """What the sender is told of a report that was written, with who reads it and by when."""
    guidance = read_words(session, id_of(row), assessed.guidance, about.timezone)
    return Receipt(id_of(row), assessed.advice, guidance, assessed.fired, case_id, already_sent=False)


@again_when_deadlocked
def submit_check_in(
    *,
    by: Actor,
    treatment_id: int,
    answers: Mapping[str, Any],
    submission_key: str,
    source: Source = "patient",
    answered_by: str = "",
    language: str = ENGLISH,
    is_short: bool = False,
) -> Receipt:
    """Keep a check-in, its outcome, its case if a rule fires, and the audit row: all or nothing.

    The unfinished report that the answers were kept as becomes the report: the case goes on. ``is_short``: sent as it
    stands, with questions open, which only answers may that need the clinic at once.

    The same ``submission_key`` again gives the same receipt and no second check-in. The first one of a patient
    also keeps that they agreed. ``answered_by``: ``carer`` with the link; ``telephone`` or ``desk`` for staff.
    Raises ConsentWithdrawn, InvalidInput for answers that the form would not allow, NotFound for a treatment that
    is not the sender's, NotAllowed, StorageBusy or StorageFull.
    """
    own = f"{NO_PROBLEMS_KEY}:{treatment_id}:"
    if not submission_key or (submission_key.startswith(f"{NO_PROBLEMS_KEY}:") and not submission_key.startswith(own)):
        raise InvalidInput(field="submission_key", found=submission_key, allowed="the key that came with the form")
    with transaction() as session:
        subject = allowed_to_send(by, check_ins.subject(session, treatment_id, lock=True))
        context = check_ins.context(session, subject, clock.now())
        earlier = check_ins.by_submission_key(session, submission_key)
        if earlier is not None:
            return _again(session, earlier, subject)
        kind = check_ins.kind_of(by.kind)
        given = judged_as_sent(answers, context, is_short=is_short)
        assessed = given.assessed
        begun = _begun(session, subject, kind)
        before = act_unfinished.as_kept(session, subject, begun).assessed if begun else None
        row = act_unfinished.written(begun, subject, given)
        row.answered_at, row.submission_key, row.language = clock.now(), submission_key, language
        _who(row, by, source, answered_by)
        record_first_use(session, by, clinic_id=subject.clinic_id, patient_id=subject.patient_id, language=language)
        session.add(row)
        session.flush()
        case_id = _case(session, row, before, assessed)
        keep_words(session, row, subject, assessed.guidance)
        recompute(session, [treatment_id])
        check_ins.drop(session, treatment_id, kind)
        attached = photo_store.attach_waiting(session, treatment_id, id_of(row)) if by.kind == "patient" else 0
        audit.write(
            session,
            by,
            "check_in.sent",
            "check_in",
            row.id,
            clinic_id=subject.clinic_id,
            treatment=treatment_id,
            advice=assessed.advice,
            case=case_id,
            source=row.source,
            answered_by=answered_by,
            photos=attached,
            begun=row.begun_at is not None,
        )
        return receipt(session, row, subject, assessed, case_id)


def judged_as_sent(answers: Mapping[str, Any], context: CheckInContext, *, is_short: bool) -> Answered:
    """The answers, judged. Raises InvalidInput for answers that do not make a check-in."""
    if is_short:
        given = act_unfinished.judged(so_far(answers, context), context)
        if given.assessed.case_level in URGENT_LEVELS:
            return given
    return act_unfinished.judged(complete(answers, context), context)


def _begun(session: Session, subject: check_ins.Subject, kind: str) -> CheckIn | None:
    """The unfinished report that the kept answers are of; None where there is none."""
    draft = check_ins.draft_of(session, subject.treatment_id, kind)
    is_fresh = draft is not None and check_ins.is_fresh(subject, draft, clock.now())
    return act_unfinished.of_draft(session, draft) if is_fresh else None


def _case(session: Session, row: CheckIn, before: Assessment | None, assessed: Assessment) -> int | None:
    if before is not None:
        return act_unfinished.finish(session, row, before, assessed)
    if assessed.case_level is None:
        return None
    opened = cases.open_or_extend(
        session,
        check_in=row,
        level=assessed.case_level,
        rules=[rule.code for rule in assessed.fired],
        reasons=[rule.words for rule in assessed.fired],
        at=clock.now(),
    )
    return opened.id


def _again(session: Session, earlier: CheckIn, subject: check_ins.Subject) -> Receipt:
    """The receipt of a check-in that had arrived before; only for the treatment it belongs to."""
    if earlier.treatment_id != subject.treatment_id:
        raise NotFound()
    context, done = check_ins.as_it_was(session, subject, earlier)
    assessed = as_told(assess(done, context), earlier)
    found = receipt(session, earlier, subject, assessed, cases.case_of(session, id_of(earlier)))
    return replace(found, already_sent=True)


MAX_CHARACTERS = 8_000


def checked(answers: Mapping[str, Any]) -> None:
    """Raises InvalidInput for questions that no check-in has, and for answers that are far too long."""
    for name in answers:
        if name not in known_question_ids():
            raise InvalidInput(field=str(name)[:80], found="an unknown question", allowed="a question of this check-in")
    length = len(json.dumps(dict(answers)))
    if length > MAX_CHARACTERS:
        raise InvalidInput(field="answers", found=f"{length} characters", allowed=f"up to {MAX_CHARACTERS}")


@again_when_deadlocked
def save_draft(
    *,
    by: Actor,
    treatment_id: int,
    answers: Mapping[str, Any],
    submission_key: str,
    language: str = ENGLISH,
) -> None:
    """Keep the answers given so far. They are not a report yet: only one that needs the clinic at once is
    told there (``act_unfinished``), and only that writes an audit row.

    The first answer that is kept also keeps that the patient agreed. Staff always write a draft of their own.
    Raises ConsentWithdrawn, InvalidInput for questions that no check-in has, NotFound for a treatment that is not
    the sender's.
    """
    checked(answers)
    moment = clock.now()
    with transaction() as session:
        about = allowed_to_send(by, check_ins.subject(session, treatment_id, lock=True))
        kept_as = check_ins.kind_of(by.kind)
        kept = _fresh(about, check_ins.draft_of(session, treatment_id, kept_as), moment)
        record_first_use(session, by, clinic_id=about.clinic_id, patient_id=about.patient_id, language=language)
        if kept is None:
            kept = check_ins.keep(session, about, answers, submission_key, moment, kept_as)
        else:
            check_ins.put(session, kept, answers, moment)
        context = check_ins.context(session, about, moment)
        given = act_unfinished.judged(so_far(answers, context), context)
        act_unfinished.follow(session, by, about, kept, given, language)


def _fresh(about: check_ins.Subject, draft: Draft | None, moment: datetime) -> Draft | None:
    """The draft; one of another day is of no report any more, and what the clinic has of that stays unfinished."""
    if draft is not None and not check_ins.is_fresh(about, draft, moment):
        draft.check_in_id = None
    return draft


def keep_answer(
    *, by: Actor, treatment_id: int, question_id: str, given: Any, submission_key: str, language: str = ENGLISH
) -> CheckInForm:
    """Add one answer to those that are kept, whichever tab or device gave them; the check-in as it then stands.

    Raises as ``save_draft`` does, and InvalidInput for a question that is not asked now or an answer not offered.
    """
    return _change(by, treatment_id, submission_key, language, lambda old, now: answered(old, question_id, given, now))


def keep_warned(*, by: Actor, treatment_id: int, submission_key: str, language: str = ENGLISH) -> CheckInForm:
    """Keep that the emergency card was read, so that it is shown once; the check-in as it then stands.

    Raises as ``save_draft`` does.
    """
    return _change(by, treatment_id, submission_key, language, warned)


@again_when_deadlocked
def _change(
    by: Actor,
    treatment_id: int,
    key: str,
    language: str,
    change: Callable[[Mapping[str, Any], CheckInContext], dict[str, Any]],
) -> CheckInForm:
    moment = clock.now()
    with transaction() as session:
        about = allowed_to_send(by, check_ins.subject(session, treatment_id, lock=True))
        kind = check_ins.kind_of(by.kind)
        context = check_ins.context(session, about, moment)
        draft = check_ins.draft_of(session, treatment_id, kind)
        kept = usable(draft.answers, is_fresh=check_ins.is_fresh(about, draft, moment)) if draft else {}
        answers = change(kept, context)
        checked(answers)
        record_first_use(session, by, clinic_id=about.clinic_id, patient_id=about.patient_id, language=language)
        draft = _fresh(about, draft, moment)
        if draft is None:
            draft = check_ins.keep(session, about, answers, key, moment, kind)
        else:
            check_ins.put(session, draft, answers, moment)
        form = CheckInForm(answers, context)
        given = act_unfinished.judged(so_far(answers, context, form.questions), context)
        act_unfinished.follow(session, by, about, draft, given, language)
    return form
