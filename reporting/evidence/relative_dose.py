"""Settings relative to the device's reference for that device, area and skin type.

Density and energy stay apart: only ratios to each parameter's own reference are ever compared, so the unit of a
setting cancels. The sign says which way is more aggressive (longer pulses spare the epidermis: Anderson &
Parrish, Science 1983;220:524-527).
"""

from typing import Literal

import numpy as np
import pandas as pd

from reporting.evidence.checks import Array

Scale = Literal["log", "ratio"]

SCALES: dict[str, tuple[Scale, int]] = {
    "fluence_j_cm2": ("log", 1),
    "pulse_energy_mj": ("log", 1),
    "energy_per_pin_mj": ("log", 1),
    "power_w": ("log", 1),
    "density_pct": ("ratio", 1),
    "density_mtz_cm2": ("ratio", 1),
    "passes": ("ratio", 1),
    "pulse_width_ms": ("log", -1),
}
"""Scale of each setting relative to its reference, and the direction that is more aggressive."""

MAIN_SETTINGS = ("fluence_j_cm2", "pulse_energy_mj", "energy_per_pin_mj", "power_w")
"""The dose a device class is turned up by, in the order of preference."""

OTHER_SETTINGS = tuple(name for name in SCALES if name not in MAIN_SETTINGS)


def relative_settings(areas: pd.DataFrame) -> pd.DataFrame:
    """Relative settings of treated areas, 0 at the reference, NaN where setting or reference is not recorded.

    Columns: `dose` (log ratio of the first main setting recorded) and every other setting of SCALES that the
    areas hold with a reference_<setting> column; rows in the order of `areas`, index 0 to n - 1.
    """
    columns = {"dose": np.full(len(areas), np.nan)}
    for name in MAIN_SETTINGS:
        value = relative(areas, name)
        columns["dose"] = np.where(np.isfinite(columns["dose"]), columns["dose"], value)
    for name in OTHER_SETTINGS:
        value = relative(areas, name)
        if np.isfinite(value).any():
            columns[name] = value
    return pd.DataFrame(columns)


def relative(areas: pd.DataFrame, name: str) -> Array:
    """One setting relative to its reference: log ratio, or ratio - 1; NaN where either is missing or not > 0."""
    if name not in areas or f"reference_{name}" not in areas:
        return np.full(len(areas), np.nan)
    value = areas[name].to_numpy(dtype=float)
    reference = areas[f"reference_{name}"].to_numpy(dtype=float)
    usable = np.isfinite(value) & np.isfinite(reference) & (value > 0) & (reference > 0)
    ratio = np.where(usable, value, 1.0) / np.where(usable, reference, 1.0)
    changed = np.log(ratio) if SCALES[name][0] == "log" else ratio - 1
    return np.asarray(np.where(usable, changed, np.nan), dtype=float)


def aggressive_sign(name: str) -> int:
    """1 where a higher value is more aggressive, -1 where a lower one is."""
    return 1 if name == "dose" else SCALES[name][1]
