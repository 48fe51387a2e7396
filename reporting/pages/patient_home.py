"""The patient's home: what comes next, how it goes, what the clinic did, photos, and what was sent."""

import streamlit as st

from reporting.domain.patient_words import say
from reporting.errors import Problem, SignInNeeded
from reporting.queries.photos import photos_of
from reporting.queries.recovery import recovery_page
from reporting.ui.confirmation import call_button, foot
from reporting.ui.identity import current_actor
from reporting.ui.links import page_link
from reporting.ui.past_parts import past_part, show_notice
from reporting.ui.patient_language import language, language_links
from reporting.ui.patient_parts import patient_column, sign_in_needed, to_top
from reporting.ui.patient_problem import problem_part
from reporting.ui.photo_pair import photos_part
from reporting.ui.recovery_parts import advice_part, course_part, locked_part, next_part, steps_part


def _drawn(code: str) -> None:
    by = current_actor()
    shown = recovery_page(by)
    check_in = shown.check_in
    st.title(say("home_title", code), anchor=False)
    st.markdown(f"**{say('day', code, day=check_in.recovery_day, treatment=check_in.treatment_words(code))}**")
    show_notice()
    advice_part(shown, code)
    next_part(shown, code)
    if shown.history is None:
        locked_part(code)
    else:
        course_part(shown.history, code)
        steps_part(shown.history, shown.timezone, code)
        photos_part(photos_of(by, treatment_id=check_in.treatment_id), code)
        past_part(shown.history.past, check_in.contact, shown.timezone, code)
    if shown.urgent is None:
        call_button(check_in.contact, code)
    page_link("data", say("data_open", code))
    foot(check_in.contact, code)
    to_top("home")


def page() -> None:
    """The home in one readable column; a session that ended is told how to go on."""
    code = language()
    with patient_column():
        try:
            _drawn(code)
        except SignInNeeded:
            sign_in_needed(code)
        except Problem as problem:
            st.title(say("home_title", code), anchor=False)
            problem_part(problem, code)
        language_links()


if __name__ == "__main__":
    page()
