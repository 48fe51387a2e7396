"""Files that the staff take from a page. Each is made when somebody asks for it, and the audit trail keeps who did."""

from collections.abc import Callable
from urllib.parse import urlencode

import streamlit as st

from reporting.actions.exports import note_taken
from reporting.ui.identity import actor_later, address_asked_for


def csv_file(
    make: Callable[[], bytes], *, key: str, file_name: str, label: str = "Download as CSV", icon: str | None = None,
    tip: str | None = None,
) -> None:  # fmt: skip
    """The button for a file, which ``make`` makes outside of every run: it cannot ask for the page's state."""
    asker, page = actor_later(), f"{address_asked_for()}?{urlencode(st.query_params.to_dict())}".rstrip("?")

    def content() -> bytes:
        by, made = asker(), make()
        note_taken(by=by, file_name=file_name, page=page, content=made)
        return made

    st.download_button(
        label, content, file_name=file_name, mime="text/csv", key=key, on_click="ignore", icon=icon, help=tip
    )
