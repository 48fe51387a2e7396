"""Settings and side effects within one device class: by one setting, by two together, and over time.

A setting over time: whose, per month or quarter, as set or for such patients, and the treatments behind a period.

Two settings together: the map, what its cells mean, and the treatments behind one.
"""

from dataclasses import replace
from typing import Any

import streamlit as st

from reporting.dashboards.chart_setting_drift import KIND_WORDS, drift_chart, share_chart
from reporting.dashboards.chart_setting_map import setting_map_chart
from reporting.dashboards.read_behind import Part
from reporting.dashboards.read_setting_drift import ENOUGH, Per, SettingDrift, Unit, days_of, drift_units, setting_drift
from reporting.dashboards.read_setting_map import LEAST_IN_CELL, SettingMap, setting_map
from reporting.dashboards.ui_behind import NOT_CAUSES, Choice, Drilldown
from reporting.dashboards.ui_settings import (
    NOTHING,
    TIME,
    TWO,
    Asked,
    one_setting,
    parameter_choice,
    settings_asked,
    sources,
    view_choice,
)
from reporting.domain.actors import Actor
from reporting.domain.devices import printed
from reporting.shell.read_scope import filter_choices, of_one_moment, sees_all_operators, today
from reporting.shell.ui_figures import drawn, show
from reporting.shell.ui_filters import code_segments, code_select
from reporting.shell.ui_identity import current_actor
from reporting.shell.ui_states import empty, no_treatments, shows_problems
from reporting.shell.ui_words import as_text, day

PERIOD = "chosen_period"
EVERYBODY = "All devices and operators of this class"
_SHOWN = {"as-set": "As set", "usual": "Against what is usual for such patients"}


def over_time(by: Actor, asked: Asked) -> None:
    """The setting's drift and the share above what is recommended; a period opens its treatments."""
    unit = _unit_choice(drift_units(by, asked.filters))
    left, right = st.columns(2)
    with left:
        asked_per = code_segments("Per", {"month": "Month", "quarter": "Quarter"}, "per")
        per: Per = "quarter" if asked_per == "quarter" else "month"
    with right:
        is_relative = code_segments("Shown", _SHOWN, "scale") == "usual"
    found = setting_drift(by, asked.filters, asked.setting, unit, per=per, is_relative=is_relative)
    if found.table.empty:
        empty(*NOTHING)
        return
    periods = _periods(found)
    show(drawn(drift_chart, found), key="drift", file_name="setting-over-time.csv", on_pick=periods.press)
    _words(by, found)
    _share(found, periods)
    filters = replace(asked.filters, devices=(unit.code,)) if unit.kind == "device" else asked.filters
    periods.treatments(by, filters, [asked.setting], asked.symptom)


def _unit_choice(units: tuple[Unit, ...]) -> Unit:
    """One of the units, by name; the address keeps its kind and code."""
    named = {f"{unit.kind}-{unit.code}": unit for unit in units if unit.code}
    words = {code: f"{unit.kind.capitalize()} {unit.code}" for code, unit in named.items()}
    return named.get(code_select("Whose settings", {"": EVERYBODY, **words}, "unit"), Unit("class"))


def _words(by: Actor, found: SettingDrift) -> None:
    """How to read the chart, and what is marked in it."""
    st.markdown(
        f"A point is the median of the treated areas of that {found.per}, the bar their middle half; hollow points "
        f"have fewer than {ENOUGH} treated areas. "
        + (
            "1 is what this clinic usually chooses for the same skin group, area and indication, over all of the "
            "treatments shown: who treats other patients is not taken for somebody who turned the device up. "
            if found.is_relative
            else "A change can also come from other patients being treated: look at *Against what is usual for such "
            "patients* too. "
        )
        + "This needs no answers of patients: it says that settings moved, not that anybody was harmed."
    )
    for on, words in found.marks:
        st.markdown(f"- {day(on)}: {as_text(words)}")
    sources(found.ranges, found.unit)
    if not sees_all_operators(by):
        st.markdown("Of operators you see yourself alone; they are compared by the safety lead only.")


def _share(found: SettingDrift, periods: Drilldown) -> None:
    if found.above.empty:
        empty(
            "No highest value is known for this setting.",
            "Neither a published guideline, nor a protocol of the clinic, nor a typical range says what is too much. "
            "The clinic's own can be set under Guidelines and tolerances.",
        )
        return
    show(drawn(share_chart, found), key="share_above", file_name="share-above.csv", on_pick=periods.press)
    if set(found.above["kind"]) == {"typical"}:
        st.markdown(f"No guideline and no protocol is known here, so it is compared with {KIND_WORDS['typical']}.")


def _periods(found: SettingDrift) -> Drilldown:
    """The treatments of a month or quarter; of an operator, that operator's alone."""
    operator = found.of.code if found.of.kind == "operator" else ""
    choices = []
    for row in found.table.itertuples():
        first, last = days_of(int(str(row.period)), found.per)
        choices.append(
            Choice(str(row.label), Part(from_date=first, to_date=last, operator=operator), {"period": row.period})
        )
    return Drilldown(PERIOD, found.per, tuple(choices))


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
    cells = _cells(found)
    show(drawn(setting_map_chart, found), key="setting_map", file_name="settings-map.csv", on_pick=cells.press)
    st.markdown(
        "In each cell stand the observed rate and the unexpected reports over those who answered. Its shade shows the "
        "rate drawn towards the average of all cells, the more the fewer answered, so that chance does not catch the "
        "eye; on a light page darker is higher, on a dark page lighter. "
        f"Grey cells are too thin: fewer than {LEAST_IN_CELL} answered."
        + (
            f" {found.n_left_out:,} treated areas without one of the two settings are left out."
            if found.n_left_out
            else ""
        )
    )
    st.markdown(NOT_CAUSES)
    for side in (found.across, found.up):
        if side.ranges:
            st.markdown(f"**{as_text(side.label)}**")
            sources(side.ranges, side.unit)
    cells.treatments(by, asked.filters, [asked.setting, second], asked.symptom)


def _cells(found: SettingMap) -> Drilldown:
    """The treatments of a cell, if there are any in it."""
    units = printed(found.across.unit), printed(found.up.unit)
    rows: list[Any] = list(found.table[found.table["n_treatments"] > 0].itertuples())
    choices = (
        Choice(
            f"{found.across.label} {row.across_label} {units[0]}".strip()
            + f", {found.up.label.lower()} {row.up_label} {units[1]}".rstrip(),
            Part(bands={found.across.parameter: int(row.across), found.up.parameter: int(row.up)}),
            {"across": row.across, "up": row.up},
        )
        for row in rows
    )
    return Drilldown(CELL, "cell", tuple(choices))


@shows_problems
@of_one_moment
def page() -> None:
    st.title("Settings and side effects")
    actor = current_actor()
    choices = filter_choices(actor)
    if not choices.device_classes:
        no_treatments()
        return
    asked = settings_asked(actor, choices, today(actor))
    if asked.choice is None:
        empty(
            "No settings were recorded for this device class.",
            "Choose another, or import a log with settings.",
        )
        return
    {TWO: two_settings, TIME: over_time}.get(view_choice(), one_setting)(actor, asked)


if __name__ == "__main__":
    page()
