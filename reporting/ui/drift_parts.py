"""A setting over time: whose, per month or quarter, as set or for such patients, and the treatments behind a period."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import streamlit as st

from reporting.charts.setting_drift import KIND_WORDS, drift_chart, share_chart
from reporting.domain.actors import Actor
from reporting.queries.behind import Part
from reporting.queries.scope import sees_all_operators
from reporting.queries.setting_drift import ENOUGH, Per, SettingDrift, Unit, days_of, drift_units, setting_drift
from reporting.ui.address import code_segments, code_select
from reporting.ui.band_parts import NOTHING, sources
from reporting.ui.behind_parts import behind
from reporting.ui.figures import drawn, show
from reporting.ui.format import day
from reporting.ui.setting_filters import Asked
from reporting.ui.states import empty

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
    show(drawn(drift_chart, found), key="drift", file_name="setting-over-time.csv",
         on_pick=lambda at: _choose(found, at))  # fmt: skip
    _words(by, found)
    _share(found)
    st.subheader("The treatments behind it", anchor=False)
    filters = replace(asked.filters, devices=(unit.code,)) if unit.kind == "device" else asked.filters
    behind(by, filters, [asked.setting], asked.symptom, _parts(found), key=PERIOD, what=per)


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
        + ("1 is what this clinic usually chooses for the same skin group, area and indication, over all of the "
           "treatments shown: who treats other patients is not taken for somebody who turned the device up. "
           if found.is_relative else
           "A change can also come from other patients being treated: look at *Against what is usual for such "
           "patients* too. ")
        + "This needs no answers of patients: it says that settings moved, not that anybody was harmed."
    )  # fmt: skip
    for on, words in found.marks:
        st.markdown(f"- {day(on)}: {words}")
    sources(found.ranges, found.unit)
    if not sees_all_operators(by):
        st.markdown("Of operators you see yourself alone; they are compared by the safety lead only.")


def _share(found: SettingDrift) -> None:
    if found.above.empty:
        empty("No highest value is known for this setting.",
              "Neither a published guideline, nor a protocol of the clinic, nor a typical range says what is too much. "
              "The clinic's own can be set under Guidelines and tolerances.")  # fmt: skip
        return
    show(drawn(share_chart, found), key="share_above", file_name="share-above.csv",
         on_pick=lambda at: _choose(found, at))  # fmt: skip
    if set(found.above["kind"]) == {"typical"}:
        st.markdown(f"No guideline and no protocol is known here, so it is compared with {KIND_WORDS['typical']}.")


def _parts(found: SettingDrift) -> list[tuple[str, Part]]:
    operator = found.of.code if found.of.kind == "operator" else ""
    parts = []
    for row in found.table.itertuples():
        first, last = days_of(int(str(row.period)), found.per)
        parts.append((str(row.label), Part(from_date=first, to_date=last, operator=operator)))
    return parts


def _choose(found: SettingDrift, at: Mapping[str, Any]) -> None:
    """Choose the period that was pressed."""
    hit = (found.table["period"] == at["period"]).to_numpy()
    if hit.any():
        st.session_state[PERIOD] = int(hit.argmax())
