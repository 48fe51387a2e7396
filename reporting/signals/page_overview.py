"""The overview: how much was treated and answered, and which side effects were reported."""

import streamlit as st

from reporting.dashboards import ui_behind
from reporting.dashboards.chart_overview import symptom_rates, weekly_rates
from reporting.dashboards.read_overview import Overview, overview, side_effects
from reporting.shell.chart_look import Marks
from reporting.shell.read_marks import dated_marks
from reporting.shell.read_scope import filter_choices, of_one_moment, today
from reporting.shell.ui_figures import drawn, show, to_hand_on
from reporting.shell.ui_filters import overview_filters, symptom_choice
from reporting.shell.ui_identity import current_actor
from reporting.shell.ui_states import empty, no_treatments, shows_problems
from reporting.signals import ui_signal


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
    st.markdown(ui_behind.follow_up_line(result))


@shows_problems
@of_one_moment
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
    st.markdown(ui_behind.period_line(result.totals))
    ui_behind.totals(result)
    ui_behind.cases(result.cases)
    ui_signal.active(actor)
    _symptoms(result)
    st.subheader("Week by week")
    _weeks(result, dated_marks(actor, filters.devices))


if __name__ == "__main__":
    page()
