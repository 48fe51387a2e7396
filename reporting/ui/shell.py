"""What stands around every page: whose clinic it is, that demo data is synthetic, and the way out."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

import streamlit as st

from reporting.domain.actors import Actor
from reporting.domain.language import ENGLISH
from reporting.domain.patient_words import say
from reporting.queries.clinics import clinic_line
from reporting.ui.links import leave_link
from reporting.ui.patient_language import language

_HERE = "menu_page"


@contextmanager
def loading(actor: Actor | None) -> Iterator[None]:
    """Say so in a corner while the page is worked out, once that takes longer than half a second."""
    staff = actor is not None and actor.kind == "staff"
    with ExitStack() as until_drawn:
        with st.container(key="loading"):
            until_drawn.enter_context(st.spinner(say("loading", ENGLISH if staff else language())))
        yield


def _close_menu(here: str) -> None:
    """On a phone, once another page was chosen. Drawn after everything of the menu."""
    before = st.session_state.get(_HERE, here)
    st.session_state[_HERE] = here
    if before != here:
        st.html(f'<script src="/close-menu.js" data-place="{here}"></script>', unsafe_allow_javascript=True)


def frame(actor: Actor | None, menu: Mapping[str, Sequence[st.Page]], here: str) -> None:
    """Draw the mark of synthetic data, and for staff the clinic's name, the menu and sign-out beside the page."""
    if actor is None:
        return
    line = clinic_line(actor)
    if line.is_synthetic:
        words = say("synthetic", language() if actor.kind == "patient" else ENGLISH)
        st.markdown(f":blue-badge[:material/science: {words}]")
    if actor.kind == "staff":
        with st.sidebar:
            st.markdown(f"**{line.name}**  \n{actor.label}")
            leave_link("Sign out", "/sign-out", "small")
            for heading, pages in menu.items():
                st.markdown(f"**{heading}**")
                with st.container(gap="xsmall", key=f"menu_{heading}"):
                    for page in pages:
                        st.page_link(page)
            _close_menu(here)
