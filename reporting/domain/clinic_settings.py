"""What an administrator can set for the clinic, and which values are allowed.

How long a clinic keeps what: kinds, limits, and the day before which it goes.

Calendar months: the unit of the report for the safety meeting.

When the monthly report is announced: a day of the month in the clinic's time zone, and who gets the link.
"""

import calendar
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from reporting.domain.messages import check_sender_name
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
