"""The overview: how much was treated and answered, and which side effects were reported."""

import streamlit as st

from reporting.charts.dated import Marks
from reporting.charts.overview import symptom_rates, weekly_rates
from reporting.queries.dated import dated_marks
from reporting.queries.days import today
from reporting.queries.filter_choices import filter_choices
from reporting.queries.handed_on import side_effects
from reporting.queries.overview import Overview, overview
from reporting.ui import chart_parts, signal_parts
from reporting.ui.figures import drawn, show
from reporting.ui.filters import overview_filters, symptom_choice
from reporting.ui.identity import current_actor
from reporting.ui.sharing_parts import to_hand_on
from reporting.ui.states import empty, no_treatments, shows_problems


def _symptoms(result: Overview) -> None:
    st.subheader("Unexpected side effects")
    show(drawn(symptom_rates, result), key="symptom_rates", file_name="side-effects.csv")
    st.markdown(
        "Unexpected means: more than is usual for that day after that procedure. Each bar is a 95 % "
        "interval, a hollow diamond the period before, an upright line the clinic's own baseline (all earlier "
        "treatments), a triangle an upper limit where nobody reported it."
    )
    to_hand_on(lambda: side_effects(result), key="rates_to_hand_on", file_name="side-effects-to-hand-on.csv")


def _weeks(result: Overview, marks: Marks) -> None:
    show(drawn(weekly_rates, result, marks), key="weekly_rates", file_name="weeks.csv")
    st.markdown(chart_parts.follow_up_line(result))


@shows_problems
def page() -> None:
    st.title("Overview")
    actor = current_actor()
    choices = filter_choices(actor)
    if not choices.procedure_classes:
        no_treatments()
        return
    filters = overview_filters(choices, today(actor))
    symptom = symptom_choice("Symptom of the weekly chart")
    result = overview(actor, filters, symptom)
    if not result.totals.n_treatments:
        empty("No treatments fit these filters.", "Choose a longer period, or take a filter away.")
        return
    st.markdown(chart_parts.period_line(result.totals))
    chart_parts.totals(result)
    chart_parts.cases(result.cases)
    signal_parts.active(actor)
    _symptoms(result)
    st.subheader("Week by week")
    _weeks(result, dated_marks(actor, filters.devices))


if __name__ == "__main__":
    page()
