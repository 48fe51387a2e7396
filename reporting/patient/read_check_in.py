"""What the patient's pages show: the treatment, the questions' context, the draft, and what was sent.

Check-ins as the patient reads them again: the answers, the advice of that day, and what became of them.

For whom staff may fill in a check-in: what the front desk needs to know to find the right treatment.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

from babel.lists import format_list

from reporting import clock
from reporting.domain.actors import Actor
from reporting.domain.check_in_form import CheckInForm
from reporting.domain.content import content
from reporting.domain.content_rows import ConsentText
from reporting.domain.course import classes_of, days_late
from reporting.domain.devices import device_classes
from reporting.domain.guidance import next_check_in
from reporting.domain.kept_words import KeptWords
from reporting.domain.language import ENGLISH, beside, translator
from reporting.domain.patient_words import next_words
from reporting.domain.questionnaire import NO_PROBLEMS, CheckInContext, TreatedAreaRef, usable
from reporting.domain.triage import Guidance, Reading
from reporting.domain.vocabulary import SYMPTOMS, area_label, procedure_classes, visit_label
from reporting.errors import NotFound
from reporting.patient.read_contact import ClinicContact, contact_of
from reporting.patient.read_open_flag import OpenFlag, open_flag
from reporting.patient.read_words import guidance_of, kept_of, read_words, reading_of
from reporting.records import check_ins, clinic_facts, patients, privacy
from reporting.records.check_ins import counting, draft_of, kind_of
from reporting.records.engine import Session, reading
from reporting.records.tables import CheckIn, Consent, Draft, Patient, Treatment, id_of
from reporting.security.encryption import CannotDecrypt, decrypt
from reporting.security.permissions import require
from reporting.security.scope import is_theirs, own


@dataclass(frozen=True)
class Sent:
    """A check-in that was sent: its number, its moment, and the advice that belongs to it.

    ``days_late``: days since it was due on ``scheduled_day``; 0 for a further report after the due one.
    """

    check_in_id: int
    answered_at: datetime
    recovery_day: int
    guidance: Guidance
    scheduled_day: int
    days_late: int
    next_on: date | None = None
    """When the next check-in is due; None: there are no more."""
    today: date | None = None

    def next_words(self, language: str = ENGLISH) -> str:
        """When the next check-in is, or that there are no more; nothing beside an urgent call."""
        return "" if self.guidance.phone_first or self.today is None else next_words(self.next_on, self.today, language)


@dataclass(frozen=True)
class CheckInPage:
    """Everything the check-in page draws. ``sent_today`` is the newest check-in of this recovery day.

    ``no_problems_key`` is the submission key of "No problems today" on this page: the same in every tab until
    something is sent, so that two tabs make one check-in and a further report makes another.
    """

    treatment_id: int
    treatment_line: str
    recovery_day: int
    context: CheckInContext
    answers: Mapping[str, Any]
    draft_key: str | None
    sent_today: Sent | None
    contact: ClinicContact
    no_problems_key: str = ""
    procedure_labels: tuple[str, ...] = ()
    """The procedures of the visit in patient words, English, the main one first."""
    consent: ConsentText | None = None
    """What the first answer agrees to; None when it was agreed to before."""
    is_stopped: bool = False
    """The patient took the consent to check-ins back: nothing can be sent."""
    flag: OpenFlag | None = None
    """The hardest advice of a report that nobody has closed yet."""
    reading: Reading | None = None
    """Who reads the answers so far, where the clinic has them; None: it has not."""

    @property
    def asks_first(self) -> str:
        """The sentence that *no problems* asks first, over an open red flag or answers that wait; else empty."""
        begun = self.answers.get("symptoms")
        if begun and {"symptoms": begun} != NO_PROBLEMS:
            return "sure_draft"
        return "sure_flag" if self.flag else ""

    @property
    def flag_above(self) -> Guidance | None:
        """That advice where it stands above the questions."""
        return self.flag.guidance if self.flag and self.form.warning is None else None

    @property
    def flag_above_sent(self) -> Guidance | None:
        """That advice where it stands above what was sent today, if it is another report's."""
        shown = self.sent_today.check_in_id if self.sent_today else None
        return self.flag.guidance if self.flag and self.flag.check_in_id != shown else None

    @cached_property
    def form(self) -> CheckInForm:
        """The check-in as it stands."""
        return CheckInForm(self.answers, self.context, self.reading)

    def treatment_words(self, language: str = ENGLISH) -> str:
        """``Fractional CO2, cheeks and neck``; in other languages the procedure in words, and the areas."""
        if language == ENGLISH:
            return self.treatment_line
        translate = translator(language)
        areas = [_inside(translate(area.label)) for area in self.context.areas if area.area != "not_recorded"]
        named = format_list([translate(label) for label in self.procedure_labels], locale=language)
        return beside((named, format_list(areas, locale=language)), language) if areas else named


