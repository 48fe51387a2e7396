"""Rows of the clinical content as the administration shows them: in the file, in force today, and decided.

What the clinic changed of the clinical content, for the charts and the pages of the administration.

``protocol_ranges(by, device_class="", field="", skin_group="") -> tuple[ProtocolRange, ...]`` gives the clinic's own
ranges (``domain.clinic_content.ProtocolRange``: device_class, field, skin_group, minimum, maximum, note; limits in
the field's unit, None where open). ``tolerated_factor(by) -> float`` gives the multiple of the risk at the reference
for which the ceiling is computed.

What the page of guidelines offers: published guidelines, and the settings a protocol range can be set for.

Who may sign in at the clinic.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from reporting import clock
from reporting.domain.actors import Actor
from reporting.domain.clinic_content import (
    CEILING,
    LEVELS,
    RANGES,
    RULES,
    SCHEDULES,
    TOLERANCES,
    ClinicContent,
    ProtocolRange,
    first_day,
    values_of,
)
from reporting.domain.content import content
from reporting.domain.content_reader import is_safety_rule
from reporting.domain.content_rows import Guideline, Rule
from reporting.domain.devices import setting_fields
from reporting.errors import NotFound
from reporting.records import access, clinic_facts
from reporting.records.engine import Session, reading
from reporting.records.tables import Clinic, ContentChange, id_of
from reporting.security.permissions import may, require
from reporting.security.scope import Scope


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


def _clinic(session: Session, by: Actor) -> Clinic:
    found = access.clinic(session, by.clinic_id or 0)
    if found is None:
        raise NotFound()
    return found


def _group(rule: Rule) -> str:
    if rule.red_flag:
        return "red flag"
    return "safety" if is_safety_rule(rule) else "rule"


def _keys(table: str, now: ClinicContent) -> list[tuple[str, str, str, str, str]]:
    """Row, label, words, source and group of every row of a table."""
    of = content()
    if table == RULES:
        return [(one.code, one.code, one.clinician_words, one.source, _group(one)) for one in of.rules]
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
        now = clinic_facts.of(session, clinic)
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
        found = clinic_facts.history(session, by.clinic_id or 0, table, row)
    return tuple(_version(change, who) for change, who in found)


def _version(change: ContentChange, who: str) -> Version:
    values = values_of(change.content_table, change.row_key, change.cells)
    return Version(id_of(change), values, change.from_day, change.changed_at, who, change.reason)


def protocol_ranges(
    by: Actor, device_class: str = "", field: str = "", skin_group: str = ""
) -> tuple[ProtocolRange, ...]:
    """The clinic's protocol ranges of a device class, setting and skin group; empty: of every one.

    A range for every skin holds for each skin group, unless the group has one of its own. Raises NotAllowed.
    """
    require(by, "settings.read")
    with reading() as session:
        every = clinic_facts.of_clinic(session, Scope.of(by).clinic_id).protocol_ranges()
    found = [one for one in every if device_class in ("", one.device_class) and field in ("", one.field)]
    if not skin_group:
        return tuple(found)
    own = {(one.device_class, one.field) for one in found if one.skin_group == skin_group}
    return tuple(
        one
        for one in found
        if one.skin_group == skin_group or (not one.skin_group and (one.device_class, one.field) not in own)
    )


def tolerated_factor(by: Actor) -> float:
    """How many times the risk at the reference the clinic tolerates at the ceiling. Raises NotAllowed."""
    require(by, "settings.read")
    with reading() as session:
        return clinic_facts.of_clinic(session, Scope.of(by).clinic_id).tolerated_factor()


@dataclass(frozen=True)
class Offered:
    """A setting with its unit and its plausible limits in one class of devices."""

    field: str
    label: str
    unit: str
    lowest: float | None
    highest: float | None


@dataclass(frozen=True)
class RangeChoices:
    """``names``: device class to its name; ``settings``: device class to what can be set there."""

    names: Mapping[str, str]
    settings: Mapping[str, tuple[Offered, ...]]
    published: tuple[Guideline, ...]


def range_choices(by: Actor) -> RangeChoices:
    """For the actor's clinic, its own device classes included. Raises NotAllowed."""
    require(by, "content.read")
    with reading() as session:
        classes = clinic_facts.known(session, Scope.of(by).clinic_id)
    fields = setting_fields()
    found = {}
    for code, one in classes.items():
        parameters = {**content().common_parameters, **one.parameters}
        found[code] = tuple(
            Offered(name, of.label, of.unit, parameters[name].plausible_min, parameters[name].plausible_max)
            for name, of in fields.items()
            if name in parameters
        )
    return RangeChoices({code: one.name for code, one in classes.items()}, found, content().guidelines)


@dataclass(frozen=True)
class Colleague:
    """One staff account, as administrators see it."""

    staff_id: int
    name: str
    email: str
    role: str
    is_active: bool
    since: datetime
    has_factor: bool


def colleagues(by: Actor) -> list[Colleague]:
    """The accounts of the actor's clinic by name, the switched-off ones last. Raises NotAllowed."""
    require(by, "staff.manage")
    with reading() as session:
        found = access.accounts_of(session, by.clinic_id or 0)
    shown = [
        Colleague(
            id_of(one),
            one.display_name,
            one.email,
            one.role,
            one.is_active,
            one.created_at,
            one.totp_since is not None,
        )
        for one in found
    ]
    return sorted(shown, key=lambda one: not one.is_active)
