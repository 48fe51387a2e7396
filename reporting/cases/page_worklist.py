"""The worklist: who needs a call now, and why.

Parts of the worklist beside the open cases: who is silent, and what the alerts cost and bring.
"""

import pandas as pd
import streamlit as st

from reporting import clock
from reporting.cases import read_worklist, ui_case
from reporting.cases.read_alert_budget import TARGET_ACTED_ON, TARGET_PER_100, AlertBudget, alert_budget
from reporting.cases.read_worklist import AFTER_MISSED, SilentPatient, due_and_silent
from reporting.security.permissions import may
from reporting.shell import ui_words as words
from reporting.shell.chart_look import percent
from reporting.shell.file_csv import table_csv
from reporting.shell.ui_figures import csv_file
from reporting.shell.ui_filters import code_segments
from reporting.shell.ui_identity import current_actor
from reporting.shell.ui_links import page_link
from reporting.shell.ui_states import empty, show_notice, shows_problems

SHOWN = 50


def silent(found: list[SilentPatient]) -> None:
    """Patients who were asked and have not answered, with the way to their timeline."""
    if not found:
        empty("Nobody is silent.", f"Patients who miss {AFTER_MISSED} due check-ins in a row appear here.")
        return
    st.markdown(
        f"**{len(found)} patients have missed {AFTER_MISSED} or more due check-ins in a row.** "
        "Silence is neither good nor bad news: a call finds out."
    )
    for one in found[:SHOWN]:
        with st.container(border=True):
            at = one.last_answer_at
            last = f"last answer {words.moment(at, one.timezone)}" if at else "no answer yet"
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(
                    f"**{words.as_text(one.patient_reference)}** · {one.procedure}, day {one.recovery_day} · "
                    f"{one.missed} check-ins missed · {last}"
                )
                page_link(
                    "timeline",
                    f"Timeline of {one.patient_reference}",
                    icon=":material/timeline:",
                    patient=one.patient_id,
                )
    if len(found) > SHOWN:
        st.markdown(f"{len(found) - SHOWN} more, with fewer missed, are not shown.")


def budget(found: AlertBudget) -> None:
    """Alerts per 100 check-ins, how many led to action, how fast they were taken; each rule with its use."""
    st.markdown(f"**The last {found.days} days:** {found.check_ins:,} check-ins answered, {found.alerts:,} alerts.")
    with st.container(horizontal=True):
        per = "none yet" if found.per_100 is None else f"{found.per_100:.1f}"
        st.metric("Alerts per 100 check-ins", per, border=True, help=f"Below {TARGET_PER_100:g} is what others manage.")
        share = "none decided" if found.acted_on_share is None else percent(found.acted_on_share)
        st.metric(
            "Acted on",
            share,
            border=True,
            help=f"Of {found.decided} decided alerts; {percent(TARGET_ACTED_ON)} is a good mark.",
        )
        usual = "none taken" if found.median_to_acknowledge is None else words.span(found.median_to_acknowledge)
        st.metric("Time to acknowledge, median", usual, border=True)
        st.metric("Not taken yet", f"{found.not_taken:,}", border=True)
    if found.slow_tenth_to_acknowledge is not None:
        st.markdown(
            f"Nine in ten were taken within {words.span(found.slow_tenth_to_acknowledge)}. "
            f"{found.patient_urgent:,} patients said that it cannot wait."
        )
    table = pd.DataFrame(
        [
            {
                "Rule": one.code,
                "Means": one.words,
                "Fired": one.fired,
                "Decided": one.decided,
                "Led to action": one.acted_on,
                "Confirmed": one.confirmed,
            }
            for one in found.rules
        ]
    )
    st.markdown("**Each rule.** A rule that fires often and hardly ever leads to action costs attention.")
    st.dataframe(table, hide_index=True, alt="Rules with how often each fired and led to action", key="budget_rules")
    csv_file(lambda: table_csv(table), key="budget_rules_csv", file_name="rules.csv")


REFRESH_SECONDS = 20
PER_PAGE = 25
_PAGE = "worklist_page"


@st.fragment(run_every=REFRESH_SECONDS)
@shows_problems
def open_list() -> None:
    """Open cases; drawn anew by itself, without touching a window in which somebody types."""
    found = read_worklist.open_part(current_actor(by_hand=False), st.session_state.get(_PAGE, 1), PER_PAGE)
    show_notice(ui_case.LIST)
    if not found.cases:
        empty("No open cases.", "Nobody is waiting. A new report that needs you appears here by itself.")
        return
    st.markdown(
        f"**{found.n_open} open, {found.n_new} not yet acknowledged, {found.n_overdue} overdue.** "
        f"As of {words.moment(clock.now(), found.cases[0].timezone)}."
    )
    if found.pages > 1:
        st.pagination(found.pages, key=_PAGE)
    for place, case in enumerate(found.cases):
        ui_case.row(case, is_first=place == 0)


def closed_list() -> None:
    """The cases closed last."""
    found = read_worklist.closed_cases(current_actor())
    if not found:
        empty("No closed cases yet.", "A case is closed by hand, after its outcome is recorded.")
    pages = -(-len(found) // PER_PAGE)
    page = st.pagination(pages, key="closed_page") if pages > 1 else 1
    for case in found[(page - 1) * PER_PAGE : page * PER_PAGE]:
        ui_case.row(case)


VIEWS = {"open": "Open", "silent": "Due and silent", "closed": "Closed", "budget": "Alert budget"}


@shows_problems
def page() -> None:
    st.title("Worklist")
    view = code_segments("Show", VIEWS, "show", label_visibility="collapsed")
    if view == "closed":
        closed_list()
    elif view == "silent":
        silent(due_and_silent(current_actor()))
    elif view == "budget":
        actor = current_actor()
        budget(alert_budget(actor))
        if may(actor, "content.read"):
            page_link("rules", "Tune a rule: try it on past data first", icon=":material/tune:")
    else:
        open_list()
    if (case_id := ui_case.chosen()) is not None:
        ui_case.open_window(case_id)


if __name__ == "__main__":
    page()
