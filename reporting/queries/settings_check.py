"""The settings of a treated area beside the typical range of its device class and the published guideline."""

from collections.abc import Mapping
from dataclasses import dataclass

from reporting.domain.devices import (
    DeviceClass,
    check_setting,
    guideline_maximum,
    parameter_of,
    setting_fields,
)
from reporting.storage.tables import TreatedArea


@dataclass(frozen=True)
class SettingLine:
    """One setting as used. ``verdict``: ``ok``, ``outside_typical``, ``above_`` or ``below_guideline``."""

    field: str
    label: str
    unit: str
    value: float
    typical: tuple[float | None, float | None]
    guideline_minimum: float | None
    guideline_maximum: float | None
    guideline_source: str
    verdict: str

    @property
    def is_above_guideline(self) -> bool:
        return self.verdict == "above_guideline"


def _verdict(value: float, low: float | None, high: float | None, is_untypical: bool) -> str:
    if high is not None and value > high:
        return "above_guideline"
    if low is not None and value < low:
        return "below_guideline"
    return "outside_typical" if is_untypical else "ok"


def _is_untypical(area: TreatedArea, of: DeviceClass | None, field: str, value: float) -> bool:
    """By the typical range as it is now; by the mark kept with the record where the class is not known."""
    if of is None or parameter_of(of, field) is None:
        return field in area.outside_typical
    return check_setting(of, field, value) != "ok"


def setting_lines(
    area: TreatedArea, device_class: DeviceClass | None, fitzpatrick: int | None
) -> tuple[SettingLine, ...]:
    """Every setting recorded for ``area``, in column order, beside what holds for its own device class."""
    lines = []
    for field, of in setting_fields().items():
        value = getattr(area, field)
        if value is None:
            continue
        parameter = parameter_of(device_class, field) if device_class else None
        guide = (
            guideline_maximum(device_class, field, fitzpatrick, area.spot_size_mm, area.area) if device_class else None
        )
        minimum, maximum = (guide.minimum, guide.maximum) if guide else (None, None)
        lines.append(
            SettingLine(
                field=field, label=of.label, unit=of.unit, value=value,
                typical=(parameter.typical_low, parameter.typical_high) if parameter else (None, None),
                guideline_minimum=minimum, guideline_maximum=maximum,
                guideline_source=guide.source if guide else "",
                verdict=_verdict(value, minimum, maximum, _is_untypical(area, device_class, field, value)),
            )
        )  # fmt: skip
    return tuple(lines)


def above_guideline(
    areas: list[TreatedArea],
    classes: Mapping[str, DeviceClass],
    device_class: str | None,
    fitzpatrick: int | None,
) -> tuple[SettingLine, ...]:
    """The settings of these areas that are above the published maximum."""
    of = classes.get(device_class or "")
    return tuple(line for area in areas for line in setting_lines(area, of, fitzpatrick) if line.is_above_guideline)
