"""What the check-in says about consent and about who answers."""

import streamlit as st

from reporting.domain.language import ENGLISH, translator
from reporting.domain.patient_words import say
from reporting.domain.records import ConsentText
from reporting.queries.patient import ClinicContact
from reporting.ui.confirmation import call_button
from reporting.ui.links import leave_link

CARER = "answers_for_another"
"""Key of the tick of somebody who answers for the patient."""


def answered_by() -> str:
    """``carer`` when that is ticked on the review page."""
    return "carer" if st.session_state.get(CARER) else ""


def consent_part(text: ConsentText | None, language: str = ENGLISH) -> None:
    """The sentence that answering agrees to, and the whole text one tap away; nothing once it was agreed to."""
    if text is None:
        return
    translate = translator(language)
    with st.container(border=True):
        st.write(translate(text.agree))
        with st.expander(translate(text.title)):
            st.write(translate(text.text))


def stopped_part(contact: ClinicContact, language: str = ENGLISH) -> None:
    """In place of the questions, when the patient asked us to stop."""
    st.header(say("stopped_title", language), anchor=False)
    st.write(say("stopped", language))
    call_button(contact, language, strong=True)
    leave_link(say("data_open", language), "/data")
