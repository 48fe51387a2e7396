"""Choices that live in the address by their code, so that a colleague who gets it sees the same, whatever the words.

Streamlit's own binding would put the words of a choice there. Addresses with words, from before, still open; what is
no choice is the default, which the address leaves out.
"""

from collections.abc import Callable, Mapping
from typing import Literal

import streamlit as st


def code_select(
    label: str, words: Mapping[str, str], key: str, *, default: str = "", on_change: Callable[[], None] | None = None
) -> str:
    """Draw a select box of codes with their ``words``; ``default``, or else the first one, is chosen at first.

    ``words`` must not be empty. ``key`` is the name in the address.
    """
    default = _from_address(words, key, default)
    chosen: str = st.selectbox(label, list(words), key=key, format_func=lambda code: words.get(code, code),
                               on_change=on_change)  # fmt: skip
    return _to_address(key, chosen, default)


def code_segments(
    label: str, words: Mapping[str, str], key: str, *, label_visibility: Literal["visible", "collapsed"] = "visible"
) -> str:
    """The same as buttons side by side; the first one is chosen at first."""
    default = _from_address(words, key, "")
    chosen = st.segmented_control(label, list(words), key=key, format_func=lambda code: words.get(code, code),
                                  required=True, label_visibility=label_visibility)  # fmt: skip
    return _to_address(key, chosen or default, default)


def _from_address(words: Mapping[str, str], key: str, default: str) -> str:
    """Take over what the address asks for, where it is new or the choice is no more; returns the default."""
    default = default if default in words else next(iter(words))
    asked = st.query_params.get(key, "")
    if st.session_state.get(key) in words and asked == st.session_state.get(_written(key)):
        return default
    by_words = {said.casefold(): code for code, said in words.items()}
    code = asked if asked in words else by_words.get(asked.casefold(), default)
    st.session_state[key] = code if asked else default
    return default


def _to_address(key: str, chosen: str, default: str) -> str:
    wanted = "" if chosen == default else chosen
    if wanted != st.query_params.get(key, ""):
        if wanted:
            st.query_params[key] = wanted
        else:
            st.query_params.pop(key, None)
    st.session_state[_written(key)] = wanted
    return chosen


def _written(key: str) -> str:
    """Where it is kept what the address said last: another value in it was not put there by this page."""
    return f"{key}_in_address"
