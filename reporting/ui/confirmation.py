"""After sending: the telephone first where it matters, what it means, and what happens next."""

from typing import Literal

import streamlit as st

from reporting.domain.patient_words import WEEKDAYS, say
from reporting.queries.patient import ClinicContact, Sent


def _tel(number: str) -> str:
    return "tel:" + "".join(sign for sign in number if sign.isdigit() or sign == "+")


def call_button(contact: ClinicContact, *, emergency: bool = False, strong: bool = False) -> None:
    """A wide button that calls the clinic, or the emergency number."""
    if emergency:
        label = say("call_emergency", telephone=contact.emergency_telephone)
        st.link_button(label, _tel(contact.emergency_telephone), type="primary", width="stretch")
    if contact.telephone:
        label = say("call_clinic", name=contact.name, telephone=contact.telephone)
        kind: Literal["primary", "secondary"] = "primary" if strong and not emergency else "secondary"
        st.link_button(label, _tel(contact.telephone), type=kind, width="stretch")


def confirmation(sent: Sent, contact: ClinicContact) -> None:
    """What the patient is told about a check-in that is safely stored."""
    advice = sent.guidance
    st.header(advice.heading, anchor=False)
    if advice.phone_first:
        call_button(contact, emergency=advice.emergency, strong=True)
    for words in advice.paragraphs:
        st.write(words)
    for words in advice.next_steps:
        st.write(words)
    st.write(say("received", number=sent.check_in_id))


def hours_line(contact: ClinicContact) -> str:
    """``Mon 08:00–18:00, Tue …`` in the order of the week."""
    hours = contact.opening_hours
    return ", ".join(f"{name} {'–'.join(hours[day])}" for day, name in WEEKDAYS.items() if day in hours)


def foot(contact: ClinicContact) -> None:
    """The same help in the same place on every page of the patient."""
    st.divider()
    lines = [say("who_reads")]
    if hours := hours_line(contact):
        lines.append(say("hours", hours=hours))
    if contact.telephone:
        lines.append(say("telephone", telephone=contact.telephone))
    lines.append(say("emergency", telephone=contact.emergency_telephone))
    st.write(" ".join(lines))
