"""What a person may see of the outcome frame, and the part of it that a dashboard's filters choose.

This is the one place where the bound of clinic and role is put on the frame. Whether the role may open the
page at all is decided by the query that calls (``overview.read``, ``settings.read``, ``rates.read``).

Which day it is where somebody works.

What the frame of every page says about the clinic.

What a dashboard can be narrowed to: what occurs in the treatments that the reader may see.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import wraps
from typing import ParamSpec

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reporting import clock
from reporting.domain import vocabulary
from reporting.domain.actors import Actor
from reporting.domain.clinic_settings import KINDS, ClinicSettings
from reporting.domain.clinic_settings import of as month_of
from reporting.domain.content_package import package
from reporting.domain.opening_hours import SafetyFacts
from reporting.domain.vocabulary import areas, indications, procedure_classes
from reporting.errors import InvalidInput, NotFound
from reporting.notify.handed_over import channels
from reporting.records import access, clinic_facts, on_call, packages
from reporting.records.access import clinic
from reporting.records.engine import Session, one_reading, reading
from reporting.records.outcome_frame import one_moment, outcome_frame
from reporting.records.tables import Clinic, id_of
from reporting.security.permissions import may, require
from reporting.security.scope import Scope
from reporting.settings import settings

SKIN_GROUPS = dict(zip(vocabulary.SKIN_GROUPS, ((1, vocabulary.DARK - 1), (vocabulary.DARK, 6)), strict=True))
"""Fitzpatrick types of each group, both ends included; an unknown type is in none."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Filters:
    """What a dashboard is narrowed to; an empty field narrows nothing. Dates are included at both ends.

    ``clinics`` and ``devices`` are codes as in the frame (``NORTH``, ``NORTH/CO2-1``): they stay the same
    when a database is moved, and name no person.
    """

    from_date: date | None = None
    to_date: date | None = None
    clinics: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    device_class: str = ""
    procedure_class: str = ""
    skin_group: str = ""
    indication: str = ""
    area: str = ""

    def __post_init__(self) -> None:
        if self.skin_group and self.skin_group not in SKIN_GROUPS:
            raise InvalidInput(field="skin_group", found=self.skin_group, allowed=" or ".join(SKIN_GROUPS))

    def previous_period(self, today: date) -> "Filters | None":
        """The same filters over the period of equal length just before; None without a first day.

        Before a calendar month lies the calendar month before it, whatever its length.
        """
        if self.from_date is None:
            return None
        whole = month_of(self.from_date)
        if (self.from_date, self.to_date) == (whole.first, whole.last):
            return replace(self, from_date=whole.previous.first, to_date=whole.previous.last)
        length = (self.to_date or today) - self.from_date
        last = self.from_date - timedelta(days=1)
        return replace(self, from_date=last - length, to_date=last)


def _bound(actor: Actor, frame: pd.DataFrame) -> Mask | None:
    """Rows the actor may see; None is every row. Raises NotAllowed."""
    scope = Scope.of(actor)
    return None if scope.is_every_clinic else np.asarray(frame["clinic_id"].to_numpy() == scope.clinic_id)


def _among(column: "pd.Series[str]", wanted: Collection[str]) -> Mask:
    """Rows of a category column that hold one of the wanted codes; unknown codes match nothing."""
    chosen = np.append(column.cat.categories.isin(list(wanted)), False)  # the last is for a missing value
    return np.asarray(chosen[column.cat.codes.to_numpy()])


def _within(frame: pd.DataFrame, filters: Filters) -> list[Mask]:
    masks: list[Mask] = []
    day = frame["performed_on"].to_numpy()
    if filters.from_date:
        masks.append(day >= np.datetime64(filters.from_date))
    if filters.to_date:
        masks.append(day <= np.datetime64(filters.to_date))
    if filters.skin_group:
        low, high = SKIN_GROUPS[filters.skin_group]
        skin = frame["fitzpatrick"].to_numpy()
        masks.append((skin >= low) & (skin <= high))
    return masks


