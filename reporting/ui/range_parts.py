"""Parts of the page of guidelines: what was published, the clinic's own ranges, and the form for one."""

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from reporting.domain.clinic_content import protocol_range
from reporting.domain.devices import setting_fields
from reporting.domain.protocol_ranges import NOTE_CHARACTERS, SKIN_GROUPS
from reporting.domain.records import Guideline
from reporting.domain.units import printed
from reporting.domain.vocabulary import area_label
from reporting.queries.content_rows import ContentRow
from reporting.queries.range_choices import Offered, RangeChoices
from reporting.ui import format as words
from reporting.ui.address import code_select
from reporting.ui.states import empty

EVERY_SKIN = "Every skin type"


def skin_words(group: str) -> str:
    return group or EVERY_SKIN


def published(rows: tuple[Guideline, ...], names: Mapping[str, str]) -> None:
    """The published guidelines, which stay as they were published."""
    fields = setting_fields()
    st.dataframe(
        pd.DataFrame({
            "Devices": [names.get(one.device_class, one.device_class) for one in rows],
            "Setting": [fields[one.field].label for one in rows],
            "Skin types": [f"{one.fitzpatrick_from} to {one.fitzpatrick_to}" for one in rows],
            "Spot": ["" if one.spot_size_mm is None else words.quantity(one.spot_size_mm, "mm") for one in rows],
            "Areas": [", ".join(area_label(area) for area in one.areas) for one in rows],
            "Lowest": ["" if one.minimum is None else words.number(one.minimum) for one in rows],
            "Highest": [words.quantity(one.maximum, fields[one.field].unit) for one in rows],
            "Source": [one.source for one in rows],
        }),
        hide_index=True, key="published_table", alt="Published guidelines",
    )  # fmt: skip


def range_words(key: str, names: Mapping[str, str]) -> str:
    """A range's key in words: device class, setting, skin."""
    device_class, field, group = key.split("|")
    return f"{names.get(device_class, device_class)}: {setting_fields()[field].label}, {skin_words(group).lower()}"


def own(rows: tuple[ContentRow, ...], names: Mapping[str, str]) -> None:
    """The clinic's own ranges."""
    if not rows:
        empty(
            "No protocol ranges yet.",
            "One that an administrator sets here is shaded in the charts of settings beside the guideline.",
        )
        return
    ranges = [protocol_range(one.row, one.decided) for one in rows]
    units = [setting_fields()[one.field].unit for one in ranges]
    st.dataframe(
        pd.DataFrame({
            "Devices": [names.get(one.device_class, one.device_class) for one in ranges],
            "Setting": [setting_fields()[one.field].label for one in ranges],
            "Skin types": [skin_words(one.skin_group) for one in ranges],
            "Lowest": [_limit(one.minimum, unit) for one, unit in zip(ranges, units, strict=True)],
            "Highest": [_limit(one.maximum, unit) for one, unit in zip(ranges, units, strict=True)],
            "Note": [one.note for one in ranges],
        }),
        hide_index=True, key="own_table", alt="Protocol ranges of the clinic",
    )  # fmt: skip


def _limit(value: float | None, unit: str) -> str:
    return "open" if value is None else words.quantity(value, unit)


def which(choices: RangeChoices) -> tuple[str, Offered, str]:
    """Draw the choice of device class, setting and skin group."""
    with st.container(horizontal=True):
        device_class = code_select("Devices", choices.names, "class")
        settings = {one.field: one for one in choices.settings[device_class]}
        field = code_select("Setting", {name: one.label for name, one in settings.items()}, "setting")
        group = code_select("Skin types", {group: skin_words(group) for group in SKIN_GROUPS}, "skin")
    return device_class, settings[field], group


def limits(offered: Offered, now: Mapping[str, str], key: str) -> None:
    """Draw the fields of a range; empty is open."""
    unit = f" ({printed(offered.unit)})" if printed(offered.unit) else ""
    left, right = st.columns(2)
    for column, name, label in ((left, "minimum", "Lowest"), (right, "maximum", "Highest")):
        text = now.get(name, "")
        column.number_input(
            f"{label}{unit}", value=float(text) if text else None, key=f"{name}_{key}", placeholder="Open",
        )  # fmt: skip
    st.text_input("Note", now.get("note", ""), key=f"note_{key}", max_chars=NOTE_CHARACTERS)
    low, high = (("any" if one is None else words.number(one)) for one in (offered.lowest, offered.highest))
    st.caption(f"Plausible values: {low} to {high}{unit}.")
