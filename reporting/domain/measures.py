"""Conversion between the units that treatment logs use."""

from reporting.errors import Problem

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
