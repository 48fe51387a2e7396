"""Conversion between the units that treatment logs use.

Device classes, their settings, and how a value stands to limits, guidelines and the reference.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Literal

from reporting.domain.content import content
from reporting.domain.content_rows import DeviceClass, Guideline, Parameter, SettingField
from reporting.errors import Problem

__all__ = [
    "LEGS",
    "ON_LEGS",
    "SPOT_TOLERANCE_MM",
    "DeviceClass",
    "Guideline",
    "Parameter",
    "SettingField",
    "SettingVerdict",
    "UnknownUnit",
    "check_setting",
    "convert",
    "device_class",
    "device_classes",
    "guideline_maximum",
    "guideline_ratio",
    "known_units",
    "over_guideline",
    "parameter_of",
    "printed",
    "proposed_class",
    "reference_for",
    "reference_value",
    "relative_dose",
    "setting_fields",
]

_FACTORS: dict[str, dict[str, float]] = {
    "energy": {"uJ": 1e-6, "mJ": 1e-3, "J": 1.0, "kJ": 1e3},
    "time": {"ps": 1e-12, "ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0},
    "length": {"nm": 1e-9, "um": 1e-6, "mm": 1e-3, "cm": 1e-2, "m": 1.0},
    "share": {"%": 0.01, "fraction": 1.0},
    "area": {"mm2": 1e-2, "cm2": 1.0, "m2": 1e4},
    "energy per area": {"mJ/cm2": 1e-3, "J/cm2": 1.0, "J/mm2": 100.0},
    "zones per area": {"MTZ/cm2": 1.0, "1/cm2": 1.0, "MTZ/mm2": 100.0},
    "power": {"mW": 1e-3, "W": 1.0, "kW": 1e3},
    "frequency": {"Hz": 1.0, "kHz": 1e3, "MHz": 1e6},
    "number": {"count": 1.0, "level": 1.0},
}
_SPELLINGS = {
    "µs": "us",
    "μs": "us",
    "µm": "um",
    "μm": "um",
    "µJ": "uJ",
    "pct": "%",
    "percent": "%",
    "sec": "s",
    "J/cm²": "J/cm2",
    "mJ/cm²": "mJ/cm2",
    "MTZ/cm²": "MTZ/cm2",
    "spots/cm2": "MTZ/cm2",
    "cm²": "cm2",
    "°C": "degC",
    "°F": "degF",
    "mJ/MTZ": "mJ",
    "mJ/pin": "mJ",
    "mJ/pulse": "mJ",
}
_TEMPERATURES = {"degC", "degF"}
_PRINTED = {
    "J/cm2": "J/cm²",
    "MTZ/cm2": "MTZ/cm²",
    "cm2": "cm²",
    "us": "µs",
    "um": "µm",
    "degC": "°C",
    "count": "",
    "level": "",
}


class UnknownUnit(Problem):
    """A unit is not known, or is of another kind than the one wanted."""

    code = "unknown_unit"
    status = 422

    def __init__(self, unit: str, allowed: tuple[str, ...]) -> None:
        self.unit, self.allowed = unit, allowed
        super().__init__(
            f"Unit {unit!r} cannot be used here; allowed is {', '.join(allowed)}.",
            what_to_do="Correct the unit in the mapping and import again.",
        )


def printed(unit: str) -> str:
    """The unit of a setting as people read it: ``J/cm²``, ``µs``; empty for a plain count."""
    return _PRINTED.get(unit, unit)


def known_units() -> tuple[str, ...]:
    """Every unit that can be converted."""
    return tuple(unit for units in _FACTORS.values() for unit in units) + tuple(sorted(_TEMPERATURES))


def _units_like(unit: str) -> dict[str, float]:
    for units in _FACTORS.values():
        if unit in units:
            return units
    raise UnknownUnit(unit, known_units())


def _temperature(value: float, from_unit: str, to_unit: str) -> float:
    if not {from_unit, to_unit} <= _TEMPERATURES:
        raise UnknownUnit(from_unit if to_unit in _TEMPERATURES else to_unit, tuple(sorted(_TEMPERATURES)))
    if from_unit == to_unit:
        return value
    return (value - 32) * 5 / 9 if from_unit == "degF" else value * 9 / 5 + 32


def convert(value: float, from_unit: str, to_unit: str) -> float:
    """``value`` in ``to_unit``. Raises UnknownUnit, which lists the units that are allowed."""
    source, target = _SPELLINGS.get(from_unit, from_unit), _SPELLINGS.get(to_unit, to_unit)
    if source == target and source in known_units():
        return value
    if {source, target} & _TEMPERATURES:
        return _temperature(value, source, target)
    units = _units_like(target)
    if source not in units:
        raise UnknownUnit(from_unit, tuple(units))
    factor = units[source] / units[target]
    return value * factor if factor >= 1 else value / (units[target] / units[source])


SettingVerdict = Literal["ok", "outside_typical", "implausible", "not_a_setting"]
SPOT_TOLERANCE_MM = 0.25
LEGS = frozenset({"thighs", "lower_legs", "feet"})
ON_LEGS = {"vascular": "leg_vein"}
"""What a class is called where only legs were treated: veins there bruise and stain for weeks."""


def setting_fields() -> Mapping[str, SettingField]:
    """Every setting of a treated area by column name, in column order."""
    return content().setting_fields


def device_classes() -> Mapping[str, DeviceClass]:
    """The device classes of the content tables by code."""
    return content().device_classes


def device_class(code: str) -> DeviceClass | None:
    """The device class of the content tables with that code, or None."""
    return device_classes().get(code)


def proposed_class(of: DeviceClass, treated: Iterable[tuple[str, str]]) -> str:
    """The procedure class that a device proposes for what it was used on: (area, indication) of each area.

    An indication counts if all areas share it. The treatment's record may say another class.
    """
    pairs = list(treated)
    where, why = {area for area, _ in pairs}, {indication for _, indication in pairs}
    others = dict(part.split(":") for part in of.for_indication)
    found = others.get(min(why), of.procedure_class) if len(why) == 1 else of.procedure_class
    return ON_LEGS.get(found, found) if where and where <= LEGS else found


def parameter_of(of: DeviceClass, field: str) -> Parameter | None:
    """The parameter of a class, or the one that every device may have; None if it has no such setting."""
    return of.parameters.get(field) or content().common_parameters.get(field)


def _outside(value: float, low: float | None, high: float | None) -> bool:
    return (low is not None and value < low) or (high is not None and value > high)


def check_setting(device_class: DeviceClass, field: str, value: float) -> SettingVerdict:
    """How ``value``, in the unit of ``field``, stands to the plausible limits and the typical range."""
    parameter = parameter_of(device_class, field)
    if parameter is None:
        return "not_a_setting"
    if not math.isfinite(value) or _outside(value, parameter.plausible_min, parameter.plausible_max):
        return "implausible"
    return "outside_typical" if _outside(value, parameter.typical_low, parameter.typical_high) else "ok"


def _applies(row: Guideline, fitzpatrick: int | None, spot_size_mm: float | None, area: str | None) -> bool:
    every_skin = row.fitzpatrick_from == 1 and row.fitzpatrick_to == 6
    if not every_skin and (fitzpatrick is None or not row.fitzpatrick_from <= fitzpatrick <= row.fitzpatrick_to):
        return False
    if row.areas and area not in row.areas:
        return False
    if row.spot_size_mm is None:
        return True
    return spot_size_mm is not None and abs(spot_size_mm - row.spot_size_mm) <= SPOT_TOLERANCE_MM


def guideline_maximum(
    device_class: DeviceClass | str,
    field: str,
    fitzpatrick: int | None = None,
    spot_size_mm: float | None = None,
    area: str | None = None,
) -> Guideline | None:
    """The strictest published guideline for this skin type, spot and area, or None where none is published.

    A spot size between two published ones has no guideline: it is not interpolated.
    """
    code = device_class if isinstance(device_class, str) else device_class.code
    rows = [
        row
        for row in content().guidelines
        if (row.device_class, row.field) == (code, field) and _applies(row, fitzpatrick, spot_size_mm, area)
    ]
    return min(rows, key=lambda row: row.maximum, default=None)


def guideline_ratio(
    device_class: DeviceClass | str,
    field: str,
    value: float,
    fitzpatrick: int | None = None,
    spot_size_mm: float | None = None,
    area: str | None = None,
) -> float | None:
    """``value`` over the guideline maximum (1 = at the maximum), or None where none is published."""
    row = guideline_maximum(device_class, field, fitzpatrick, spot_size_mm, area)
    return value / row.maximum if row else None


def over_guideline(
    device_class: DeviceClass | str,
    field: str,
    value: float,
    fitzpatrick: int | None = None,
    spot_size_mm: float | None = None,
    area: str | None = None,
) -> bool:
    """Whether ``value`` is above the published maximum; False where none is published."""
    ratio = guideline_ratio(device_class, field, value, fitzpatrick, spot_size_mm, area)
    return ratio is not None and ratio > 1


def reference_value(device_class: DeviceClass, field: str) -> float | None:
    """The reference of a setting: as defined, else the middle of its typical range; None without either."""
    parameter = parameter_of(device_class, field)
    if parameter is None or parameter.reference is not None:
        return parameter.reference if parameter else None
    if parameter.typical_low is None or parameter.typical_high is None:
        return None
    return (parameter.typical_low + parameter.typical_high) / 2


def reference_for(
    device_class: DeviceClass,
    field: str,
    fitzpatrick: int | None = None,
    spot_size_mm: float | None = None,
    area: str | None = None,
) -> float | None:
    """What a setting is compared with: the middle of the guideline for this skin type, spot and area, else
    the reference of the class, held to a guideline that only says how much is too much; None without any."""
    published = guideline_maximum(device_class, field, fitzpatrick, spot_size_mm, area)
    usual = reference_value(device_class, field)
    if published is None:
        return usual
    if published.minimum is not None:
        return (published.minimum + published.maximum) / 2
    return published.maximum if usual is None else min(usual, published.maximum)


def relative_dose(field: str, value: float, reference: float) -> float | None:
    """``value`` against the reference of its device class, 0 at the reference.

    Natural log of the ratio for fluence, energy and pulse width; ratio minus 1 for density; difference for
    passes and depth; None for settings that are no dose. Never compare across device classes.
    """
    how = setting_fields()[field].relative
    if how == "difference":
        return value - reference
    if how == "none" or value <= 0 or reference <= 0:
        return None
    return math.log(value / reference) if how == "log_ratio" else value / reference - 1
