"""One patient's timeline: treatments with settings, what was reported by day, and what was done about it.

Notes as they are read: decrypted, or saying why that cannot be.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from reporting import clock
from reporting.cases.read_worklist import CaseStep, case_step
from reporting.domain.actors import Actor
from reporting.domain.clinic_content import ProtocolRange
from reporting.domain.content import content
from reporting.domain.corrections import STAFF_REASONS
from reporting.domain.course import days_late
from reporting.domain.devices import DeviceClass
from reporting.domain.kept_words import KeptWords
from reporting.domain.treatment_record import known_words
from reporting.domain.vocabulary import (
    SYMPTOMS,
    areas,
    cooling_kinds,
    endpoints,
    indications,
    is_warning_endpoint,
    visit_label,
)
from reporting.patient.read_words import kept_of
from reporting.records import cases, clinic_facts, patients
from reporting.records.check_ins import counting, is_unfinished, now_of
from reporting.records.engine import Session, reading
from reporting.records.judged import is_unexpected
from reporting.records.outcomes import due_counts
from reporting.records.tables import CheckIn, Patient, TreatedArea, Treatment, TriageCase, id_of
from reporting.security.encryption import CannotDecrypt, decrypt
from reporting.security.permissions import may
from reporting.security.scope import own
from reporting.treatments.read_treatments import SettingLine, setting_lines


@dataclass(frozen=True)
class NoteLine:
    """A dated note of the clinic. ``words`` are never to be drawn as Markdown."""

    happened_on: date
    written_at: datetime
    who: str
    words: str


def readable(note: str) -> str:
    """One note that was written with a lost key must not hide the whole timeline."""
    try:
        return decrypt(note)
    except CannotDecrypt as problem:
        return f"({problem.message})"


def notes_of(session: Session, patient_id: int) -> tuple[NoteLine, ...]:
    """What the clinic wrote down about a patient, oldest first. Who may read it is decided by the query that calls."""
    return tuple(
        NoteLine(note.happened_on, note.written_at, who, readable(note.note_encrypted))
        for note, who in patients.of_patient(session, patient_id)
    )


@dataclass(frozen=True)
class AreaLine:
    """One treated area and pass group with its settings."""

    treated_area_id: int
    area: str
    pass_group: int
    indication: str
    """Empty where it was not recorded, as with cooling and endpoint."""
    cooling: str
    endpoint: str
    is_warning_endpoint: bool
    test_spot_done: bool | None
    settings: tuple[SettingLine, ...]


@dataclass(frozen=True)
class Change:
    """Why a report counts no more: ``corrected``, ``withdrawn``, or ``replaced`` by another import."""

    kind: str
    at: datetime
    reason: str
    own_words: str
    """The patient's own reason, for those who may read notes; never to be drawn as Markdown."""


@dataclass(frozen=True)
class Report:
    """A due check-in: answered, not answered (``answered_at`` empty), or replaced by a later one."""

    check_in_id: int
    scheduled_day: int
    recovery_day: int | None
    answered_at: datetime | None
    severities: Mapping[str, int]
    """The worst since the answer before, only what was asked."""
    unexpected: tuple[str, ...]
    areas: Mapping[str, tuple[str, ...]]
    follow_up: Mapping[str, str]
    """Label of the question to answer, both in clinicians' words."""
    is_worried: bool
    cannot_wait: bool
    advice: str | None
    note: str | None
    """None where there is none or it may not be read; see ``has_note``."""
    has_note: bool
    is_replaced: bool
    is_proxy: bool
    answered_by: str = ""
    """``carer``, ``telephone`` or ``desk``; empty: the patient."""
    change: Change | None = None
    """What took its place or took it away; None while it counts."""
    is_correction: bool = False
    days_late: int = 0
    """Days from the due day to the answer; 0 for a further report of the same due day."""
    now: Mapping[str, int] = field(default_factory=dict)
    """How each symptom was at the answer, where that was asked apart from the worst."""
    words: KeptWords | None = None
    """What the patient read then; None: it was not kept."""
    content_version: str = ""
    """Version and hash of the clinical content that judged it; empty: not kept."""
    content_hash: str = ""
    begun_at: datetime | None = None
    """When an urgent answer of it was kept before it was sent."""


