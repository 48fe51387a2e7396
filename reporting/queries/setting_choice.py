"""What the settings page starts from: the settings of a device class, the main one first, and its devices."""

from dataclasses import dataclass

import numpy as np

from reporting.domain.actors import Actor
from reporting.domain.devices import DeviceClass, parameter_of, setting_fields
from reporting.queries.scope import Filters, scoped_frame
from reporting.queries.setting_ranges import device_class_of
from reporting.security.permissions import require
from reporting.storage.outcome_frame import SETTINGS

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
