"""The treatments behind a band, a cell or a point of the settings page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from reporting.domain.actors import Actor
from reporting.errors import NotFound
from reporting.queries.bands import band_codes
from reporting.queries.counting import COUNTING_COLUMNS, Flags, count_symptom
from reporting.queries.scope import Filters, may_see_operator, scoped_frame
from reporting.queries.setting_bands import GROUPS, checked, fixed_cut, skin_codes
from reporting.security.permissions import require
from reporting.storage.case_counts import named_treatments
from reporting.storage.engine import reading

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
