"""The parts of the patient's home.

What the patient sent, as cards: the answers, the advice of that day, and the ways to change them.
"""

import streamlit as st

from reporting.domain.language import translator
from reporting.domain.patient_words import moment_words, next_words, say, tell
from reporting.domain.vocabulary import severity_word, symptom
from reporting.errors import Problem
from reporting.patient.act_corrections import restore_check_in
from reporting.patient.chart_recovery import recovery_chart
from reporting.patient.read_check_in import Had, PastCheckIn
from reporting.patient.read_contact import ClinicContact
from reporting.patient.read_recovery import History, RecoveryPage
from reporting.patient.ui_check_in import call_button
from reporting.shell.pages import Plain
from reporting.shell.ui_figures import chart, drawn
from reporting.shell.ui_identity import current_actor
from reporting.shell.ui_links import go, leave_link
from reporting.shell.ui_patient import said

ALL = ""


def next_part(shown: RecoveryPage, language: str) -> None:
    """When the next check-in is, and the button that starts one."""
    is_open = shown.next_on is not None and shown.next_on < shown.today
    st.write(
        say("next_open", language, day=shown.next_day) if is_open else next_words(shown.next_on, shown.today, language)
    )
    if st.button(say("start", language), type="primary", width="stretch", key="start"):
        go("check-in")


def advice_part(shown: RecoveryPage, language: str) -> None:
    """What the last answers mean: the telephone first where the clinic is to be called."""
    contact, sent = shown.check_in.contact, shown.check_in.sent_today
    guidance = shown.urgent or (sent.guidance if sent else None)
    if guidance is None:
        return
    said = contact.tells(guidance, language)
    with st.container(border=True):
        st.markdown(f"**{say('advice_last', language, heading=said.heading)}**")
        if shown.urgent:
            call_button(contact, language, emergency=said.emergency, strong=True)
        for words in said.paragraphs:
            st.write(words)


def locked_part(language: str) -> None:
    """For one who came by the link alone: what is here, and how to see it."""
    with st.container(border=True):
        st.markdown(f"**{say('locked_title', language)}**")
        st.write(say("locked", language))
        leave_link(say("unlock", language), Plain.UNLOCK, "primary")


def course_part(history: History, language: str) -> None:
    """The chart with its finding as the title, and what people usually have in words."""
    if history.is_withdrawn:
        return  # the shaded part of the chart says what is usual
    st.header(say("recovery", language), anchor=False)
    if not history.course.days:
        with st.container(border=True):
            st.markdown(f"**{say('nothing_yet_title', language)}**")
            st.write(say("nothing_yet", language))
    else:
        _chart(history, language)
    _usual(history, language)


def _chart(history: History, language: str) -> None:
    words, reported = translator(language), history.course.reported
    chosen = ALL
    if len(reported) > 1:
        chosen = (
            st.selectbox(
                say("show", language),
                [ALL, *reported],
                key="symptom_shown",
                filter_mode=None,
                format_func=lambda code: words(symptom(code).patient_label) if code else say("all_symptoms", language),
            )
            or ALL
        )
    shown = drawn(recovery_chart, history.course, chosen, language=language)
    chart(shown, key="recovery")
    st.markdown(say("chart_legend", language))
    with st.expander(say("numbers", language)):
        st.table(shown.table, hide_index=True)


def _usual(history: History, language: str) -> None:
    if not history.usual:
        return
    words = translator(language)
    st.subheader(say("people_usually", language), anchor=False)
    for each in history.usual:
        lines = [f"**{words(symptom(each.symptom).patient_label)}**", say("now", language, words=words(each.now))]
        if each.later_from_day is not None:
            lines.append(say("later", language, day=each.later_from_day, words=words(each.later)))
        st.markdown("  \n".join(lines))


def steps_part(history: History, timezone: str, language: str) -> None:
    """What the clinic did about a report; nothing where there was no need."""
    if not history.steps:
        return
    st.header(say("clinic_did", language), anchor=False)
    lines = (
        say("step_line", language, moment=moment_words(step.at, timezone, language), words=say(step.name, language))
        for step in history.steps
    )
    st.markdown("\n".join(f"- {line}" for line in lines))


SHOWN_AT_ONCE = 5
_NOTICE = "past_notice"


def _had(had: Had, language: str) -> str:
    words = translator(language)
    line = say(
        "had",
        language,
        symptom=words(symptom(had.symptom).patient_label),
        word=words(severity_word(had.severity)).lower(),
    )
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
            parts = {"emergency": contact.emergency(language), "department": contact.department(language)}
            heading = tell(sent.heading, language, **parts)
            if sent.words:
                own = sent.words.language == language
                heading = sent.words.heading if own else contact.tells(sent.words.guidance, language).heading
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
