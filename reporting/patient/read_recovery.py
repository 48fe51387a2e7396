"""The patient's home: how it goes against the expected course, what was sent, what the clinic did, what is next.

What the page needs on which a report is changed or taken back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

from reporting import clock
from reporting.domain.actors import Actor
from reporting.domain.answers import WARNED
from reporting.domain.check_in_form import CheckInForm
from reporting.domain.corrections import answers_of
from reporting.domain.course import expected_severity
from reporting.domain.guidance import Usual, next_check_in, step_name, what_people_have
from reporting.domain.patient_words import RECOVERY_WORDS
from reporting.domain.questionnaire import CheckInContext, usable
from reporting.domain.triage import Guidance, Reading, call_the_clinic
from reporting.domain.vocabulary import SYMPTOMS
from reporting.errors import Conflict, NotFound
from reporting.patient.read_check_in import CheckInPage, PastCheckIn, past_check_ins, read_check_in
from reporting.patient.read_contact import ClinicContact
from reporting.patient.read_open_flag import HARD
from reporting.patient.read_words import guidance_of, read_words, reading_of
from reporting.records import cases, check_ins
from reporting.records.engine import Session, reading
from reporting.records.judged import is_unexpected
from reporting.records.tables import CheckIn, id_of
from reporting.security.permissions import may, require

LAST_ADVICE = timedelta(days=2)
"""For so long the home repeats that the clinic is to be called."""


@dataclass(frozen=True)
class CourseDay:
    """What was reported on one recovery day: per symptom the worst of that day's check-ins, 0 to 4."""

    day: int
    severities: Mapping[str, int]
    unexpected: frozenset[str]


@dataclass(frozen=True)
class Course:
    """Own severities by day, oldest first, and the day it is today."""

    procedure_class: str
    today: int
    days: tuple[CourseDay, ...]

    @property
    def reported(self) -> tuple[str, ...]:
        """Symptoms that the patient had at least once."""
        return tuple(code for code in SYMPTOMS if any(day.severities.get(code) for day in self.days))

    def expected(self, day: int, codes: Sequence[str]) -> int:
        """Highest severity that is expected of any of these symptoms on that day."""
        return max(expected_severity(self.procedure_class, code, day) for code in codes)


@dataclass(frozen=True)
class ClinicStep:
    """Something the clinic did about a report: when, and the name of the sentence that says it."""

    at: datetime
    name: str


@dataclass(frozen=True)
class History:
    """What only a second factor opens."""

    course: Course
    usual: tuple[Usual, ...]
    """Empty while the last answers call for the clinic: reassurance never stands beside a red flag."""
    past: tuple[PastCheckIn, ...]
    """Newest first."""
    steps: tuple[ClinicStep, ...]
    """Newest first."""
    is_withdrawn: bool = False
    """The content in use was withdrawn: nothing is said of what is usual."""


@dataclass(frozen=True)
class RecoveryPage:
    """The patient's home. ``history`` is None for one who came by the link alone.

    ``next_day`` is the recovery day of the next check-in, ``next_on`` its date; today or earlier means that
    it is open now. ``urgent`` is the advice to repeat, if the last answers called for the clinic.
    """

    check_in: CheckInPage
    timezone: str
    today: date
    next_day: int | None
    next_on: date | None
    urgent: Guidance | None
    history: History | None


def recovery_page(by: Actor) -> RecoveryPage:
    """The signed-in patient's home. Raises what ``check_in_page`` raises."""
    with reading() as session:
        read = read_check_in(session, by)
        page, about, sent = read.page, read.about, read.answered
        counts = check_ins.counting(sent)
        urgent = _urgent(session, about, page, counts, by) or (call_the_clinic() if about.is_withdrawn else None)
        history = _history(session, about, page, sent, urgent) if may(by, "history.read") else None
    days = about.content.due_days(about.course, about.performed_on)
    day = next_check_in(days, page.recovery_day, {row.scheduled_day for row in counts})
    return RecoveryPage(
        check_in=page,
        timezone=about.timezone,
        today=clock.today(about.timezone),
        next_day=day,
        next_on=None if day is None else about.performed_on + timedelta(days=day),
        urgent=urgent,
        history=history,
    )


def _urgent(
    session: Session, about: check_ins.Subject, page: CheckInPage, counts: list[CheckIn], by: Actor
) -> Guidance | None:
    """What nobody has closed yet, else the last advice, while it is fresh and hard. Of the latter the link alone
    repeats that of today only."""
    if page.flag is not None:
        return read_words(session, page.flag.check_in_id, page.flag.guidance, about.timezone)
    newest = counts[-1] if counts else None
    if newest is None or newest.answered_at is None or newest.advice not in HARD:
        return None
    is_today = newest.recovery_day == page.recovery_day
    if not is_today and (not may(by, "history.read") or clock.now() - newest.answered_at > LAST_ADVICE):
        return None
    guidance = guidance_of(about, newest, counts[:-1], page.context.areas)
    return read_words(session, id_of(newest), guidance, about.timezone)


