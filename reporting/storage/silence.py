"""Statements about patients who reported a concern and then stopped answering."""

from datetime import date

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from reporting.domain.course import is_unexpected
from reporting.domain.silence import LastReport
from reporting.domain.symptoms import SYMPTOMS
from reporting.storage import clinic_content
from reporting.storage.tables import CheckIn, Clinic, Consent, Patient, Treatment, TriageCase

ASKED_BY_US = ("patient", "proxy")
"""Silence after an imported or a demo check-in says nothing: nobody was asked."""


def last_reports(session: Session, performed_after: date) -> list[tuple[LastReport, str]]:
    """The last answered check-in of each treatment since that day with the clinic's time zone, if it may matter."""
    later = aliased(CheckIn)
    open_case = (
        exists()
        .where(col(TriageCase.treatment_id) == Treatment.id, col(TriageCase.state) != "closed")
        .correlate(Treatment)
    )
    check_ins = and_(col(Consent.patient_id) == Patient.id, col(Consent.kind) == "check_ins")
    reported = or_(
        col(CheckIn.worried), col(CheckIn.advice) != "expected", open_case,
        *(getattr(CheckIn, symptom) > 0 for symptom in SYMPTOMS),
    )  # fmt: skip
    rows = session.execute(
        select(CheckIn, Treatment, col(Clinic.timezone), col(Clinic.content_version), open_case)
        .join(Treatment, col(Treatment.id) == CheckIn.treatment_id)
        .join(Clinic, col(Clinic.id) == CheckIn.clinic_id)
        .join(Patient, col(Patient.id) == CheckIn.patient_id)
        .where(
            col(Treatment.performed_on) > performed_after,
            col(CheckIn.answered_at).is_not(None), col(CheckIn.replaced_at).is_(None),
            col(CheckIn.source).in_(ASKED_BY_US), col(Patient.erased_at).is_(None),
            reported,
            ~exists().where(
                col(later.treatment_id) == CheckIn.treatment_id, col(later.answered_at).is_not(None),
                (col(later.answered_at) > CheckIn.answered_at)
                | ((col(later.answered_at) == CheckIn.answered_at) & (col(later.id) > CheckIn.id)),
            ),
            or_(
                ~exists().where(check_ins, col(Consent.withdrawn_at).is_not(None)),
                exists().where(check_ins, col(Consent.withdrawn_at).is_(None)),
            ),
        )
    ).all()  # fmt: skip
    return [
        (_report(session, check_in, treatment, version, bool(is_open)), timezone)
        for check_in, treatment, timezone, version, is_open in rows
    ]


def _report(
    session: Session, check_in: CheckIn, treatment: Treatment, content_version: int, has_open_case: bool
) -> LastReport:
    day = check_in.recovery_day if check_in.recovery_day is not None else check_in.scheduled_day
    unexpected = any(
        is_unexpected(treatment.procedure_class, symptom, day, getattr(check_in, symptom) or 0) for symptom in SYMPTOMS
    )
    told = check_in.advice not in (None, "expected")
    changed = clinic_content.of_version(session, treatment.clinic_id, content_version)
    return LastReport(
        treatment_id=treatment.id or 0, check_in_id=check_in.id or 0, procedure_class=treatment.procedure_class,
        performed_on=treatment.performed_on, recovery_day=day,
        is_concern=told or unexpected or check_in.worried or has_open_case,
        days=changed.due_days(treatment.procedure_class, treatment.performed_on) if changed.changes else None,
    )  # fmt: skip


def is_known(session: Session, report: LastReport, rule: str) -> bool:
    """Whether this silence made a case before, open or closed."""
    rows = session.execute(
        select(col(TriageCase.rules), col(TriageCase.check_in_id), col(TriageCase.state)).where(
            col(TriageCase.treatment_id) == report.treatment_id
        )
    ).all()
    return any(rule in rules and (key == report.check_in_id or state != "closed") for rules, key, state in rows)
