"""Observed rates by setting band and skin group within one device class.

Bands of a device setting, with cut-points that stand still.

A setting with at most FEW_VALUES different values (passes, density steps) has a band per value. Any other is
cut at its quintiles and its 95th percentile (the strongest are a band of their own), rounded to two significant
digits so that people can read them, to three where two would make one of several. The cut-points come from every
treatment of the device class that the reader may see, whatever the filters, performed before
1 January of this year (all of them in a first year): moving cut-points would make trends of their own.

What the settings page starts from: the settings of a device class, the main one first, and its devices.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reporting import clock
from reporting.dashboards.read_ranges import Range, device_class_of, ranges_of
from reporting.domain.actors import Actor
from reporting.domain.devices import DeviceClass, parameter_of, setting_fields
from reporting.domain.vocabulary import SYMPTOMS
from reporting.errors import InvalidInput
from reporting.evidence.intervals import newcombe
from reporting.records.outcome_frame import SETTINGS, settled_revision
from reporting.security.permissions import require
from reporting.shell.read_counting import COUNTING_COLUMNS, Ints, symptom_tables, with_upper_limits
from reporting.shell.read_scope import SKIN_GROUPS, Filters, scoped_frame
from reporting.shell.read_small_cells import hide_small_cells, is_beyond_clinic

FEW_VALUES = 6
CUTS = (0.2, 0.4, 0.6, 0.8, 0.95)
COARSE_CUTS = (1 / 3, 2 / 3, 0.95)
"""Where two settings are crossed, a clinic with few treatments gets fewer and fuller cells."""
MANY = 3_000
"""Treatments from which crossed settings have as fine bands as single ones."""
ENOUGH_TO_CUT = 50

Numbers = NDArray[np.float32]


@dataclass(frozen=True)
class Band:
    """Values from ``low`` up to, not including, ``high``; no end where one is None. A single value has both
    ends equal to it."""

    low: float | None
    high: float | None

    @property
    def label(self) -> str:
        if self.low is None and self.high is None:
            return "all values"
        if self.low is None:
            return f"below {self.high:g}"
        if self.high is None:
            return f"{self.low:g} and more"
        return f"{self.low:g}" if self.low == self.high else f"{self.low:g} to below {self.high:g}"


@dataclass(frozen=True)
class Cut:
    """The bands of one setting in rising order, and from when to when their treatments were."""

    bands: tuple[Band, ...]
    fixed_on: date | None
    """None: the first year, so that the cut-points still move."""

    def band_of(self, value: float) -> int:
        """Index of the band that holds a value, -1 for none."""
        return int(band_codes(np.array([value], dtype=np.float32), self.bands)[0])


def cut(values: Numbers, performed_on: "pd.Series[pd.Timestamp]", today: date, *, crossed: bool = False) -> Cut:
    """Bands for values (NaN where not recorded), shape (rows,). No values: no bands. ``crossed``: for a map of two
    settings."""
    new_year = date(today.year, 1, 1)
    earlier = values[(performed_on < pd.Timestamp(new_year)).to_numpy() & ~np.isnan(values)]
    is_fixed = len(earlier) >= ENOUGH_TO_CUT
    known = earlier if is_fixed else values[~np.isnan(values)]
    cuts = COARSE_CUTS if crossed and len(known) < MANY else CUTS
    return Cut(_bands(known, values, cuts), new_year if is_fixed else None)


def _bands(known: Numbers, everything: Numbers, cuts: tuple[float, ...]) -> tuple[Band, ...]:
    if not len(known):
        return ()
    different = _few(everything)
    if different is not None:
        return tuple(Band(value, value) for value in different)
    ends: list[float | None] = [None, *_readable(np.quantile(known, cuts)), None]
    return tuple(Band(low, high) for low, high in pairwise(ends))


def _readable(edges: NDArray[np.float64]) -> list[float]:
    """The edges with as few digits as keep them apart, rising."""
    two, three = ({float(f"{edge:.{digits}g}") for edge in edges} for digits in (2, 3))
    return sorted(two if len(two) == len(three) else three)


def _few(values: Numbers) -> list[float] | None:
    """The different values if there are few, else None. A sample shows quickly when there are many."""
    for part in (values[:1_000], values):
        different = pd.unique(part[~np.isnan(part)])
        if len(different) > FEW_VALUES:
            return None
    return sorted(float(f"{value:.6g}") for value in different)


def band_codes(values: Numbers, bands: tuple[Band, ...]) -> NDArray[np.int64]:
    """Index of each value's band, -1 where it is not recorded or there is no band, shape (rows,)."""
    if not bands:
        return np.full(len(values), -1, dtype=np.int64)
    single = bands[0].low is not None and bands[0].low == bands[0].high
    edges = [band.low for band in (bands if single else bands[1:])]
    codes = np.searchsorted(np.array(edges, dtype=np.float32), values, side="right").astype(np.int64)
    return np.where(np.isnan(values), -1, codes - 1 if single else codes)


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
    table = _table(frame, parameter, band, symptom, fixed)
    if is_beyond_clinic(by, frame["clinic_id"].to_numpy()):
        table = hide_small_cells(table, ("band", "skin_group"))
    table = table.assign(is_enough=table["is_enough"] & ~table["is_hidden"])
    field = setting_fields()[parameter]
    return SettingBands(
        device_class=filters.device_class,
        device_class_name=chosen.name,
        parameter=parameter,
        label=field.label,
        unit=field.unit,
        symptom=symptom,
        cut=fixed,
        table=table,
        ranges=ranges_of(by, chosen, parameter, filters.area, frame["spot_size_mm"].to_numpy()),
        n_without_setting=int(np.count_nonzero(np.isnan(values))),
        differences={group: _difference(table[table["skin_group"] == group]) for group in GROUPS},
        revision=settled_revision(),
    )


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


