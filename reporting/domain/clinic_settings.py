"""What an administrator can set for the clinic, and which values are allowed.

The facts on which a patient's safety rests: whom to call, and when somebody is there.

How long a clinic keeps what: kinds, limits, and the day before which it goes.

Calendar months: the unit of the report for the safety meeting.

When the monthly report is announced: a day of the month in the clinic's time zone, and who gets the link.
"""

import calendar
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import holidays
from phonenumbers.shortnumberinfo import is_emergency_number

from reporting.domain.content import content
from reporting.domain.messages import check_sender_name
from reporting.domain.opening_hours import DAYS, FACT_WORDS, SafetyFacts, public_holidays
from reporting.errors import InvalidInput

KINDS = {
    "photos": "Photos, counted from the day they were sent",
    "notes": "Notes that patients wrote, counted from the day they were sent",
    "refused_rows": "Rows that an import refused and nobody has mended yet, counted from the day of the import",
    "check_ins": "Who it was: name, contacts and everything else that names the patient, counted from the last "
    "treatment or answer. Answers and outcomes stay, nameless",
}
"""Kind of record to what goes when its months are over. A kind without months is kept."""
LOWEST, HIGHEST = 1, 240
"""Months."""
DRAFT_DAYS = 30
"""Answers that were never sent are dropped after so long."""


def checked(given: Mapping[str, int | None]) -> dict[str, int]:
    """The months to keep by kind, kinds without any left out. Raises InvalidInput."""
    for kind, months in given.items():
        if kind not in KINDS:
            raise InvalidInput(field="retention", found=kind[:40], allowed="one of " + ", ".join(KINDS))
        if months is not None and not (isinstance(months, int) and LOWEST <= months <= HIGHEST):
            raise InvalidInput(field=f"months for {kind}", found=months, allowed=f"{LOWEST} to {HIGHEST}, or empty")
    return {kind: months for kind, months in given.items() if months is not None}


def months_before(moment: datetime, months: int) -> datetime:
    """The same day and time so many calendar months earlier; the last day of a shorter month."""
    year, month = divmod(moment.year * 12 + moment.month - 1 - months, 12)
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)


FACTORS = {
    "code": "The short code on the card, together with the year of birth",
    "email": "A code by e-mail, new each time (patients without an address use the card)",
}
"""Second factor to its words for staff."""
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


@dataclass(frozen=True)
class ClinicSettings:
    """Times are ``HH:MM`` in the patient's time zone; retention is in months by kind, None means kept."""

    second_factor: str
    reminders_from: str
    reminders_until: str
    message_name: str
    retention: Mapping[str, int | None]


def check_settings(given: ClinicSettings) -> dict[str, Any]:
    """The columns of the clinic that these settings make. Raises InvalidInput."""
    if given.second_factor not in FACTORS:
        allowed = "one of " + ", ".join(FACTORS)
        raise InvalidInput(field="second factor", found=given.second_factor[:20], allowed=allowed)
    for field, time in (("reminders from", given.reminders_from), ("reminders until", given.reminders_until)):
        if not _TIME.fullmatch(time):
            raise InvalidInput(field=field, found=time[:10], allowed="a time such as 08:00")
    if given.reminders_from >= given.reminders_until:
        found = f"{given.reminders_from} to {given.reminders_until}"
        raise InvalidInput(field="reminder hours", found=found, allowed="a beginning before the end")
    return {
        "second_factor": given.second_factor,
        "reminders_from": given.reminders_from,
        "reminders_until": given.reminders_until,
        "message_name": check_sender_name(given.message_name),
        "retention": checked(given.retention),
    }


_SPELLED = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])")


