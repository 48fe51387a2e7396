"""The worklist: who needs a call now, and why."""

import streamlit as st

from reporting import clock
from reporting.queries import worklist
from reporting.queries.alert_budget import alert_budget
from reporting.queries.silent import due_and_silent
from reporting.security.permissions import may
from reporting.ui import case_parts, case_window
from reporting.ui import format as words
from reporting.ui import worklist_parts as parts
from reporting.ui.address import code_segments
from reporting.ui.identity import current_actor
from reporting.ui.links import page_link
from reporting.ui.states import empty, show_notice, shows_problems

REFRESH_SECONDS = 20
PER_PAGE = 25
_PAGE = "worklist_page"


@st.fragment(run_every=REFRESH_SECONDS)
@shows_problems
def open_list() -> None:
    """Open cases; drawn anew by itself, without touching a window in which somebody types."""
    found = worklist.open_part(current_actor(by_hand=False), st.session_state.get(_PAGE, 1), PER_PAGE)
    show_notice(case_parts.LIST)
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
        case_parts.row(case, is_first=place == 0)


def closed_list() -> None:
    """The cases closed last."""
    found = worklist.closed_cases(current_actor())
    if not found:
        empty("No closed cases yet.", "A case is closed by hand, after its outcome is recorded.")
    pages = -(-len(found) // PER_PAGE)
    page = st.pagination(pages, key="closed_page") if pages > 1 else 1
    for case in found[(page - 1) * PER_PAGE : page * PER_PAGE]:
        case_parts.row(case)


VIEWS = {"open": "Open", "silent": "Due and silent", "closed": "Closed", "budget": "Alert budget"}


@shows_problems
def page() -> None:
    st.title("Worklist")
    view = code_segments("Show", VIEWS, "show", label_visibility="collapsed")
    if view == "closed":
        closed_list()
    elif view == "silent":
        parts.silent(due_and_silent(current_actor()))
    elif view == "budget":
        actor = current_actor()
        parts.budget(alert_budget(actor))
        if may(actor, "content.read"):
            page_link("rules", "Tune a rule: try it on past data first", icon=":material/tune:")
    else:
        open_list()
    if (case_id := case_parts.chosen()) is not None:
        case_window.open_window(case_id)


if __name__ == "__main__":
    page()
