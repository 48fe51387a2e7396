"""Where a person lands who is not signed in."""

import streamlit as st

from reporting.demo.access import is_open
from reporting.shell.pages import Plain
from reporting.shell.ui_links import leave_link


def page() -> None:
    """The ways in: a patient's code, staff sign-in, and the demo where there is one."""
    st.title("Skin check-in")
    st.write("For patients after laser and similar skin treatments, and for the clinics that care for them.")
    if is_open():
        st.info("This is a demo with a synthetic clinic: nobody in it is real.")
        leave_link("Open the demo", Plain.DEMO, "primary")
    leave_link("I am a patient and have a code", Plain.CODE)
    leave_link("Staff sign-in", Plain.SIGN_IN)
    st.write("Patients: the link from your clinic opens your check-in at once.")


if __name__ == "__main__":
    page()
