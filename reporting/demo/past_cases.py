"""What became of the reports of the two years: cases as the triage rules open them, worked on by the demo's staff."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from numpy.random import Generator

from reporting.demo.history import Visit
from reporting.domain.case_work import clocks, promised
from reporting.domain.content_rows import CASE_LEVELS, Rule
from reporting.domain.opening_hours import OpenTimes, opening
from reporting.domain.questionnaire import CheckInContext, CompletedCheckIn
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


@dataclass(frozen=True)
class Past:
    """A treatment of the history as it is stored, with the ids of its check-ins and their moments by day."""

    visit: Visit
    treatment_id: int
    patient_id: int
    check_ins: Mapping[int, tuple[int, datetime]]


def add_cases(session: Session, place: Place, past: Sequence[Past], rng: Generator, now: datetime) -> int:
    """Write a case for every report that fires a rule, with its steps up to ``now``. Returns how many."""
    made = [case for one in past for case in _cases_of(place, one, rng, now)]
    ids = add_rows(session, TriageCase, [row for row, _ in made])
    steps = [{**step, "case_id": key} for key, (_, events) in zip(ids, made, strict=True) for step in events]
    add_rows(session, CaseEvent, steps)
    return len(ids)


Case = tuple[dict[str, Any], list[dict[str, Any]]]
Alert = tuple[int, list[Rule]]
QUIET_DAYS = 14
"""After so many days without a report that fires a rule, the next one is another case."""


def _cases_of(place: Place, past: Past, rng: Generator, now: datetime) -> Iterator[Case]:
    """Reports that follow each other go into one case, which is closed after the last of them."""
    episode: list[Alert] = []
    for alert in _alerts(past.visit):
        if episode and alert[0] - episode[-1][0] > QUIET_DAYS:
            yield _case(place, past, episode, rng, now)
            episode = []
        episode.append(alert)
    if episode:
        yield _case(place, past, episode, rng, now)


def _alerts(visit: Visit) -> Iterator[Alert]:
    """The days on which a rule fired, with the rules, hardest first."""
    previous: dict[str, int] = {}
    since: int | None = None
    for day, told in visit.answers.items():
        if any(told.worst.values()):
            context = CheckInContext(
                visit.machine.procedure_class,
                day,
                first_check_in=since is None,
                previous=previous,
                since_day=since,
            )
            done = CompletedCheckIn(told.worst, told.follow_up, {}, False, None, "", now=told.now)
            fired = [rule for rule in rules() if fires(rule, done, context)]
            if fired:
                yield day, sorted(fired, key=lambda rule: CASE_LEVELS.index(rule.case_level), reverse=True)
        previous, since = told.now, day


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
        steps = _steps(place, past.visit.answers[day].worst, row["level"], at, rng)
        for kind, when, values in steps if day == episode[-1][0] else steps[:2]:
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


def _steps(
    place: Place, severities: Mapping[str, int], level: str, at: datetime, rng: Generator
) -> list[tuple[str, datetime, dict[str, Any]]]:
    """Taken in the next opening hours, then called, decided and closed; every number is drawn whatever comes of it."""
    wait, call, decide = rng.exponential(50), rng.uniform(4, 45), rng.uniform(5, 50)
    contact, confirmed = rng.random(), rng.random()
    taken = _opens(place, at) + timedelta(minutes=float(min(wait, 400)))
    called = taken + timedelta(minutes=float(call))
    decided = called + timedelta(minutes=float(decide))
    closed = decided + timedelta(minutes=2)
    action = "none_needed" if contact < NO_CONTACT[level] else ACTIONS[level][int(contact * 100) % len(ACTIONS[level])]
    return [
        ("acknowledged", taken, {"state": "acknowledged", "acknowledged_at": taken}),
        ("contacted", called, {"state": "contacted", "action_taken": action, "contacted_at": called}),
        ("outcome", decided, {"state": "outcome", **_outcome(severities, level, action, float(confirmed))}),
        ("closed", closed, {"state": "closed", "closed_at": closed}),
    ]


def _outcome(severities: Mapping[str, int], level: str, action: str, chance: float) -> dict[str, Any]:
    if action == "none_needed":
        return {"confirmation": "expected_course"}
    if chance >= CONFIRMED[level]:
        return {"confirmation": "not_confirmed" if chance < (1 + CONFIRMED[level]) / 2 else "expected_course"}
    worst = max(SYMPTOMS, key=lambda code: severities[code] if symptom(code).ctcae_term else -1)
    return {
        "confirmation": "confirmed",
        "complication_term": symptom(worst).ctcae_term,
        "complication_grade": max(1, min(3, severities[worst])),
    }


def _opens(place: Place, at: datetime) -> datetime:
    """``at`` while the clinic is open, else the moment it opens next."""
    state = opening(place.times, at)
    if state.is_open:
        return at
    assert state.opens_on is not None
    return datetime.combine(
        state.opens_on, time.fromisoformat(state.opens_at), ZoneInfo(place.times.timezone)
    ).astimezone(at.tzinfo)
