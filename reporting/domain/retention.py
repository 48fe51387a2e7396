"""How long a clinic keeps what: kinds, limits, and the day before which it goes."""

import calendar
from collections.abc import Mapping
from datetime import datetime

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
