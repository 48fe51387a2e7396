"""The worklist: which cases are open, why, what was reported, and how much time is left.

Due and silent: who was asked, and for how many due check-ins has not answered.
"""

import sys
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from math import inf
from typing import Any, Protocol

from reporting import clock
from reporting.cases.read_notices import Notice, notices
from reporting.domain.actors import Actor
from reporting.domain.case_work import EVENT_WORDS, LEVEL_WORDS
from reporting.domain.clinic_content import ProtocolRange
from reporting.domain.devices import DeviceClass
from reporting.domain.treatment_record import known_words
from reporting.domain.vocabulary import SYMPTOMS, severity_word, symptom, visit_label
from reporting.errors import NotFound
from reporting.records import asked, cases, clinic_facts, patients
from reporting.records.engine import Session, reading
from reporting.records.tables import CaseEvent, CheckIn, TreatedArea, id_of
from reporting.security.permissions import require
from reporting.security.scope import Scope
from reporting.treatments.read_treatments import SettingLine, above_guideline


@dataclass(frozen=True)
class Reported:
    """A symptom of the newest report; ``before``: its severity one report earlier, None if none was sent."""

    symptom: str
    label: str
    severity: int
    before: int | None

    @property
    def is_worse(self) -> bool:
        return self.before is not None and self.severity > self.before

    @property
    def words(self) -> str:
        return f"{self.label}: {severity_word(self.severity).lower()}"


@dataclass(frozen=True)
class WorklistCase:
    """One row of the worklist. ``version`` goes with every step, so that two people notice each other."""

    case_id: int
    version: int
    clinic_id: int
    timezone: str
    patient_id: int
    patient_reference: str
    treatment_id: int
    procedure: str
    known: tuple[str, ...]
    """What was known before the treatment and changes what the answers mean, in words."""
    recovery_day: int
    level: str
    state: str
    reasons: tuple[str, ...]
    reported: tuple[Reported, ...]
    is_worried: bool
    cannot_wait: bool
    above_guideline: tuple[SettingLine, ...]
    owner_id: int | None
    owner: str
    opened_at: datetime
    due_at: datetime
    contact_due_at: datetime
    contacted_at: datetime | None
    closed_at: datetime | None
    action_taken: str | None
    confirmation: str | None
    complication_term: str | None
    complication_grade: int | None
    asked_at: datetime
    is_withdrawn: bool = False
    """The patient has taken the report back that is shown."""
    begun_at: datetime | None = None
    """When the report that is shown was begun, if it was not sent."""
    taken_back: tuple[str, ...] = ()
    """Reasons of the case that the patient has taken back since."""
    closed_by: str = ""
    """Who closed it last; empty while it is open."""
    told: tuple[Notice, ...] = ()
    """Who on call was told, oldest first."""
    next_notice_at: datetime | None = None

    @property
    def is_overdue(self) -> bool:
        """Its time is up and nobody has taken it, or nobody has spoken to the patient."""
        return is_overdue(self, self.asked_at)

    @property
    def worse(self) -> tuple[Reported, ...]:
        return tuple(each for each in self.reported if each.is_worse)

    @property
    def is_first_report(self) -> bool:
        return all(each.before is None for each in self.reported)


class Clocked(Protocol):
    """A case as far as its two clocks go."""

    @property
    def state(self) -> str: ...
    @property
    def due_at(self) -> datetime: ...
    @property
    def contact_due_at(self) -> datetime: ...
    @property
    def contacted_at(self) -> datetime | None: ...


def next_due(case: Clocked) -> datetime:
    """The end of the clock that runs out first; of a case whose clocks have stopped the end of time."""
    found = [case.due_at] if case.state == "new" else []
    if case.contacted_at is None and case.state != "closed":
        found.append(case.contact_due_at)
    return min(found, default=datetime.max.replace(tzinfo=UTC))


def is_overdue(case: Clocked, at: datetime) -> bool:
    """Whether one of its clocks has run out."""
    return next_due(case) < at


@dataclass(frozen=True)
class OpenPart:
    """A page of the open cases, and how many there are of all pages: open, not yet acknowledged, overdue."""

    cases: tuple[WorklistCase, ...]
    n_open: int
    n_new: int
    n_overdue: int
    pages: int


@dataclass(frozen=True)
class CaseStep:
    """A step in the life of a case."""

    at: datetime
    words: str
    who: str
    note: str
    details: Mapping[str, Any]


def _before(answers: Sequence[Any], newest: CheckIn) -> Any:
    """The answered check-in before ``newest`` that still counts, or None."""
    at = newest.answered_at or newest.begun_at
    earlier = [each for each in answers if at and each.id != newest.id and each.answered_at < at]
    return max(earlier, key=lambda each: (each.answered_at, each.id), default=None)


