"""Where a patient changes a report or takes it back."""

import streamlit as st

from reporting.domain.patient_words import say
from reporting.errors import NotAllowed, Problem, SignInNeeded
from reporting.queries.correction import correction_page
from reporting.queries.patient import check_in_page
from reporting.ui.confirmation import foot
from reporting.ui.correction_parts import STEPS, back_part, correcting, done_part
from reporting.ui.identity import current_actor
from reporting.ui.links import number_in_address
from reporting.ui.patient_language import language
from reporting.ui.patient_parts import patient_column, sign_in_needed, to_top
from reporting.ui.patient_problem import problem_part
from reporting.ui.recovery_parts import locked_part


def _drawn(code: str) -> None:
    by, check_in_id = current_actor(), number_in_address("report") or 0
    state = correcting(check_in_id)
    if state.step in STEPS:
        shown = correction_page(by, check_in_id)
        contact = shown.contact
        STEPS[state.step](shown, state, code)
    else:
        contact = check_in_page(by).contact
        done_part(state, contact, code)
    back_part(code)
    foot(contact, code)
    to_top(f"correct:{state.step}:{state.here.at}")


def page() -> None:
    """The report and the ways to change it; for what cannot be changed, why not and the way back."""
    code = language()
    with patient_column():
        try:
            st.title(say("correct_title", code), anchor=False)
            _drawn(code)
        except SignInNeeded:
            sign_in_needed(code)
        except NotAllowed:
            locked_part(code)
        except Problem as problem:
            problem_part(problem, code)
            back_part(code)


if __name__ == "__main__":
    page()
