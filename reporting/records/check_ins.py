"""Statements about check-ins: whose they are, what the form needs to know, what was sent before.

Answers given so far, one draft per treatment.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, bindparam, delete, or_, select
from sqlmodel import Session, col

from reporting.domain.clinic_content import UNCHANGED, ClinicContent
from reporting.domain.questionnaire import CheckInContext, CompletedCheckIn, TreatedAreaRef
from reporting.domain.vocabulary import SYMPTOMS, area_label
from reporting.records import clinic_facts
from reporting.records.patients import known_modifiers
from reporting.records.tables import (
    CheckIn,
    Clinic,
    Device,
    Draft,
    Patient,
    TreatedArea,
    Treatment,
    id_of,
)

CHUNK = 500
_TREATMENT: Any = bindparam("treatment")
# Statements of every tap are put together once: that takes longer than the database needs for them.
_SUBJECT = (
    select(Treatment, Patient, Clinic)
    .join(Patient, col(Patient.id) == Treatment.patient_id)
    .join(Clinic, col(Clinic.id) == Treatment.clinic_id)
    .where(col(Treatment.id) == _TREATMENT)
)
_LOCKED_SUBJECT = _SUBJECT.with_for_update(of=Treatment)
_SUBJECT_AND_CLINIC = (
    select(Treatment, Patient, Clinic, col(Device.device_class))
    .join(Patient, col(Patient.id) == Treatment.patient_id)
    .join(Clinic, col(Clinic.id) == Treatment.clinic_id)
    .outerjoin(Device, col(Device.id) == Treatment.device_id)
    .where(col(Treatment.id) == _TREATMENT)
)
_AREAS = (
    select(col(TreatedArea.id), col(TreatedArea.area))
    .where(col(TreatedArea.treatment_id) == _TREATMENT)
    .order_by(col(TreatedArea.pass_group), col(TreatedArea.id))
)
_ANSWERED = (
    select(CheckIn)
    .where(
        col(CheckIn.treatment_id) == _TREATMENT,
        or_(col(CheckIn.answered_at).is_not(None), col(CheckIn.begun_at).is_not(None)),
    )
    .order_by(col(CheckIn.id))
)


_BY_KEY = select(CheckIn).where(col(CheckIn.submission_key) == bindparam("key"))


IS_UNFINISHED = and_(col(CheckIn.answered_at).is_(None), col(CheckIn.begun_at).is_not(None))
"""A report that the clinic has in part and that was not sent: without the moment of an answer it is no answer anywhere,
and not a due check-in that was not answered either."""


def is_unfinished(row: CheckIn) -> bool:
    """``IS_UNFINISHED`` of a row that was read."""
    return row.answered_at is None and row.begun_at is not None


def worst_of(row: Any) -> dict[str, int]:
    """The worst of each symptom since the answer before; 0 where it was not asked."""
    return {symptom: getattr(row, symptom) or 0 for symptom in SYMPTOMS}


def now_of(row: Any) -> dict[str, int]:
    """How each symptom was at the answer; a symptom is missing where that was not asked apart."""
    return {symptom: grade for symptom in SYMPTOMS if (grade := getattr(row, f"now_{symptom}")) is not None}


def set_grades(row: CheckIn, done: CompletedCheckIn) -> None:
    """Write the severities of a check-in into its row; empty where a symptom was ticked and not graded yet."""
    for symptom in SYMPTOMS:
        setattr(row, symptom, done.severities.get(symptom))
        setattr(row, f"now_{symptom}", done.now.get(symptom))


@dataclass(frozen=True)
class Subject:
    """The treatment that a check-in is about, with what the rules need of its patient and clinic."""

    treatment_id: int
    clinic_id: int
    patient_id: int
    performed_on: date
    procedure_class: str
    course: str
    """The class with those of what else was done in the visit."""
    timezone: str
    """In which the patient's days are counted."""
    country: str
    """Where the patient is; empty: where the clinic is."""
    clinic_timezone: str
    """In which the clinic's changes of its content begin."""
    fitzpatrick: int | None
    pigmentation_history: bool | None
    content: ClinicContent = UNCHANGED
    """The clinical content as the clinic uses it."""
    modifiers: frozenset[str] = frozenset()
    """What the clinic knows of the person: codes of the table of facts."""
    is_withdrawn: bool = False
    """The content in use was withdrawn: nobody is told that all is usual."""


def subject(session: Session, treatment_id: int, *, lock: bool = False) -> Subject | None:
    """The treatment with that id, or nothing. ``lock``: others that want to write to it wait."""
    row = session.execute(_LOCKED_SUBJECT if lock else _SUBJECT, {"treatment": treatment_id}).one_or_none()
    return None if row is None else _subject(session, *row)


