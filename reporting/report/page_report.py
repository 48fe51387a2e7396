"""The monthly report for the safety meeting: choose a month, take the file, have a link sent each month.

Parts of the page of the monthly report: which one, the file, and the e-mail that announces it.
"""

import streamlit as st

from reporting.domain.actors import Actor
from reporting.domain.clinic_settings import FIRST_DAY, FROM_HOUR, LAST_DAY, Month, ReportSchedule
from reporting.report.act_reports import set_schedule
from reporting.report.read_monthly import ReportChoices, report_choices
from reporting.security.permissions import may
from reporting.shell.pages import Plain
from reporting.shell.read_scope import of_one_moment
from reporting.shell.ui_identity import current_actor
from reporting.shell.ui_links import leave_link
from reporting.shell.ui_states import attempt, show_notice, shows_problems

PLACE = "report"
OWN, OPERATORS, HAND_ON = "meeting", "operators", "hand-on"
_VERSIONS = {
    OWN: "For the clinic's safety meeting",
    OPERATORS: "With operators, for the safety lead only",
    HAND_ON: "To hand on outside the clinic: one page, small counts hidden",
}


def month_choice(found: ReportChoices) -> Month:
    """The month; it stays in the address, so that a message can lead to it."""
    names = [str(month) for month in found.months]
    words = {str(month): month.words for month in found.months} | {names[1]: f"{found.months[1].words} (not over yet)"}
    asked = st.query_params.get("month", "")  # a bound widget would take the words, and a message has the month
    if st.session_state.get("month") not in names:
        st.session_state["month"] = asked if asked in names else names[0]
    chosen = st.selectbox("Month", names, format_func=lambda name: words.get(name, name), key="month")
    st.query_params["month"] = chosen
    return found.months[names.index(chosen)]


def version_choice(by: Actor) -> str:
    """Which version; the one with operators only for those who may compare them."""
    offered = [each for each in _VERSIONS if each != OPERATORS or may(by, "operators.compare")]
    return str(st.radio("Version", offered, format_func=_VERSIONS.__getitem__, key="version"))


def file_link(month: Month, version: str) -> None:
    """The way to the file; a plain link, so that it opens in the reader's own program."""
    tail = "" if version == OWN else f"?version={version}"
    with st.container(width=360):
        leave_link(f"Download {month.words} (PDF)", f"{Plain.REPORT}{month}.pdf{tail}", "primary")
    st.caption("It is made when you ask for it, which can take half a minute. Taking it is noted in the audit trail.")


def what_is_in_it() -> None:
    """What the reader can expect."""
    st.markdown(
        "**Page one** says in a minute what happened: what to decide, the numbers beside the month before and "
        "everything before, active signals, what was done. **The other pages** hold the evidence with the same charts "
        "as here. No patient is named in it."
    )


def schedule(by: Actor, found: ReportChoices) -> None:
    """Day of the month and recipients of the e-mail with the link."""
    st.subheader("E-mail each month", anchor=False)
    show_notice(PLACE)
    if not may(by, "report.schedule"):
        st.markdown("The administrator or the safety lead can have a link sent each month.")
        return
    st.markdown(
        f"A link only, nothing of the report: it needs a sign-in. It goes out on that day from {FROM_HOUR}:00 "
        f"({found.timezone}), for the month before; if that day has passed, at once."
    )
    now = found.schedule
    with st.form("report_schedule", enter_to_submit=False):
        st.number_input(
            "Day of the month", FIRST_DAY, LAST_DAY, now.day, key="report_day", placeholder="Empty: no e-mail"
        )
        st.multiselect(
            "Colleagues",
            list(found.readers),
            [one for one in now.recipients if one in found.readers],
            format_func=lambda key: found.readers.get(key, "?"),
            key="report_recipients",
        )
        st.form_submit_button("Save the schedule", on_click=_save)


def _save() -> None:
    state = st.session_state
    given = ReportSchedule(state["report_day"], tuple(state["report_recipients"]))
    attempt(PLACE, "The schedule is saved.", lambda by: set_schedule(by=by, given=given))


@shows_problems
@of_one_moment
def page() -> None:
    st.title("Monthly report")
    actor = current_actor()
    found = report_choices(actor)
    what_is_in_it()
    month = month_choice(found)
    version = version_choice(actor)
    file_link(month, version)
    schedule(actor, found)


if __name__ == "__main__":
    page()