def _table(frame: pd.DataFrame, parameter: str, band: Ints, symptom: str, fixed: Cut) -> pd.DataFrame:
    size = len(fixed.bands) * len(GROUPS)
    group = np.where(band >= 0, band * len(GROUPS) + skin_codes(frame), -1)
    [table] = symptom_tables(frame, group, size, [symptom])
    table.insert(0, "band", np.repeat(np.arange(len(fixed.bands)), len(GROUPS)))
    table.insert(1, "band_label", np.repeat(np.array([b.label for b in fixed.bands], dtype=object), len(GROUPS)))
    table.insert(2, "skin_group", list(GROUPS) * len(fixed.bands))
    table.insert(3, "median", _middles(frame[parameter].to_numpy(), band, len(fixed.bands)))
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


def first_with_settings(by: Actor, device_classes: Iterable[str]) -> str:
    """The first of these device classes for which any setting was recorded; empty where there is none.

    Peels and plain needling have no settings: nothing could be shown of them.
    """
    require(by, "settings.read")
    frame = scoped_frame(by, Filters(), [*SETTINGS, "device_class"])
    recorded = frame.loc[frame[list(SETTINGS)].notna().any(axis=1), "device_class"]
    found = {str(code) for code in recorded.unique()}
    return next((code for code in device_classes if code in found), "")


DOSE_ON_THE_SKIN = ("fluence_j_cm2", "density_pct", "density_mtz_cm2", "energy_per_pin_mj", "pulse_energy_mj")
"""A device class is judged by the first of these that it has: dose per area of skin before the energy of one pulse,
whose display is not comparable between makes, and density before energy, which weighs less for swelling, redness and
pigmentation (Kono 2007)."""
BESIDE = ("pulse_energy_mj", "pulse_width_ms", "needle_depth_mm", "passes", "spot_size_mm")
"""What is looked at beside the main setting in the map, in the order of preference."""
USUALLY = 0.5
"""A setting that is recorded for fewer of the treated areas than this is not what the class is set by here."""


@dataclass(frozen=True)
class SettingChoice:
    """Settings recorded for the class in the order of the setting table, the main one, the one to look at beside it
    (the main one again where no other was recorded), and the devices of the class by code."""

    settings: tuple[str, ...]
    main: str
    beside: str
    devices: tuple[str, ...]


def setting_choice(by: Actor, device_class: str) -> SettingChoice | None:
    """What can be chosen for a device class; None where no setting was recorded. Raises NotAllowed, InvalidInput."""
    require(by, "settings.read")
    of = device_class_of(by, device_class)
    frame = scoped_frame(by, Filters(device_class=device_class), [*SETTINGS, "device"])
    shares = {name: float(np.mean(~np.isnan(frame[name].to_numpy()))) if len(frame) else 0.0 for name in SETTINGS}
    recorded = tuple(name for name in setting_fields() if shares.get(name, 0) > 0)
    if not recorded:
        return None
    main = _first(of, shares, DOSE_ON_THE_SKIN, recorded)
    others = tuple(name for name in recorded if name != main)
    beside = _first(of, shares, BESIDE, others) if others else main
    column = frame["device"].cat
    devices = [str(column.categories[code]) for code in np.unique(column.codes.to_numpy()) if code >= 0]
    return SettingChoice(recorded, main, beside, tuple(device for device in devices if device != "not recorded"))


def _first(of: DeviceClass, shares: dict[str, float], order: tuple[str, ...], recorded: tuple[str, ...]) -> str:
    """The first of ``order`` that the class has and that is usually recorded, else what is recorded most."""
    usual = [name for name in order if name in recorded and shares[name] >= USUALLY]
    known = [name for name in usual if parameter_of(of, name) is not None]
    return (known or usual or [max(recorded, key=lambda name: shares[name])])[0]
