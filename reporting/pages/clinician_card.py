"""The card that opens the patient's check-in: QR code, link, short code; to show or to print."""

import streamlit as st

from reporting.actions.invitations import issue_invitation
from reporting.domain.actors import Actor
from reporting.exchange import qr
from reporting.queries.patients import CardSubject, card_subject
from reporting.ui import format as words
from reporting.ui.identity import current_actor
from reporting.ui.links import number_in_address, page_link
from reporting.ui.reminder_parts import reminder_section
from reporting.ui.states import attempt, empty, show_notice, shows_problems

PLACE = "card"
_MADE = "card_made"


def _make(subject: CardSubject) -> None:
    """Callback: a new link; the one before stops working."""

    def issue(by: Actor) -> None:
        made = issue_invitation(by=by, treatment_id=subject.treatment_id)
        st.session_state[_MADE] = (subject.treatment_id, made)

    attempt(PLACE, "This card is new. Earlier cards of this treatment do not work any more.", issue)


def _card(subject: CardSubject) -> qr.Card | None:
    """The card made in this session for this treatment; the secret is kept nowhere else."""
    treatment_id, made = st.session_state.get(_MADE, (None, None))
    if treatment_id != subject.treatment_id or made is None:
        return None
    return qr.Card(
        clinic_name=subject.clinic_name, clinic_telephone=subject.clinic_telephone,
        emergency_telephone=subject.emergency_telephone, performed_on=subject.performed_on, link=made.link,
        code=made.code, valid_until=made.expires_at.date(), is_synthetic=subject.is_synthetic,
    )  # fmt: skip


def _draw(card: qr.Card, reference: str) -> None:
    picture, text = st.columns([1, 2], gap="large")
    with picture:
        st.image(qr.png(card.link), width=280, alt=qr.alt_text(card))
    with text:
        st.markdown("The patient scans this with the camera of their phone. No password is needed.")
        st.markdown("Link:")
        st.code(card.link, language=None, wrap_lines=True)
        st.markdown("Or the short code, together with the year of birth:")
        st.code(card.code, language=None)
        st.markdown(f"It works until {words.day(card.valid_until)}. Who has it can answer for them.")
    st.download_button(
        "Download the card to print",
        qr.printable(card).encode(),
        file_name=f"check-in-card-{reference}.html",
        mime="text/html",
        key="card_file",
        type="primary",
        icon=":material/print:",
        on_click="ignore",
    )


@shows_problems
def page() -> None:
    st.title("Patient card")
    actor = current_actor()
    treatment_id = number_in_address("treatment")
    if treatment_id is None:
        empty(
            "Choose a treatment.",
            "Record a treatment, or choose a card on a patient's timeline.",
            "record",
            "patients",
        )
        return
    subject = card_subject(actor, treatment_id)
    st.markdown(f"Patient **{subject.patient_reference}**, treatment of {words.day(subject.performed_on)}.")
    show_notice(PLACE)
    card = _card(subject)
    if card is None:
        st.markdown("A new card ends every earlier card of this treatment.")
    else:
        _draw(card, subject.patient_reference)
    st.button(
        "Make a card" if card is None else "Make another card", key="make_card", on_click=_make,
        args=(subject,),
        type="primary" if card is None else "secondary",
    )  # fmt: skip
    reminder_section(actor, subject.patient_id, subject.timezone)
    page_link("timeline", "Timeline", icon=":material/timeline:", patient=subject.patient_id)
    page_link("proxy", "Take a check-in", icon=":material/call:", treatment=subject.treatment_id)


if __name__ == "__main__":
    page()