def subject_and_clinic(session: Session, treatment_id: int) -> tuple[Subject, Clinic, str | None] | None:
    """The treatment as ``subject`` gives it, its clinic, and its device's class, in one statement."""
    row = session.execute(_SUBJECT_AND_CLINIC, {"treatment": treatment_id}).one_or_none()
    if row is None:
        return None
    treatment, patient, clinic, device_class = row
    return _subject(session, treatment, patient, clinic), clinic, device_class


def _subject(session: Session, treatment: Any, patient: Any, clinic: Any) -> Subject:
    return Subject(
        treatment_id=treatment.id,
        clinic_id=clinic.id,
        patient_id=patient.id,
        performed_on=treatment.performed_on,
        procedure_class=treatment.procedure_class,
        course=treatment.course,
        timezone=clinic_facts.zone_of(clinic.timezone, patient.timezone),
        country=patient.country,
        clinic_timezone=clinic.timezone,
        fitzpatrick=patient.fitzpatrick,
        pigmentation_history=patient.pigmentation_history,
        content=clinic_facts.of(session, clinic),
        modifiers=known_modifiers(treatment, patient),
        is_withdrawn=clinic_facts.is_withdrawn(clinic),
    )


def areas_of(session: Session, treatment_id: int) -> tuple[TreatedAreaRef, ...]:
    """The treated areas of a treatment, each area once, in the order they were recorded."""
    return _areas(session.execute(_AREAS, {"treatment": treatment_id}).all())


def _areas(rows: Sequence[Any]) -> tuple[TreatedAreaRef, ...]:
    first: dict[str, int] = {}
    for row in rows:
        first.setdefault(row.area, row.id)
    return tuple(TreatedAreaRef(id=key, area=area, label=area_label(area)) for area, key in first.items())


def areas_of_many(session: Session, treatment_ids: Sequence[int]) -> dict[int, tuple[TreatedAreaRef, ...]]:
    """``areas_of`` each of these treatments."""
    found: dict[int, list[Any]] = defaultdict(list)
    for start in range(0, len(treatment_ids), CHUNK):
        rows = session.execute(
            select(col(TreatedArea.id), col(TreatedArea.treatment_id), col(TreatedArea.area))
            .where(col(TreatedArea.treatment_id).in_(treatment_ids[start : start + CHUNK]))
            .order_by(col(TreatedArea.pass_group), col(TreatedArea.id))
        ).all()
        for row in rows:
            found[row.treatment_id].append(row)
    return {key: _areas(rows) for key, rows in found.items()}


def answered(session: Session, treatment_id: int) -> list[CheckIn]:
    """Every answered check-in of a treatment in the order of the answers, replaced and withdrawn ones included.

    A correction stands where the check-in stood that it corrects, however much later it was written.
    """
    return answered_and_unfinished(session, treatment_id)[0]


def answered_and_unfinished(session: Session, treatment_id: int) -> tuple[list[CheckIn], list[CheckIn]]:
    """``answered``, and the reports that were begun and not sent, oldest first."""
    read = list(session.execute(_ANSWERED, {"treatment": treatment_id}).scalars())
    found = {id_of(row): row for row in read if not is_unfinished(row)}
    begun = [row for row in read if is_unfinished(row)]
    return sorted(found.values(), key=lambda row: (*_place(row, found), row.id)), begun


def _place(row: CheckIn, known: Mapping[int, CheckIn]) -> tuple[datetime, int]:
    """When it was answered, and the check-in that the chain of corrections began with."""
    first = row
    while first.corrects_id in known:
        first = known[first.corrects_id or 0]
    return first.answered_at or first.created_at, id_of(first)


def current(session: Session, treatment_id: int, *, before: int | None = None) -> list[CheckIn]:
    """Answered check-ins of a treatment that still count, oldest first; ``before``: those ahead of that one."""
    return counting(answered(session, treatment_id), before=before)


def counting(answered_rows: Sequence[CheckIn], *, before: int | None = None) -> list[CheckIn]:
    """Those of all ``answered`` check-ins of a treatment that ``current`` gives."""
    rows = list(answered_rows)
    if before is not None:
        known = {id_of(row): row for row in rows}
        # What came after it, or took its place, was not known when it was answered.
        rows = [row for row in rows if before not in known or _place(row, known) < _place(known[before], known)]
    return [row for row in rows if row.replaced_at is None]


def by_id(session: Session, check_in_id: int) -> CheckIn | None:
    """The check-in with that number, or nothing."""
    return session.get(CheckIn, check_in_id)


def successor(session: Session, check_in_id: int) -> CheckIn | None:
    """The correction that took the place of a check-in, or nothing."""
    return session.execute(select(CheckIn).where(col(CheckIn.corrects_id) == check_in_id)).scalar_one_or_none()


def recovery_day(about: Subject, moment: datetime) -> int:
    """Whole days from the treatment to ``moment``, where the patient is; never negative."""
    here = moment.astimezone(ZoneInfo(about.timezone)).date()
    return max(0, (here - about.performed_on).days)


