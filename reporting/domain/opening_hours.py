"""Whether the clinic is open at a moment and when it opens next, in the clinic's own time zone.

Whom its patients call: the facts without which nobody may be invited.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import holidays
from babel.dates import get_day_names

from reporting.domain.language import ENGLISH, beside
from reporting.domain.patient_words import full_day, say

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Hours = Mapping[str, Sequence[str]]
"""Day to opening and closing times in turn: ``{"mon": ["08:00", "12:00", "14:00", "18:00"]}``."""

NIGHT_MINUTE = 2 * 60
"""Two o'clock at night, in minutes of the day."""
_QUARTER, _DAY_MINUTES = timedelta(minutes=15), 24 * 60


MOST_DAYS_AHEAD = 92
"""So far ahead the next opening is looked for; a clinic that is closed for longer gives no day."""


@lru_cache(maxsize=256)
def public_holidays(country: str, region: str, year: int) -> Mapping[date, str]:
    """Public holidays of a year by day, with their English or local name; those of the whole country where ``region``
    is empty. Empty for a country that the library ``holidays`` does not know. Raises KeyError for a region it does
    not know."""
    supported = holidays.list_supported_countries()
    if country not in supported:
        return {}
    if region and region not in supported[country]:
        raise KeyError(region)
    return dict(holidays.country_holidays(country, subdiv=region or None, years=year, language="en_US"))


@dataclass(frozen=True)
class OpenTimes:
    """When a clinic is open: its week, less public holidays and its own closed days, in its IANA time zone."""

    hours: Hours
    timezone: str
    country: str = ""
    """ISO 3166 code, two letters; empty: no public holiday is known."""
    region: str = ""
    """ISO 3166-2 part after the country; empty: the holidays of the whole country."""
    closed_days: Mapping[str, str] = field(default_factory=dict)
    """The clinic's own closed days: ISO date to reason."""
    open_holidays: Collection[str] = ()
    """ISO dates of public holidays on which the clinic is open all the same."""

    @property
    def is_known(self) -> bool:
        """Whether any hour is known at all."""
        return any(_pairs(self.hours.get(day, ())) for day in DAYS)

    def closed_for(self, day: date) -> str:
        """Why the clinic is closed on a day of its week: its own reason, or the holiday's name; else empty."""
        own = self.closed_days.get(day.isoformat())
        if own is not None:
            return own or "closed"
        if day.isoformat() in self.open_holidays:
            return ""
        try:
            return public_holidays(self.country, self.region, day.year).get(day, "") if self.country else ""
        except KeyError:  # a region of an older list: the whole country's holidays hold there too
            return public_holidays(self.country, "", day.year).get(day, "")

    def spans(self, day: date) -> list[tuple[str, str]]:
        """Opening and closing times (HH:MM) of a date, none on a closed day."""
        pairs = _pairs(self.hours.get(DAYS[day.weekday()], ()))
        return [] if not pairs or self.closed_for(day) else pairs


@dataclass(frozen=True)
class Opening:
    """The clinic at a moment. ``until`` (HH:MM) while it is open; else the day and time of the next opening, none where
    that is not known."""

    is_open: bool
    until: str = ""
    opens_on: date | None = None
    opens_at: str = ""
    days_until: int = 0
    """0: it opens later today; 1: tomorrow."""


def _pairs(times: Sequence[str]) -> list[tuple[str, str]]:
    """Opening and closing times of a day; a time without its pair counts for nothing."""
    return [(start, end) for start, end in zip(times[::2], times[1::2], strict=False) if start < end]


def opening(times: OpenTimes, moment: datetime) -> Opening:
    """The clinic's state at ``moment`` (aware). A clinic whose hours are not known counts as closed: nobody is told to
    wait for somebody who may not be there."""
    here = moment.astimezone(ZoneInfo(times.timezone))
    now, today = here.strftime("%H:%M"), here.date()
    for start, end in times.spans(today):
        if start <= now < end:
            return Opening(True, until=end)
    for ahead in range(MOST_DAYS_AHEAD if times.is_known else 0):
        day = today + timedelta(days=ahead)
        starts = sorted(start for start, _ in times.spans(day) if ahead or start > now)
        if starts:
            return Opening(False, opens_on=day, opens_at=starts[0], days_until=ahead)
    return Opening(False)


FACT_WORDS = {
    "country": "country",
    "timezone": "time zone",
    "telephones": "telephone",
    "emergency_telephone": "emergency number",
    "out_of_hours_name": "name of the out-of-hours line",
    "out_of_hours_telephone": "number of the out-of-hours line",
    "opening_hours": "opening hours",
}
"""Facts without which a clinic may invite nobody, in words."""