@dataclass(frozen=True)
class ReadCheckIn:
    """The page, and the rows it was made of. ``answered``: all of the treatment, those that count no more too."""

    page: CheckInPage
    about: check_ins.Subject
    answered: list[CheckIn]


def _line(procedure_class: str, device_class: str | None, context: CheckInContext) -> str:
    """``Fractional CO2, cheeks and neck``; the kind of procedure where it is not that of the device."""
    known = device_classes().get(device_class or "")
    if known and known.procedure_class != procedure_class:
        known = None
    first, *others = _procedures(context.procedure_class)
    where = " and ".join(_inside(area.label) for area in context.areas if area.area != "not_recorded")
    main = known.name if known and may_name_device(known.name) else first
    name = " and ".join(_inside(each) for each in (main, *others))
    return f"{name}, {where}" if where else name


def _procedures(course: str) -> tuple[str, ...]:
    return tuple(procedure_classes()[code].patient_label for code in classes_of(course))


def _inside(label: str) -> str:
    """A label as it stands inside a sentence; short forms such as IPL stay as they are."""
    return label if label[:2].isupper() else label[:1].lower() + label[1:]


def may_name_device(name: str) -> bool:
    """Names of device classes with wavelengths are for clinicians; patients get the plain procedure."""
    return not any(sign.isdigit() for sign in name.replace("CO2", ""))


def _sent(session: Session, about: check_ins.Subject, rows: list[CheckIn], context: CheckInContext) -> Sent | None:
    """The newest check-in that counts, if it was sent on this recovery day."""
    counting = check_ins.counting(rows)
    if not counting or counting[-1].recovery_day != context.recovery_day:
        return None
    last = counting[-1]
    before = check_ins.counting(rows, before=last.id)
    guidance = guidance_of(about, last, before, context.areas)
    assert last.id is not None
    assert last.answered_at is not None
    days = about.content.due_days(about.course, about.performed_on)
    coming = next_check_in(days, context.recovery_day, {row.scheduled_day for row in counting})
    return Sent(
        last.id,
        last.answered_at,
        context.recovery_day,
        read_words(session, last.id, guidance, about.timezone),
        last.scheduled_day,
        days_late(last.scheduled_day, last.recovery_day, (row.scheduled_day for row in before)),
        None if coming is None else about.performed_on + timedelta(days=coming),
        about.performed_on + timedelta(days=context.recovery_day),
    )


def _kept(draft: Draft | None, about: check_ins.Subject, moment: datetime) -> dict[str, Any]:
    """Answers of the draft that can still be used."""
    return {} if draft is None else usable(draft.answers, is_fresh=check_ins.is_fresh(about, draft, moment))


def _reading(session: Session, draft: Draft | None, answers: Mapping[str, Any], timezone: str) -> Reading | None:
    """Who reads the answers so far, of which one has opened a case; None where none has."""
    if draft is None or draft.check_in_id is None or not answers:
        return None
    return reading_of(session, draft.check_in_id, timezone)


def _consent(last: Consent | None) -> tuple[ConsentText | None, bool]:
    """The text that is still to be agreed to, and whether the patient asked us to stop."""
    text = content().consents["check_ins"]
    if last is not None and last.withdrawn_at is not None:
        return None, True
    return (None if last is not None and last.text_version == text.version else text), False


