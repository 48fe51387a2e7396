"""What a clinic may set as its own protocol range, and as the risk that it tolerates."""

import math
from collections.abc import Mapping

from reporting.domain import skin
from reporting.domain.devices import DeviceClass, parameter_of, setting_fields
from reporting.errors import ContentRefused

SKIN_GROUPS = ("", *skin.SKIN_GROUPS)
"""Empty: every skin."""
LOWEST_FACTOR, HIGHEST_FACTOR = 1.1, 5.0
NOTE_CHARACTERS = 200


def number(row: str, field: str, text: str) -> float:
    """A finite number. Raises ContentRefused."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ContentRefused(row, field, text, "allowed is a number")
    return value


def check_range(row: str, cells: Mapping[str, str], classes: Mapping[str, DeviceClass]) -> dict[str, str]:
    """The cells of a range that are given. ``row`` is ``device class|field|skin group``. Raises ContentRefused."""
    parts = row.split("|")
    if len(parts) != 3 or parts[0] not in classes:
        raise ContentRefused(row, "device_class", parts[0], "allowed is one of " + ", ".join(classes))
    device_class, field, skin_group = parts
    if skin_group not in SKIN_GROUPS:
        raise ContentRefused(row, "skin_group", skin_group, "allowed is I-III, IV-VI, or empty for every skin")
    parameter = parameter_of(classes[device_class], field) if field in setting_fields() else None
    if parameter is None:
        raise ContentRefused(row, "field", field, f"allowed is a setting of {classes[device_class].name}")
    given = {name: text for name, text in cells.items() if text}
    limits = {name: number(row, name, given[name]) for name in ("minimum", "maximum") if name in given}
    if not limits:
        raise ContentRefused(row, "maximum", "", "a range needs a minimum or a maximum")
    for name, value in limits.items():
        _plausible(row, name, value, parameter.plausible_min, parameter.plausible_max)
    if len(limits) == 2 and limits["minimum"] > limits["maximum"]:
        raise ContentRefused(row, "maximum", given["maximum"], f"allowed is {given['minimum']} (the minimum) or more")
    note = given.get("note", "")
    if len(note) > NOTE_CHARACTERS or not note.isprintable():
        raise ContentRefused(row, "note", note[:60], f"allowed is one line of at most {NOTE_CHARACTERS} characters")
    return given


def _plausible(row: str, name: str, value: float, low: float | None, high: float | None) -> None:
    if (low is not None and value < low) or (high is not None and value > high):
        low_words = "any" if low is None else f"{low:g}"
        high_words = "any" if high is None else f"{high:g}"
        raise ContentRefused(row, name, f"{value:g}", f"allowed is {low_words} to {high_words}, the plausible limits")


def check_factor(row: str, cells: Mapping[str, str]) -> dict[str, str]:
    """The tolerated multiple of the risk at the reference. Raises ContentRefused."""
    value = number(row, "factor", cells["factor"])
    if not LOWEST_FACTOR <= value <= HIGHEST_FACTOR:
        raise ContentRefused(row, "factor", cells["factor"], f"allowed is {LOWEST_FACTOR} to {HIGHEST_FACTOR}")
    return {"factor": f"{value:g}"}
