"""How a case is worked on: its states, what may follow what, and the words for them.

By when somebody must have looked at a case: counted in the clinic's opening hours where the level says so.

Who is told next when nobody takes a case in time, and when.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from reporting.domain.content import content
from reporting.domain.content_rows import CaseLevel
from reporting.domain.opening_hours import OpenTimes
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
    "escalated": "Passed on: nobody had taken it",
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


def next_states(state: str) -> tuple[str, ...]:
    """States that a person may bring a case to from ``state``. Nothing closes before its outcome is known."""
    return _NEXT[state]


def complication_terms() -> tuple[str, ...]:
    """Terms offered for a confirmed complication: those of the symptoms' CTCAE coding."""
    return tuple(dict.fromkeys(symptom.ctcae_term for symptom in symptoms() if symptom.ctcae_term))


def case_level(code: str) -> CaseLevel:
    """The level with that code. Raises KeyError."""
    return content().case_levels[code]


def deadline(level: str, at: datetime, times: OpenTimes, levels: Mapping[str, CaseLevel] | None = None) -> datetime:
    """The moment by which a case of that level, raised at ``at`` (aware), must have been acknowledged.

    A level counted ``around_the_clock`` is due ``deadline_hours`` later whatever the hour. One counted in
    ``opening_hours`` is due once the clinic has been open that long, but never more than ``ceiling_hours``
    later: a clinic that is closed for a week still has the case overdue. Where a clinic's hours are not known
    every level is counted around the clock: too early is the safe side. ``levels``: as the clinic changed them.
    Returned in UTC. Raises KeyError for an unknown level.
    """
    row = case_level(level) if levels is None else levels[level]
    left, latest = timedelta(hours=row.deadline_hours), at + timedelta(hours=row.ceiling_hours)
    if row.counted == "around_the_clock" or not times.is_known:
        return (at + left).astimezone(UTC)
    for start, end in _open_from(at, latest, times):
        if end - start >= left:
            return min(start + left, latest).astimezone(UTC)
        left -= end - start
    return latest.astimezone(UTC)


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


CHAIN = ("clinician", "safety_lead", "administrator")
"""The roles that are told, one after the other; from the last one on it is told again and again."""


def told_next(step: int, staff_by_role: Mapping[str, Sequence[int]]) -> tuple[int, ...]:
    """Staff ids to tell at escalation ``step`` (0 is the first). Roles that nobody has are passed over.

    Empty only where nobody of the chain can be told at all.
    """
    groups = [tuple(staff_by_role[role]) for role in CHAIN if staff_by_role.get(role)]
    return groups[min(step, len(groups) - 1)] if groups else ()
