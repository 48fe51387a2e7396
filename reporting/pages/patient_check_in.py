"""The patient's check-in: one question a screen, then what it means."""

from typing import Any

import streamlit as st

from reporting.actions.check_ins import submit_check_in
from reporting.actions.drafts import save_draft
from reporting.domain.actors import Actor
from reporting.domain.patient_words import say
from reporting.errors import Problem
from reporting.queries.patient import CheckInPage, check_in_page
from reporting.ui.confirmation import confirmation, foot
from reporting.ui.flow import REVIEW, current, draw_question, draw_review, forget_ticks
from reporting.ui.identity import current_actor
from reporting.ui.patient_state import CheckInState, start_over, state


def _send(by: Actor, shown: CheckInPage, answers: dict[str, Any], here: CheckInState) -> None:
    try:
        submit_check_in(
            by=by,
            treatment_id=shown.treatment_id,
            answers=answers,
            submission_key=shown.draft_key or here.key,
        )
    except Problem as problem:
        here.problem = f"{say('not_sent')} {problem.message} {problem.what_to_do}"
    else:
        start_over(again=False)
    st.rerun()


def _questions(by: Actor, shown: CheckInPage) -> None:
    here, answers = state(), dict(shown.answers)

    def keep(fresh: dict[str, Any]) -> None:
        here.problem = ""
        if fresh.get("start") == "no_problems":
            _send(by, shown, {"start": "no_problems"}, here)
        try:
            save_draft(by=by, treatment_id=shown.treatment_id, answers=fresh, submission_key=here.key)
        except Problem as problem:
            here.problem = f"{problem.message} {problem.what_to_do}"
        else:
            forget_ticks()
            here.at = ""
        st.rerun()

    question = current(answers, shown.context, here.at)
    if question is not None:
        draw_question(question, answers, shown.context, keep, here)
        return
    here.at = REVIEW
    if here.problem:
        st.error(here.problem)
    draw_review(answers, shown.context, lambda: _send(by, shown, answers, here), here)


def page() -> None:
    """Questions while there is something to answer, else the confirmation of what was sent today."""
    by = current_actor()
    shown = check_in_page(by)
    st.title(say("title"), anchor=False)
    st.markdown(f"**{say('day', day=shown.recovery_day, treatment=shown.treatment_line)}**")
    if shown.sent_today and not shown.answers and not state().again:
        confirmation(shown.sent_today, shown.contact)
        if st.button(say("again"), width="stretch"):
            start_over(again=True)
            st.rerun()
        st.page_link("reporting/pages/patient_home.py", label=say("home"), width="stretch")
    else:
        _questions(by, shown)
    foot(shown.contact)


if __name__ == "__main__":
    page()
