"""Two settings together: the map, what its cells mean, and the treatments behind one."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from reporting.charts.setting_map import setting_map_chart
from reporting.domain.actors import Actor
from reporting.domain.units import printed
from reporting.queries.behind import Part
from reporting.queries.setting_map import LEAST_IN_CELL, SettingMap, setting_map
from reporting.ui.band_parts import NOTHING, sources
from reporting.ui.behind_parts import behind
from reporting.ui.chart_parts import NOT_CAUSES
from reporting.ui.figures import drawn, show
from reporting.ui.setting_filters import Asked, parameter_choice
from reporting.ui.states import empty

CELL = "cell"


def two_settings(by: Actor, asked: Asked) -> None:
    """The map of the setting that is asked for (across) and another one (up)."""
    assert asked.choice is not None
    others = tuple(name for name in asked.choice.settings if name != asked.setting)
    if not others:
        empty("Only one setting was recorded for this device class.", "The map needs two.")
        return
    beside = next(name for name in (asked.choice.beside, asked.choice.main, *others) if name in others)
    second = parameter_choice(others, beside, label="Second setting", key="second")
    found = setting_map(by, asked.filters, asked.setting, second, asked.symptom)
    if not found.table["n_treatments"].sum() and not found.table["is_hidden"].any():
        empty(*NOTHING)
        return
    show(drawn(setting_map_chart, found), key="setting_map", file_name="settings-map.csv",
         on_pick=lambda at: _choose(found, at))  # fmt: skip
    st.markdown(
        "In each cell stand the observed rate and the unexpected reports over those who answered. Its shade shows the "
        "rate drawn towards the average of all cells, the more the fewer answered, so that chance does not catch the "
        "eye; on a light page darker is higher, on a dark page lighter. "
        f"Grey cells are too thin: fewer than {LEAST_IN_CELL} answered."
        + (f" {found.n_left_out:,} treated areas without one of the two settings are left out."
           if found.n_left_out else "")
    )  # fmt: skip
    st.markdown(NOT_CAUSES)
    for side in (found.across, found.up):
        if side.ranges:
            st.markdown(f"**{side.label}**")
            sources(side.ranges, side.unit)
    st.subheader("The treatments behind it", anchor=False)
    behind(by, asked.filters, [asked.setting, second], asked.symptom, _parts(found), key=CELL, what="cell")


def _shown(found: SettingMap) -> list[Any]:
    rows: list[Any] = list(found.table.itertuples())
    return [row for row in rows if row.n_treatments > 0]


def _parts(found: SettingMap) -> list[tuple[str, Part]]:
    units = printed(found.across.unit), printed(found.up.unit)
    return [
        (f"{found.across.label} {row.across_label} {units[0]}".strip()
         + f", {found.up.label.lower()} {row.up_label} {units[1]}".rstrip(),
         Part(bands={found.across.parameter: int(row.across), found.up.parameter: int(row.up)}))
        for row in _shown(found)
    ]  # fmt: skip


def _choose(found: SettingMap, at: Mapping[str, Any]) -> None:
    """Choose the cell that was pressed, if there are treatments in it."""
    for place, row in enumerate(_shown(found)):
        if (row.across, row.up) == (at["across"], at["up"]):
            st.session_state[CELL] = place