@dataclass(frozen=True)
class TreatmentLine:
    """A treatment with everything that hangs on it."""

    treatment_id: int
    reference: str
    performed_on: date
    course: str
    procedure: str
    device: str
    device_class: str
    operator: str
    session_number: int | None
    source: str
    areas: tuple[AreaLine, ...]
    reports: tuple[Report, ...]
    unfinished: tuple[Report, ...]
    """Reports that were begun with an urgent answer and not sent, oldest first; they count nowhere."""
    due: int
    """Check-ins that have come due by today, answered ones included."""

    @property
    def answered(self) -> int:
        return sum(each.answered_at is not None and not each.is_replaced for each in self.reports)


@dataclass(frozen=True)
class Timeline:
    patient_id: int
    reference: str
    clinic_name: str
    timezone: str
    year_of_birth: int | None
    fitzpatrick: int | None
    risks: tuple[str, ...]
    treatments: tuple[TreatmentLine, ...]
    contacts: tuple[CaseStep, ...]
    """The steps of all the patient's cases, oldest first."""
    open_case_ids: tuple[int, ...]
    notes: tuple[NoteLine, ...] = ()
    """What the clinic wrote down outside of cases, for who may read notes; oldest first."""


def _risks(patient: Patient, newest: Treatment | None) -> tuple[str, ...]:
    """What makes a complication more likely, in words: as known at the newest treatment."""
    before = ("melasma or hyperpigmentation before",) if patient.pigmentation_history else ()
    return (*known_words(patients.facts_of(newest), patients.age_at(newest, patient)), *before) if newest else before


def _indication(code: str) -> str:
    return "" if code == "not_recorded" else indications().get(code, code)


def _area(
    area: TreatedArea, device_class: DeviceClass | None, fitzpatrick: int | None, own: Sequence[ProtocolRange]
) -> AreaLine:
    return AreaLine(
        treated_area_id=id_of(area),
        area=areas().get(area.area, area.area),
        pass_group=area.pass_group,
        indication=_indication(area.indication),
        cooling=cooling_kinds().get(area.cooling or "", area.cooling or ""),
        endpoint=endpoints().get(area.immediate_endpoint or "", area.immediate_endpoint or ""),
        is_warning_endpoint=is_warning_endpoint(area.immediate_endpoint or ""),
        test_spot_done=area.test_spot_done,
        settings=setting_lines(area, device_class, fitzpatrick, own),
    )


def _unexpected(check_in: CheckIn, procedure_class: str, earlier: Sequence[CheckIn]) -> tuple[str, ...]:
    """Symptoms of one report that were more than expected; ``earlier``: the reports that counted before it."""
    since = earlier[-1].recovery_day if earlier else None
    asked = (symptom for symptom in SYMPTOMS if getattr(check_in, symptom) is not None)
    return tuple(symptom for symptom in asked if is_unexpected(check_in, symptom, procedure_class, since))


def _follow_up(answers: Mapping[str, str]) -> dict[str, str]:
    """Follow-up answers by clinicians' label; an imported one that is not known keeps its own name."""
    known = content().follow_ups
    return {
        known[key].clinician_label if key in known else key.replace("_", " "): answer.replace("_", " ")
        for key, answer in answers.items()
    }


def _change(check_in: CheckIn, corrected: Collection[int], may_read_notes: bool) -> Change | None:
    """What became of a report, with the reason in clinicians' words; None while it counts."""
    if check_in.replaced_at is None:
        return None
    if check_in.source == "import":
        return Change("replaced", check_in.replaced_at, check_in.replaced_reason, "")
    code, _, kept = check_in.replaced_reason.partition(":")
    own_words = readable(kept) if kept and may_read_notes else ""
    kind = "corrected" if check_in.id in corrected else "withdrawn"
    return Change(kind, check_in.replaced_at, STAFF_REASONS.get(code, code), own_words)


def _earlier(check_in: CheckIn, all_of_treatment: Sequence[CheckIn]) -> list[CheckIn]:
    """The answers that counted when this one was given."""
    if check_in.answered_at is None:
        return []
    return counting([row for row in all_of_treatment if row.answered_at is not None], before=check_in.id)


