"""What became of the reports of the two years: cases as the triage rules open them, worked on by the demo's staff."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from numpy.random import Generator

from reporting.demo.answers import Told
from reporting.demo.history import Person, Visit
from reporting.domain.case_work import TERM_CHARACTERS, clocks, promised
from reporting.domain.content import content
from reporting.domain.content_rows import ADVICE_LEVELS, CASE_LEVELS, Rule
from reporting.domain.opening_hours import OpenTimes, opening
from reporting.domain.questionnaire import CheckInContext, CompletedCheckIn, TreatedAreaRef, could_fire
from reporting.domain.treatment_record import modifiers
from reporting.domain.triage import fires, rules
from reporting.domain.vocabulary import SYMPTOMS, symptom
from reporting.records.columns import add_rows
from reporting.records.engine import Session
from reporting.records.tables import CaseEvent, TriageCase

NO_CONTACT = {"one_week": 0.35, "one_day": 0.2, "same_day": 0.0, "emergency": 0.0}
"""Share of alerts after which nobody had to be called, by level. Our estimate: PRO-TECT acted on 59 % of alerts."""
CONFIRMED = {"one_week": 0.4, "one_day": 0.6, "same_day": 0.75, "emergency": 0.9}
"""Share of contacts that confirmed a complication, by level. Our estimate."""
ACTIONS = {
    "one_week": ("advice", "call", "visit"),
    "one_day": ("call", "visit", "prescription"),
    "same_day": ("visit", "prescription", "call"),
    "emergency": ("referral",),
}


@dataclass(frozen=True)
class Place:
    """The clinic as far as its cases need it; ``staff`` are ids of those who work on them."""

    clinic_id: int
    times: OpenTimes
    staff: tuple[int, ...]


Alerts = Mapping[int, Sequence[Rule]]
"""Recovery day of an answer to the rules that fired on it, hardest first; a day without any is missing."""


@dataclass(frozen=True)
class Past:
    """A treatment of the history as it is stored, with the ids of its check-ins and their moments by day."""

    visit: Visit
    treatment_id: int
    patient_id: int
    check_ins: Mapping[int, tuple[int, datetime]]
    alerts: Alerts
    """Days on which a rule fired, with the rules, hardest first."""


def add_cases(session: Session, place: Place, past: Sequence[Past], rng: Generator, now: datetime) -> int:
    """Write a case for every report that fires a rule, with its steps up to ``now``. Returns how many."""
    made = [case for one in past for case in _cases_of(place, one, rng, now)]
    ids = add_rows(session, TriageCase, [row for row, _ in made])
    steps = [{**step, "case_id": key} for key, (_, events) in zip(ids, made, strict=True) for step in events]
    add_rows(session, CaseEvent, steps)
    return len(ids)


Case = tuple[dict[str, Any], list[dict[str, Any]]]
Alert = tuple[int, Sequence[Rule]]
QUIET_DAYS = 14
"""After so many days without a report that fires a rule, the next one is another case."""


def _cases_of(place: Place, past: Past, rng: Generator, now: datetime) -> Iterator[Case]:
    """Reports that follow each other go into one case, which is closed after the last of them."""
    episode: list[Alert] = []
    for alert in past.alerts.items():
        if episode and alert[0] - episode[-1][0] > QUIET_DAYS:
            yield _case(place, past, episode, rng, now)
            episode = []
        episode.append(alert)
    if episode:
        yield _case(place, past, episode, rng, now)


def local(zone: str, day: date, minute: int) -> datetime:
    """A minute of a day of that time zone, in UTC."""
    return (datetime.combine(day, time(minute // 60, minute % 60), ZoneInfo(zone))).astimezone(UTC)


def sent_at(zone: str, visit: Visit, day: int) -> datetime:
    """When the answer of a recovery day was sent."""
    return local(zone, visit.performed_on + timedelta(days=day), visit.answers[day].minute)


def advice(fired: Sequence[Rule]) -> str:
    """What the patient was told."""
    return max((rule.advice for rule in fired), key=ADVICE_LEVELS.index, default=ADVICE_LEVELS[0])


@cache
def _possible(procedure_class: str, day: int, area: str, known: frozenset[str]) -> tuple[Rule, ...]:
    """Rules that may fire on that day after that treatment, whatever is answered."""
    context = CheckInContext(procedure_class, day, (TreatedAreaRef(0, area, area),), modifiers=known)
    return tuple(rule for rule in rules() if could_fire(rule, context))


def alerts(visit: Visit, person: Person) -> Alerts:
    """The days on which a rule fired, with the rules, hardest first."""
    known, area = modifiers(visit.known, None), (TreatedAreaRef(0, visit.area, visit.area),)
    previous: dict[str, int] = {}
    since: int | None = None
    found: dict[int, Sequence[Rule]] = {}
    for day, told in visit.answers.items():
        if told.can_wait is not None:
            context = CheckInContext(
                visit.procedure_class,
                day,
                area,
                fitzpatrick=person.fitzpatrick,
                pigmentation_history=person.pigmentation_history,
                first_check_in=since is None,
                previous=previous,
                since_day=since,
                modifiers=known,
            )
            done = CompletedCheckIn(told.worst, told.follow_up, {}, told.worried, told.can_wait, "", now=told.now)
            ticked = set(told.follow_up.values()) - {"no"}
            possible = (rule for rule in _possible(visit.procedure_class, day, visit.area, known))
            fired = [rule for rule in possible if (ticked or not rule.facts) and fires(rule, done, context)]
            if fired:
                found[day] = sorted(fired, key=lambda rule: CASE_LEVELS.index(rule.case_level), reverse=True)
        previous, since = told.now, day
    return found


def _event(place: Place, kind: str, at: datetime, who: int | None = None, **details: Any) -> dict[str, Any]:
    return {
        "clinic_id": place.clinic_id,
        "at": at,
        "staff_id": who,
        "kind": kind,
        "note": "",
        "details": details,
    }


def _heard(check_in: int, fired: Sequence[Rule]) -> dict[str, Any]:
    return {"check_in": check_in, "level": fired[0].case_level, "rules": [rule.code for rule in fired]}


_SAID = {
    "action_taken": "action_taken",
    "confirmation": "confirmation",
    "complication_term": "term",
    "complication_grade": "grade",
}
"""Column of a case to its name among the details of a step."""


def _case(place: Place, past: Past, episode: Sequence[Alert], rng: Generator, now: datetime) -> Case:
    first = past.check_ins[episode[0][0]][1]
    row: dict[str, Any] = {
        "clinic_id": place.clinic_id,
        "patient_id": past.patient_id,
        "treatment_id": past.treatment_id,
        "check_in_id": 0,
        "level": CASE_LEVELS[0],
        "rules": [],
        "reasons": [],
        "state": "new",
        "owner_id": None,
        "opened_at": first,
        "due_at": first + timedelta(days=7),
        "contact_due_at": first + timedelta(days=7),
        "promised_at": None,
        "contacted_at": None,
        "notices": 0,
        "next_notice_at": None,
        "acknowledged_at": None,
        "action_taken": None,
        "confirmation": None,
        "complication_term": None,
        "complication_grade": None,
        "closed_at": None,
        "escalations": 0,
        "escalated_at": None,
        "version": 0,
    }
    who, events = place.staff[int(rng.integers(len(place.staff)))], []
    for number, (day, fired) in enumerate(episode):
        check_in, at = past.check_ins[day]
        _joined(row, place, check_in, at, fired)
        events.append(_event(place, "new_report" if number else "opened", at, **_heard(check_in, fired)))
        until = now if day == episode[-1][0] else past.check_ins[episode[number + 1][0]][1]
        drawn = steps(place, past.visit.answers[day], row["level"], at, rng)
        for kind, when, values in drawn if day == episode[-1][0] else drawn[:2]:
            if when >= until:
                break
            first_taken = row["acknowledged_at"]
            row |= values | {"owner_id": who, "version": row["version"] + 1}
            row["acknowledged_at"] = first_taken or row["acknowledged_at"]
            said = {word: values[name] for name, word in _SAID.items() if values.get(name)}
            events.append(_event(place, kind, when, who, **said))
    return row, events


def _joined(row: dict[str, Any], place: Place, check_in: int, at: datetime, fired: Sequence[Rule]) -> None:
    """The case with one more report in it, as ``storage.cases.open_or_extend`` has it."""
    row["level"] = max(row["level"], fired[0].case_level, key=CASE_LEVELS.index)
    row["rules"] = list(dict.fromkeys([*row["rules"], *(rule.code for rule in fired)]))
    row["reasons"] = list(dict.fromkeys([*row["reasons"], *(rule.clinician_words for rule in fired)]))
    level = fired[0].case_level
    ends, said = clocks(level, at, place.times), promised(level, at, place.times)
    if row["contacted_at"] is None and said is not None:
        waits = row["due_at"] if row["state"] == "new" else row["contact_due_at"]
        row["due_at"], row["contact_due_at"] = min(waits, ends.taken_by), min(row["contact_due_at"], ends.contacted_by)
        row["promised_at"] = min(row["promised_at"] or said, said)
    else:
        row |= {"due_at": ends.taken_by, "contact_due_at": ends.contacted_by, "promised_at": said}
    row |= {"check_in_id": check_in, "state": "new", "contacted_at": None, "version": row["version"] + 1}


WAIT_MINUTES = {"one_week": 200.0, "one_day": 80.0, "same_day": 40.0, "emergency": 12.0}
"""Opening minutes until somebody takes a case, on average; an emergency is taken at any hour. Our estimate."""
CALL_MINUTES = {"one_week": 240.0, "one_day": 60.0, "same_day": 15.0, "emergency": 5.0}
"""Opening minutes from there until the patient is reached, on average. Our estimate."""
VISIT_MINUTES = (60.0, 900.0)
"""Opening minutes until a patient who was asked to come has been seen."""


def steps(
    place: Place, told: Told, level: str, at: datetime, rng: Generator
) -> list[tuple[str, datetime, dict[str, Any]]]:
    """Taken, called, decided and closed while the clinic is open; every number is drawn whatever comes of it."""
    wait, call, decide, seen = rng.exponential(1), rng.exponential(1), rng.uniform(5, 50), rng.uniform(*VISIT_MINUTES)
    contact, confirmed = rng.random(), rng.random()
    waited, called_after = min(wait, 3) * WAIT_MINUTES[level], 2 + min(call, 3) * CALL_MINUTES[level]
    if level == "emergency":
        taken, called = at + timedelta(minutes=2 + waited), at + timedelta(minutes=2 + waited + called_after)
    else:
        taken = _after(place, at, waited)
        called = _after(place, taken, called_after)
    action = "none_needed" if contact < NO_CONTACT[level] else ACTIONS[level][int(contact * 100) % len(ACTIONS[level])]
    decided = _after(place, called, seen if action == "visit" else decide)
    closed = decided + timedelta(minutes=2)
    return [
        ("acknowledged", taken, {"state": "acknowledged", "acknowledged_at": taken}),
        ("contacted", called, {"state": "contacted", "action_taken": action, "contacted_at": called}),
        ("outcome", decided, {"state": "outcome", **_outcome(told, level, action, float(confirmed))}),
        ("closed", closed, {"state": "closed", "closed_at": closed}),
    ]


def _outcome(told: Told, level: str, action: str, chance: float) -> dict[str, Any]:
    term, grade = _complication(told)
    if action == "none_needed" or not term:
        return {"confirmation": "expected_course"}
    if chance >= CONFIRMED[level]:
        return {"confirmation": "not_confirmed" if chance < (1 + CONFIRMED[level]) / 2 else "expected_course"}
    return {"confirmation": "confirmed", "complication_term": term, "complication_grade": grade}


WORRIES = frozenset({"wants_call", "other_worry"})
"""Lines that name no complication."""


def _complication(told: Told) -> tuple[str, int]:
    """Term and grade of the worst that was reported; an empty term where nothing can be confirmed."""
    worst = max(SYMPTOMS, key=lambda code: told.worst[code] if symptom(code).ctcae_term else -1)
    if told.worst[worst]:
        return symptom(worst).ctcae_term, max(1, min(3, told.worst[worst]))
    lines = [key for key, given in told.follow_up.items() if given != "no" and key not in WORRIES]
    return (content().follow_ups[lines[0]].clinician_label[:TERM_CHARACTERS], 1) if lines else ("", 0)


def _opens(place: Place, at: datetime) -> datetime:
    """``at`` while the clinic is open, else the moment it opens next."""
    state = opening(place.times, at)
    if state.is_open:
        return at
    assert state.opens_on is not None
    zone = ZoneInfo(place.times.timezone)
    return datetime.combine(state.opens_on, time.fromisoformat(state.opens_at), zone).astimezone(at.tzinfo)


def _after(place: Place, at: datetime, minutes: float) -> datetime:
    """So many minutes later, counted while the clinic is open."""
    left, zone = timedelta(minutes=float(minutes)), ZoneInfo(place.times.timezone)
    while True:
        start = _opens(place, at)
        until = time.fromisoformat(opening(place.times, start).until)
        closes = datetime.combine(start.astimezone(zone).date(), until, zone).astimezone(at.tzinfo)
        if start + left < closes:
            return start + left
        left, at = left - (closes - start), closes
