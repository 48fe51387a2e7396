"""Observed rates by setting band and skin group within one device class."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reporting import clock
from reporting.domain.actors import Actor
from reporting.domain.devices import setting_fields
from reporting.domain.symptoms import SYMPTOMS
from reporting.errors import InvalidInput
from reporting.evidence.intervals import newcombe
from reporting.queries.bands import Cut, band_codes, cut
from reporting.queries.counting import COUNTING_COLUMNS, Ints, symptom_tables, with_upper_limits
from reporting.queries.scope import SKIN_GROUPS, Filters, scoped_frame
from reporting.queries.setting_ranges import Range, device_class_of, ranges_of
from reporting.queries.small_cells import hide_small_cells, is_beyond_clinic
from reporting.security.permissions import require
from reporting.storage.outcome_frame import SETTINGS, settled_revision

GROUPS = (*SKIN_GROUPS, "not recorded")


@dataclass(frozen=True)
class SettingBands:
    """Rates by band. ``table``: one row per band and skin group with treatments: band (index into
    ``cut.bands``), band_label, skin_group, median (of the setting there), RATE_COLUMNS, is_enough, is_hidden."""

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
    chosen = device_class_of(by, filters.device_class)
    checked(parameter, symptom)
    fixed = fixed_cut(by, filters.device_class, parameter)
    frame = scoped_frame(by, filters, _columns(parameter, symptom))
    values = frame[parameter].to_numpy()
    band = band_codes(values, fixed.bands)
    table = _table(frame, band, symptom, fixed)
    if is_beyond_clinic(by, frame["clinic_id"].to_numpy()):
        table = hide_small_cells(table, ("band", "skin_group"))
    table = table.assign(is_enough=table["is_enough"] & ~table["is_hidden"])
    field = setting_fields()[parameter]
    return SettingBands(
        device_class=filters.device_class, device_class_name=chosen.name, parameter=parameter,
        label=field.label, unit=field.unit, symptom=symptom, cut=fixed, table=table,
        ranges=ranges_of(by, chosen, parameter, filters.area, frame["spot_size_mm"].to_numpy()),
        n_without_setting=int(np.count_nonzero(np.isnan(values))),
        differences={group: _difference(table[table["skin_group"] == group]) for group in GROUPS},
        revision=settled_revision(),
    )  # fmt: skip


def checked(parameter: str, symptom: str) -> None:
    """Raise InvalidInput for a setting or symptom that does not exist."""
    if parameter not in SETTINGS:
        raise InvalidInput(field="parameter", found=parameter, allowed="one of " + ", ".join(SETTINGS))
    if symptom not in SYMPTOMS:
        raise InvalidInput(field="symptom", found=symptom, allowed="one of " + ", ".join(SYMPTOMS))


def _columns(parameter: str, symptom: str) -> list[str]:
    spot = () if parameter == "spot_size_mm" else ("spot_size_mm",)
    return [*COUNTING_COLUMNS, parameter, "fitzpatrick", f"first_{symptom}", "clinic_id", *spot]


def fixed_cut(by: Actor, device_class: str, parameter: str, *, crossed: bool = False) -> Cut:
    """The bands of a setting (``crossed``: in a map of two), from every treatment of the device class that the person
    may see."""
    everything = scoped_frame(by, Filters(device_class=device_class), [parameter, "performed_on"])
    return cut(everything[parameter].to_numpy(), everything["performed_on"], clock.now().date(), crossed=crossed)


_GROUP_OF_TYPE = np.array([2, 0, 0, 0, 1, 1, 1])
"""Fitzpatrick type (0 unknown) to index in GROUPS."""


def skin_codes(frame: pd.DataFrame) -> Ints:
    """Index in GROUPS of each row, shape (rows,)."""
    found: Ints = _GROUP_OF_TYPE[frame["fitzpatrick"].to_numpy()]
    return found


def _table(frame: pd.DataFrame, band: Ints, symptom: str, fixed: Cut) -> pd.DataFrame:
    size = len(fixed.bands) * len(GROUPS)
    group = np.where(band >= 0, band * len(GROUPS) + skin_codes(frame), -1)
    [table] = symptom_tables(frame, group, size, [symptom])
    table.insert(0, "band", np.repeat(np.arange(len(fixed.bands)), len(GROUPS)))
    table.insert(1, "band_label", np.repeat(np.array([b.label for b in fixed.bands], dtype=object), len(GROUPS)))
    table.insert(2, "skin_group", list(GROUPS) * len(fixed.bands))
    table.insert(3, "median", _middles(frame[frame.columns[3]].to_numpy(), band, len(fixed.bands)))
    return with_upper_limits(table[table["n_treatments"] > 0].reset_index(drop=True)).assign(is_hidden=False)


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


def parameters_recorded(by: Actor, filters: Filters) -> list[str]:
    """Settings that were recorded for the device class at all, in the order of the setting table."""
    require(by, "settings.read")
    frame = scoped_frame(by, replace(Filters(), device_class=filters.device_class), SETTINGS)
    return [name for name in setting_fields() if name in SETTINGS and frame[name].notna().any()]
