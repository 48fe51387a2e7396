"""The clinic's settings: second factor, reminders, and how long things are kept."""

from datetime import time

import streamlit as st

from reporting.clinic.act_clinic import change_clinic
from reporting.domain.actors import Actor
from reporting.domain.clinic_settings import FACTORS, HIGHEST, KINDS, LOWEST, ClinicSettings
from reporting.domain.messages import NAME_CHARACTERS
from reporting.shell.read_scope import clinic_settings
from reporting.shell.ui_identity import current_actor
from reporting.shell.ui_states import attempt, show_notice, shows_problems

PLACE = "clinic"


def _time(text: str) -> time:
    hour, _, minute = text.partition(":")
    return time(int(hour), int(minute))


def _given() -> ClinicSettings:
    state = st.session_state
    return ClinicSettings(
        second_factor=state["clinic_factor"],
        reminders_from=f"{state['clinic_from']:%H:%M}",
        reminders_until=f"{state['clinic_until']:%H:%M}",
        message_name=state["clinic_name"],
        retention={kind: state[f"clinic_keep_{kind}"] for kind in KINDS},
    )


def _save() -> None:
    def save(by: Actor) -> None:
        change_clinic(by=by, given=_given())

    attempt(PLACE, "The settings are saved.", save)


def _form(now: ClinicSettings) -> None:
    with st.form("clinic_form", enter_to_submit=False):
        st.subheader("What opens a patient's history", anchor=False)
        st.markdown("The link alone lets a patient send a check-in. History, photos and data need this as well:")
        factors = list(FACTORS)
        st.selectbox(
            "Second factor",
            factors,
            factors.index(now.second_factor),
            format_func=FACTORS.__getitem__,
            key="clinic_factor",
        )
        st.subheader("Reminders", anchor=False)
        st.markdown("They go out between these hours of the patient's time zone.")
        left, right = st.columns(2)
        left.time_input("From", _time(now.reminders_from), key="clinic_from")
        right.time_input("Until", _time(now.reminders_until), key="clinic_until")
        st.text_input(
            "Name in messages",
            now.message_name,
            max_chars=NAME_CHARACTERS,
            key="clinic_name",
            placeholder="Empty: the clinic's name where it is neutral",
        )
        st.markdown("Other people may see a message. A name that says nothing about skin or treatments is best.")
        st.subheader("How long things are kept", anchor=False)
        st.markdown("Months; empty means kept. What is over is taken away every day and cannot be brought back.")
        for kind, words in KINDS.items():
            st.number_input(
                words, LOWEST, HIGHEST, now.retention.get(kind), key=f"clinic_keep_{kind}", placeholder="Kept"
            )
        st.form_submit_button("Save the settings", type="primary", on_click=_save)


@shows_problems
def page() -> None:
    st.title("Clinic settings")
    show_notice(PLACE)
    _form(clinic_settings(current_actor()))


if __name__ == "__main__":
    page()