@dataclass(frozen=True, order=True)
class Month:
    """One calendar month; ``str`` gives ``2026-10``."""

    year: int
    number: int

    def __str__(self) -> str:
        return f"{self.year}-{self.number:02d}"

    @property
    def words(self) -> str:
        """``October 2026``."""
        return f"{calendar.month_name[self.number]} {self.year}"

    @property
    def first(self) -> date:
        return date(self.year, self.number, 1)

    @property
    def last(self) -> date:
        return self.next.first - timedelta(days=1)

    @property
    def next(self) -> "Month":
        return Month(self.year + self.number // 12, self.number % 12 + 1)

    @property
    def previous(self) -> "Month":
        return of(self.first - timedelta(days=1))

    def begins(self, timezone: str) -> datetime:
        """Its first moment in that time zone, in UTC."""
        return datetime.combine(self.first, datetime.min.time(), ZoneInfo(timezone)).astimezone(UTC)


def of(day: date) -> Month:
    """The month of a day."""
    return Month(day.year, day.month)


def parse(text: str) -> Month:
    """``2026-10`` as a month. Raises InvalidInput."""
    found = _SPELLED.fullmatch(text)
    if found is None:
        raise InvalidInput(field="month", found=text[:20], allowed="a month such as 2026-10")
    return Month(int(found[1]), int(found[2]))


FIRST_DAY, LAST_DAY = 1, 28
"""Every month has these days."""
FROM_HOUR = 7
"""Of the clinic's time: nobody is woken by it."""


@dataclass(frozen=True)
class ReportSchedule:
    """``day`` None: no e-mail is sent. ``recipients`` are ids of staff accounts."""

    day: int | None = None
    recipients: tuple[int, ...] = ()

    def as_plain(self) -> dict[str, Any]:
        """As it is kept with the clinic; empty when nothing is sent."""
        return {} if self.day is None else {"day": self.day, "recipients": list(self.recipients)}

    def due_month(self, at: datetime, timezone: str) -> Month | None:
        """The month whose report is to be announced by ``at``; None before the day and hour of this month."""
        here = at.astimezone(ZoneInfo(timezone))
        if self.day is None or (here.day, here.hour) < (self.day, FROM_HOUR):
            return None
        return of(here.date()).previous


def from_plain(kept: Mapping[str, Any]) -> ReportSchedule:
    """The schedule of a clinic as it is kept."""
    return ReportSchedule(kept.get("day"), tuple(kept.get("recipients", ())))


def checked_schedule(given: ReportSchedule, may_read: Collection[int]) -> ReportSchedule:
    """The schedule if it is allowed; recipients in order, each once. Raises InvalidInput."""
    if given.day is None:
        return ReportSchedule()
    if not FIRST_DAY <= given.day <= LAST_DAY:
        raise InvalidInput(field="day", found=given.day, allowed=f"{FIRST_DAY} to {LAST_DAY}")
    strangers = set(given.recipients) - set(may_read)
    if strangers or not given.recipients:
        found = f"{len(strangers)} who may not" if strangers else "nobody"
        raise InvalidInput(field="recipients", found=found, allowed="active colleagues who may read the report")
    return ReportSchedule(given.day, tuple(sorted(set(given.recipients))))


MOST_TELEPHONES, MOST_CLOSED = 5, 200
_TELEPHONE = re.compile(r"[+(\d][\d\s()./-]{1,39}", re.ASCII)
_SPAN = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)\s*[-–]\s*([01]?\d|2[0-3]):([0-5]\d)")


FACT_FIELDS = tuple(SafetyFacts().typed())
"""Names under which the facts are typed: on the set-up page, in the settings and on the command line."""


FEW_ZONES = 4
"""A country of so many time zones has one that most people live in, the first; a wider one leaves it to the clinic."""


def proposed(country: str) -> dict[str, str]:
    """What is proposed for a country, as a person would type it; only the country's code where it is not known."""
    row = content().countries.get(country)
    if row is None:
        return {"country": country}
    return {
        "country": row.code,
        "timezone": row.time_zones[0] if len(row.time_zones) <= FEW_ZONES else "",
        "emergency_telephone": row.emergency_number,
        "out_of_hours_name": row.out_of_hours_name,
        "out_of_hours_telephone": row.out_of_hours_number,
    }


def regions(country: str) -> tuple[str, ...]:
    """Regions of a country with holidays of their own, by their code; empty where there are none."""
    return tuple(holidays.list_supported_countries().get(country, ()))


def _hours(day: str, text: str) -> list[str]:
    """Opening and closing times in turn. Raises InvalidInput."""
    name = f"opening hours, {day}"
    allowed = "times such as 08:00-18:00 or 08:00-12:00, 14:00-18:00, rising; empty: closed"
    found: list[str] = []
    for part in (part.strip() for part in re.split(r"[,;]", text) if part.strip()):
        span = _SPAN.fullmatch(part)
        if span is None:
            raise InvalidInput(field=name, found=part[:30], allowed=allowed)
        found += [f"{int(span[1]):02}:{span[2]}", f"{int(span[3]):02}:{span[4]}"]
    if any(earlier >= later for earlier, later in pairwise(found)):
        raise InvalidInput(field=name, found=text[:60], allowed=allowed)
    return found


