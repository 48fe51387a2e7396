"""A report that is not sent yet and that the clinic has already: it opens its case with the answer that fires a rule.

The draft stays what the patient goes on from. The clinic sees what was answered so far in a check-in without the moment
of an answer (``begun_at``), which counts nowhere until *Send* makes it the report. What is taken back is told on the
case, which stays open. A change of a report that was sent is heard in the same way; the report itself stands until the
change is sent.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from reporting import clock
from reporting.domain.actors import Actor
from reporting.domain.case_work import URGENT_LEVELS
from reporting.domain.content_rows import CASE_LEVELS
from reporting.domain.course import due_day
from reporting.domain.questionnaire import CheckInContext, CompletedCheckIn
from reporting.domain.triage import Assessment, FiredRule, assess
from reporting.patient.read_words import keep_words
from reporting.records import audit, cases, check_ins
from reporting.records.engine import Session
from reporting.records.judged import judge
from reporting.records.tables import CheckIn, Draft, TriageCase, id_of
from reporting.security.encryption import encrypt


@dataclass(frozen=True)
class Answered:
    """What was answered, about when, and what the rules say of it."""

    context: CheckInContext
    done: CompletedCheckIn
    assessed: Assessment


def judged(done: CompletedCheckIn, context: CheckInContext) -> Answered:
    """The answers with what the rules say of them."""
    return Answered(context, done, assess(done, context))


def written(row: CheckIn | None, about: check_ins.Subject, given: Answered) -> CheckIn:
    """The answers in that check-in, or in a new one, and the due day they are for."""
    scheduled = due_day(given.context.recovery_day, about.content.due_days(about.course, about.performed_on))
    due_on = date.fromordinal(about.performed_on.toordinal() + scheduled)
    if row is None:
        row = CheckIn(
            clinic_id=about.clinic_id,
            patient_id=about.patient_id,
            treatment_id=about.treatment_id,
            scheduled_day=scheduled,
            due_on=due_on,
        )
    row.scheduled_day, row.due_on = scheduled, due_on
    done, row.recovery_day = given.done, given.context.recovery_day
    row.areas = {symptom: list(ids) for symptom, ids in done.areas.items() if ids}
    row.follow_up = dict(done.follow_up)
    row.worried, row.can_wait = done.worried, done.can_wait
    row.note_encrypted = encrypt(done.note) if done.note else None
    row.advice = given.assessed.advice
    check_ins.set_grades(row, done)
    judge(row, about.course, given.context.since_day, len(about.content.changes))
    return row


def as_kept(session: Session, about: check_ins.Subject, row: CheckIn) -> Answered:
    """What an unfinished report says, judged as when it was begun."""
    context, done = check_ins.as_it_was(session, about, row)
    return judged(done, context)


def of_draft(session: Session, draft: Draft | None) -> CheckIn | None:
    """The unfinished report that the answers kept so far belong to."""
    return None if draft is None or draft.check_in_id is None else session.get(CheckIn, draft.check_in_id)


def follow(
    session: Session,
    by: Actor,
    about: check_ins.Subject,
    draft: Draft,
    given: Answered,
    language: str,
) -> TriageCase | None:
    """After an answer was kept: the first that is urgent opens a case, later ones bring the clinic's copy up to date.

    Returns the case that was told of something new.
    """
    row = of_draft(session, draft)
    if row is None:
        if given.assessed.case_level not in URGENT_LEVELS:
            return None
        before, row = None, written(None, about, given)
        row.begun_at = clock.now()
        row.source, row.entered_by = ("proxy", by.id) if by.kind == "staff" else ("patient", None)
    else:
        before = as_kept(session, about, row)
        written(row, about, given)
    row.language = language
    session.add(row)
    session.flush()
    draft.check_in_id = id_of(row)
    session.add(draft)
    case = _tell(session, by, row, before, given)
    keep_words(session, row, about, given.assessed.guidance)
    return case


def _tell(
    session: Session,
    by: Actor,
    row: CheckIn,
    before: Answered | None,
    given: Answered,
    sent: Assessment | None = None,
    **details: Any,
) -> TriageCase | None:
    case = heard(session, row, before.assessed if before else None, given.assessed, sent)
    if case is not None:
        audit.write(
            session,
            by,
            "check_in.begun",
            "check_in",
            row.id,
            clinic_id=row.clinic_id,
            treatment=row.treatment_id,
            before=None if before is None else _said(before),
            after=_said(given),
            case=case.id,
            source=row.source,
            **details,
        )
    return case


def _said(given: Answered) -> dict[str, Any]:
    """Answers for the audit trail."""
    had = {symptom: grade for symptom, grade in given.done.severities.items() if grade}
    return had | dict(given.done.follow_up) | {"advice": given.assessed.advice}


def as_changed(session: Session, about: check_ins.Subject, sent: CheckIn, row: CheckIn | None) -> Answered | None:
    """What an unfinished change of the report ``sent`` says, judged as of the day of that report; None without one."""
    if row is None:
        return None
    done = check_ins.as_it_was(session, about, row)[1]
    return judged(done, check_ins.as_it_was(session, about, sent)[0])


def follow_change(
    session: Session, by: Actor, about: check_ins.Subject, sent: CheckIn, draft: Draft, given: Answered, language: str
) -> TriageCase | None:
    """``follow`` of a report that was sent and is being changed: what is urgent in it and was not in ``sent`` opens or
    raises a case, which ``sent`` itself is no part of."""
    row, was = of_draft(session, draft), as_kept(session, about, sent)
    before = as_changed(session, about, sent, row)
    if row is None and not _is_urgent(given.assessed, was.assessed):
        return None
    is_first, row = row is None, change_written(row, about, sent, given)
    row.begun_at, row.language = row.begun_at or clock.now(), language
    session.add(row)
    session.flush()
    draft.check_in_id = id_of(row)
    session.add(draft)
    case = _tell(session, by, row, before, given, was.assessed, corrects=sent.id)
    if is_first:
        tell_case(session, case, "change_begun", check_in=row.id, corrects=sent.id)
    keep_words(session, row, about, given.assessed.guidance)
    return case


def change_written(row: CheckIn | None, about: check_ins.Subject, sent: CheckIn, given: Answered) -> CheckIn:
    """The new answers, about the day of the report that they change."""
    row = written(row, about, given)
    row.scheduled_day, row.due_on, row.recovery_day = sent.scheduled_day, sent.due_on, sent.recovery_day
    row.source = "patient"
    return row


def _is_urgent(after: Assessment, sent: Assessment) -> bool:
    known = {rule.code for rule in sent.fired}
    return any(rule.case_level in URGENT_LEVELS and rule.code not in known for rule in after.fired)


def let_go(session: Session, by: Actor, about: check_ins.Subject, sent: CheckIn, kind: str) -> None:
    """A change that was begun is not wanted any more: what the clinic was told of it is taken back, and the draft
    goes. The clinic's copy says again what the report says, and is taken back with it."""
    row = of_draft(session, check_ins.draft_of(session, about.treatment_id, kind))
    before = as_changed(session, about, sent, row)
    if row is not None and before is not None:
        was = as_kept(session, about, sent)
        change_written(row, about, sent, was)
        row.replaced_at = sent.replaced_at
        session.add(row)
        _tell(session, by, row, before, was, was.assessed, corrects=sent.id)
        keep_words(session, row, about, was.assessed.guidance)
    check_ins.drop(session, about.treatment_id, kind)