def reported(newest: CheckIn, before: Any) -> tuple[Reported, ...]:
    """The symptoms of a check-in beside those of the one before, worst first."""
    found = [
        Reported(code, symptom(code).label, severity, (getattr(before, code) or 0) if before else None)
        for code in SYMPTOMS
        if (severity := getattr(newest, code))
    ]
    return tuple(sorted(found, key=lambda each: -each.severity))


def _case(
    row: cases.ListedCase,
    answers: Sequence[Any],
    areas: list[TreatedArea],
    classes: Mapping[str, DeviceClass],
    device_class: str | None,
    own: Sequence[ProtocolRange],
    told: tuple[Notice, ...],
    closed_by: str,
    taken_back: tuple[str, ...],
) -> WorklistCase:
    case, patient, treatment, clinic, check_in, owner = row
    return WorklistCase(
        case_id=id_of(case),
        version=case.version,
        clinic_id=case.clinic_id,
        timezone=clinic.timezone,
        patient_id=case.patient_id,
        patient_reference=patient.reference,
        treatment_id=case.treatment_id,
        procedure=visit_label(treatment.course),
        known=known_words(patients.facts_of(treatment), patients.age_at(treatment, patient)),
        recovery_day=check_in.recovery_day or 0,
        level=case.level,
        state=case.state,
        reasons=tuple(case.reasons),
        reported=reported(check_in, _before(answers, check_in)),
        is_worried=check_in.worried,
        cannot_wait=check_in.can_wait is False,
        above_guideline=above_guideline(areas, classes, device_class, patient.fitzpatrick, own),
        owner_id=case.owner_id,
        owner=owner.display_name if owner else "",
        opened_at=case.opened_at,
        due_at=case.due_at,
        contact_due_at=case.contact_due_at,
        contacted_at=case.contacted_at,
        closed_at=case.closed_at,
        action_taken=case.action_taken,
        confirmation=case.confirmation,
        complication_term=case.complication_term,
        complication_grade=case.complication_grade,
        asked_at=clock.now(),
        is_withdrawn=check_in.replaced_at is not None,
        begun_at=check_in.begun_at if check_in.answered_at is None else None,
        taken_back=taken_back,
        closed_by=closed_by,
        told=told,
        next_notice_at=case.next_notice_at if case.state == "new" else None,
    )


def _cases(session: Session, by: Actor, case_ids: Sequence[int] | None = None) -> list[WorklistCase]:
    """These cases, in no order; without any named the closed ones, newest first."""
    rows = cases.listed(session, Scope.of(by).clinic_id, case_ids)
    ids = [row.case.treatment_id for row in rows]
    answers, areas = cases.answers(session, ids), patients.areas(session, ids)
    device_of = patients.device_class_of(session, ids)
    classes = {clinic_id: clinic_facts.known(session, clinic_id) for clinic_id in {row.case.clinic_id for row in rows}}
    own = {key: clinic_facts.of_clinic(session, key).protocol_ranges() for key in classes}
    told = notices(session, [id_of(row.case) for row in rows if row.case.notices and row.case.state != "closed"])
    closed = [id_of(row.case) for row in rows if row.case.state == "closed"]
    closed_by = {event.case_id: who for event, who in cases.events(session, closed) if event.kind == "closed"}
    taken_back = _taken_back(session, [id_of(row.case) for row in rows if row.check_in.begun_at is not None])
    return [
        _case(
            row,
            answers[treatment_id],
            areas[treatment_id],
            classes[row.case.clinic_id],
            device_of.get(treatment_id),
            own[row.case.clinic_id],
            told.get(id_of(row.case), ()),
            closed_by.get(id_of(row.case), ""),
            taken_back.get(id_of(row.case), ()),
        )
        for treatment_id, row in zip(ids, rows, strict=True)
    ]


