"""The treatments behind a band, a cell or a point of the settings page.

The treatments behind a count of the data quality page, one page of them at a time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reporting.dashboards.read_bands import GROUPS, band_codes, checked, fixed_cut, skin_codes
from reporting.dashboards.read_quality import GROUPINGS, groups, is_silent
from reporting.domain.actors import Actor
from reporting.domain.devices import device_classes, printed, setting_fields
from reporting.errors import InvalidInput, NotFound
from reporting.records import import_runs
from reporting.records.cases import named_treatments
from reporting.records.engine import reading
from reporting.records.outcome_frame import SETTINGS
from reporting.security.permissions import require
from reporting.shell.read_counting import COUNTING_COLUMNS, Flags, count_symptom
from reporting.shell.read_scope import Filters, may_see_operator, scoped_frame
from reporting.shell.read_scope import today as day_of

SHOWN = 200
"""Treatments listed at most, those with an event first, then the newest."""
_COLUMNS = ("treated_area_id", "patient_id", "performed_on", "device", "operator", "area", "fitzpatrick")


@dataclass(frozen=True)
class Part:
    """What was chosen in a chart: of each setting its band (index in the fixed cut), a skin group of ``GROUPS``, the
    first and last day, an operator (``CLINIC/CODE``). An empty field narrows nothing. With two settings the bands are
    those of the map."""

    bands: Mapping[str, int] = field(default_factory=dict)
    skin_group: str = ""
    from_date: date | None = None
    to_date: date | None = None
    operator: str = ""


def treatments_behind(by: Actor, filters: Filters, settings: Sequence[str], symptom: str, part: Part) -> pd.DataFrame:
    """Treated areas of ``part`` in which each of ``settings`` was recorded, at most SHOWN: patient_id, patient
    (reference), treatment, performed_on, device, area, each setting, answered, event.

    Raises NotAllowed, InvalidInput, and NotFound for an operator one may not look at.
    """
    require(by, "timeline.read")
    if part.operator and not may_see_operator(by, part.operator):
        raise NotFound()
    for name in settings:
        checked(name, symptom)
    columns = [*COUNTING_COLUMNS, *_COLUMNS, *settings, f"first_{symptom}"]
    frame = scoped_frame(by, _narrowed(filters, part), columns)
    answered, event = count_symptom(frame, symptom)
    rows = frame.assign(answered=answered, event=event)[_inside(by, frame, filters.device_class, settings, part)]
    rows = rows.sort_values(["event", "performed_on"], ascending=False).head(SHOWN)
    ids: list[Any] = rows["treated_area_id"].tolist()
    with reading() as session:
        names = named_treatments(session, ids)
    wanted = ["patient_id", "patient", "treatment", "performed_on", "device", "area", *settings, "answered", "event"]
    return rows.merge(names, on="treated_area_id", how="left")[wanted].reset_index(drop=True)


def _narrowed(filters: Filters, part: Part) -> Filters:
    """The filters within the days of the part."""
    first = max((day for day in (filters.from_date, part.from_date) if day), default=None)
    last = min((day for day in (filters.to_date, part.to_date) if day), default=None)
    return replace(filters, from_date=first, to_date=last)


def _inside(by: Actor, frame: pd.DataFrame, device_class: str, settings: Sequence[str], part: Part) -> Flags:
    inside = np.ones(len(frame), dtype=np.bool_)
    for name in settings:
        inside &= ~np.isnan(frame[name].to_numpy())
    for name, band in part.bands.items():
        cut = fixed_cut(by, device_class, name, crossed=len(part.bands) > 1)
        inside &= band_codes(frame[name].to_numpy(), cut.bands) == band
    if part.skin_group:
        inside &= skin_codes(frame) == GROUPS.index(part.skin_group)
    if part.operator:
        inside &= (frame["operator"] == part.operator).to_numpy()
    return inside


BEHIND_SHOWN = 25
_QUALITY_BEHIND_COLUMNS = (
    "treated_area_id",
    "treatment_id",
    "patient_id",
    "performed_on",
    "device",
    "device_class",
    "area",
    "clinic",
    "fitzpatrick",
    "answered_mask",
    "is_over_typical",
)


@dataclass(frozen=True)
class Count:
    """Which count. ``silent``: treatments that nobody answered, of one ``group`` of a ``grouping`` if there is one;
    ``missing``: treated areas of a ``device_class`` without a ``setting``; ``unusual``: its areas with a value outside
    the typical range."""

    kind: Literal["silent", "missing", "unusual"]
    device_class: str = ""
    setting: str = ""
    grouping: str = ""
    group: str = ""

    def __post_init__(self) -> None:
        if self.kind == "missing" and self.setting not in SETTINGS:
            raise InvalidInput(field="setting", found=self.setting, allowed="one of " + ", ".join(SETTINGS))
        if self.grouping and self.grouping not in GROUPINGS:
            raise InvalidInput(field="grouping", found=self.grouping, allowed="one of " + ", ".join(GROUPINGS))


@dataclass(frozen=True)
class Counted:
    """``n`` treatments or treated areas in all. ``rows``, newest first, of the page asked for: treatment_id,
    patient_id, patient and treatment (references), performed_on, device, area, unusual (words, else empty)."""

    n: int
    rows: pd.DataFrame


def treatments_counted(by: Actor, filters: Filters, count: Count, page: int = 1) -> Counted:
    """What ``count`` counts among the treatments that ``by`` may see. Raises NotAllowed, InvalidInput."""
    require(by, "timeline.read")
    if count.device_class:
        filters = replace(filters, device_class=count.device_class)
    wanted = (*_QUALITY_BEHIND_COLUMNS, count.setting) if count.setting else _QUALITY_BEHIND_COLUMNS
    frame = scoped_frame(by, filters, wanted)
    hits = _hits(by, filters, frame, count)
    rows = frame.iloc[_newest(frame["performed_on"], hits, page)].reset_index(drop=True)
    return Counted(len(hits), _named(rows, with_unusual=count.kind == "unusual"))


def _hits(by: Actor, filters: Filters, frame: pd.DataFrame, count: Count) -> NDArray[np.intp]:
    if count.kind == "missing":
        return np.flatnonzero(np.isnan(frame[count.setting].to_numpy()))
    if count.kind == "unusual":
        return np.flatnonzero(frame["is_over_typical"].to_numpy() > 0)
    silent = np.flatnonzero(is_silent(frame, day_of(by)))
    silent = silent[~frame["treatment_id"].iloc[silent].duplicated().to_numpy()]
    if not count.grouping:
        return silent
    return silent[(groups(by, filters, frame.iloc[silent], count.grouping) == count.group).to_numpy()]


def _newest(day: "pd.Series[Any]", hits: NDArray[np.intp], page: int) -> NDArray[np.intp]:
    """The rows of one page; those of older pages need no order."""
    begin, end = (page - 1) * BEHIND_SHOWN, page * BEHIND_SHOWN
    age = -day.to_numpy()[hits].astype(np.int64)
    near = np.arange(len(hits))
    if end < len(hits):
        near = np.flatnonzero(age <= np.partition(age, end - 1)[end - 1])
    return hits[near[np.argsort(age[near], kind="stable")][begin:end]]


def _named(rows: pd.DataFrame, *, with_unusual: bool) -> pd.DataFrame:
    ids: list[int] = rows["treated_area_id"].tolist()
    with reading() as session:
        names = named_treatments(session, ids)
        outside = import_runs.unusual_settings(session, ids) if with_unusual else {}
    found = rows.merge(names, on="treated_area_id", how="left")
    words = [
        "; ".join(_words(str(code), name, value) for name, value in outside.get(key, {}).items())
        for key, code in zip(ids, rows["device_class"], strict=True)
    ]
    wanted = ["treatment_id", "patient_id", "patient", "treatment", "performed_on", "device", "area"]
    return found[wanted].assign(unusual=words)


def _words(device_class: str, setting: str, value: float) -> str:
    """``Pulse energy 60 mJ (usual 10 to 56)``."""
    field = setting_fields()[setting]
    said = f"{field.label} {value:.4g} {printed(field.unit)}".rstrip()
    known = device_classes().get(device_class)
    typical = known.parameters.get(setting) if known else None
    low, high = (typical.typical_low, typical.typical_high) if typical else (None, None)
    ends = [f"from {low:g}" if high is None else f"{low:g}"] if low is not None else []
    ends += [f"to {high:g}" if ends else f"up to {high:g}"] if high is not None else []
    return f"{said} (usual {' '.join(ends)})" if ends else said
