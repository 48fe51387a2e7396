"""Rates by band of one setting: the chart, how the bands were cut, and the treatments behind one."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from reporting.charts import dose
from reporting.charts.axes import Axes
from reporting.charts.ranges import range_words
from reporting.charts.settings import band_rates, finding, own_axes
from reporting.charts.words import after_value
from reporting.domain.actors import Actor
from reporting.domain.sources import short_source
from reporting.domain.units import printed
from reporting.queries.behind import Part
from reporting.queries.handed_on import bands
from reporting.queries.scope import Filters
from reporting.queries.setting_bands import SettingBands, setting_bands
from reporting.queries.setting_ranges import Range
from reporting.ui import dose_parts
from reporting.ui.behind_parts import behind
from reporting.ui.chart_parts import NOT_CAUSES
from reporting.ui.figures import chart, drawn, numbers
from reporting.ui.format import day
from reporting.ui.setting_filters import Asked
from reporting.ui.sharing_parts import to_hand_on
from reporting.ui.states import empty

NOTHING = ("No treatments fit these filters.", "Choose a longer period, or take a filter away.")
BAND = "band"


def one_setting(by: Actor, asked: Asked) -> None:
    """Observed rates by band beside the adjusted curve; what is pressed in either is listed below them."""
    result = setting_bands(by, asked.filters, asked.setting, asked.symptom)
    if not len(result.table):
        empty(*NOTHING)
        return
    with st.container(key="crude_and_adjusted"):
        crude, adjusted = st.columns(2)
    with crude:
        st.subheader("As reported (crude)", anchor=False)
        st.markdown(f"**{finding(result)}**")  # stands there while the curve is worked out
    with adjusted:
        st.subheader("Adjusted for case mix", anchor=False)
        found = dose_parts.curve(by, asked, result.revision)
    axes = own_axes(result).beside(dose.own_axes(found)) if found else None
    with crude:
        _crude(result, axes)
    if found:
        with adjusted:
            dose_parts.show(found, axes, lambda at: _choose_band(result, at))
    st.subheader("The treatments behind it", anchor=False)
    _behind(by, asked.filters, result)


def _crude(result: SettingBands, axes: Axes | None) -> None:
    shown = drawn(band_rates, result, axes)
    chart(shown, key="band_rates", on_pick=lambda at: _choose_band(result, at), with_title=False)
    with st.container():
        numbers(shown, key="band_rates", file_name="setting-bands.csv")
        to_hand_on(lambda: bands(result), key="bands_to_hand_on", file_name="setting-bands-to-hand-on.csv")
        st.markdown(NOT_CAUSES)
        sources(result.ranges, result.unit)
        st.markdown(bands_line(result))


def sources(ranges: tuple[Range, ...], unit: str) -> None:
    """Each range that is drawn, with where it comes from."""
    for each in ranges:
        st.markdown(f"{range_words(each)}{after_value(unit)}. Source: {short_source(each.source)}.")


def bands_line(result: SettingBands) -> str:
    """How the bands were cut, and what was left out."""
    if result.cut.fixed_on:
        how = f"The bands were fixed on {day(result.cut.fixed_on)} from all earlier treatments of this device class."
    else:
        how = "The bands still move with new treatments; they are fixed on 1 January."
    left = result.n_without_setting
    return how + (f" {left:,} treated areas without this setting are left out." if left else "")


def _choose_band(result: SettingBands, at: Mapping[str, Any]) -> None:
    """Choose the row of the band and skin group that were pressed, or of the band that holds a point of the curve."""
    rows = result.table
    if "value" in at:
        band = result.cut.band_of(float(at["value"]))
        hit = (rows["band"] == band) & (rows["skin_group"] == at["skin_group"])
    else:
        hit = (rows["band"] == at["band"]) & (rows["skin_group"] == at["skin_group"])
    if hit.any():
        st.session_state[BAND] = int(hit.to_numpy().argmax())


def _behind(by: Actor, filters: Filters, result: SettingBands) -> None:
    unit = printed(result.unit)
    rows: list[Any] = list(result.table.itertuples())
    parts = [
        (f"{row.band_label} {unit}".strip() + f", skin type {row.skin_group}",
         Part(bands={result.parameter: int(row.band)}, skin_group=str(row.skin_group)))
        for row in rows
    ]  # fmt: skip
    behind(by, filters, [result.parameter], result.symptom, parts, key=BAND, what="band")
