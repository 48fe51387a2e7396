"""Settings and side effects: observed rates by setting band within one device class."""

import streamlit as st

from reporting import clock
from reporting.charts.settings import band_rates, range_words
from reporting.queries.filter_choices import filter_choices
from reporting.queries.scope import Filters
from reporting.queries.setting_bands import SettingBands, parameters_recorded, setting_bands
from reporting.ui import band_parts, dose_parts
from reporting.ui.chart_parts import NOT_CAUSES
from reporting.ui.figures import is_dark, show
from reporting.ui.filters import settings_filters, symptom_choice
from reporting.ui.identity import current_actor
from reporting.ui.states import empty, no_treatments, shows_problems


def _notes(result: SettingBands) -> None:
    for each in result.ranges:
        st.markdown(f"{range_words(each)} {result.unit}. Source: {each.source}.")
    st.markdown(NOT_CAUSES)
    st.markdown(band_parts.bands_line(result))


@shows_problems
def page() -> None:
    st.title("Settings and side effects")
    actor = current_actor()
    choices = filter_choices(actor)
    if not choices.device_classes:
        no_treatments()
        return
    filters = settings_filters(choices, clock.now().date())
    recorded = parameters_recorded(actor, Filters(device_class=filters.device_class))
    if not recorded:
        empty(
            "No settings were recorded for this device class.",
            "Choose another, or import a log with settings.",
        )
        return
    with st.container(horizontal=True):
        parameter = band_parts.parameter_choice(recorded)
        symptom = symptom_choice()
    result = setting_bands(actor, filters, parameter, symptom)
    if not len(result.table):
        empty("No treatments fit these filters.", "Choose a longer period, or take a filter away.")
        return
    show(band_rates(result, dark=is_dark()), key="band_rates", file_name="setting-bands.csv")
    _notes(result)
    dose_parts.adjusted(actor, result.revision, symptom, parameter, filters.device_class, filters.skin_group)
    st.subheader("Treatments behind a band")
    band_parts.treatments_part(actor, filters, result)


if __name__ == "__main__":
    page()