def check_in_page(by: Actor, treatment_id: int | None = None) -> CheckInPage:
    """The signed-in patient's check-in; for staff who ask the questions that of ``treatment_id``.

    Raises NotFound when the link names no treatment or it is another clinic's, NotAllowed.
    """
    with reading() as session:
        return read_check_in(session, by, treatment_id).page


def read_check_in(session: Session, by: Actor, treatment_id: int | None = None) -> ReadCheckIn:
    """``check_in_page`` inside a transaction that reads more. Raises what it raises."""
    require(by, "check_in.submit" if by.kind == "patient" else "check_in.proxy")
    moment = clock.now()
    wanted = by.treatment_id if by.kind == "patient" else treatment_id
    found = None if wanted is None else check_ins.subject_and_clinic(session, wanted)
    if found is None or not is_theirs(found[0], by):
        raise NotFound()
    about, clinic, device_class = found
    rows, begun = check_ins.answered_and_unfinished(session, about.treatment_id)
    areas = check_ins.areas_of(session, about.treatment_id)
    draft = draft_of(session, about.treatment_id, kind_of(by.kind))
    consent, is_stopped = _consent(privacy.latest(session, about.patient_id, "check_ins"))
    counts, answers = check_ins.counting(rows), _kept(draft, about, moment)
    context = check_ins.context_from(about, moment, counts, areas)
    newest = max((id_of(row) for row in rows), default=0)
    page = CheckInPage(
        treatment_id=about.treatment_id,
        treatment_line=_line(about.procedure_class, device_class, context),
        recovery_day=context.recovery_day,
        context=context,
        answers=answers,
        draft_key=draft.submission_key if draft else None,
        sent_today=_sent(session, about, rows, context),
        contact=contact_of(clinic, about, moment),
        no_problems_key=f"none:{about.treatment_id}:{context.recovery_day}:{newest}",
        procedure_labels=_procedures(about.course),
        consent=consent,
        is_stopped=is_stopped,
        flag=open_flag(session, about, [*counts, *begun], areas, by, context.recovery_day),
        reading=_reading(session, draft, answers, about.timezone),
    )
    return ReadCheckIn(page, about, rows)


IMPORTED = "import"


@dataclass(frozen=True)
class Had:
    """One symptom of a check-in: how bad, where (empty: everywhere), and the signs that came with it."""

    symptom: str
    severity: int
    places: tuple[str, ...]


@dataclass(frozen=True)
class PastCheckIn:
    """A check-in that was sent. Texts are English sentences of the content tables.

    ``marks`` are names of words: late, telephone, desk, carer, corrected, withdrawn. ``earlier`` are the
    versions that corrections took the place of, newest first.
    """

    check_in_id: int
    answered_at: datetime
    changed_at: datetime | None
    recovery_day: int
    heading: str
    had: tuple[Had, ...]
    signs: tuple[str, ...]
    """Lines of checklists that were ticked."""
    is_worried: bool
    could_not_wait: bool
    note: str
    is_note_lost: bool
    marks: tuple[str, ...]
    may_change: bool
    may_put_back: bool
    earlier: tuple["PastCheckIn", ...] = ()
    words: KeptWords | None = None
    """What was read then; None: it was not kept, and ``heading`` is as the content of today puts it."""


def _heading(row: CheckIn, had: Sequence[Had]) -> str:
    """Heading of the advice as it was given then; imported check-ins had none."""
    if row.advice is None:
        return ""
    nothing = row.advice == "expected" and not had
    return content().guidance["no_problems" if nothing else row.advice].heading


def _note(row: CheckIn) -> tuple[str, bool]:
    if not row.note_encrypted:
        return "", False
    try:
        return decrypt(row.note_encrypted), False
    except CannotDecrypt:
        return "", True


def _marks(row: CheckIn, before: Sequence[CheckIn]) -> tuple[str, ...]:
    """``before``: the check-ins that counted when this one was answered."""
    is_late = days_late(row.scheduled_day, row.recovery_day, (other.scheduled_day for other in before)) > 0
    who = row.answered_by or ("telephone" if row.source == "proxy" else "")
    found = {
        "mark_withdrawn": row.replaced_at is not None,
        "mark_corrected": row.corrects_id is not None,
        "mark_late": is_late,
        f"mark_{who}": bool(who),
    }
    return tuple(name for name, holds in found.items() if holds)


