"""Links from one page to another that keep the session, with what the next page needs in its address."""

from html import escape
from pathlib import Path
from typing import Literal

import streamlit as st
from streamlit.errors import StreamlitAPIException

_PAGES = Path(__file__).resolve().parent.parent / "pages"
_FILES = {
    "worklist": "clinician_worklist.py",
    "patients": "clinician_patients.py",
    "timeline": "clinician_timeline.py",
    "record": "clinician_record.py",
    "plan": "clinician_plan.py",
    "signals": "clinician_signals.py",
    "units": "clinician_units.py",
    "card": "clinician_card.py",
    "proxy": "clinician_proxy.py",
    "import": "admin_import.py",
    "equipment": "admin_equipment.py",
    "rules": "admin_rules.py",
    "home": "patient_home.py",
    "data": "patient_data.py",
    "correct": "patient_correct.py",
}


def page_link(to: str, label: str, *, icon: str | None = None, **address: int | str) -> None:
    """A link to the page with that address; ``address`` becomes its query string.

    Where that page is not in this person's menu (or a page is drawn alone), it is a plain link: the page
    itself decides who may see it.
    """
    query = {name: str(value) for name, value in address.items()}
    try:
        st.page_link(_PAGES / _FILES[to], label=label, icon=icon, query_params=query or None)
    except StreamlitAPIException:
        tail = "&".join(f"{name}={value}" for name, value in query.items())
        st.markdown(f"[{label}](/{to}{'?' + tail if tail else ''})")


def go(to: str, **address: int | str) -> None:
    """Leave for the page with that address; for buttons, which are easier to hit than links. Never in a callback."""
    st.switch_page(_PAGES / _FILES[to], query_params={name: str(value) for name, value in address.items()})


def number_in_address(name: str) -> int | None:
    """A record number from the address, or None when there is none or it is no number."""
    value = st.query_params.get(name, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 16 else None


def leave_link(label: str, address: str, kind: Literal["primary", "secondary", "small"] = "secondary") -> None:
    """A link to a plain page in the same tab; Streamlit's own link button opens another one.

    ``label`` and ``address`` are our own words, never a person's.
    """
    width: Literal["content", "stretch"] = "content" if kind == "small" else "stretch"
    words = f'<a class="leave {kind}" href="{escape(address)}" target="_self">{escape(label)}</a>'
    st.html(words, width=width)
