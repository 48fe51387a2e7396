"""Where a person lands who is not signed in."""

import streamlit as st

from reporting.demo.access import is_open


def page() -> None:
    """The ways in: a patient's code, staff sign-in, and the demo where there is one."""
    st.title("Skin check-in")
    st.write("For patients after laser and similar skin treatments, and for the clinics that care for them.")
    if is_open():
        st.info("This is a demo with a synthetic clinic: nobody in it is real.")
        st.link_button("Open the demo", "/demo", type="primary", width="stretch")
    st.link_button("I am a patient and have a code", "/code", width="stretch")
    st.link_button("Staff sign-in", "/sign-in", width="stretch")
    st.write("Patients: the link from your clinic opens your check-in at once.")


if __name__ == "__main__":
    page()
