"""Reminders on the patient's card: the address, and whether the patient wants them."""

import streamlit as st

from reporting.actions.reminders import ChannelState, reminder_state, set_reminders
from reporting.domain.actors import Actor
from reporting.ui import format as words
from reporting.ui.states import attempt, show_notice

PLACE = "reminders"
LABELS = {"email": "E-mail", "sms": "Text messages"}
ADDRESSES = {"email": "E-mail address", "sms": "Telephone number, with its country code"}
_LONGEST = {"email": 254, "sms": 40}


def _key(state: ChannelState, patient_id: int) -> str:
    return f"reminder_{state.channel}_{patient_id}"


def _turn(state: ChannelState, patient_id: int, on: bool) -> None:
    typed = st.session_state.get(_key(state, patient_id), "").strip()
    done = f"{LABELS[state.channel]}: reminders are {'on' if on else 'off'}."

    def change(by: Actor) -> None:
        set_reminders(by=by, channel=state.channel, on=on, address=typed or None, patient_id=patient_id)  # type: ignore[arg-type]

    if attempt(PLACE, done, change):
        st.session_state.pop(_key(state, patient_id), None)


def _channel(state: ChannelState, patient_id: int, timezone: str) -> None:
    now = f"On since {words.moment(state.since, timezone)}" if state.on and state.since else "Off"
    st.markdown(f"**{LABELS[state.channel]}.** {now}{f', to {state.address}' if state.address else ''}.")
    if not state.can_be_sent:
        st.markdown("They are not set up at this clinic, so none will leave.")
    hint = "Leave it empty to keep the present one." if state.address else ""
    st.text_input(ADDRESSES[state.channel], key=_key(state, patient_id), max_chars=_LONGEST[state.channel],
                  help=hint or None)  # fmt: skip
    what = "Keep the new address" if state.on else "Turn on"
    st.button(f"{what}: {LABELS[state.channel]}", key=f"on_{_key(state, patient_id)}", on_click=_turn,
              args=(state, patient_id, True))  # fmt: skip
    if state.on:
        st.button(f"Turn off: {LABELS[state.channel]}", key=f"off_{_key(state, patient_id)}", on_click=_turn,
                  args=(state, patient_id, False))  # fmt: skip


def reminder_section(by: Actor, patient_id: int, timezone: str) -> None:
    """What the patient gets, and the means to change it."""
    state = reminder_state(by, patient_id)
    st.subheader("Reminders", anchor=False)
    st.markdown(
        "One short message on each day a check-in is due, without a word about the treatment. Turn them on only if "
        "the patient says so; that is kept with the time and the text they agreed to."
    )
    show_notice(PLACE)
    for column, channel in zip(st.columns(2, gap="large"), (state.email, state.sms), strict=True):
        with column:
            _channel(channel, patient_id, timezone)
