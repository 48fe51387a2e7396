"""What the patient sent, as cards: the answers, the advice of that day, and the ways to change them."""

import streamlit as st

from reporting.actions.corrections import restore_check_in
from reporting.domain.language import isolated, translator
from reporting.domain.patient_dates import moment_words
from reporting.domain.patient_words import say, tell
from reporting.domain.symptoms import severity_word, symptom
from reporting.errors import Problem
from reporting.queries.past import Had, PastCheckIn
from reporting.queries.patient import ClinicContact
from reporting.ui.identity import current_actor
from reporting.ui.links import go
from reporting.ui.patient_problem import said

SHOWN_AT_ONCE = 5
_NOTICE = "past_notice"


def _had(had: Had, language: str) -> str:
    words = translator(language)
    line = say(
        "had", language, symptom=words(symptom(had.symptom).patient_label),
        word=words(severity_word(had.severity)).lower(),
    )  # fmt: skip
    return f"{line} ({', '.join(words(place) for place in had.places)})" if had.places else line


def answer_lines(sent: PastCheckIn, language: str) -> list[str]:
    """The answers of a check-in in the patient's words."""
    lines = [_had(had, language) for had in sent.had] or [say("no_problems_sent", language)]
    lines += [translator(language)(sign) for sign in sent.signs]
    facts = {"is_worried": sent.is_worried, "could_not_wait": sent.could_not_wait, "note_lost": sent.is_note_lost}
    return lines + [say(name, language) for name, holds in facts.items() if holds]


def answers_part(sent: PastCheckIn, language: str) -> None:
    """The answers as a list; the note as plain text, whatever signs are in it."""
    st.markdown("\n".join(f"- {line}" for line in answer_lines(sent, language)))
    if sent.note:
        st.text(say("your_note", language, note=sent.note))


def head_line(sent: PastCheckIn, timezone: str, language: str) -> str:
    """``Tuesday 10 March, 10:30 (day 3)``."""
    moment = moment_words(sent.answered_at, timezone, language)
    return say("sent_head", language, moment=moment, day=sent.recovery_day)


def _card(sent: PastCheckIn, contact: ClinicContact, timezone: str, language: str) -> None:
    with st.container(border=True, key=f"sent_{sent.check_in_id}"):
        marks = " ".join(f":gray-badge[{say(mark, language)}]" for mark in sent.marks)
        st.markdown(f"**{head_line(sent, timezone, language)}**  \n{marks}")
        answers_part(sent, language)
        if sent.heading:
            heading = tell(sent.heading, language, emergency=isolated(contact.emergency_telephone, language))
            st.markdown(say("advice_then", language, heading=heading))
        if sent.earlier:
            with st.expander(say("before_change", language)):
                for before in sent.earlier:
                    answers_part(before, language)
        _ways(sent, language)


def _ways(sent: PastCheckIn, language: str) -> None:
    if sent.may_change:
        label = say("change_or_take_back", language, day=sent.recovery_day)
        if st.button(label, key=f"change_{sent.check_in_id}"):
            go("correct", report=sent.check_in_id)
    if sent.may_put_back:
        label = say("put_back", language, day=sent.recovery_day)
        st.button(label, key=f"back_{sent.check_in_id}", on_click=_put_back, args=(sent.check_in_id, language))


def _put_back(check_in_id: int, language: str) -> None:
    """Callback: who acts is asked anew, the session may have ended since the button was drawn."""
    try:
        restore_check_in(by=current_actor(), check_in_id=check_in_id)
    except Problem as problem:
        st.session_state[_NOTICE] = ("problem", said(problem, language))
    else:
        st.session_state[_NOTICE] = ("done", say("is_back", language))


def show_notice() -> None:
    """What came of putting a report back, told once at the top of the page."""
    kind, words = st.session_state.pop(_NOTICE, ("", ""))
    if kind == "done":
        st.success(words)
    elif kind:
        st.error(words)


def past_part(past: tuple[PastCheckIn, ...], contact: ClinicContact, timezone: str, language: str) -> None:
    """Everything that was sent, newest first."""
    st.header(say("past", language), anchor=False)
    if not past:
        st.write(say("nothing_sent", language))
    for sent in past[:SHOWN_AT_ONCE]:
        _card(sent, contact, timezone, language)
    if past[SHOWN_AT_ONCE:]:
        with st.expander(say("older", language)):
            for sent in past[SHOWN_AT_ONCE:]:
                _card(sent, contact, timezone, language)
