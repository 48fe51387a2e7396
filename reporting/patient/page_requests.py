"""Requests to be forgotten: look, erase in two steps, or refuse with a reason."""

import streamlit as st

from reporting.patient.act_erasure import REASON_CHARACTERS, erase_patient, record_request, refuse_request
from reporting.patient.read_own_data import RequestRow, erasure_requests
from reporting.shell import ui_words as words
from reporting.shell.ui_identity import current_actor
from reporting.shell.ui_links import page_link
from reporting.shell.ui_states import attempt, empty, show_notice, shows_problems
from reporting.shell.ui_words import as_text

PLACE = "requests"
_SURE = "request_sure"
GOES = "Name, contact data, year of birth, your patient number, notes, photos, answers not sent, links and messages."
STAYS = "Treatments, settings, severities and outcomes, without the person; the audit trail, which holds no names."


def _choose(request_id: int | None) -> None:
    st.session_state[_SURE] = request_id


def _erase(row: RequestRow) -> None:
    done = f"The data of {row.reference} is erased. What stays is nameless."
    attempt(PLACE, done, lambda by: erase_patient(by=by, request_id=row.request_id))
    _choose(None)


def _refuse(row: RequestRow) -> None:
    reason = st.session_state[f"request_reason_{row.request_id}"]
    done = "The request is refused. The patient can read your reason."
    attempt(PLACE, done, lambda by: refuse_request(by=by, request_id=row.request_id, reason=reason))


def _record() -> None:
    reference = st.session_state["request_reference"]
    attempt(PLACE, "The request is written down.", lambda by: record_request(by=by, reference=reference))


def _second_step(row: RequestRow) -> None:
    photos = f" {row.photos} photo{'s' if row.photos != 1 else ''} will be deleted." if row.photos else ""
    st.warning(
        f"**Erase {as_text(row.reference)} for good?** This cannot be undone.{photos}\n\n"
        f"**Goes:** {GOES}\n\n**Stays:** {STAYS}",
        icon=":material/warning:",
    )
    with st.container(horizontal=True):
        st.button("Erase for good", key=f"request_erase_{row.request_id}", type="primary", on_click=_erase, args=(row,))
        st.button("Not now", key=f"request_back_{row.request_id}", on_click=_choose, args=(None,))


def _first_step(row: RequestRow) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Erase …", key=f"request_choose_{row.request_id}", on_click=_choose, args=(row.request_id,))
        page_link("timeline", "Timeline", icon=":material/timeline:", patient=row.patient_id)
    with st.expander("Refuse, with a reason that the patient reads"):
        st.text_area("Reason", key=f"request_reason_{row.request_id}", max_chars=REASON_CHARACTERS)
        st.button("Refuse the request", key=f"request_refuse_{row.request_id}", on_click=_refuse, args=(row,))


def _row(row: RequestRow, timezone: str) -> None:
    with st.container(border=True, key=f"request_{row.request_id}"):
        st.markdown(f"**{as_text(row.reference)}** · asked {words.moment(row.requested_at, timezone)}")
        if row.open_cases:
            st.info("This patient has an open case. Close it first: somebody may have to reach them.")
        if st.session_state.get(_SURE) == row.request_id:
            _second_step(row)
        else:
            _first_step(row)


@shows_problems
def page() -> None:
    st.title("Requests of patients")
    found = erasure_requests(current_actor())
    show_notice(PLACE)
    if not found.is_open:
        empty("No open requests.", "Patients can ask on their page “Your data”. They are listed here, oldest first.")
    for row in found.is_open:
        _row(row, found.timezone)
    with st.expander("A patient asked by telephone, by letter or at the desk"):
        st.text_input("Patient reference", key="request_reference", max_chars=64)
        st.button("Write the request down", key="request_record", on_click=_record)
    if found.done:
        st.header("Worked on", anchor=False)
    for row in found.done:
        what = "Erased" if row.state == "done" else f"Refused: {row.reason}"
        st.text(f"{words.moment(row.worked_at or row.requested_at, found.timezone)} · {row.reference} · {what}")


if __name__ == "__main__":
    page()
