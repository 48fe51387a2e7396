"""Observed rates by setting band and skin group within one device class, and the treatments behind a band."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reporting import clock
from reporting.domain.actors import Actor
from reporting.domain.devices import DeviceClass, guideline_maximum, parameter_of, setting_fields
from reporting.domain.symptoms import SYMPTOMS
from reporting.errors import InvalidInput
from reporting.evidence.intervals import newcombe
from reporting.queries.bands import Cut, band_codes, cut
from reporting.queries.counting import (
    COUNTING_COLUMNS,
    Ints,
    count_symptom,
    symptom_tables,
    with_upper_limits,
)
from reporting.queries.scope import SKIN_GROUPS, Filters, scoped_frame
from reporting.security.permissions import require
from reporting.storage import device_classes
from reporting.storage.case_counts import named_treatments
from reporting.storage.engine import reading
from reporting.storage.outcome_frame import SETTINGS, newest_revision

GROUPS = (*SKIN_GROUPS, "not recorded")
SHOWN = 200
"""Treatments listed behind a band, those with an event first, then the newest."""


@dataclass(frozen=True)
class Range:
    """A recommended range of the setting, in its unit. ``skin_group`` empty: for every skin type."""

    kind: str
    """``typical`` (what is usual for the device class) or ``guideline`` (published highest value)."""
    low: float | None
    high: float | None
    skin_group: str
    source: str


@dataclass(frozen=True)
class SettingBands:
    """Rates by band. ``table``: one row per band and skin group with treatments: band (index into
    ``cut.bands``), band_label, skin_group, median (of the setting there), RATE_COLUMNS, is_enough."""

    device_class: str
    device_class_name: str
    parameter: str
    label: str
    unit: str
    symptom: str
    cut: Cut
    table: pd.DataFrame
    ranges: tuple[Range, ...]
    n_without_setting: int
    """Treated areas without this setting: left out."""
    differences: Mapping[str, str]
    """Skin group to ``more``, ``less`` or empty: highest against lowest band that have enough answers."""
    revision: int = 0
    """State of the data: what was worked out at another one is out of date."""


def setting_bands(by: Actor, filters: Filters, parameter: str, symptom: str) -> SettingBands:
    """Rates by band of ``parameter`` within ``filters.device_class``. Raises NotAllowed, InvalidInput."""
    require(by, "settings.read")
    chosen = _device_class(by, filters.device_class)
    _check(parameter, symptom)
    fixed = _cut(by, filters.device_class, parameter)
    frame = scoped_frame(by, filters, _columns(parameter, symptom))
    values = frame[parameter].to_numpy()
    band = band_codes(values, fixed.bands)
    table = _table(frame, band, symptom, fixed)
    field = setting_fields()[parameter]
    return SettingBands(
        device_class=filters.device_class, device_class_name=chosen.name, parameter=parameter,
        label=field.label, unit=field.unit, symptom=symptom, cut=fixed, table=table,
        ranges=_ranges(chosen, parameter, filters.area),
        n_without_setting=int(np.count_nonzero(np.isnan(values))),
        differences={group: _difference(table[table["skin_group"] == group]) for group in GROUPS},
        revision=newest_revision(),
    )  # fmt: skip


def _check(parameter: str, symptom: str) -> None:
    if parameter not in SETTINGS:
        raise InvalidInput(field="parameter", found=parameter, allowed="one of " + ", ".join(SETTINGS))
    if symptom not in SYMPTOMS:
        raise InvalidInput(field="symptom", found=symptom, allowed="one of " + ", ".join(SYMPTOMS))


def _device_class(by: Actor, code: str) -> DeviceClass:
    with reading() as session:
        known = device_classes.known(session, by.clinic_id)
    if not code:
        raise InvalidInput(
            field="device_class", found=code, allowed="one device class: raw settings compare within one"
        )
    return known.get(code, DeviceClass(code=code, name=code, procedure_class="other"))


def _columns(parameter: str, symptom: str) -> list[str]:
    return [*COUNTING_COLUMNS, parameter, "fitzpatrick", f"first_{symptom}"]


def _cut(by: Actor, device_class: str, parameter: str) -> Cut:
    everything = scoped_frame(by, Filters(device_class=device_class), [parameter, "performed_on"])
    return cut(everything[parameter].to_numpy(), everything["performed_on"], clock.now().date())


_GROUP_OF_TYPE = np.array([2, 0, 0, 0, 1, 1, 1])
"""Fitzpatrick type (0 unknown) to index in GROUPS."""


def _skin(frame: pd.DataFrame) -> Ints:
    found: Ints = _GROUP_OF_TYPE[frame["fitzpatrick"].to_numpy()]
    return found


def _table(frame: pd.DataFrame, band: Ints, symptom: str, fixed: Cut) -> pd.DataFrame:
    size = len(fixed.bands) * len(GROUPS)
    group = np.where(band >= 0, band * len(GROUPS) + _skin(frame), -1)
    [table] = symptom_tables(frame, group, size, [symptom])
    table.insert(0, "band", np.repeat(np.arange(len(fixed.bands)), len(GROUPS)))
    table.insert(1, "band_label", np.repeat(np.array([b.label for b in fixed.bands], dtype=object), len(GROUPS)))
    table.insert(2, "skin_group", list(GROUPS) * len(fixed.bands))
    table.insert(3, "median", _middles(frame[frame.columns[3]].to_numpy(), band, len(fixed.bands)))
    return with_upper_limits(table[table["n_treatments"] > 0].reset_index(drop=True))


def _middles(values: NDArray[np.float32], band: Ints, size: int) -> NDArray[np.float64]:
    """Median setting of each band, repeated for each skin group, so that groups stand beside each other."""
    middles = [float(np.median(part)) if len(part := values[band == i]) else np.nan for i in range(size)]
    return np.repeat(np.array(middles, dtype=np.float64), len(GROUPS))


def _difference(rows: pd.DataFrame) -> str:
    enough = rows[rows["is_enough"]]
    if len(enough) < 2:
        return ""
    low, high = enough.iloc[0], enough.iloc[-1]
    limits = newcombe(high["events"], high["n_answered"], low["events"], low["n_answered"])
    return "more" if limits.lower > 0 else "less" if limits.upper < 0 else ""


def _typical_source(source: str) -> str:
    """The part of a parameter's source that is about the typical range."""
    return source.split(";")[0].removeprefix("typical range:").strip()


