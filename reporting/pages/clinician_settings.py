"""Settings and side effects within one device class: by one setting, by two together, and over time."""

import streamlit as st

from reporting.queries.days import today
from reporting.queries.filter_choices import filter_choices
from reporting.ui.band_parts import one_setting
from reporting.ui.drift_parts import over_time
from reporting.ui.identity import current_actor
from reporting.ui.map_parts import two_settings
from reporting.ui.setting_filters import TIME, TWO, settings_asked, view_choice
from reporting.ui.states import empty, no_treatments, shows_problems


@shows_problems
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