def _history(
    session: Session, about: check_ins.Subject, page: CheckInPage, sent: list[CheckIn], urgent: Guidance | None
) -> History:
    counts = check_ins.counting(sent)
    course = _course(about.course, page.recovery_day, counts)
    last = check_ins.worst_of(counts[-1]) | check_ins.now_of(counts[-1]) if counts else {}
    had = tuple(code for code in SYMPTOMS if last.get(code))
    usual = () if urgent else what_people_have(about.course, page.recovery_day, had)
    past = past_check_ins(sent, page.context.areas)
    return History(course, usual, past, _steps(session, about), about.is_withdrawn)


def _course(procedure_class: str, today: int, counts: Sequence[CheckIn]) -> Course:
    worst: dict[int, dict[str, int]] = {}
    beyond: dict[int, set[str]] = {}
    since: int | None = None
    for row in counts:
        day = row.recovery_day or 0
        found = worst.setdefault(day, {})
        for code in SYMPTOMS:
            if (severity := getattr(row, code)) is not None:
                found[code] = max(found.get(code, 0), severity)
                if is_unexpected(row, code, procedure_class, since):
                    beyond.setdefault(day, set()).add(code)
        since = row.recovery_day
    days = (CourseDay(day, worst[day], frozenset(beyond.get(day, ()))) for day in sorted(worst))
    return Course(procedure_class, today, tuple(days))


def _steps(session: Session, about: check_ins.Subject) -> tuple[ClinicStep, ...]:
    """Steps of the cases of this treatment that a patient may know of: never notes, outcomes and grades."""
    all_cases = cases.of_patient(session, about.patient_id)
    ids = [id_of(case) for case in all_cases if case.treatment_id == about.treatment_id]
    steps = [(event.at, step_name(event.kind, event.details)) for event, _ in cases.events(session, ids)]
    return tuple(ClinicStep(at, name) for at, name in reversed(steps) if name)


@dataclass(frozen=True)
class CorrectionPage:
    """A report that can be changed. ``answers`` are those kept so far, at first those of the report itself.

    ``context`` is that of the day on which it was answered.
    """

    sent: PastCheckIn
    treatment_id: int
    context: CheckInContext
    answers: Mapping[str, Any]
    draft_key: str | None
    contact: ClinicContact
    timezone: str
    reading: Reading | None = None
    """Who reads the change so far, where the clinic has it; None: it has not."""
    shown_before: tuple[str, ...] = ()
    """Rules whose advice was read when the report was sent."""

    @cached_property
    def form(self) -> CheckInForm:
        """The change as it stands."""
        return CheckInForm(self.answers, self.context, self.reading, self.shown_before)


def correction_page(by: Actor, check_in_id: int) -> CorrectionPage:
    """One of the patient's own reports. Raises NotFound, NotAllowed without a second factor, and Conflict when
    it was changed or taken back before, or came from another system."""
    require(by, "history.read")
    with reading() as session:
        read = read_check_in(session, by)
        page, about = read.page, read.about
        rows = {row.id: row for row in read.answered}
        if check_in_id not in rows:
            raise NotFound(RECOVERY_WORDS["report_gone"], what_to_do=RECOVERY_WORDS["report_gone_do"])
        before = check_ins.counting(read.answered, before=check_in_id)
        context, done = check_ins.as_it_was_from(about, rows[check_in_id], before, page.context.areas)
        draft = check_ins.draft_of(session, page.treatment_id, check_ins.correction_of(check_in_id))
        told = draft.check_in_id if draft else None
        reading_now = reading_of(session, told, about.timezone) if told is not None else None
    past = {one.check_in_id: one for one in past_check_ins(list(rows.values()), context.areas)}
    sent = past.get(check_in_id)
    if sent is None or not sent.may_change:
        raise _cannot(rows[check_in_id].source)
    as_sent = answers_of(replace(done, note=sent.note), context)
    return CorrectionPage(
        sent=sent,
        treatment_id=page.treatment_id,
        context=context,
        answers=usable(draft.answers, is_fresh=True) if draft else as_sent,
        draft_key=draft.submission_key if draft else None,
        contact=page.contact,
        timezone=about.timezone,
        reading=reading_now,
        shown_before=tuple(as_sent.get(WARNED, ())),
    )


def _cannot(source: str) -> Conflict:
    name = "not_ours" if source == "import" else "already_changed"
    return Conflict(RECOVERY_WORDS[name], what_to_do=RECOVERY_WORDS[f"{name}_do"])
