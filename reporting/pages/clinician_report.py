"""The monthly report for the safety meeting: choose a month, take the file, have a link sent each month."""

import streamlit as st

from reporting.queries.report_choices import report_choices
from reporting.ui import report_parts as parts
from reporting.ui.identity import current_actor
from reporting.ui.states import shows_problems


@shows_problems
def page() -> None:
    st.title("Monthly report")
    actor = current_actor()
    found = report_choices(actor)
    parts.what_is_in_it()
    month = parts.month_choice(found)
    version = parts.version_choice(actor)
    parts.file_link(month, version)
    parts.schedule(actor, found)


if __name__ == "__main__":
    page()
