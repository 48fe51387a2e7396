"""How a case is worked on: its states, what may follow what, and the words for them.

By when somebody must have looked at a case: counted in the clinic's opening hours where the level says so.

Who is told next when nobody takes a case in time, and when.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from reporting.domain.content import content
from reporting.domain.content_rows import CaseLevel, OutcomeTerm
from reporting.domain.opening_hours import DAYS, MOST_DAYS_AHEAD, Hours, OpenTimes
from reporting.domain.vocabulary import symptoms

STATE_WORDS = {
    "new": "New",
    "acknowledged": "Acknowledged",
    "contacted": "Contacted",
    "outcome": "Outcome recorded",
    "closed": "Closed",
}
LEVEL_WORDS = {
    "emergency": "Emergency",
    "same_day": "Same day",
    "one_day": "Within a day",
    "one_week": "Within a week",
}
"""Hardest first, the order of the worklist."""
ACTIONS_TAKEN = {
    "advice": "Advice given",
    "call": "Telephone call",
    "visit": "Visit at the clinic",
    "prescription": "Prescription",
    "referral": "Referral",
    "none_needed": "No contact needed",
}
URGENT_LEVELS = ("same_day", "emergency")
"""Somebody on call is told of these at once, and only a contact ends their second clock."""
CONFIRMATIONS = {
    "confirmed": "Confirmed complication",
    "not_confirmed": "Not confirmed",
    "expected_course": "Expected course",
}
GRADES = {1: "1 Mild", 2: "2 Moderate", 3: "3 Severe", 4: "4 Life-threatening", 5: "5 Death"}
"""General grades of the Common Terminology Criteria for Adverse Events, version 5.0."""
EVENT_WORDS = {
    "opened": "Case opened",
    "new_report": "New report: back to attention",
    "on_call": "Told on call",
    "escalated": "Passed on: it was not taken, or nobody had spoken to the patient",
    "owner_gone": "Given back: the account of who had it cannot work on cases any more",
    "acknowledged": "Acknowledged",
    "taken_over": "Taken over",
    "given_back": "Given back: nobody has it",
    "contacted": "Contacted",
    "note": "Note",
    "outcome": "Outcome",
    "closed": "Closed",
    "reopened": "Opened again",
    "corrected": "The patient corrected a report",
    "withdrawn": "The patient took a report back",
    "restored": "The patient put a report back",
    "change_begun": "The patient began to change a report that was sent",
    "answer_back": "The patient took an answer back",
    "finished": "The patient sent the report that was begun",
}
NOTE_CHARACTERS = 2_000
TERM_CHARACTERS = 120

_NEXT = {
    "new": ("acknowledged",),
    "acknowledged": ("contacted", "new"),
    "contacted": ("contacted", "outcome"),
    "outcome": ("contacted", "outcome", "closed"),
    "closed": ("acknowledged",),
}


def actions_for(level: str) -> tuple[str, ...]:
    """Codes of ACTIONS_TAKEN by which a patient of a case of that level can have been answered."""
    return tuple(code for code in ACTIONS_TAKEN if level not in URGENT_LEVELS or code != "none_needed")


def next_states(state: str) -> tuple[str, ...]:
    """States that a person may bring a case to from ``state``. Nothing closes before its outcome is known."""
    return _NEXT[state]


def complication_terms() -> tuple[str, ...]:
    """Terms offered for a confirmed complication: those of the table, and those of the symptoms' CTCAE coding."""
    coded = (term.label for term in content().outcome_terms.values())
    return tuple(dict.fromkeys([*coded, *(symptom.ctcae_term for symptom in symptoms() if symptom.ctcae_term)]))


def coded_term(words: str) -> OutcomeTerm | None:
    """The row of the table whose words a case's outcome has; None for a symptom's term and for words of one's own."""
    return next((term for term in content().outcome_terms.values() if term.label == words), None)


def case_level(code: str) -> CaseLevel:
    """The level with that code. Raises KeyError."""
    return content().case_levels[code]


@dataclass(frozen=True)
class Clocks:
    """By when a case must be taken, and by when somebody must have spoken to the patient; both in UTC."""

    taken_by: datetime
    contacted_by: datetime


