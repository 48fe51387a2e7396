"""Data quality: what is missing, unusual or silent, and how far silence could move the rates."""

import streamlit as st

from reporting.charts.words import percent
from reporting.queries.data_quality import SILENT_AFTER_DAYS, DataQuality, data_quality
from reporting.queries.days import today
from reporting.queries.filter_choices import filter_choices
from reporting.security.permissions import may
from reporting.ui import quality_parts as parts
from reporting.ui.filters import overview_filters
from reporting.ui.identity import current_actor
from reporting.ui.mending_parts import history
from reporting.ui.states import empty, no_treatments, shows_problems


def _totals(found: DataQuality) -> None:
    share = percent(found.n_silent / found.n_old_enough) if found.n_old_enough else "none old enough"
    unusual = int(found.unusual["n_unusual"].sum())
    gaps = int((found.missing["n_missing"].gt(0) & found.missing["share"].lt(1)).sum())
    with st.container(horizontal=True):
        st.metric("Treatments", f"{found.n_treatments:,}", border=True)
        st.metric("Never answered", f"{found.n_silent:,} ({share})", border=True,
                  help=f"Of the treatments {SILENT_AFTER_DAYS} days ago or longer")  # fmt: skip
        st.metric("Unusual settings", f"{unusual:,}", border=True, help="Treated areas")
        st.metric("Settings with gaps", f"{gaps:,}", border=True)


@shows_problems
def page() -> None:
    st.title("Data quality")
    actor = current_actor()
    choices = filter_choices(actor)
    if not choices.procedure_classes:
        no_treatments()
        return
    filters = overview_filters(choices, today(actor))
    found = data_quality(actor, filters, [parts.chosen_grouping()])
    if not found.n_treatments:
        empty("No treatments fit these filters.", "Choose a longer period, or take a filter away.")
        return
    _totals(found)
    parts.silence(found)
    parts.response(actor, filters, found)
    parts.settings(actor, filters, found)
    history(found.imports, may_mend=may(actor, "import.run"))


if __name__ == "__main__":
    page()
