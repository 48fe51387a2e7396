"""The patient's own data: what they agreed to, reminders, a copy of everything, the wish to be forgotten."""

import streamlit as st

from reporting.actions.consent import consent_state
from reporting.actions.reminders import reminder_state
from reporting.domain.actors import Actor
from reporting.domain.patient_words import say
from reporting.errors import Problem, SignInNeeded
from reporting.queries.requests import my_data_page
from reporting.ui import data_parts
from reporting.ui.identity import current_actor
from reporting.ui.links import page_link
from reporting.ui.patient_language import language, language_links
from reporting.ui.patient_parts import patient_column, sign_in_needed
from reporting.ui.patient_problem import problem_part


def _draw(by: Actor, spoken: str) -> None:
    shown, consents, reminders = my_data_page(by), consent_state(by), reminder_state(by)
    data_parts.show_notice(spoken)
    data_parts.consents_part(consents, shown.timezone, spoken)
    data_parts.reminders_part(reminders, consents, shown.timezone, spoken)
    if shown.may_read:
        data_parts.copy_part(spoken)
        data_parts.erasure_part(shown, spoken)
    else:
        data_parts.locked_part(spoken)


def page() -> None:
    """Every part that the way of signing in opens, and the languages in any case."""
    spoken = language()
    with patient_column():
        try:
            by = current_actor()
        except SignInNeeded:
            sign_in_needed(spoken)
            return
        st.title(say("data_title", spoken), anchor=False)
        page_link("home", say("home", spoken))
        try:
            _draw(by, spoken)
        except Problem as problem:
            problem_part(problem, spoken)
        st.divider()
        language_links()


if __name__ == "__main__":
    page()
