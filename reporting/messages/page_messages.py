"""Messages that did not get through, or may not have: why, and what to do about each."""

import streamlit as st

from reporting.messages.act_outbox import mark_handled, resend
from reporting.messages.read_messages import Messages, Trouble, messages
from reporting.shell import ui_words as words
from reporting.shell.ui_identity import current_actor
from reporting.shell.ui_links import page_link
from reporting.shell.ui_states import attempt, empty, show_notice, shows_problems

PLACE = "messages"


def _resend(one: Trouble) -> None:
    attempt(PLACE, "It is on its way again.", lambda by: resend(by=by, message_id=one.message_id))


def _handled(one: Trouble) -> None:
    attempt(PLACE, "It is off the list.", lambda by: mark_handled(by=by, message_id=one.message_id))


def _ways_out(found: Messages) -> None:
    missing = [name for name, is_set_up in found.ways_out.items() if not is_set_up]
    if missing:
        st.info(f"Not set up here: {' and '.join(missing)}. The README says which settings they need.")
    st.markdown(f"{found.sent:,} sent, {found.waiting:,} waiting to leave.")


def _no_trouble(found: Messages) -> None:
    """Nothing failed; that is not to say that anything arrived."""
    later = "One that does not arrive, or may not have, is listed here."
    if found.waiting:
        way = "when" if all(found.ways_out.values()) else "only when e-mail or text messages are set up, and"
        empty(f"No message has failed, but {found.waiting:,} wait.", f"They leave {way} their turn comes. {later}")
    elif found.sent:
        empty("Every message got through.", later)
    else:
        empty("Nothing has been sent yet.", later)


def _row(one: Trouble, timezone: str) -> None:
    with st.container(border=True, key=f"message_{one.message_id}"):
        whom = f", patient {one.patient_reference}" if one.patient_reference else ""
        state = "May have arrived" if one.may_have_arrived else "Did not arrive"
        tries = "1 try" if one.attempts == 1 else f"{one.attempts} tries"
        st.markdown(f"**{state}: {one.kind}**")
        st.text(f"{one.channel}{whom}, written {words.moment(one.written_at, timezone)}, {tries}")
        st.markdown(one.reason)
        if one.may_have_arrived and one.can_be_sent_again:
            st.markdown("It is not sent again by itself. Sent again it may arrive twice.")
        if one.can_be_sent_again:
            st.button("Send again", key=f"resend_{one.message_id}", on_click=_resend, args=(one,))
        st.button("Mark as handled", key=f"handled_{one.message_id}", on_click=_handled, args=(one,))
        if one.treatment_id is not None:
            page_link(
                "card", "Change the address on the patient's card", icon=":material/edit:", treatment=one.treatment_id
            )


@shows_problems
def page() -> None:
    st.title("Messages")
    found = messages(current_actor())
    show_notice(PLACE)
    _ways_out(found)
    if not found.trouble:
        _no_trouble(found)
    for one in found.trouble:
        _row(one, found.timezone)


if __name__ == "__main__":
    page()