def _chosen(frame: pd.DataFrame, filters: Filters) -> list[Mask]:
    wanted: dict[str, tuple[str, ...]] = {
        "clinic": filters.clinics,
        "device": filters.devices,
        **{
            name: (getattr(filters, name),) if getattr(filters, name) else ()
            for name in ("device_class", "procedure_class", "indication", "area")
        },
    }
    return [_among(frame[name], codes) for name, codes in wanted.items() if codes]


def scoped_frame(actor: Actor, filters: Filters = Filters(), columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Rows of the outcome frame that ``actor`` may see and ``filters`` choose; treat it as read-only.

    Staff see their own clinic, the system every clinic, a patient none (NotAllowed). ``columns`` names the
    columns wanted: fewer are faster.
    """
    frame = outcome_frame()
    bound = _bound(actor, frame)
    masks = [*([] if bound is None else [bound]), *_within(frame, filters), *_chosen(frame, filters)]
    names = list(frame.columns if columns is None else columns)
    mask = np.logical_and.reduce(masks) if masks else None
    if mask is None or mask.all():
        return frame if columns is None else frame[names]
    rows = np.flatnonzero(mask)
    return pd.DataFrame({name: frame[name].take(rows) for name in names}).reset_index(drop=True)


def sees_all_operators(by: Actor) -> bool:
    """Whether a person may compare operators; everybody else sees their own chart alone."""
    return may(by, "operators.compare")


def own_operator(by: Actor) -> str:
    """Code of the operator that the person is, as in the frame; empty when they are none."""
    with reading() as session:
        return access.operator_code(session, by.key)


def may_see_operator(by: Actor, code: str) -> bool:
    """Whether a person may look at what one operator (``CLINIC/CODE``) did: the safety lead, and the operator."""
    return sees_all_operators(by) or (bool(code) and code == own_operator(by))


def today(by: Actor) -> date:
    """The day at the actor's clinic; for the system, which works for all of them, the day in UTC."""
    with reading() as session:
        found = clinic(session, by.clinic_key)
    return clock.today(found.timezone if found else "UTC")


def check_come(field: str, day: date) -> None:
    """Raise InvalidInput for a day that has come nowhere yet."""
    latest = clock.today("Pacific/Kiritimati")  # UTC+14: nobody's day is later
    if day > latest:
        raise InvalidInput(field=field, found=str(day), allowed=f"a day up to today, {latest}")


@dataclass(frozen=True)
class ClinicLine:
    """Name of the actor's clinic and whether its data is synthetic."""

    name: str
    is_synthetic: bool
    missing: tuple[str, ...] = ()
    """Facts without which no patient can be invited, in words."""
    stops: str = ""
    """Why nobody can be invited with the clinical content in use."""
    is_pilot: bool = False
    """A declared supervised pilot: every page says so."""


REACHES_NOBODY = "who is told of an urgent case at once (page On call, with a way of messages that is set up)"


def missing_to_invite(session: Session, of: Clinic) -> tuple[str, ...]:
    """What a clinic has not told without which no patient may be invited, in words.

    In production that also is somebody on call who can be reached: no patient is asked to report into the dark.
    """
    facts = clinic_facts.safety(of).missing
    reaches = settings().environment != "production" or on_call.ways(session, id_of(of)) & set(channels())
    return facts if reaches else (*facts, REACHES_NOBODY)


def content_stops(session: Session, of: Clinic | None = None) -> str:
    """Why no patient may begin on the clinical content in use; empty: one may.

    A version that was withdrawn stops everywhere. Signatures are asked for in production, unless it is a declared
    supervised pilot or the clinic (``of``) is a synthetic one.
    """
    version = package().version
    gone = packages.withdrawn(session) if of is None else of.content_withdrawn
    if version in gone.split("|"):
        return f"version {version} of the clinical content was withdrawn"
    is_asked = settings().environment == "production" and not settings().supervised_pilot
    if not is_asked or (of is not None and of.is_synthetic):
        return ""
    lacking = packages.lacking_now(session, clock.today("UTC"))
    return (
        f"{lacking} safety-relevant rows of the clinical content lack the signatures of two reviewers"
        if lacking
        else ""
    )


def clinic_line(by: Actor) -> ClinicLine:
    """The clinic of the actor. Raises NotFound when there is none."""
    with reading() as session:
        found = clinic(session, by.clinic_key)
        if found is None:
            raise NotFound()
        missing, stops = missing_to_invite(session, found), content_stops(session, found)
        return ClinicLine(found.name, found.is_synthetic, missing, stops, settings().supervised_pilot)


def clinic_safety(by: Actor) -> SafetyFacts:
    """Whom patients of the actor's clinic call, for its administrator. Raises NotAllowed, NotFound."""
    require(by, "clinic.manage")
    with reading() as session:
        found = clinic(session, by.clinic_key)
    if found is None:
        raise NotFound()
    return clinic_facts.safety(found)


def clinic_settings(by: Actor) -> ClinicSettings:
    """The settings of the actor's clinic, for its administrator. Raises NotAllowed, NotFound."""
    require(by, "clinic.manage")
    with reading() as session:
        found = clinic(session, by.clinic_key)
    if found is None:
        raise NotFound()
    return ClinicSettings(
        second_factor=found.second_factor,
        reminders_from=found.reminders_from,
        reminders_until=found.reminders_until,
        message_name=found.message_name,
        retention={kind: found.retention.get(kind) for kind in KINDS},
    )


_COLUMNS = ("clinic", "device", "device_class", "procedure_class", "indication", "area")


@dataclass(frozen=True)
class FilterChoices:
    """Code to words for each filter, in the order of the words. Empty: there are no treatments."""

    clinics: Mapping[str, str]
    devices: Mapping[str, str]
    device_classes: Mapping[str, str]
    procedure_classes: Mapping[str, str]
    indications: Mapping[str, str]
    areas: Mapping[str, str]


def _occurring(column: "pd.Series[str]") -> list[str]:
    counts = np.bincount(column.cat.codes.to_numpy() + 1, minlength=len(column.cat.categories) + 1)[1:]
    return [str(name) for name, n in zip(column.cat.categories, counts, strict=True) if n]


def _worded(codes: list[str], words: Mapping[str, str]) -> dict[str, str]:
    named = {code: words.get(code, code) for code in codes}
    return dict(sorted(named.items(), key=lambda item: (item[0] == "not_recorded", item[1].lower())))


def filter_choices(by: Actor) -> FilterChoices:
    """The choices of ``by``. Raises NotAllowed."""
    require(by, "overview.read")
    frame = scoped_frame(by, Filters(), _COLUMNS)
    found = {name: _occurring(frame[name]) for name in _COLUMNS}
    with reading() as session:
        classes = {code: each.name for code, each in clinic_facts.known(session, Scope.of(by).clinic_id).items()}
    procedures = {code: each.label for code, each in procedure_classes().items()}
    return FilterChoices(
        clinics=_worded(found["clinic"], {}),
        devices=_worded(found["device"], {}),
        device_classes=_worded(found["device_class"], classes),
        procedure_classes=_worded(found["procedure_class"], procedures),
        indications=_worded(found["indication"], indications()),
        areas=_worded(found["area"], areas()),
    )


P = ParamSpec("P")


def of_one_state(draw: Callable[P, None]) -> Callable[P, None]:
    """The page, or a part; all that it reads is of one state of the database, in one transaction. Only for what looks:
    what is written while it is drawn, by whomever, is seen when it is drawn again."""
    return wraps(draw)(one_reading()(draw))


def of_one_moment(draw: Callable[P, None]) -> Callable[P, None]:
    """The same for pages that count in the frame of outcomes: it is of that state too."""
    return wraps(draw)(one_moment()(draw))
