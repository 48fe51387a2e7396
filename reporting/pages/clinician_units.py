"""Operators and devices: observed against expected, and one unit over time."""

import streamlit as st

from reporting.charts.units import course, funnel, sequential
from reporting.queries import units
from reporting.queries.days import today
from reporting.queries.filter_choices import filter_choices
from reporting.queries.unit_rises import rises
from reporting.ui import unit_parts as parts
from reporting.ui.figures import drawn, show
from reporting.ui.filters import overview_filters, symptom_choice
from reporting.ui.identity import current_actor
from reporting.ui.states import no_treatments, shows_problems


@shows_problems
def page() -> None:
    st.title("Operators and devices")
    actor = current_actor()
    choices = filter_choices(actor)
    if not choices.procedure_classes:
        no_treatments()
        return
    kind, symptom = parts.kind_choice(), symptom_choice()
    filters = overview_filters(choices, today(actor))
    with st.spinner("Comparing observed with expected …"):
        found = units.units(actor, kind, symptom, filters)
    if found.table.empty:
        parts.nothing(found)
        return
    if found.only_own:
        st.markdown("You see your own chart. Operators are compared by the safety lead only.")
    show(drawn(funnel, found), key="funnel", file_name=f"{kind}s.csv")
    parts.funnel_words(found)
    st.subheader("One over time", anchor=False)
    unit = parts.unit_choice(found)
    over_time = units.course(actor, kind, unit, symptom, filters)
    show(drawn(course, over_time), key="course", file_name=f"{kind}-over-time.csv")
    show(drawn(sequential, over_time), key="sequential")
    parts.course_words(over_time)
    parts.rises_part(rises(actor, over_time))


if __name__ == "__main__":
    page()
