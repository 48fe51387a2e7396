"""The treatments behind a count of the data quality page, one page of them at a time."""

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reporting.domain.actors import Actor
from reporting.domain.devices import device_classes, setting_fields
from reporting.domain.units import printed
from reporting.errors import InvalidInput
from reporting.queries.data_quality import GROUPINGS, groups, is_silent
from reporting.queries.days import today as day_of
from reporting.queries.scope import Filters, scoped_frame
from reporting.security.permissions import require
from reporting.storage import quality
from reporting.storage.case_counts import named_treatments
from reporting.storage.engine import reading
from reporting.storage.outcome_frame import SETTINGS

SHOWN = 25
_COLUMNS = (
    "treated_area_id", "treatment_id", "patient_id", "performed_on", "device", "device_class", "area", "clinic",
    "fitzpatrick", "answered_mask", "is_over_typical",
)  # fmt: skip


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
    wanted = (*_COLUMNS, count.setting) if count.setting else _COLUMNS
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
    begin, end = (page - 1) * SHOWN, page * SHOWN
    age = -day.to_numpy()[hits].astype(np.int64)
    near = np.arange(len(hits))
    if end < len(hits):
        near = np.flatnonzero(age <= np.partition(age, end - 1)[end - 1])
    return hits[near[np.argsort(age[near], kind="stable")][begin:end]]


def _named(rows: pd.DataFrame, *, with_unusual: bool) -> pd.DataFrame:
    ids: list[int] = rows["treated_area_id"].tolist()
    with reading() as session:
        names = named_treatments(session, ids)
        outside = quality.unusual_settings(session, ids) if with_unusual else {}
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
