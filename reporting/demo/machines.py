"""Devices of the demo clinic: for which skin and what for each is used, with which settings, as careful operators do.

Darker skin gets gentler settings, no alexandrite and no flash lamp; the density of one device crept up ten months ago
and stayed there, and with it the harm that the dashboards should find.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.random import Generator

from reporting.domain.devices import device_classes, proposed_class

CREEP_DAYS = 300
"""How long ago the density of the one device began to creep up."""
RAMP_DAYS = 120
"""How long it crept; since then it has stayed up."""
CREEP = 0.5
"""Rise of its density at the end, as a share of its usual density."""
SPREAD = 0.08
"""How much one operator's choice differs from treatment to treatment, as a log."""
FACE, BODY_HAIR = ("full_face", "cheeks"), ("lower_legs", "underarms", "bikini", "upper_lip")


@dataclass(frozen=True)
class Use:
    """An indication, its share of the device's treatments and where it is treated."""

    indication: str
    share: float
    areas: tuple[str, ...]


@dataclass(frozen=True)
class Machine:
    """A device of the demo clinic with the settings usually chosen on it."""

    code: str
    device_class: str
    model: str
    share: float
    """Of all treatments of skin that it suits, before the other devices are counted."""
    skin: tuple[float, float, float, float, float, float]
    """How readily it is chosen for each Fitzpatrick type; 0: never."""
    uses: tuple[Use, ...]
    settings: Mapping[str, float] = field(default_factory=dict)
    main: str = ""
    """The setting that is chosen by skin and that does the harm."""
    by_skin: tuple[float, float, float, float, float, float] = (1, 1, 1, 0.94, 0.88, 0.88)
    """Its usual value by Fitzpatrick type, as a share of that in ``settings``."""
    endpoint: str | None = None
    cooling: str | None = None
    creeps: bool = False

    def usual(self, fitzpatrick: int) -> float:
        """The main setting as it is usually chosen for a skin type."""
        return self.settings[self.main] * self.by_skin[fitzpatrick - 1]

    def procedure_class(self, area: str, indication: str) -> str:
        """As the content tables have it for what the device is used on."""
        return proposed_class(device_classes()[self.device_class], [(area, indication)])


ANY_SKIN = (1.0, 1.0, 1.0, 1.0, 1.0, 1.0)
_RESURFACING = (
    Use("acne_scars", 0.45, ("cheeks", "full_face")),
    Use("wrinkles", 0.40, ("full_face", "around_mouth", "cheeks")),
    Use("photodamage", 0.15, ("full_face", "neck")),
)
_CO2 = {"pulse_energy_mj": 30, "density_pct": 12, "passes": 1}


def _co2(code: str, *, creeps: bool = False) -> Machine:
    return Machine(
        code,
        "frac_ablative_co2",
        "Demo CO2 A",
        0.19,
        (1, 1, 1, 0.8, 0.5, 0.15),
        _RESURFACING,
        _CO2,
        "density_pct",
        endpoint="pinpoint_bleeding",
        cooling="cold_air",
        creeps=creeps,
    )


