"""Filters that are folded on a phone, where they would fill the screen before anything is seen."""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

_OPEN = "filters_are_open"


@contextmanager
def folded_on_phones() -> Iterator[list[str]]:
    """What is drawn within lies behind a button on a narrow screen (staff.css says which); on a wide one there is no
    button. Put into the list what is chosen, in words: the button says it."""
    is_open = bool(st.session_state.get(_OPEN))
    head, said = st.container(key="fold_button"), list[str]()
    try:
        with st.container(key="fold_open" if is_open else "fold_shut"):
            yield said
    finally:
        label = "Fold the filters" if is_open else "Filters: " + " · ".join(said)
        head.button(
            label, key="fold_filters", icon=f":material/expand_{'less' if is_open else 'more'}:", width="stretch",
            on_click=st.session_state.__setitem__, args=(_OPEN, not is_open),
        )  # fmt: skip