def _ranges(chosen: DeviceClass, parameter: str, area: str) -> tuple[Range, ...]:
    found = []
    known = parameter_of(chosen, parameter)
    if known and (known.typical_low is not None or known.typical_high is not None):
        found.append(Range("typical", known.typical_low, known.typical_high, "", _typical_source(known.source)))
    for group, (lightest, darkest) in SKIN_GROUPS.items():
        rows = [guideline_maximum(chosen, parameter, skin, None, area or None) for skin in range(lightest, darkest + 1)]
        published = [row for row in rows if row is not None]
        if published:
            strictest = min(published, key=lambda row: row.maximum)
            found.append(Range("guideline", strictest.minimum, strictest.maximum, group, strictest.source))
    return tuple(found)


def treatments_in_band(
    by: Actor, filters: Filters, parameter: str, symptom: str, band: int, skin_group: str
) -> pd.DataFrame:
    """Treated areas behind one band and skin group, at most SHOWN: patient_id, patient (reference),
    treatment, performed_on, device, area, value, answered, event. Raises NotAllowed, InvalidInput."""
    require(by, "timeline.read")
    _check(parameter, symptom)
    fixed = _cut(by, filters.device_class, parameter)
    columns = [
        *_columns(parameter, symptom),
        "treated_area_id",
        "patient_id",
        "performed_on",
        "device",
        "area",
    ]
    frame = scoped_frame(by, filters, columns)
    inside = (band_codes(frame[parameter].to_numpy(), fixed.bands) == band) & (_skin(frame) == GROUPS.index(skin_group))
    answered, event = count_symptom(frame, symptom)
    rows = frame.assign(answered=answered, event=event)[inside]
    rows = rows.sort_values(["event", "performed_on"], ascending=False).head(SHOWN)
    return _named(rows.rename(columns={parameter: "value"}))


def _named(rows: pd.DataFrame) -> pd.DataFrame:
    wanted = [
        "patient_id",
        "patient",
        "treatment",
        "performed_on",
        "device",
        "area",
        "value",
        "answered",
        "event",
    ]
    ids: list[Any] = rows["treated_area_id"].tolist()
    with reading() as session:
        names = named_treatments(session, ids)
    return rows.merge(names, on="treated_area_id", how="left")[wanted].reset_index(drop=True)


def parameters_recorded(by: Actor, filters: Filters) -> list[str]:
    """Settings that were recorded for the device class at all, in the order of the setting table."""
    require(by, "settings.read")
    frame = scoped_frame(by, replace(Filters(), device_class=filters.device_class), SETTINGS)
    return [name for name in setting_fields() if name in SETTINGS and frame[name].notna().any()]
