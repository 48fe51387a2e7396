"""What stands around every page: whose clinic it is, that demo data is synthetic, and the way out."""

import streamlit as st

from reporting.domain.actors import Actor
from reporting.queries.clinics import clinic_line
from reporting.ui.links import leave_link


def frame(actor: Actor | None) -> None:
    """Draw the clinic's name, the mark of synthetic data, and sign-out."""
    if actor is None:
        return
    line = clinic_line(actor)
    if line.is_synthetic:
        st.info("Synthetic demo data: nobody here is real.")
    if actor.kind == "staff":
        with st.sidebar:
            st.markdown(f"**{line.name}**  \n{actor.label}")
            leave_link("Sign out", "/sign-out")
