"""By when somebody must have looked at a case: counted in the clinic's opening hours where the level says so."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from reporting.domain.content import content
from reporting.domain.opening_hours import Hours, spans
from reporting.domain.records import CaseLevel

ASSUMED_HOURS: Hours = {day: ["09:00", "17:00"] for day in ("mon", "tue", "wed", "thu", "fri")}
"""Used where a clinic has not said when it is open; our estimate."""


def case_level(code: str) -> CaseLevel:
    """The level with that code. Raises KeyError."""
    return content().case_levels[code]


def deadline(
    level: str, at: datetime, hours: Hours, timezone: str, levels: Mapping[str, CaseLevel] | None = None
) -> datetime:
    """The moment by which a case of that level, raised at ``at`` (aware), must have been acknowledged.

    A level counted ``around_the_clock`` is due ``deadline_hours`` later whatever the hour. One counted in
    ``opening_hours`` is due once the clinic has been open that long, but never more than ``ceiling_hours``
    later: a clinic that is closed for a week still has the case overdue. A clinic whose hours are not known is
    taken to keep ``ASSUMED_HOURS``. ``levels``: as the clinic changed them. Returned in UTC. Raises KeyError for an
    unknown level.
    """
    row = case_level(level) if levels is None else levels[level]
    left, latest = timedelta(hours=row.deadline_hours), at + timedelta(hours=row.ceiling_hours)
    if row.counted == "around_the_clock":
        return (at + left).astimezone(UTC)
    if not any(spans(hours, day) for day in _week(at.date())):
        hours = ASSUMED_HOURS
    for start, end in _open_from(at, latest, hours, ZoneInfo(timezone)):
        if end - start >= left:
            return min(start + left, latest).astimezone(UTC)
        left -= end - start
    return latest.astimezone(UTC)


def _week(first: date) -> list[date]:
    return [first + timedelta(days=ahead) for ahead in range(7)]


def _open_from(at: datetime, latest: datetime, hours: Hours, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
    """The stretches from ``at`` to ``latest`` in which the clinic is open, in UTC so that clock changes count."""
    day, last = at.astimezone(zone).date(), latest.astimezone(zone).date()
    while day <= last:
        for opens, closes in spans(hours, day):
            start, end = (_moment(day, text, zone) for text in (opens, closes))
            if end > at:
                yield max(start, at.astimezone(UTC)), end
        day += timedelta(days=1)


def _moment(day: date, text: str, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.fromisoformat(text), zone).astimezone(UTC)
