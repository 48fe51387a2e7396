"""Data quality: what is missing, unusual or silent, and how far silence could move the rates."""

import streamlit as st

from reporting import clock
from reporting.charts.words import percent
from reporting.queries.data_quality import SILENT_AFTER_DAYS, DataQuality, data_quality
from reporting.queries.filter_choices import filter_choices
from reporting.ui import quality_parts as parts
from reporting.ui.filters import overview_filters
from reporting.ui.identity import current_actor
from reporting.ui.links import page_link
from reporting.ui.states import empty, shows_problems


def _totals(found: DataQuality) -> None:
    with st.container(horizontal=True):
        st.metric("Treatments", f"{found.n_treatments:,}", border=True)
        share = percent(found.n_silent / found.n_old_enough) if found.n_old_enough else "none old enough"
        st.metric(f"Never answered ({SILENT_AFTER_DAYS} days or older)", f"{found.n_silent:,} ({share})", border=True)
        unusual = int(found.unusual["n_unusual"].sum())
        st.metric("Areas with an unusual setting", f"{unusual:,}", border=True)
        missing = found.missing.loc[found.missing["n_missing"] > 0]
        st.metric("Settings with gaps", f"{len(missing):,}", border=True)


@shows_problems
def page() -> None:
    st.title("Data quality")
    actor = current_actor()
    choices = filter_choices(actor)
    if not choices.procedure_classes:
        empty("No treatments yet.", "Import a log of your practice system, or record a treatment.")
        page_link("record", "Record a treatment", icon=":material/add:")
        return
    found = data_quality(actor, overview_filters(choices, clock.now().date()))
    if not found.n_treatments:
        empty("No treatments fit these filters.", "Choose a longer period, or take a filter away.")
        return
    _totals(found)
    parts.silence(found)
    parts.response(found)
    parts.settings(found)
    parts.imports(found)


if __name__ == "__main__":
    page()