MACHINES = (
    _co2("CO2-1"),
    _co2("CO2-2", creeps=True),
    Machine(
        "FRAX-1",
        "frac_nonablative_1550",
        "Demo 1550",
        0.15,
        (1, 1, 1, 1, 1, 0.8),
        (Use("acne_scars", 0.6, FACE), Use("wrinkles", 0.4, (*FACE, "neck"))),
        {"pulse_energy_mj": 14, "density_mtz_cm2": 190, "passes": 6},
        "density_mtz_cm2",
        endpoint="erythema",
        cooling="cold_air",
    ),
    Machine(
        "ALEX-1",
        "alexandrite_755_long_pulse",
        "Demo 755",
        0.16,
        (1, 1, 1, 0.6, 0, 0),
        (Use("hair_removal", 1, BODY_HAIR),),
        {"fluence_j_cm2": 23, "spot_size_mm": 15, "pulse_width_ms": 3},
        "fluence_j_cm2",
        (1, 1, 0.85, 0.62, 0.62, 0.62),
        "perifollicular_oedema",
        "cryogen",
    ),
    Machine(
        "YAG-1",
        "nd_yag_long_pulse",
        "Demo 1064",
        0.08,
        (0, 0, 0.2, 1, 2.5, 3),
        (Use("hair_removal", 1, BODY_HAIR),),
        {"fluence_j_cm2": 36, "spot_size_mm": 10, "pulse_width_ms": 20},
        "fluence_j_cm2",
        (1, 1, 1, 0.85, 0.8, 0.75),
        "perifollicular_oedema",
        "contact",
    ),
    Machine(
        "IPL-1",
        "ipl",
        "Demo IPL",
        0.12,
        (1, 1, 0.8, 0.3, 0, 0),
        (
            Use("vascular", 0.4, FACE),
            Use("pigment", 0.35, ("cheeks", "full_face", "hands", "chest")),
            Use("hair_removal", 0.25, ("lower_legs", "underarms", "bikini")),
        ),
        {"fluence_j_cm2": 18, "pulse_width_ms": 4, "passes": 1},
        "fluence_j_cm2",
        (1, 1, 0.92, 0.8, 0.8, 0.8),
        "erythema",
        "gel",
    ),
    Machine(
        "QS-1",
        "qs_nd_yag_1064",
        "Demo Q-switched",
        0.05,
        ANY_SKIN,
        (
            Use("pigment", 0.5, ("cheeks", "forehead", "hands")),
            Use("melasma", 0.2, ("cheeks",)),
            Use("tattoo", 0.3, ("forearms", "shoulders")),
        ),
        {"fluence_j_cm2": 4, "spot_size_mm": 4, "passes": 2},
        "fluence_j_cm2",
        endpoint="slight_whitening",
    ),
    Machine(
        "RF-1",
        "rf_microneedling",
        "Demo RF needles",
        0.07,
        ANY_SKIN,
        (Use("acne_scars", 0.6, FACE), Use("laxity", 0.4, ("jawline", "neck"))),
        {"energy_per_pin_mj": 40, "needle_depth_mm": 1.5, "passes": 2},
        "energy_per_pin_mj",
        endpoint="erythema",
    ),
    Machine(
        "PEN-1",
        "microneedling_pen",
        "Demo needling pen",
        0.05,
        ANY_SKIN,
        (Use("acne_scars", 0.6, FACE), Use("stretch_marks", 0.4, ("abdomen", "thighs"))),
        endpoint="pinpoint_bleeding",
    ),
    Machine(
        "PEEL-1",
        "peel_superficial",
        "Demo glycolic peel",
        0.05,
        ANY_SKIN,
        (Use("photodamage", 0.5, ("full_face",)), Use("melasma", 0.5, ("full_face", "cheeks"))),
        endpoint="erythema",
    ),
    Machine(
        "PEEL-2",
        "peel",
        "Demo TCA peel",
        0.02,
        (1, 1, 1, 0.4, 0, 0),
        (Use("photodamage", 1, ("full_face",)),),
        endpoint="frosting",
    ),
)
STEPPED = frozenset({"passes", "spot_size_mm", "pulse_width_ms", "needle_depth_mm"})
"""Set in steps on the device, and left as they are."""


def creep(machine: Machine, days_ago: int) -> float:
    """Rise of the main setting that long ago, as a share of the usual one."""
    if not machine.creeps or days_ago >= CREEP_DAYS:
        return 0.0
    return CREEP * min(1.0, (CREEP_DAYS - days_ago) / RAMP_DAYS)


def chosen_settings(
    rng: Generator, machine: Machine, fitzpatrick: int, operator: int, days_ago: int
) -> dict[str, float]:
    """The settings of one treatment, in the unit of their name."""
    habit, chosen = 1 + 0.03 * (operator - 1), {}
    for name, usual in machine.settings.items():
        value = float(usual) if name in STEPPED else usual * float(np.exp(rng.normal(0, SPREAD)))
        if name == machine.main:
            value *= machine.by_skin[fitzpatrick - 1] * habit * (1 + creep(machine, days_ago))
        chosen[name] = float(f"{value:.3g}")
    return chosen


def log_dose(machine: Machine, fitzpatrick: int, settings: Mapping[str, float]) -> float:
    """Log of the main setting over the one usual for the skin; 0 where the device has none."""
    return float(np.log(settings[machine.main] / machine.usual(fitzpatrick))) if machine.main else 0.0
