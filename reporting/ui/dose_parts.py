"""The adjusted part of the settings page: worked out on demand, with what it rests on in words."""

from typing import Any

import streamlit as st

from reporting.charts.axes import Axes
from reporting.charts.dose import ceiling_words, dose_curve
from reporting.domain.actors import Actor
from reporting.errors import Problem
from reporting.queries.clinic_content import tolerated_factor
from reporting.queries.dose_response import DoseResponse, dose_response, takes_long
from reporting.settings import settings
from reporting.ui.figures import Picked, chart, drawn, numbers
from reporting.ui.setting_filters import Asked
from reporting.ui.states import empty

_WANTED = "dose_wanted"


@st.cache_data(ttl=3600, max_entries=64, show_spinner="Fitting the adjusted curve …")
def _fitted(key: tuple[Any, ...], _by: Actor) -> DoseResponse:
    """One curve for each state of the data; ``key`` ends with what is asked for."""
    return dose_response(_by, *key[-5:])


def fitted(by: Actor, revision: int, symptom: str, setting: str, device_class: str, group: str) -> DoseResponse:
    """The adjusted curve for the risk that the clinic tolerates, kept while the data stays as it is. Raises Problem."""
    asked = (symptom, setting, device_class, group, tolerated_factor(by))
    return _fitted((settings().url, by.clinic_id, revision, *asked), by)


def is_wanted(*question: str) -> bool:
    """Whether to work a curve out now. Where that takes long there is a button for it, once for each question."""
    if not takes_long() or st.session_state.get(_WANTED) == question:
        return True
    st.markdown("With this many treatments the adjusted curve takes up to a minute; it is then kept for everybody.")
    st.button("Work out the adjusted curve", key="dose_wanted_button", icon=":material/show_chart:",
              on_click=st.session_state.__setitem__, args=(_WANTED, question))  # fmt: skip
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
        empty("The data is too thin for an adjusted curve of this setting.",
              f"{found.events:,} events leave nearly every risk possible. Look at the crude bands, and wait for more "
              "answers over a wider range of the setting.")  # fmt: skip
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
