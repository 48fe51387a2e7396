"""Calendar months: the unit of the report for the safety meeting."""

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from reporting.errors import InvalidInput

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