def context(session: Session, about: Subject, moment: datetime, *, before: int | None = None) -> CheckInContext:
    """What the questions and rules need to know at ``moment``."""
    sent = current(session, about.treatment_id, before=before)
    return context_from(about, moment, sent, areas_of(session, about.treatment_id))


def context_from(
    about: Subject, moment: datetime, sent: Sequence[CheckIn], areas: tuple[TreatedAreaRef, ...]
) -> CheckInContext:
    """``context`` from what was read already: the check-ins that count, oldest first, and the treated areas."""
    last = sent[-1] if sent else None
    at_clinic = moment.astimezone(ZoneInfo(about.clinic_timezone)).date()
    return CheckInContext(
        procedure_class=about.course,
        recovery_day=recovery_day(about, moment),
        areas=areas,
        fitzpatrick=about.fitzpatrick,
        pigmentation_history=about.pigmentation_history,
        first_check_in=last is None,
        previous=worst_of(last) | now_of(last) if last else {},
        changed_rules=about.content.rules(at_clinic) if about.content.changes else None,
        since_day=last.recovery_day if last else None,
        modifiers=about.modifiers,
        is_withdrawn=about.is_withdrawn,
    )


def by_submission_key(session: Session, submission_key: str) -> CheckIn | None:
    """The check-in that this submission gave before, or nothing."""
    return session.execute(_BY_KEY, {"key": submission_key}).scalar_one_or_none()


def as_it_was(session: Session, about: Subject, sent: CheckIn) -> tuple[CheckInContext, CompletedCheckIn]:
    """The context and answers of a check-in sent earlier, as the rules saw them then."""
    before = current(session, about.treatment_id, before=sent.id)
    return as_it_was_from(about, sent, before, areas_of(session, about.treatment_id))


def as_it_was_from(
    about: Subject, sent: CheckIn, before: Sequence[CheckIn], areas: tuple[TreatedAreaRef, ...]
) -> tuple[CheckInContext, CompletedCheckIn]:
    """``as_it_was`` from what was read already: the check-ins that counted before it, and the treated areas."""
    done = CompletedCheckIn(
        severities=worst_of(sent),
        now=now_of(sent),
        follow_up=dict(sent.follow_up),
        areas={symptom: tuple(ids) for symptom, ids in sent.areas.items()},
        worried=sent.worried,
        can_wait=sent.can_wait,
        note="",
    )
    moment = (sent.answered_at or sent.begun_at or sent.created_at).astimezone(UTC)
    then = context_from(about, moment, before, areas)
    return replace(then, recovery_day=then.recovery_day if sent.recovery_day is None else sent.recovery_day), done


CHECK_IN, PROXY = "check_in", "proxy"
_KIND: Any = bindparam("kind")
_DROP: Any = delete(Draft.__table__).where(  # type: ignore[attr-defined]
    col(Draft.treatment_id) == _TREATMENT, col(Draft.kind) == _KIND
)
_DRAFT = select(Draft).where(col(Draft.treatment_id) == _TREATMENT, col(Draft.kind) == _KIND)


def kind_of(sender: str) -> str:
    """Staff who ask the questions have a draft of their own, so that the patient's stays as it is."""
    return PROXY if sender == "staff" else CHECK_IN


def correction_of(check_in_id: int) -> str:
    """The kind of draft that a correction of that check-in is kept as."""
    return f"correction:{check_in_id}"


def draft_of(session: Session, treatment_id: int, kind: str = CHECK_IN) -> Draft | None:
    """The draft of a treatment's next check-in, or of a correction; nothing where there is none."""
    return session.execute(_DRAFT, {"treatment": treatment_id, "kind": kind}).scalar_one_or_none()


STILL_NOW = timedelta(hours=3)
"""Answers begun before midnight still tell how it is now so long after the last one; our estimate."""


def is_fresh(about: Subject, draft: Draft, moment: datetime) -> bool:
    """Whether what was answered tells how it is now: on the same recovery day, or shortly before over midnight."""
    is_same_day = recovery_day(about, draft.updated_at) == recovery_day(about, moment)
    return is_same_day or abs(moment - draft.updated_at) <= STILL_NOW


def put(session: Session, draft: Draft, answers: Mapping[str, Any], moment: datetime) -> None:
    """Other answers into a draft that was read before."""
    draft.answers, draft.updated_at = dict(answers), moment
    session.add(draft)
    session.flush()


def keep(
    session: Session, about: Subject, answers: Mapping[str, Any], key: str, moment: datetime, kind: str = CHECK_IN
) -> Draft:
    """Write the draft anew; the key of the first save stays with it."""
    draft = draft_of(session, about.treatment_id, kind) or Draft(
        clinic_id=about.clinic_id,
        patient_id=about.patient_id,
        treatment_id=about.treatment_id,
        kind=kind,
        submission_key=key,
    )
    put(session, draft, answers, moment)
    return draft


def drop(session: Session, treatment_id: int, kind: str) -> None:
    """Forget a draft."""
    session.connection().execute(_DROP, {"treatment": treatment_id, "kind": kind})