def _past(row: CheckIn, labels: Mapping[int, str], before: Sequence[CheckIn]) -> PastCheckIn:
    assert row.id is not None
    assert row.answered_at is not None
    had = tuple(
        Had(code, severity, tuple(labels[i] for i in row.areas.get(code, ()) if i in labels))
        for code in SYMPTOMS
        if (severity := getattr(row, code))
    )
    known = content().follow_ups
    note, is_lost = _note(row)
    kept = kept_of(row)
    labels_then = {key: line.patient_label for key, line in known.items()} | dict(kept.lines if kept else {})
    return PastCheckIn(
        check_in_id=row.id,
        answered_at=row.answered_at,
        changed_at=row.created_at if row.corrects_id else None,
        recovery_day=row.recovery_day or 0,
        heading=kept.guidance.heading if kept else _heading(row, had),
        had=had,
        signs=tuple(labels_then[k] for k, given in row.follow_up.items() if given == "yes" and k in labels_then),
        is_worried=row.worried,
        could_not_wait=row.can_wait is False,
        note=note,
        is_note_lost=is_lost,
        marks=_marks(row, before),
        may_change=row.replaced_at is None and row.source != IMPORTED,
        may_put_back=row.replaced_at is not None,
        words=kept,
    )


def past_check_ins(answered: Sequence[CheckIn], areas: Sequence[TreatedAreaRef]) -> tuple[PastCheckIn, ...]:
    """One entry per check-in, newest first; what corrections replaced stands inside its successor."""
    labels = {area.id: area.label for area in areas}
    versions: dict[int, PastCheckIn] = {}
    # What a later import put right was never the patient's to take back.
    shown = [row for row in answered if row.replaced_at is None or row.source != IMPORTED]
    for row in sorted(shown, key=id_of):
        entry = _past(row, labels, counting(answered, before=row.id))
        before = versions.pop(row.corrects_id, None) if row.corrects_id else None
        if before is not None:
            entry = replace(entry, earlier=(replace(before, earlier=()), *before.earlier))
        versions[entry.check_in_id] = entry
    order = {row.id: place for place, row in enumerate(answered)}
    return tuple(sorted(versions.values(), key=lambda entry: order[entry.check_in_id], reverse=True))


YEAR_DAYS = 400
"""Older treatments have no check-in due any more."""


@dataclass(frozen=True)
class AskedTreatment:
    """A treatment that can be asked about. No answers, no notes: the front desk sees this."""

    treatment_id: int
    performed_on: date
    procedure: str
    areas: tuple[str, ...]


@dataclass(frozen=True)
class AskedPatient:
    """A patient and their treatments of the last year, newest first."""

    patient_id: int
    reference: str
    is_erased: bool
    treatments: tuple[AskedTreatment, ...]


def asked_patient(by: Actor, patient_id: int) -> AskedPatient:
    """Raises NotAllowed, NotFound for another clinic's patient."""
    with reading() as session:
        patient = own(session, Patient, patient_id, by, "check_in.proxy")
        today = clock.today(clinic_facts.place_of(patients.clinic(session, patient.clinic_id), patient).timezone)
        rows = [row.treatment for row in patients.treatments(session, patient_id)]
        recent = [row for row in rows if (today - row.performed_on).days <= YEAR_DAYS]
        areas = patients.areas(session, [id_of(row) for row in recent])
    return AskedPatient(
        patient_id,
        patient.reference,
        patient.erased_at is not None,
        tuple(
            AskedTreatment(
                id_of(row),
                row.performed_on,
                visit_label(row.course),
                tuple(
                    dict.fromkeys(area_label(area.area) for area in areas[id_of(row)] if area.area != "not_recorded")
                ),
            )
            for row in recent
        ),
    )


def patient_of(by: Actor, treatment_id: int) -> int:
    """The patient of a treatment of the actor's clinic. Raises NotAllowed, NotFound."""
    with reading() as session:
        return own(session, Treatment, treatment_id, by, "check_in.proxy").patient_id
