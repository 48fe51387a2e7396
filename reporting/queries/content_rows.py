"""Rows of the clinical content as the administration shows them: in the file, in force today, and decided."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from reporting import clock
from reporting.domain.actors import Actor
from reporting.domain.clinic_content import CEILING, LEVELS, RANGES, RULES, SCHEDULES, TOLERANCES, ClinicContent
from reporting.domain.content import content
from reporting.domain.content_changes import first_day, values_of
from reporting.errors import NotFound
from reporting.security.permissions import may, require
from reporting.storage import clinic_content, sessions
from reporting.storage.engine import reading
from reporting.storage.tables import Clinic, ContentChange


@dataclass(frozen=True)
class ContentRow:
    """One row. Values are column to text, as in a file: of the file, in force today, and as last decided.

    ``begins``: first day of what was decided and is not in force yet; None: nothing waits.
    """

    row: str
    label: str
    words: str
    source: str
    group: str
    in_file: Mapping[str, str]
    in_force: Mapping[str, str]
    decided: Mapping[str, str]
    begins: date | None

    @property
    def is_changed(self) -> bool:
        """Whether the clinic uses something else than the file, now or soon."""
        return self.in_force != self.in_file or self.decided != self.in_file


@dataclass(frozen=True)
class ContentPage:
    """Rows of one table, whether this person may change them, and from which day a change would hold."""

    rows: tuple[ContentRow, ...]
    may_change: bool
    earliest: date
    timezone: str


@dataclass(frozen=True)
class Version:
    """One version of a row, as it was saved. ``values``: every column; ``who`` empty: the system."""

    version_id: int
    values: Mapping[str, str]
    from_day: date
    changed_at: datetime
    who: str
    reason: str


def _clinic(session: object, by: Actor) -> Clinic:
    found = sessions.clinic(session, by.clinic_id or 0)  # type: ignore[arg-type]
    if found is None:
        raise NotFound()
    return found


def _keys(table: str, now: ClinicContent) -> list[tuple[str, str, str, str, str]]:
    """Row, label, words, source and group of every row of a table."""
    of = content()
    if table == RULES:
        return [
            (one.code, one.code, one.clinician_words, one.source, "red flag" if one.red_flag else "rule")
            for one in of.rules
        ]
    if table == LEVELS:
        return [(code, one.label, "", one.source, "") for code, one in reversed(list(of.case_levels.items()))]
    if table == SCHEDULES:
        return [(code, one.label, "", "", "") for code, one in of.procedure_classes.items()]
    if table == TOLERANCES:
        return [(CEILING, "Ceiling", "", "our estimate", "")]
    return [(key, key, "", "", "") for key in sorted(now.rows(RANGES))]


def content_page(by: Actor, table: str) -> ContentPage:
    """Every row of ``table`` as the actor's clinic uses it. Raises NotAllowed."""
    require(by, "content.read")
    with reading() as session:
        clinic = _clinic(session, by)
        now = clinic_content.of(session, clinic)
    today = clock.today(clinic.timezone)
    rows = tuple(_row(table, names, now, today) for names in _keys(table, now))
    return ContentPage(rows, may(by, "content.manage"), first_day(table, today), clinic.timezone)


def _row(table: str, names: tuple[str, str, str, str, str], now: ClinicContent, today: date) -> ContentRow:
    key = names[0]
    versions = [values_of(table, key, dict(now.rows(table, day).get(key, ()))) for day in (today, None)]
    waiting = [one.from_day for one in now.changes if (one.table, one.row) == (table, key) and one.from_day > today]
    begins = waiting[-1] if waiting and versions[0] != versions[1] else None
    return ContentRow(*names, values_of(table, key, {}), versions[0], versions[1], begins)


def content_row(by: Actor, table: str, row: str) -> ContentRow:
    """One row of ``content_page``. Raises NotFound for a row that is not there, NotAllowed."""
    found = next((one for one in content_page(by, table).rows if one.row == row), None)
    if found is None:
        raise NotFound()
    return found


def versions(by: Actor, table: str, row: str) -> tuple[Version, ...]:
    """What the clinic decided about a row, newest first, without the file's own version. Raises NotAllowed."""
    require(by, "content.read")
    with reading() as session:
        found = clinic_content.history(session, by.clinic_id or 0, table, row)
    return tuple(_version(change, who) for change, who in found)


def _version(change: ContentChange, who: str) -> Version:
    values = values_of(change.content_table, change.row_key, change.cells)
    return Version(change.id or 0, values, change.from_day, change.changed_at, who, change.reason)
