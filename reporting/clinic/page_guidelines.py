"""Published guidelines, the clinic's own protocol ranges, and the risk that it tolerates.

Parts of the page of guidelines: what was published, the clinic's own ranges, and the form for one.
"""

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from reporting.clinic import ui_content as parts
from reporting.clinic.read_content import ContentPage, ContentRow, Offered, RangeChoices, content_page, range_choices
from reporting.domain.actors import Actor
from reporting.domain.clinic_content import (
    CEILING,
    HIGHEST_FACTOR,
    LOWEST_FACTOR,
    NOTE_CHARACTERS,
    RANGES,
    SKIN_GROUPS,
    TOLERANCES,
    protocol_range,
    range_key,
)
from reporting.domain.content_rows import Guideline
from reporting.domain.devices import printed, setting_fields
from reporting.domain.vocabulary import area_label
from reporting.shell import ui_words as words
from reporting.shell.read_scope import of_one_state
from reporting.shell.ui_filters import code_select
from reporting.shell.ui_identity import current_actor
from reporting.shell.ui_states import empty, show_notice, shows_problems
from reporting.shell.ui_words import number

EVERY_SKIN = "Every skin type"


def skin_words(group: str) -> str:
    return group or EVERY_SKIN


def published(rows: tuple[Guideline, ...], names: Mapping[str, str]) -> None:
    """The published guidelines, which stay as they were published."""
    fields = setting_fields()
    st.dataframe(
        pd.DataFrame(
            {
                "Devices": [names.get(one.device_class, one.device_class) for one in rows],
                "Setting": [fields[one.field].label for one in rows],
                "Skin types": [f"{one.fitzpatrick_from} to {one.fitzpatrick_to}" for one in rows],
                "Spot": ["" if one.spot_size_mm is None else words.quantity(one.spot_size_mm, "mm") for one in rows],
                "Areas": [", ".join(area_label(area) for area in one.areas) for one in rows],
                "Lowest": ["" if one.minimum is None else words.number(one.minimum) for one in rows],
                "Highest": [words.quantity(one.maximum, fields[one.field].unit) for one in rows],
                "Source": [one.source for one in rows],
            }
        ),
        hide_index=True,
        key="published_table",
        alt="Published guidelines",
    )


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
        pd.DataFrame(
            {
                "Devices": [names.get(one.device_class, one.device_class) for one in ranges],
                "Setting": [setting_fields()[one.field].label for one in ranges],
                "Skin types": [skin_words(one.skin_group) for one in ranges],
                "Lowest": [_limit(one.minimum, unit) for one, unit in zip(ranges, units, strict=True)],
                "Highest": [_limit(one.maximum, unit) for one, unit in zip(ranges, units, strict=True)],
                "Note": [one.note for one in ranges],
            }
        ),
        hide_index=True,
        key="own_table",
        alt="Protocol ranges of the clinic",
    )


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
            f"{label}{unit}",
            value=float(text) if text else None,
            key=f"{name}_{key}",
            placeholder="Open",
        )
    st.text_input("Note", now.get("note", ""), key=f"note_{key}", max_chars=NOTE_CHARACTERS)
    low, high = (("any" if one is None else words.number(one)) for one in (offered.lowest, offered.highest))
    st.caption(f"Plausible values: {low} to {high}{unit}.")


PLACE = "guidelines"


def _save_range(row: str, key: str) -> None:
    state = st.session_state
    cells = {
        name: "" if state[f"{name}_{key}"] is None else f"{state[f'{name}_{key}']:.10g}"
        for name in ("minimum", "maximum")
    }
    parts.save(PLACE, RANGES, row, cells | {"note": state[f"note_{key}"]}, state[f"why_{key}"])


def _take_away(row: str, key: str) -> None:
    parts.save(PLACE, RANGES, row, {}, st.session_state[f"why_{key}"])


def _save_factor(key: str) -> None:
    state = st.session_state
    parts.save(PLACE, TOLERANCES, CEILING, {"factor": f"{state[f'factor_{key}']:g}"}, state[f"why_{key}"])


def _own_ranges(actor: Actor, found: ContentPage) -> None:
    st.header("Protocol ranges of this clinic", anchor=False)
    choices = range_choices(actor)
    own(found.rows, choices.names)
    if not found.may_change and not found.rows:
        return
    device_class, offered, group = which(choices)
    row = range_key(device_class, offered.field, group)
    known = next((one for one in found.rows if one.row == row), None)
    now = known.decided if known else {}
    if found.may_change:
        key = "_".join((row, *now.values()))
        with st.form("range_form", enter_to_submit=False):
            limits(offered, now, key)
            parts.reason(f"why_{key}")
            st.form_submit_button("Save the range", on_click=_save_range, args=(row, key), key="save_range")
            if known is not None:
                st.form_submit_button("Take the range away", on_click=_take_away, args=(row, key), key="drop_range")
    empty_row = ContentRow(row, row, "", "", "", {}, {}, {}, None)
    parts.history(actor, PLACE, RANGES, known or empty_row, found.timezone, may_change=found.may_change)


def _tolerance(actor: Actor, found: ContentPage) -> None:
    row = found.rows[0]
    factor = float(row.decided["factor"])
    st.header("Tolerated risk", anchor=False)
    st.markdown(
        f"The ceiling of a setting is the largest dose whose adjusted risk stays under **{number(factor)} times** the "
        "risk at the reference. A smaller factor gives a lower ceiling."
    )
    if found.may_change:
        key = row.decided["factor"]
        with st.form("factor_form", enter_to_submit=False):
            st.number_input(
                "Tolerated multiple of the risk", LOWEST_FACTOR, HIGHEST_FACTOR, factor, 0.1, key=f"factor_{key}"
            )
            parts.reason(f"why_{key}")
            st.form_submit_button("Save the tolerance", on_click=_save_factor, args=(key,), key="save_factor")
    parts.history(actor, PLACE, TOLERANCES, row, found.timezone, may_change=found.may_change)


@shows_problems
@of_one_state
def page() -> None:
    st.title("Guidelines and tolerances")
    actor = current_actor()
    show_notice(PLACE)
    _own_ranges(actor, content_page(actor, RANGES))
    _tolerance(actor, content_page(actor, TOLERANCES))
    st.header("Published guidelines", anchor=False)
    st.markdown(
        "They stay as they were published, each with its source. Where your protocol differs, set a range above."
    )
    choices = range_choices(actor)
    published(choices.published, choices.names)


if __name__ == "__main__":
    page()
