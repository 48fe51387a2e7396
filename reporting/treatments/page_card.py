"""The card that opens the patient's check-in: QR code, link, short code; to show or to print.

Reminders on the patient's card: the address, and whether the patient wants them.
"""

import streamlit as st

from reporting.domain.actors import Actor
from reporting.domain.content import content
from reporting.domain.language import ENGLISH, languages
from reporting.shell import ui_words as words
from reporting.shell.act_looks import Purpose, on_record
from reporting.shell.read_scope import of_one_state
from reporting.shell.ui_identity import current_actor
from reporting.shell.ui_links import number_in_address, page_link
from reporting.shell.ui_states import attempt, empty, show_notice, shows_problems
from reporting.treatments import file_card
from reporting.treatments.act_invitations import IssuedInvitation, issue_invitation
from reporting.treatments.act_place import place, set_place
from reporting.treatments.act_reminders import ChannelState, reminder_state, set_reminders
from reporting.treatments.read_treatments import CardSubject, card_subject

ADDRESS_PLACE = "reminders"
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

    if attempt(ADDRESS_PLACE, done, change):
        st.session_state.pop(_key(state, patient_id), None)


def _channel(state: ChannelState, patient_id: int, timezone: str) -> None:
    now = f"On since {words.moment(state.since, timezone)}" if state.on and state.since else "Off"
    st.markdown(f"**{LABELS[state.channel]}.** {now}{f', to {words.as_text(state.address)}' if state.address else ''}.")
    if not state.can_be_sent:
        st.markdown("They are not set up at this clinic, so none will leave.")
    hint = "Leave it empty to keep the present one." if state.address else ""
    st.text_input(
        ADDRESSES[state.channel], key=_key(state, patient_id), max_chars=_LONGEST[state.channel], help=hint or None
    )
    what = "Keep the new address" if state.on else "Turn on"
    st.button(
        f"{what}: {LABELS[state.channel]}",
        key=f"on_{_key(state, patient_id)}",
        on_click=_turn,
        args=(state, patient_id, True),
    )
    if state.on:
        st.button(
            f"Turn off: {LABELS[state.channel]}",
            key=f"off_{_key(state, patient_id)}",
            on_click=_turn,
            args=(state, patient_id, False),
        )


def reminder_section(by: Actor, patient_id: int, timezone: str) -> None:
    """What the patient gets, and the means to change it."""
    state = reminder_state(by, patient_id)
    st.subheader("Reminders", anchor=False)
    st.markdown(
        "One short message on each day a check-in is due, without a word about the treatment. Turn them on only if "
        "the patient says so; that is kept with the time and the text they agreed to."
    )
    show_notice(ADDRESS_PLACE)
    for column, channel in zip(st.columns(2, gap="large"), (state.email, state.sms), strict=True):
        with column:
            _channel(channel, patient_id, timezone)


WHERE = "place"


def _move(patient_id: int) -> None:
    chosen, zone = st.session_state[f"place_country_{patient_id}"], st.session_state.get(f"place_zone_{patient_id}", "")
    known = content().countries.get(chosen)
    fits = zone if known and zone in known.time_zones else ""
    attempt(
        WHERE,
        "It is kept: days, reminders and the emergency number follow it.",
        lambda by: set_place(by=by, patient_id=patient_id, country=chosen, timezone=fits),
    )


def place_section(by: Actor, patient_id: int) -> None:
    """Where the patient is, and the means to change it."""
    now, rows = place(by, patient_id), content().countries
    st.subheader("Where the patient is", anchor=False)
    st.markdown(
        "For patients who travel: recovery days, reminders and the emergency number are those of the place. "
        f"Now: {now.timezone}, emergency number {now.emergency_telephone or 'not known'}."
    )
    show_notice(WHERE)
    choices = ["", *sorted(rows, key=lambda code: rows[code].name)]
    chosen = st.selectbox(
        "Country",
        choices,
        choices.index(now.country) if now.country in choices else 0,
        format_func=lambda code: rows[code].name if code else "Where the clinic is",
        key=f"place_country_{patient_id}",
    )
    zones = rows[chosen].time_zones if chosen else ()
    if len(zones) > 1:
        at = zones.index(now.timezone) if now.timezone in zones else 0
        st.selectbox("Time zone", zones, at, key=f"place_zone_{patient_id}")
    st.button("Keep where the patient is", key=f"place_{patient_id}", on_click=_move, args=(patient_id,))