@dataclass(frozen=True)
class SafetyFacts:
    """Whom a clinic's patients call, and when somebody is there. Empty: not told.

    ``opening_hours``: weekday to opening and closing times (HH:MM) in turn; ``closed_days``: ISO date to reason;
    ``open_holidays``: ISO dates of public holidays on which the clinic is open.
    """

    country: str = ""
    region: str = ""
    timezone: str = ""
    telephones: tuple[str, ...] = ()
    emergency_telephone: str = ""
    out_of_hours_name: str = ""
    out_of_hours_telephone: str = ""
    opening_hours: Mapping[str, Sequence[str]] = field(default_factory=dict)
    closed_days: Mapping[str, str] = field(default_factory=dict)
    open_holidays: tuple[str, ...] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        """What is not told yet and must be before a patient is invited, in words."""
        return tuple(words for name, words in FACT_WORDS.items() if not getattr(self, name))

    def columns(self) -> dict[str, Any]:
        """As the clinic's row keeps them."""
        first, *others = self.telephones or ("",)
        return {
            "country": self.country,
            "region": self.region,
            "timezone": self.timezone or "UTC",
            "telephone": first,
            "other_telephones": others,
            "emergency_telephone": self.emergency_telephone,
            "out_of_hours_name": self.out_of_hours_name,
            "out_of_hours_telephone": self.out_of_hours_telephone,
            "opening_hours": {day: list(times) for day, times in self.opening_hours.items()},
            "closed_days": dict(self.closed_days),
            "open_holidays": list(self.open_holidays),
        }

    def typed(self) -> dict[str, str]:
        """As a person would type them: what ``typed_facts`` reads."""
        return {
            "country": self.country,
            "region": self.region,
            "timezone": self.timezone,
            "telephone": "; ".join(self.telephones),
            "emergency_telephone": self.emergency_telephone,
            "out_of_hours_name": self.out_of_hours_name,
            "out_of_hours_telephone": self.out_of_hours_telephone,
            **{f"hours_{day}": typed_hours(self.opening_hours.get(day, ())) for day in DAYS},
            "closed_days": "\n".join(f"{day} {why}".strip() for day, why in sorted(self.closed_days.items())),
            "open_holidays": "\n".join(self.open_holidays),
        }


def facts_from(columns: Mapping[str, Any]) -> SafetyFacts:
    """The facts of a clinic's row. A time zone counts as told once the country is: before, the row has UTC."""
    return SafetyFacts(
        columns["country"],
        columns["region"],
        columns["timezone"] if columns["country"] or columns["timezone"] != "UTC" else "",
        tuple(number for number in (columns["telephone"], *columns["other_telephones"]) if number),
        columns["emergency_telephone"],
        columns["out_of_hours_name"],
        columns["out_of_hours_telephone"],
        columns["opening_hours"],
        columns["closed_days"],
        tuple(columns["open_holidays"]),
    )


FACT_COLUMNS = tuple(SafetyFacts().columns())


def typed_hours(times: Sequence[str]) -> str:
    """``08:00-12:00, 14:00-18:00``."""
    return ", ".join(f"{start}-{end}" for start, end in zip(times[::2], times[1::2], strict=False))


def newest_night(timezones: Collection[str], moment: datetime) -> datetime:
    """When it was night last, as of ``moment`` (aware): two o'clock in the clinics' IANA time zone, UTC if they have
    none. Of clinics in several zones, the quarter of an hour at which the one that has it worst is nearest to its own
    two o'clock; of two as good the one earlier in the day of UTC."""
    zones = [ZoneInfo(zone) for zone in sorted(set(timezones)) or ["UTC"]]
    here = moment.astimezone(UTC)
    night = here.replace(minute=here.minute // 15 * 15, second=0, microsecond=0)
    while night.hour * 60 + night.minute != _quietest(tuple(_ahead(zone, night) for zone in zones)):
        night -= _QUARTER
    return night


def _ahead(zone: ZoneInfo, night: datetime) -> int:
    """Minutes by which the zone's clocks were ahead of UTC half a day before: they change at night, and one night must
    not count twice or be left out for it."""
    offset = (night - timedelta(hours=12)).astimezone(zone).utcoffset()
    return int(offset.total_seconds()) // 60 if offset else 0


@lru_cache
def _quietest(ahead: tuple[int, ...]) -> int:
    """Minute of the day of UTC at which the worst of these zones is nearest to its own two o'clock."""
    return min(range(0, _DAY_MINUTES, 15), key=lambda minute: max(_from_night(minute + zone) for zone in ahead))


def _from_night(minute: int) -> int:
    """Minutes between a minute of a day and the nearest two o'clock at night, 0 to 720."""
    apart = (minute - NIGHT_MINUTE) % _DAY_MINUTES
    return min(apart, _DAY_MINUTES - apart)


def opening_words(state: Opening | None, language: str = ENGLISH) -> str:
    """``The clinic is closed now. It opens on Monday at 08:00.``, with the date where that is more than a week away;
    empty where the hours are not known."""
    if state is None:
        return ""
    if state.is_open:
        return say("open_now", language, time=state.until)
    if state.opens_on is None:
        return ""
    if state.days_until < 2:
        return say("opens_tomorrow" if state.days_until else "opens_today", language, time=state.opens_at)
    day = get_day_names("wide", locale=language)[state.opens_on.weekday()]
    if state.days_until > len(DAYS):
        day = full_day(state.opens_on, language)
    return say("opens_on", language, day=day, time=state.opens_at)


def week_words(hours: Hours, language: str = ENGLISH) -> str:
    """``Mon–Thu 08:00–18:00, Fri 08:00–14:00``: days in a row with the same hours together; empty if none is known."""
    names = get_day_names("abbreviated", locale=language)
    runs: list[tuple[int, int, str]] = []
    for number, day in enumerate(DAYS):
        times = hours.get(day, ())
        said = " ".join(f"{start}–{end}" for start, end in zip(times[::2], times[1::2], strict=False))
        if said and runs and runs[-1][1] == number - 1 and runs[-1][2] == said:
            runs[-1] = (runs[-1][0], number, said)
        elif said:
            runs.append((number, number, said))
    said_days = (f"{names[first]}{f'–{names[last]}' if last > first else ''} {said}" for first, last, said in runs)
    return beside(said_days, language)
