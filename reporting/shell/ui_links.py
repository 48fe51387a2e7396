"""Links from one page to another that keep the session, with what the next page needs in its address."""

from html import escape
from typing import Literal

import streamlit as st
from streamlit.errors import StreamlitAPIException

from reporting.shell.pages import page_at
from reporting.shell.ui_words import as_text

OF = "of"
"""In the address of a patient's page: for which treatment it is."""


def whose() -> dict[str, str]:
    """The mark of this page's address, for the address of the next one; staff pages have none."""
    mark = st.query_params.get(OF, "")
    return {OF: mark} if mark else {}


def page_link(to: str, label: str, *, icon: str | None = None, **address: int | str) -> None:
    """A link to the page with that address; ``address`` becomes its query string.

    Where that page is not in this person's menu (or a page is drawn alone), it is a plain link: the page
    itself decides who may see it.
    """
    label = as_text(label)  # it may name a patient
    query = whose() | {name: str(value) for name, value in address.items()}
    try:
        st.page_link(page_at(to).path, label=label, icon=icon, query_params=query or None)
    except StreamlitAPIException:
        tail = "&".join(f"{name}={value}" for name, value in query.items())
        st.markdown(f"[{label}](/{to}{'?' + tail if tail else ''})")


def go(to: str, **address: int | str) -> None:
    """Leave for the page with that address; for buttons, which are easier to hit than links. Never in a callback."""
    st.switch_page(page_at(to).path, query_params=whose() | {name: str(value) for name, value in address.items()})


def number_in_address(name: str) -> int | None:
    """A record number from the address, or None when there is none or it is no number."""
    value = st.query_params.get(name, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 16 else None


def leave_link(label: str, address: str, kind: Literal["primary", "secondary", "small"] = "secondary") -> None:
    """A link to a plain page in the same tab; Streamlit's own link button opens another one.

    ``label`` and ``address`` are our own words, never a person's.
    """
    address += "".join(f"{'&' if '?' in address else '?'}{name}={mark}" for name, mark in whose().items())
    width: Literal["content", "stretch"] = "content" if kind == "small" else "stretch"
    words = f'<a class="leave {kind}" href="{escape(address)}" target="_self">{escape(label)}</a>'
    st.html(words, width=width)
