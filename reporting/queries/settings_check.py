"""The settings of a treated area beside the typical range, the published guideline and the clinic's own protocol."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reporting.domain.clinic_content import ProtocolRange
from reporting.domain.devices import (
    DeviceClass,
    check_setting,
    guideline_maximum,
    parameter_of,
    setting_fields,
)
from reporting.domain.skin import skin_group_of
from reporting.storage.tables import TreatedArea

Limits = tuple[float | None, float | None]


@dataclass(frozen=True)
class SettingLine:
    """One setting as used. ``verdict``: ``ok``, ``outside_typical``, ``above_`` or ``below_guideline``; where the
    guideline is kept or there is none, ``above_`` or ``below_protocol``."""

    field: str
    label: str
    unit: str
    value: float
    typical: tuple[float | None, float | None]
    guideline_minimum: float | None
    guideline_maximum: float | None
    guideline_source: str
    verdict: str
    protocol: Limits = (None, None)
    """Lowest and highest value of the clinic's own protocol for this skin."""

    @property
    def is_above_guideline(self) -> bool:
        return self.verdict == "above_guideline"

    @property
    def is_above_protocol(self) -> bool:
        return self.protocol[1] is not None and self.value > self.protocol[1]


def _verdict(value: float, guideline: Limits, protocol: Limits, is_untypical: bool) -> str:
    for name, (low, high) in (("guideline", guideline), ("protocol", protocol)):
        if high is not None and value > high:
            return f"above_{name}"
        if low is not None and value < low:
            return f"below_{name}"
    return "outside_typical" if is_untypical else "ok"


def _protocol(own: Sequence[ProtocolRange], device_class: DeviceClass | None, field: str, skin: int | None) -> Limits:
    """The clinic's range of a setting: the one of the skin group where there is one, else that of every skin."""
    found = {
        one.skin_group: (one.minimum, one.maximum)
        for one in own
        if device_class is not None and (one.device_class, one.field) == (device_class.code, field)
    }
    return found.get(skin_group_of(skin)) or found.get("") or (None, None)


def _is_untypical(area: TreatedArea, of: DeviceClass | None, field: str, value: float) -> bool:
    """By the typical range as it is now; by the mark kept with the record where the class is not known."""
    if of is None or parameter_of(of, field) is None:
        return field in area.outside_typical
    return check_setting(of, field, value) != "ok"


def setting_lines(
    area: TreatedArea, device_class: DeviceClass | None, fitzpatrick: int | None, own: Sequence[ProtocolRange] = ()
) -> tuple[SettingLine, ...]:
    """Every setting recorded for ``area``, in column order, beside what holds for its own device class. ``own``: the
    clinic's protocol."""
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
        protocol = _protocol(own, device_class, field, fitzpatrick)
        lines.append(
            SettingLine(
                field=field, label=of.label, unit=of.unit, value=value,
                typical=(parameter.typical_low, parameter.typical_high) if parameter else (None, None),
                guideline_minimum=minimum, guideline_maximum=maximum,
                guideline_source=guide.source if guide else "",
                verdict=_verdict(
                    value, (minimum, maximum), protocol, _is_untypical(area, device_class, field, value)
                ),
                protocol=protocol,
            )
        )  # fmt: skip
    return tuple(lines)


def above_guideline(
    areas: list[TreatedArea],
    classes: Mapping[str, DeviceClass],
    device_class: str | None,
    fitzpatrick: int | None,
    own: Sequence[ProtocolRange] = (),
) -> tuple[SettingLine, ...]:
    """The settings of these areas that are above the published maximum or the clinic's own."""
    lines = [line for area in areas for line in setting_lines(area, classes.get(device_class or ""), fitzpatrick, own)]
    return tuple(line for line in lines if line.is_above_guideline or line.is_above_protocol)
