"""Statements about patients who were asked and do not answer: their last reports, and what is known of the silence."""

from datetime import date

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from reporting.domain.triage import LastReport
from reporting.domain.vocabulary import SYMPTOMS
from reporting.records import clinic_facts
from reporting.records.judged import is_unexpected
from reporting.records.tables import CaseEvent, CheckIn, Clinic, Consent, Patient, Treatment, TriageCase, id_of

ASKED_BY_US = ("patient", "proxy")
"""Silence after an imported or a demo check-in says nothing: nobody was asked."""


def last_reports(session: Session, performed_after: date) -> list[tuple[LastReport, str]]:
    """The last answered check-in of each treatment since that day with the time zone of where the patient is, if it may
    matter."""
    later = aliased(CheckIn)
    open_case = (
        exists()
        .where(col(TriageCase.treatment_id) == Treatment.id, col(TriageCase.state) != "closed")
        .correlate(Treatment)
    )
    spoken = (
        exists()
        .where(
            col(CaseEvent.case_id) == TriageCase.id,
            col(TriageCase.treatment_id) == CheckIn.treatment_id,
            col(CaseEvent.kind) == "contacted",
            col(CaseEvent.at) >= CheckIn.answered_at,
        )
        .correlate(CheckIn)
    )
    check_ins = and_(col(Consent.patient_id) == Patient.id, col(Consent.kind) == "check_ins")
    reported = or_(
        col(CheckIn.worried),
        col(CheckIn.advice) != "expected",
        open_case,
        *(getattr(CheckIn, symptom) > 0 for symptom in SYMPTOMS),
    )
    rows = session.execute(
        select(CheckIn, Treatment, clinic_facts.zone_column(), col(Clinic.content_version), open_case, spoken)
        .join(Treatment, col(Treatment.id) == CheckIn.treatment_id)
        .join(Clinic, col(Clinic.id) == CheckIn.clinic_id)
        .join(Patient, col(Patient.id) == CheckIn.patient_id)
        .where(
            col(Treatment.performed_on) > performed_after,
            col(CheckIn.answered_at).is_not(None),
            col(CheckIn.replaced_at).is_(None),
            col(CheckIn.source).in_(ASKED_BY_US),
            col(Patient.erased_at).is_(None),
            reported,
            ~exists().where(
                col(later.treatment_id) == CheckIn.treatment_id,
                col(later.answered_at).is_not(None),
                (col(later.answered_at) > CheckIn.answered_at)
                | ((col(later.answered_at) == CheckIn.answered_at) & (col(later.id) > CheckIn.id)),
            ),
            or_(
                ~exists().where(check_ins, col(Consent.withdrawn_at).is_not(None)),
                exists().where(check_ins, col(Consent.withdrawn_at).is_(None)),
            ),
        )
    ).all()
    return [
        (_report(session, check_in, treatment, version, has_open_case=is_open, was_contacted=was_contacted), timezone)
        for check_in, treatment, timezone, version, is_open, was_contacted in rows
    ]


def _report(
    session: Session,
    check_in: CheckIn,
    treatment: Treatment,
    content_version: int,
    *,
    has_open_case: bool,
    was_contacted: bool,
) -> LastReport:
    day = check_in.recovery_day if check_in.recovery_day is not None else check_in.scheduled_day
    unexpected = any(is_unexpected(check_in, symptom, treatment.course, since_day=None) for symptom in SYMPTOMS)
    told = check_in.advice not in (None, "expected")
    changed = clinic_facts.of_version(session, treatment.clinic_id, content_version)
    return LastReport(
        treatment_id=id_of(treatment),
        check_in_id=id_of(check_in),
        procedure_class=treatment.course,
        performed_on=treatment.performed_on,
        recovery_day=day,
        is_concern=told or unexpected or check_in.worried or has_open_case,
        days=changed.due_days(treatment.course, treatment.performed_on) if changed.changes else None,
        advice=check_in.advice,
        answered_at=check_in.answered_at,
        was_contacted=was_contacted,
    )


def is_known(session: Session, report: LastReport, rule: str) -> bool:
    """Whether this silence made a case before, open or closed: told about this report, or since it was answered."""
    told = session.execute(
        select(CaseEvent)
        .join(TriageCase, col(TriageCase.id) == CaseEvent.case_id)
        .where(
            col(TriageCase.treatment_id) == report.treatment_id,
            col(CaseEvent.kind).in_(("opened", "new_report")),
        )
    ).scalars()
    return any(
        rule in event.details.get("rules", ())
        and (
            event.details.get("check_in") == report.check_in_id
            or (report.answered_at is not None and event.at >= report.answered_at)
        )
        for event in told
    )
