"""What the patient's pages share: a readable column, and the way back in when the session has ended."""

from contextlib import AbstractContextManager
from html import escape
from typing import Any

import streamlit as st

from reporting.domain.patient_words import say
from reporting.ui.links import leave_link

WIDTH_PX = 640
_PLACE = "place"


def patient_column() -> AbstractContextManager[Any]:
    """A column as wide as lines are read well; as wide as the screen on a phone."""
    return st.container(width=WIDTH_PX)


def to_top(place: str) -> None:
    """Begin at the top when another question or page is shown than before; Streamlit stays where it was scrolled.

    Drawn last, so that nothing else moves. Nothing happens where the person has just arrived.
    """
    before = st.session_state.get(_PLACE, place)
    st.session_state[_PLACE] = place
    if before != place:
        st.html(f'<script src="/to-top.js" data-place="{escape(place)}"></script>', unsafe_allow_javascript=True)


def sign_in_needed(language: str) -> None:
    """Not an error: the session has ended, and this is how to go on."""
    with patient_column():
        st.title(say("sign_in_title", language), anchor=False)
        st.write(say("sign_in", language))
        leave_link(say("type_code", language), "/code", "primary")
