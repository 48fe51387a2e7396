"""Draws the check-in's questions, one a screen. Which question comes is the domain's affair."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from reporting.domain.answers import Question, read_answer
from reporting.domain.patient_words import say
from reporting.domain.questionnaire import CheckInContext, next_question, path
from reporting.errors import InvalidInput
from reporting.ui.patient_state import CheckInState

REVIEW = "review"
Answers = dict[str, Any]
Keep = Callable[[Answers], None]


def current(answers: Answers, context: CheckInContext, wanted: str) -> Question | None:
    """The question to show: the wanted one if it is on the path, else the next open one; None is the review."""
    open_question = next_question(answers, context)
    if wanted == REVIEW and open_question is None:
        return None
    for question in path(answers, context):
        if question.id == wanted:
            return question
    return open_question


def _heading(question: Question) -> None:
    st.header(question.title, anchor=False)
    if question.hint:
        st.write(question.hint)


def _single(question: Question, answers: Answers, keep: Keep, _state: CheckInState) -> None:
    given = answers.get(question.id)
    for option in question.options:
        label = say("chosen", label=option.label) if option.value == given else option.label
        if option.hint:
            label = f"{label}  \n{option.hint}"
        if st.button(label, key=f"{question.id}:{option.value}", width="stretch"):
            keep(answers | {question.id: option.value})


def _multiple(question: Question, answers: Answers, keep: Keep, state: CheckInState) -> None:
    given = [str(value) for value in answers.get(question.id) or []]
    ticked = f"ticked:{question.id}"
    chosen: list[str] = st.session_state.setdefault(ticked, given)
    for option in question.options:
        is_chosen = option.value in chosen
        label = say("chosen", label=option.label) if is_chosen else option.label
        if option.hint:
            label = f"{label}  \n{option.hint}"
        if st.button(label, key=f"{question.id}:{option.value}", width="stretch"):
            kept = [v for v in chosen if v != option.value] if is_chosen else [*chosen, option.value]
            st.session_state[ticked] = [o.value for o in question.options if o.value in kept]
            state.problem = ""
            st.rerun()
    if st.button(say("continue"), key=f"{question.id}:continue", type="primary", width="stretch"):
        if not chosen:
            state.problem = say("choose_one")
            st.rerun()
        keep(answers | {question.id: chosen})


def forget_ticks() -> None:
    """Ticks on screen are kept until they are safely in the draft; then the draft alone counts."""
    for name in [key for key in st.session_state if str(key).startswith("ticked:")]:
        del st.session_state[name]


def _text(question: Question, answers: Answers, keep: Keep, state: CheckInState) -> None:
    with st.form(f"form:{question.id}", enter_to_submit=False, border=False):
        written = st.text_area(
            question.title, value=str(answers.get(question.id) or ""), max_chars=question.max_length,
            label_visibility="collapsed",
        )  # fmt: skip
        sent = st.form_submit_button(say("continue"), type="primary", width="stretch")
    if sent:
        try:
            read_answer(question, written)
        except InvalidInput as problem:
            state.problem = problem.message
            st.rerun()
        keep(answers | {question.id: written})


_DRAW = {"single": _single, "multiple": _multiple, "text": _text}


def draw_question(
    question: Question, answers: Answers, context: CheckInContext, keep: Keep, state: CheckInState
) -> None:
    """One question with its answers as wide buttons, and the way back."""
    _heading(question)
    if state.problem:
        st.error(state.problem)
    _DRAW[question.kind](question, answers, keep, state)
    before = [other.id for other in path(answers, context)]
    position = before.index(question.id)
    if position and st.button(say("back"), key=f"{question.id}:back", type="tertiary", width="stretch"):
        state.at, state.problem = before[position - 1], ""
        st.rerun()
    if not position:
        st.write(say("kept"))


def _shown(question: Question, given: Any) -> str:
    labels = {option.value: option.label for option in question.options}
    if question.kind == "multiple":
        return ", ".join(labels.get(value, str(value)) for value in given)
    return labels.get(given, str(given)) or say("nothing_written")


def draw_review(answers: Answers, context: CheckInContext, send: Callable[[], None], state: CheckInState) -> None:
    """All answers with a way to change each, and the button that sends them."""
    st.header(say("review"), anchor=False)
    st.write(say("review_hint"))
    for question in path(answers, context)[1:]:
        with st.container(horizontal=True, vertical_alignment="center", border=True):
            st.markdown(f"**{question.title}**  \n{_shown(question, answers[question.id])}")
            if st.button(say("change"), key=f"change:{question.id}"):
                state.at = question.id
                st.rerun()
    if st.button(say("send"), key="send", type="primary", width="stretch"):
        send()
    if st.button(say("back"), key="review:back", type="tertiary", width="stretch"):
        state.at = path(answers, context)[-1].id
        st.rerun()