def clocks(level: str, at: datetime, times: OpenTimes, levels: Mapping[str, CaseLevel] | None = None) -> Clocks:
    """Both clocks of a case of that level, raised at ``at`` (aware).

    A clock counted ``around_the_clock`` ends so many hours later whatever the hour. One counted in ``opening_hours``
    ends once the clinic has been open that long, but never later than its ceiling: a clinic that is closed for a week
    still has the case overdue. Where a clinic's hours are not known both are counted around the clock: too early is
    the safe side. Nobody is to be spoken to before somebody must have taken the case. ``levels``: as the clinic
    changed them. Raises KeyError for an unknown level.
    """
    row = case_level(level) if levels is None else levels[level]
    taken = _ends(row.counted, row.deadline_hours, row.ceiling_hours, at, times)
    spoken = _ends(row.contact_counted, row.contact_hours, row.contact_ceiling_hours, at, times)
    return Clocks(taken, max(taken, spoken))


def deadline(level: str, at: datetime, times: OpenTimes, levels: Mapping[str, CaseLevel] | None = None) -> datetime:
    """The moment (UTC) by which a case of that level, raised at ``at``, must have been taken: of its ``clocks``."""
    return clocks(level, at, times, levels).taken_by


def promised(
    level: str,
    at: datetime,
    times: OpenTimes,
    levels: Mapping[str, CaseLevel] | None = None,
    *,
    is_on_call: bool = False,
) -> datetime | None:
    """By when a patient is told that a person reads the report; None where nothing can be said.

    Never earlier than the deadline that staff see. It counts only hours in which somebody is there: those around the
    clock where somebody is on call at ``at``, else the opening hours alone, however long the clinic is closed.
    """
    row = case_level(level) if levels is None else levels[level]
    due = deadline(level, at, times, levels)
    if is_on_call and row.counted == "around_the_clock":
        return due
    if not times.is_known:
        return None
    there = _ends("opening_hours", row.deadline_hours, MOST_DAYS_AHEAD * 24, at, times)
    return max(due, there)


def _ends(counted: str, needed: int, ceiling: int, at: datetime, times: OpenTimes) -> datetime:
    left, latest = timedelta(hours=needed), at.astimezone(UTC) + timedelta(hours=ceiling)
    if counted == "around_the_clock" or not times.is_known:
        return at.astimezone(UTC) + left
    for start, end in _open_from(at, latest, times):
        if end - start >= left:
            return min(start + left, latest)
        left -= end - start
    return latest


def _open_from(at: datetime, latest: datetime, times: OpenTimes) -> Iterator[tuple[datetime, datetime]]:
    """The stretches from ``at`` to ``latest`` in which the clinic is open, in UTC so that clock changes count."""
    zone = ZoneInfo(times.timezone)
    day, last = at.astimezone(zone).date(), latest.astimezone(zone).date()
    while day <= last:
        for opens, closes in times.spans(day):
            start, end = (_moment(day, text, zone) for text in (opens, closes))
            if end > at:
                yield max(start, at.astimezone(UTC)), end
        day += timedelta(days=1)


def _moment(day: date, text: str, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.fromisoformat(text), zone).astimezone(UTC)


@dataclass(frozen=True)
class OnCall:
    """Somebody who is told of urgent cases: between these hours of the week (none: always); the next one is told
    after ``wait_minutes`` in which nobody has taken the case."""

    entry_id: int
    hours: Hours
    wait_minutes: int


LOOK_AGAIN_MINUTES = 10
"""Where nobody is on duty the list is looked at again after so many minutes."""


def on_duty(people: Sequence[OnCall], at: datetime, timezone: str) -> tuple[OnCall, ...]:
    """Those of the list who are on duty at ``at`` (aware), in their order."""
    here = at.astimezone(ZoneInfo(timezone))
    return tuple(one for one in people if not one.hours or _covers(one.hours, here))


def _covers(hours: Hours, here: datetime) -> bool:
    """Whether a stretch of that day covers the time; ``24:00`` is the end of the day."""
    times = hours.get(DAYS[here.weekday()], ())
    return any(start <= f"{here:%H:%M}" < end for start, end in zip(times[::2], times[1::2], strict=False))


CHAIN = ("clinician", "safety_lead", "administrator")
"""The roles that are told, one after the other; from the last one on it is told again and again."""


def told_next(step: int, staff_by_role: Mapping[str, Sequence[int]]) -> tuple[int, ...]:
    """Staff ids to tell at escalation ``step`` (0 is the first). Roles that nobody has are passed over.

    Empty only where nobody of the chain can be told at all.
    """
    groups = [tuple(staff_by_role[role]) for role in CHAIN if staff_by_role.get(role)]
    return groups[min(step, len(groups) - 1)] if groups else ()
