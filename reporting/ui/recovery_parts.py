"""The parts of the patient's home."""

import streamlit as st

from reporting.charts.recovery import recovery_chart
from reporting.domain.language import translator
from reporting.domain.patient_dates import moment_words, next_words
from reporting.domain.patient_words import say
from reporting.domain.symptoms import symptom
from reporting.queries.recovery import History, RecoveryPage
from reporting.ui.confirmation import call_button
from reporting.ui.figures import chart, drawn
from reporting.ui.links import leave_link

ALL = ""


def next_part(shown: RecoveryPage, language: str) -> None:
    """When the next check-in is, and the button that starts one."""
    is_open = shown.next_on is not None and shown.next_on < shown.today
    st.write(
        say("next_open", language, day=shown.next_day) if is_open else next_words(shown.next_on, shown.today, language)
    )
    if st.button(say("start", language), type="primary", width="stretch", key="start"):
        st.switch_page("reporting/pages/patient_check_in.py")


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
        leave_link(say("unlock", language), "/unlock", "primary")


def course_part(history: History, language: str) -> None:
    """The chart with its finding as the title, and what people usually have in words."""
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
        chosen = st.selectbox(
            say("show", language), [ALL, *reported], key="symptom_shown", filter_mode=None,
            format_func=lambda code: words(symptom(code).patient_label) if code else say("all_symptoms", language),
        ) or ALL  # fmt: skip
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
