"""The patient's home: when the next check-in is, and what was sent."""

import streamlit as st

from reporting.domain.patient_words import say
from reporting.queries.patient import recovery_page
from reporting.ui.confirmation import call_button, foot
from reporting.ui.format import day
from reporting.ui.identity import current_actor


def page() -> None:
    """Next check-in, a button to start one, past check-ins for those who may read them, and the telephone."""
    shown = recovery_page(current_actor())
    check_in = shown.check_in
    st.title(say("home_title"), anchor=False)
    st.markdown(f"**{say('day', day=check_in.recovery_day, treatment=check_in.treatment_line)}**")
    st.write(say("next", day=day(shown.next_due_on)) if shown.next_due_on else say("no_next"))
    if st.button(say("start"), type="primary", width="stretch"):
        st.switch_page("reporting/pages/patient_check_in.py")
    st.header(say("past"), anchor=False)
    if not shown.may_read_history:
        st.write(say("past_locked"))
    elif not shown.history:
        st.write(say("nothing_sent"))
    for moment, number, heading in shown.history:
        st.write(say("past_row", day=day(moment.date()), number=number, heading=heading))
    call_button(check_in.contact)
    foot(check_in.contact)


if __name__ == "__main__":
    page()
