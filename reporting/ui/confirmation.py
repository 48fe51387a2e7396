"""Guidance on the page: the telephone first where it matters, what it means, and what happens next."""

from typing import Literal

import streamlit as st

from reporting.domain.language import ENGLISH, isolated
from reporting.domain.opening_hours import week_words
from reporting.domain.patient_words import say
from reporting.domain.triage import Guidance
from reporting.queries.patient import ClinicContact, Sent


def _tel(number: str) -> str:
    return "tel:" + "".join(sign for sign in number if sign.isdigit() or sign == "+")


def call_button(
    contact: ClinicContact, language: str = ENGLISH, *, emergency: bool = False, strong: bool = False
) -> None:
    """A wide button that calls the clinic, or the emergency number."""
    if emergency:
        label = say("call_emergency", language, telephone=isolated(contact.emergency_telephone, language))
        st.link_button(label, _tel(contact.emergency_telephone), type="primary", width="stretch")
    if contact.telephone:
        label = say("call_clinic", language, name=contact.name, telephone=isolated(contact.telephone, language))
        kind: Literal["primary", "secondary"] = "primary" if strong and not emergency else "secondary"
        st.link_button(label, _tel(contact.telephone), type=kind, width="stretch")


def card(advice: Guidance, contact: ClinicContact, language: str = ENGLISH) -> None:
    """Guidance that was made ready by ``ClinicContact.tells``; its heading says what to do."""
    st.header(advice.heading, anchor=False)
    if advice.phone_first:
        call_button(contact, language, emergency=advice.emergency, strong=True)
    for words in (*advice.paragraphs, *advice.next_steps):
        st.write(words)


def confirmation(sent: Sent, contact: ClinicContact, language: str = ENGLISH) -> None:
    """What the patient is told about a check-in that is safely stored."""
    card(contact.tells(sent.guidance, language), contact, language)
    if sent.days_late:
        st.write(say("late", language, due=sent.scheduled_day))
    st.write(say("received", language, number=sent.check_in_id))


def foot(contact: ClinicContact, language: str = ENGLISH) -> None:
    """The same help in the same place on every page of the patient."""
    st.divider()
    lines = [say("who_reads", language)]
    if hours := week_words(contact.opening_hours, language):
        lines.append(say("hours", language, hours=hours))
    if contact.telephone:
        lines.append(say("telephone", language, telephone=isolated(contact.telephone, language)))
    lines.append(say("emergency", language, telephone=isolated(contact.emergency_telephone, language)))
    st.write(" ".join(lines))
