"""The patient's check-in: one question a screen, then what it means."""

import streamlit as st

from reporting.domain.patient_words import say
from reporting.errors import SignInNeeded
from reporting.queries.patient import CheckInPage, check_in_page
from reporting.ui.check_in_taps import form
from reporting.ui.confirmation import confirmation, foot
from reporting.ui.consent_parts import stopped_part
from reporting.ui.flow import draw
from reporting.ui.identity import current_actor
from reporting.ui.patient_language import language
from reporting.ui.patient_parts import patient_column, sign_in_needed, to_top
from reporting.ui.patient_state import start_over, state


def _draw(shown: CheckInPage, spoken: str) -> str:
    """Draws what there is to see now and returns which of it that is."""
    place = ""
    st.title(say("title", spoken), anchor=False)
    st.markdown(f"**{say('day', spoken, day=shown.recovery_day, treatment=shown.treatment_words(spoken))}**")
    if shown.is_stopped:
        stopped_part(shown.contact, spoken)
    elif shown.sent_today and not shown.answers and not state().again:
        confirmation(shown.sent_today, shown.contact, spoken)
        place = f"sent {shown.sent_today.check_in_id}"
        st.button(say("again", spoken), width="stretch", on_click=start_over, kwargs={"again": True})
        st.page_link("reporting/pages/patient_home.py", label=say("home", spoken), width="stretch")
    else:
        place = draw(form(shown, spoken))
    foot(shown.contact, spoken)
    return place


def page() -> None:
    """Questions while there is something to answer, else the confirmation of what was sent today."""
    spoken = language()
    try:
        shown = check_in_page(current_actor())
    except SignInNeeded:
        sign_in_needed(spoken)
        return
    with patient_column():
        place = _draw(shown, spoken)
    to_top(place)


if __name__ == "__main__":
    page()