def _report(
    check_in: CheckIn,
    procedure_class: str,
    area_labels: Mapping[int, str],
    may_read_notes: bool,
    corrected: Collection[int] = (),
    earlier: Sequence[CheckIn] = (),
) -> Report:
    late = 0
    if check_in.answered_at is not None:
        late = days_late(check_in.scheduled_day, check_in.recovery_day, (row.scheduled_day for row in earlier))
    severities = {s: value for s in SYMPTOMS if (value := getattr(check_in, s)) is not None}
    note = check_in.note_encrypted
    return Report(
        check_in_id=id_of(check_in),
        scheduled_day=check_in.scheduled_day,
        recovery_day=check_in.recovery_day,
        answered_at=check_in.answered_at,
        severities=severities,
        now=now_of(check_in),
        unexpected=_unexpected(check_in, procedure_class, earlier),
        areas={s: tuple(area_labels.get(i, "") for i in ids) for s, ids in check_in.areas.items()},
        follow_up=_follow_up(check_in.follow_up),
        is_worried=check_in.worried,
        cannot_wait=check_in.can_wait is False,
        advice=check_in.advice,
        note=readable(note) if note and may_read_notes else None,
        has_note=note is not None,
        is_replaced=check_in.replaced_at is not None,
        is_proxy=check_in.source == "proxy",
        answered_by=check_in.answered_by,
        change=_change(check_in, corrected, may_read_notes),
        is_correction=check_in.corrects_id is not None,
        words=kept_of(check_in),
        content_version=check_in.package_version or "",
        content_hash=check_in.package_hash or "",
        begun_at=check_in.begun_at,
        days_late=late,
    )


def _contacts(session: Session, found: list[TriageCase]) -> tuple[CaseStep, ...]:
    steps = cases.events(session, [id_of(case) for case in found])
    return tuple(case_step(event, who) for event, who in steps)


def timeline(by: Actor, patient_id: int) -> Timeline:
    """Everything about one patient, newest treatment first.

    Raises NotAllowed, and NotFound for an unknown patient and for another clinic's alike.
    """
    with reading() as session:
        patient = own(session, Patient, patient_id, by, "timeline.read")
        clinic = patients.clinic(session, patient.clinic_id)
        classes = clinic_facts.known(session, patient.clinic_id)
        ranges = clinic_facts.of(session, clinic).protocol_ranges()
        rows = patients.treatments(session, patient_id)
        ids = [row.id for row in rows]
        treated, check_ins = patients.areas(session, ids), patients.check_ins(session, ids)
        performed = {row.id: row.treatment.performed_on for row in rows}
        due = due_counts(session, performed, clock.today(clinic_facts.place_of(clinic, patient).timezone))
        found = cases.of_patient(session, patient_id)
        contacts = _contacts(session, found)
        written = notes_of(session, patient_id) if may(by, "note.read") else ()
    notes = may(by, "note.read")
    return Timeline(
        patient_id=patient_id,
        reference=patient.reference,
        clinic_name=clinic.name,
        timezone=clinic.timezone,
        year_of_birth=patient.year_of_birth,
        fitzpatrick=patient.fitzpatrick,
        risks=_risks(patient, rows[0].treatment if rows else None),
        treatments=tuple(
            _treatment(
                row,
                treated[row.id],
                check_ins[row.id],
                classes,
                patient.fitzpatrick,
                notes,
                due.get(row.id, 0),
                ranges,
            )
            for row in rows
        ),
        contacts=contacts,
        open_case_ids=tuple(id_of(case) for case in found if case.state != "closed"),
        notes=written,
    )


def _treatment(
    row: patients.Visit,
    treated: list[TreatedArea],
    check_ins: list[CheckIn],
    classes: Mapping[str, DeviceClass],
    fitzpatrick: int | None,
    may_read_notes: bool,
    due: int,
    own: Sequence[ProtocolRange],
) -> TreatmentLine:
    treatment, device, operator = row
    of = classes.get(device.device_class) if device else None
    lines = tuple(_area(area, of, fitzpatrick, own) for area in treated)
    area_labels = {line.treated_area_id: line.area for line in lines}
    corrected = {each.corrects_id for each in check_ins if each.corrects_id is not None}
    reports = [
        (each, _report(each, treatment.course, area_labels, may_read_notes, corrected, _earlier(each, check_ins)))
        for each in check_ins
    ]
    return TreatmentLine(
        treatment_id=row.id,
        reference=treatment.reference,
        performed_on=treatment.performed_on,
        course=treatment.course,
        procedure=visit_label(treatment.course),
        device=" · ".join(part for part in (device.code, device.model) if part) if device else "not recorded",
        device_class=of.name if of else (device.device_class if device else ""),
        operator=(operator.name or operator.code) if operator else "not recorded",
        session_number=treatment.session_number,
        source=treatment.source,
        areas=lines,
        reports=tuple(report for each, report in reports if not is_unfinished(each)),
        unfinished=tuple(report for each, report in reports if is_unfinished(each)),
        due=due,
    )