def _day(name: str, row: int, text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise InvalidInput(field=name, found=text[:20], allowed="a date such as 2026-12-24", row=row) from None


def _lines(text: str) -> list[str]:
    lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    if len(lines) > MOST_CLOSED:
        raise InvalidInput(field="days", found=f"{len(lines)} lines", allowed=f"at most {MOST_CLOSED}")
    return lines


def _closed_days(text: str) -> dict[str, str]:
    found = {}
    for row, line in enumerate(_lines(text), start=1):
        day, _, why = line.partition(" ")
        if len(why) > 80 or not (why or "x").isprintable():
            raise InvalidInput(
                field="closed days", found=why[:30], allowed="a reason of at most 80 characters", row=row
            )
        found[_day("closed days", row, day)] = why
    return found


def _open_holidays(text: str, country: str, region: str) -> tuple[str, ...]:
    found = []
    for row, line in enumerate(_lines(text), start=1):
        day = _day("open holidays", row, line)
        if country and date.fromisoformat(day) not in public_holidays(country, region, int(day[:4])):
            allowed = f"a public holiday of {country}{f', {region}' if region else ''}"
            raise InvalidInput(field="open holidays", found=day, allowed=allowed, row=row)
        found.append(day)
    return tuple(sorted(set(found)))


def _number(name: str, text: str) -> str:
    tidy = " ".join(text.split())
    if tidy and not _TELEPHONE.fullmatch(tidy):
        raise InvalidInput(field=name, found=text[:60], allowed="a number such as +34 555 0100")
    return tidy


def _country(text: str) -> str:
    code = text.strip().upper()
    if code and not re.fullmatch("[A-Z]{2}", code):
        raise InvalidInput(field="country", found=text[:20], allowed="a code of two letters such as GB")
    return code


def _region(text: str, country: str) -> str:
    region = text.strip()
    if region and not country:
        raise InvalidInput(
            field="country", found="", allowed="a code of two letters such as GB, of which that is a region"
        )
    if region and region not in regions(country):
        allowed = ", ".join(regions(country)) or "nothing: holidays are the same in the whole country"
        raise InvalidInput(field="region", found=text[:20], allowed=f"empty, or one of {allowed}")
    return region


def _zone(text: str, country: str) -> str:
    zone = text.strip()
    if zone and zone not in available_timezones():
        raise InvalidInput(field="time zone", found=text[:60], allowed="an IANA name such as Europe/Madrid")
    row = content().countries.get(country)
    if zone and row is not None and zone not in row.time_zones:
        raise InvalidInput(field="time zone", found=zone, allowed=f"of {row.name}: {', '.join(row.time_zones)}")
    return zone


def emergency_number(text: str, country: str) -> str:
    """The number, which must be one for emergencies of the country where its numbers are known. Raises InvalidInput."""
    number = "".join(text.split())
    row = content().countries.get(country)
    example = f", such as {row.emergency_number}" if row else ""
    if number and not (number.isascii() and number.isdigit() and 2 <= len(number) <= 6):
        raise InvalidInput(field="emergency number", found=text[:20], allowed=f"2 to 6 digits{example}")
    if number and row is not None and not is_emergency_number(number, country):
        raise InvalidInput(
            field="emergency number", found=number, allowed=f"an emergency number of {row.name}{example}"
        )
    return number


def typed_facts(given: Mapping[str, str], *, complete: bool = True) -> SafetyFacts:
    """The facts as ``given`` under the names of ``FACT_FIELDS``; several telephones stand apart by ``;``.

    Raises InvalidInput naming the field, what was found and what is allowed; with ``complete`` also for a fact that
    is missing.
    """
    said = {name: given.get(name, "") for name in FACT_FIELDS}
    country = _country(said["country"])
    region = _region(said["region"], country)
    telephones = [_number("telephone", part) for part in re.split(r"[;\n]", said["telephone"]) if part.strip()]
    if len(telephones) > MOST_TELEPHONES:
        raise InvalidInput(field="telephone", found=f"{len(telephones)} numbers", allowed=f"at most {MOST_TELEPHONES}")
    name = " ".join(said["out_of_hours_name"].split())
    if len(name) > 60 or not (name or "x").isprintable():
        raise InvalidInput(field=FACT_WORDS["out_of_hours_name"], found=name[:60], allowed="1 to 60 characters")
    hours = {day: _hours(day, said[f"hours_{day}"]) for day in DAYS}
    found = SafetyFacts(
        country,
        region,
        _zone(said["timezone"], country),
        tuple(dict.fromkeys(telephones)),
        emergency_number(said["emergency_telephone"], country),
        name,
        _number(FACT_WORDS["out_of_hours_telephone"], said["out_of_hours_telephone"]),
        {day: times for day, times in hours.items() if times},
        _closed_days(said["closed_days"]),
        _open_holidays(said["open_holidays"], country, region),
    )
    if complete and found.missing:
        raise InvalidInput(field=found.missing[0], found="", allowed="something: patients may need it")
    return found