def _taken_back(session: Session, case_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """Reasons that were taken back and not given again since, by case."""
    found: dict[int, dict[str, str]] = defaultdict(dict)
    for event, _ in cases.events(session, case_ids):
        if event.kind == "answer_back":
            found[event.case_id] |= zip(event.details["rules"], event.details["reasons"], strict=True)
        for rule in event.details.get("rules", ()) if event.kind == "new_report" else ():
            found[event.case_id].pop(rule, None)
    return {case_id: tuple(reasons.values()) for case_id, reasons in found.items()}


def open_part(by: Actor, page: int, per_page: int) -> OpenPart:
    """A page (from 1) of the open cases: hardest level first, then least time left; never by arrival.

    Of hundreds only those shown are read whole. A page that is no longer there is the first. Raises NotAllowed.
    """
    require(by, "worklist.read")
    levels, now = list(LEVEL_WORDS), clock.now()
    with reading() as session:
        rows = cases.open_ones(session, Scope.of(by).clinic_id)
        ordered = [row.id for row in sorted(rows, key=lambda row: (levels.index(row.level), next_due(row), row.id))]
        pages = max(1, -(-len(rows) // per_page))
        first = (page - 1) * per_page if page <= pages else 0
        shown = ordered[first : first + per_page]
        found = sorted(_cases(session, by, shown), key=lambda case: shown.index(case.case_id))
    new, late = (sum(each) for each in ((row.state == "new" for row in rows), (is_overdue(row, now) for row in rows)))
    return OpenPart(tuple(found), len(rows), new, late, pages)


def worklist(by: Actor) -> list[WorklistCase]:
    """All open cases, in the order of ``open_part``. Raises NotAllowed."""
    return list(open_part(by, 1, sys.maxsize).cases)


def closed_cases(by: Actor) -> list[WorklistCase]:
    """The cases closed last, newest first. Raises NotAllowed."""
    require(by, "worklist.read")
    with reading() as session:
        return _cases(session, by)


def case(by: Actor, case_id: int) -> WorklistCase:
    """One case as it is now. Raises NotFound for an unknown one and for another clinic's alike."""
    require(by, "worklist.read")
    with reading() as session:
        return _one(session, by, case_id)


def _one(session: Session, by: Actor, case_id: int) -> WorklistCase:
    found = _cases(session, by, [case_id])
    if not found:
        raise NotFound()
    return found[0]


def others(by: Actor, case_id: int) -> list[WorklistCase]:
    """The other cases of the patient of a case, newest first. Raises NotAllowed, NotFound."""
    require(by, "worklist.read")
    with reading() as session:
        patient_id = _one(session, by, case_id).patient_id
        ids = [key for row in cases.of_patient(session, patient_id) if (key := id_of(row)) != case_id]
        found = _cases(session, by, ids) if ids else []
    return sorted(found, key=lambda each: each.opened_at, reverse=True)


def case_step(event: CaseEvent, who: str) -> CaseStep:
    """An event in words; ``who`` is empty for the system."""
    return CaseStep(event.at, EVENT_WORDS.get(event.kind, event.kind), who, event.note, event.details)


def case_steps(by: Actor, case_id: int) -> list[CaseStep]:
    """What happened to a case so far, oldest first. Raises NotFound."""
    require(by, "worklist.read")
    with reading() as session:
        _one(session, by, case_id)
        return [case_step(event, who) for event, who in cases.events(session, [case_id])]


WINDOW_DAYS = 60
"""Older treatments are not listed: their daily and weekly check-ins are over."""
AFTER_MISSED = 3
"""Due check-ins in a row without an answer; a call back after three lifted responses from 77 to 92 % (PRO-CTCAE)."""


@dataclass(frozen=True)
class SilentPatient:
    """A treatment whose last ``missed`` due check-ins were not answered."""

    patient_id: int
    patient_reference: str
    treatment_id: int
    procedure: str
    performed_on: date
    recovery_day: int
    missed: int
    last_answer_at: datetime | None
    timezone: str


def _missed(days: Sequence[int], today: int, last_day: int | None) -> int:
    """Scheduled days (rising) after the last answer that have come by today; today itself still counts as open."""
    return max(0, bisect_left(days, today) - (0 if last_day is None else bisect_right(days, last_day)))


def _heard_by(days: Sequence[int], today: int) -> float:
    """Who answered on this day or later has not missed ``AFTER_MISSED`` yet."""
    come = bisect_left(days, today)
    return days[come - AFTER_MISSED] if come >= AFTER_MISSED else -inf


def due_and_silent(by: Actor) -> list[SilentPatient]:
    """Those who have missed ``AFTER_MISSED`` or more, most missed first, then by reference. Raises NotAllowed."""
    require(by, "worklist.read")
    with reading() as session:
        clinic = patients.clinic(session, by.clinic_key)
        timezone, changed = clinic.timezone, clinic_facts.of(session, clinic)
        today = clock.today(timezone)
        # Of thousands who are asked most have answered: each is compared with one day of their schedule.
        heard_by = cache(lambda procedure, on: _heard_by(changed.due_days(procedure, on), (today - on).days))
        rows = [
            row
            for row in asked.treatments_since(session, by.clinic_key, today - timedelta(days=WINDOW_DAYS))
            if (-1 if row.day is None else row.day) < heard_by(row.course, row.performed_on)
        ]
        answered_at = asked.last_answers(session, [row.treatment_id for row in rows])
    found = []
    for row in rows:
        day = (today - row.performed_on).days
        found.append(
            SilentPatient(
                row.patient_id,
                row.reference,
                row.treatment_id,
                visit_label(row.course),
                row.performed_on,
                day,
                _missed(changed.due_days(row.course, row.performed_on), day, row.day),
                answered_at.get(row.treatment_id),
                timezone,
            )
        )
    return sorted(found, key=lambda one: (-one.missed, one.patient_reference))
