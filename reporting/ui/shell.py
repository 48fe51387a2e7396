"""What stands around every page: whose clinic it is, that demo data is synthetic, and the way out."""

import streamlit as st

from reporting.domain.actors import Actor
from reporting.domain.language import ENGLISH
from reporting.domain.patient_words import say
from reporting.queries.clinics import clinic_line
from reporting.ui.links import leave_link
from reporting.ui.patient_language import language


def frame(actor: Actor | None) -> None:
    """Draw the clinic's name, the mark of synthetic data, and sign-out."""
    if actor is None:
        return
    line = clinic_line(actor)
    if line.is_synthetic:
        words = say("synthetic", language() if actor.kind == "patient" else ENGLISH)
        st.markdown(f":blue-badge[:material/science: {words}]")
    if actor.kind == "staff":
        with st.sidebar:
            st.markdown(f"**{line.name}**  \n{actor.label}")
            leave_link("Sign out", "/sign-out")
