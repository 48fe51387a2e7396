"""When the monthly report is announced: a day of the month in the clinic's time zone, and who gets the link."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from reporting.domain.months import Month, of
from reporting.errors import InvalidInput

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


def checked(given: ReportSchedule, may_read: Collection[int]) -> ReportSchedule:
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