def heard(
    session: Session, row: CheckIn, before: Assessment | None, after: Assessment, sent: Assessment | None = None
) -> TriageCase | None:
    """The case of a report that the clinic has in part: with what is new in it, and what was taken back. ``sent``: of
    the report that it changes, which the clinic has and which stands.

    What is new makes its clocks shorter only. Somebody on call is told again only where it is more urgent than what
    they were told of this report, or comes after somebody had spoken to the patient. None where nothing changed.
    """
    stands = {rule.code for rule in sent.fired} if sent else set()
    known = stands | ({rule.code for rule in before.fired} if before else set())
    new = [rule for rule in after.fired if rule.code not in known]
    case = cases.open_case_of(session, row.treatment_id, row.patient_id)
    if new:
        level = max((rule.case_level for rule in new), key=CASE_LEVELS.index)
        case = cases.open_or_extend(
            session,
            check_in=row,
            level=level,
            rules=[rule.code for rule in new],
            reasons=[rule.words for rule in new],
            at=clock.now(),
            is_told=_is_news(session, case, row, level),
        )
    is_less = before is not None and taken_back(session, case, row, before, after, sent)
    return case if new or is_less else None


def taken_back(
    session: Session,
    case: TriageCase | None,
    row: CheckIn,
    before: Assessment,
    after: Assessment,
    sent: Assessment | None = None,
) -> bool:
    """Tell the case what is said no more, if there is such; what the report ``sent`` says stands until that goes."""
    stands = {rule.code for rule in sent.fired} if sent else set()
    gone = [rule for rule in before.fired if rule.code not in stands and not _still_said(rule, after)]
    if gone:
        tell_case(
            session, case, "answer_back", check_in=row.id, rules=[r.code for r in gone], reasons=[r.words for r in gone]
        )
    return bool(gone)


def _still_said(rule: FiredRule, after: Assessment) -> bool:
    """Whether a rule fires still, or a harder or milder one of the same red flag in its place."""
    return any(each.code == rule.code or (rule.red_flag and each.red_flag == rule.red_flag) for each in after.fired)


def _is_news(session: Session, case: TriageCase | None, row: CheckIn, level: str) -> bool:
    if case is None or case.contacted_at is not None:
        return True
    told = cases.levels_heard(session, id_of(case), id_of(row))
    return all(CASE_LEVELS.index(each) < CASE_LEVELS.index(level) for each in told)


def tell_case(session: Session, case: TriageCase | None, kind: str, **details: Any) -> int | None:
    """An event on the open case; whoever decided on its older version will notice."""
    if case is None:
        return None
    case.version += 1
    session.add(case)
    cases.add_event(session, case, kind, at=clock.now(), **details)
    return case.id


def finish(session: Session, row: CheckIn, before: Assessment, after: Assessment) -> int | None:
    """The case of an unfinished report that is sent now. A case that was closed meanwhile is not opened by what it
    knew: all that still needs the clinic opens another one."""
    case = cases.open_case_of(session, row.treatment_id, row.patient_id)
    if case is None and after.case_level is None:
        return None
    case = heard(session, row, None if case is None else before, after) or case
    return tell_case(session, case, "finished", check_in=row.id)
