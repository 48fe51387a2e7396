"""Rates by band of one setting: the chart, how the bands were cut, and the treatments behind one.

What the settings page asks for: device class, setting and symptom, and what narrows the treatments.

The adjusted part of the settings page: worked out on demand, with what it rests on in words.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import streamlit as st

from reporting.clinic.read_content import tolerated_factor
from reporting.dashboards import chart_dose
from reporting.dashboards.chart_dose import ceiling_words, dose_curve
from reporting.dashboards.chart_settings import band_rates, finding, own_axes, range_words
from reporting.dashboards.read_bands import (
    SettingBands,
    SettingChoice,
    first_with_settings,
    setting_bands,
    setting_choice,
)
from reporting.dashboards.read_behind import Part
from reporting.dashboards.read_dose_response import DoseResponse, dose_response, takes_long
from reporting.dashboards.read_overview import bands
from reporting.dashboards.read_ranges import Range
from reporting.dashboards.ui_behind import NOT_CAUSES, Choice, Drilldown
from reporting.domain.actors import Actor
from reporting.domain.devices import printed, setting_fields
from reporting.domain.vocabulary import short_source
from reporting.domain.vocabulary import symptom as symptom_of
from reporting.errors import Problem
from reporting.security.scope import Scope
from reporting.settings import settings
from reporting.shell.chart_look import Axes, after_value
from reporting.shell.read_scope import FilterChoices, Filters
from reporting.shell.ui_figures import Picked, chart, drawn, numbers, to_hand_on
from reporting.shell.ui_filters import (
    EVERYTHING,
    chosen_words,
    code_choice,
    code_segments,
    code_select,
    folded_on_phones,
    only,
    period_choice,
    period_words,
    skin_choice,
    symptom_choice,
)
from reporting.shell.ui_states import empty
from reporting.shell.ui_words import day

ONE, TWO, TIME = "one", "two", "time"
_VIEWS = {ONE: "One setting", TWO: "Two settings", TIME: "Over time"}
_NARROWING = ("period", "device", "indication", "area", "skin")


@dataclass(frozen=True)
class Asked:
    """What is looked at. ``choice`` None: no setting was recorded for the class, and ``setting`` is empty."""

    filters: Filters
    symptom: str
    setting: str
    choice: SettingChoice | None


def settings_asked(by: Actor, choices: FilterChoices, today: date) -> Asked:
    """Draw the three questions of the page (device class: always one, raw settings are never compared across), and
    under them what narrows it. On a phone they stand under each other, so that no name is cut."""
    with folded_on_phones() as said:
        device_class, setting, symptom = st.columns(3)
        with device_class:
            usual = first_with_settings(by, choices.device_classes)
            chosen = code_select("Device class", choices.device_classes, "class", default=usual)
        choice = setting_choice(by, chosen)
        with setting:
            name = "" if choice is None else parameter_choice(choice.settings, choice.main)
        with symptom:
            code = symptom_choice()
        filters = _narrowed(choices, chosen, choice, today)
        fields = setting_fields()
        said.extend([choices.device_classes[chosen], *([fields[name].label] if name else []), symptom_of(code).label])
        said.extend(_narrowed_words(choices, filters))
    return Asked(filters, code, name, choice)


def view_choice() -> str:
    """Draw the choice of what is looked at; the address keeps it."""
    return code_segments("View", _VIEWS, "view")


def parameter_choice(recorded: Sequence[str], main: str, *, label: str = "Setting", key: str = "setting") -> str:
    """Draw the choice of one of the settings that were recorded; ``main`` unless another is chosen."""
    fields = setting_fields()
    return code_select(label, {name: fields[name].label for name in recorded}, key, default=main)


def _narrowed(choices: FilterChoices, device_class: str, choice: SettingChoice | None, today: date) -> Filters:
    devices = {code: code for code in choice.devices} if choice else {}
    with st.expander("Narrow to a period, device, area, indication or skin type", expanded=_is_narrowed()):
        first, second, third = st.columns(3)
        with first:
            begin, end = period_choice(today, EVERYTHING)
            device = code_choice("Device", devices, "device", "All devices of this class")
        with second:
            indication = code_choice("Indication", choices.indications, "indication", "All indications")
            area = code_choice("Area", choices.areas, "area", "All areas")
        with third:
            skin = skin_choice()
    return Filters(
        from_date=begin,
        to_date=end,
        devices=only(device),
        device_class=device_class,
        indication=indication,
        area=area,
        skin_group=skin,
    )


def _narrowed_words(choices: FilterChoices, filters: Filters) -> list[str]:
    begin, end = filters.from_date, filters.to_date
    period = [period_words(begin, end)] if begin or end else []
    return period + chosen_words(
        *((device, {}) for device in filters.devices),
        (filters.indication, choices.indications),
        (filters.area, choices.areas),
        (filters.skin_group, {}),
    )


def _is_narrowed() -> bool:
    """Whether something narrows the page, so that nobody overlooks it."""
    return any(
        st.session_state.get(name) not in (None, "", EVERYTHING) or name in st.query_params for name in _NARROWING
    )


_WANTED = "dose_wanted"


@st.cache_data(ttl=3600, max_entries=64, show_spinner="Fitting the adjusted curve …")
def _fitted(key: tuple[Any, ...], _by: Actor) -> DoseResponse:
    """One curve for each state of the data; ``key`` ends with what is asked for."""
    return dose_response(_by, *key[-5:])


def fitted(by: Actor, revision: int, symptom: str, setting: str, device_class: str, group: str) -> DoseResponse:
    """The adjusted curve for the risk that the clinic tolerates, kept while the data stays as it is. Raises Problem."""
    asked = (symptom, setting, device_class, group, tolerated_factor(by))
    return _fitted((settings().url, Scope.of(by), revision, *asked), by)


def is_wanted(*question: str) -> bool:
    """Whether to work a curve out now. Where that takes long there is a button for it, once for each question."""
    if not takes_long() or st.session_state.get(_WANTED) == question:
        return True
    st.markdown("With this many treatments the adjusted curve takes up to a minute; it is then kept for everybody.")
    st.button(
        "Work out the adjusted curve",
        key="dose_wanted_button",
        icon=":material/show_chart:",
        on_click=st.session_state.__setitem__,
        args=(_WANTED, question),
    )
    return False


def curve(by: Actor, asked: Asked, revision: int) -> DoseResponse | None:
    """The curve that can be shown; where there is none, say why or offer to work it out."""
    device_class, group = asked.filters.device_class, asked.filters.skin_group
    if not is_wanted(asked.symptom, asked.setting, device_class, group):
        return None
    try:
        found = fitted(by, revision, asked.symptom, asked.setting, device_class, group)
    except Problem as problem:
        empty("No adjusted curve.", f"{problem.message}")
        return None
    if not found.curves:
        empty("The data does not carry an adjusted curve yet.", " ".join(found.notes))
        return None
    if all(each.is_too_wide for each in found.curves):
        empty(
            "The data is too thin for an adjusted curve of this setting.",
            f"{found.events:,} events leave nearly every risk possible. Look at the crude bands, and wait for more "
            "answers over a wider range of the setting.",
        )
        return None
    return found


def show(found: DoseResponse, axes: Axes | None, on_pick: Picked) -> None:
    """The curve, its ceilings, and what it could not say; ``on_pick`` gets the setting and group that are pressed."""
    shown = drawn(dose_curve, found, axes)
    chart(shown, key="dose_curve", on_pick=on_pick)
    with st.container():
        numbers(shown, key="dose_curve", file_name="dose-response.csv")
        for each in found.curves:
            st.markdown(ceiling_words(found, each))
        st.markdown(
            f"From {found.events:,} events of this device class here, over all of its treatments, with skin type, "
            "indication, area, age, season, the day of each answer and the other settings held. Reference: "
            f"{found.reference_source}. The band is a 95 % interval; beyond the strongest setting used the line is a "
            "guess."
        )
        for name in found.opposed:
            st.markdown(f"The data would make {name} protective, against physics: its weight is held at none.")
        for note in found.notes:
            st.markdown(note)


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
        found = curve(by, asked, result.revision)
    chosen = _bands(result)
    axes = own_axes(result).beside(chart_dose.own_axes(found)) if found else None
    with crude:
        _crude(result, axes, chosen)
    if found:
        with adjusted:
            show(found, axes, lambda at: chosen.press({**at, "band": result.cut.band_of(float(at["value"]))}))
    chosen.treatments(by, asked.filters, [result.parameter], result.symptom)


def _crude(result: SettingBands, axes: Axes | None, chosen: Drilldown) -> None:
    shown = drawn(band_rates, result, axes)
    chart(shown, key="band_rates", on_pick=chosen.press, with_title=False)
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


def _bands(result: SettingBands) -> Drilldown:
    """The treatments of a band and skin group."""
    unit = printed(result.unit)
    rows: list[Any] = list(result.table.itertuples())
    choices = (
        Choice(
            f"{row.band_label} {unit}".strip() + f", skin type {row.skin_group}",
            Part(bands={result.parameter: int(row.band)}, skin_group=str(row.skin_group)),
            {"band": row.band, "skin_group": row.skin_group},
        )
        for row in rows
    )
    return Drilldown(BAND, "band", tuple(choices))