PLACE = "card"
_MADE = "card_made"


def _make(subject: CardSubject) -> None:
    """Callback: a new link; the one before stops working."""

    def issue(by: Actor) -> None:
        made = issue_invitation(by=by, treatment_id=subject.treatment_id)
        st.session_state[_MADE] = (subject.treatment_id, made)

    attempt(PLACE, "This card is new. Earlier cards of this treatment do not work any more.", issue)


def _card(subject: CardSubject) -> file_card.Card | None:
    """The card made in this session for this treatment; the secret is kept nowhere else."""
    treatment_id, made = st.session_state.get(_MADE, (None, None))
    if treatment_id != subject.treatment_id or made is None:
        return None
    return card_of(subject, made)


def card_of(subject: CardSubject, made: IssuedInvitation) -> file_card.Card:
    """What is printed for an invitation."""
    return file_card.Card(
        clinic_name=subject.clinic_name,
        clinic_telephone=subject.clinic_telephone,
        emergency_telephone=subject.emergency_telephone,
        other_telephones=subject.other_telephones,
        out_of_hours_name=subject.out_of_hours_name,
        out_of_hours_telephone=subject.out_of_hours_telephone,
        opening_hours=subject.opening_hours,
        performed_on=subject.performed_on,
        link=made.link,
        code=made.code,
        valid_until=made.expires_at.date(),
        is_synthetic=subject.is_synthetic,
        language=subject.language,
    )


def _draw(card: file_card.Card, reference: str) -> None:
    picture, text = st.columns([1, 2], gap="large")
    with picture:
        st.image(file_card.png(card.link), width=280, alt=file_card.alt_text(card))
    with text:
        st.markdown("The patient scans this with the camera of their phone. No password is needed.")
        st.markdown("Link:")
        st.code(card.link, language=None, wrap_lines=True)
        st.markdown("Or the short code, together with the year of birth:")
        st.code(card.code, language=None)
        st.markdown(f"It works until {words.day(card.valid_until)}. Who has it can answer for them.")
        if card.language in languages() and card.language != ENGLISH:
            st.markdown(f"The printed card is in the patient's language: {languages()[card.language].name}.")
    st.download_button(
        "Download the card to print",
        file_card.printable(card).encode(),
        file_name=f"check-in-card-{reference}.html",
        mime="text/html",
        key="card_file",
        type="primary",
        icon=":material/print:",
        on_click="ignore",
    )


@shows_problems
@of_one_state
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
    subject = on_record(
        actor,
        Purpose.CARD,
        "treatment",
        treatment_id,
        lambda: card_subject(actor, treatment_id),
        lambda it: it.patient_id,
    )
    st.markdown(
        f"Patient **{words.as_text(subject.patient_reference)}**, treatment of {words.day(subject.performed_on)}."
    )
    show_notice(PLACE)
    card = _card(subject)
    if card is None:
        st.markdown("A new card ends every earlier card of this treatment.")
    else:
        _draw(card, subject.patient_reference)
    st.button(
        "Make a card" if card is None else "Make another card",
        key="make_card",
        on_click=_make,
        args=(subject,),
        type="primary" if card is None else "secondary",
    )
    reminder_section(actor, subject.patient_id, subject.timezone)
    place_section(actor, subject.patient_id)
    page_link("timeline", "Timeline", icon=":material/timeline:", patient=subject.patient_id)
    page_link("proxy", "Take a check-in", icon=":material/call:", treatment=subject.treatment_id)


if __name__ == "__main__":
    page()
