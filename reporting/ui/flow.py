"""Draws the check-in's questions, one a screen. Which question comes is the domain's affair.

Every button works through a callback: one tap is one run of the page.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from reporting.domain.answers import Option, Question, ticked
from reporting.domain.guidance import interruption
from reporting.domain.language import Translate, translator
from reporting.domain.patient_words import say
from reporting.domain.questionnaire import CheckInContext, next_question, note_question, path
from reporting.queries.patient import ClinicContact
from reporting.ui.confirmation import card
from reporting.ui.patient_state import REVIEW, CheckInState

NOTE = "note"


@dataclass(frozen=True)
class Form:
    """A check-in being filled in, and what a tap leads to. The callbacks keep or send; they draw nothing."""

    answers: Mapping[str, Any]
    context: CheckInContext
    contact: ClinicContact
    language: str
    here: CheckInState
    answer: Callable[[Question, Any], None]
    understood: Callable[[], None]
    send: Callable[[], None]
    beside_note: Callable[[], None] = lambda: None
    """Draws what else the review offers, for example photos."""
    below_first: Callable[[], None] = lambda: None
    """Draws what the first question says beside itself: what answering agrees to."""

    @property
    def translate(self) -> Translate:
        return translator(self.language)

    def say(self, name: str, **values: object) -> str:
        return say(name, self.language, **values)


def current(form: Form) -> Question | None:
    """The question to show: the wanted one if it is on the path, else the next open one; None is the review."""
    open_question = next_question(form.answers, form.context)
    if form.here.at == REVIEW and open_question is None:
        return None
    for question in path(form.answers, form.context):
        if question.id == form.here.at:
            return question
    return open_question


def draw(form: Form) -> str:
    """The screen where the person is: a warning that comes first, a question, or the review. Returns which."""
    warning = interruption(form.answers, form.context)
    if warning is not None:
        card(form.contact.tells(warning, form.language), form.contact, form.language)
        _problem(form)
        st.button(form.say("continue"), key="understood", on_click=form.understood, width="stretch")
        return "warning"
    question = current(form)
    if question is None:
        _review(form)
        return REVIEW
    _question(form, question)
    return question.id


def _problem(form: Form) -> None:
    if form.here.problem:
        st.error(form.here.problem)


def _go(here: CheckInState, to: str) -> None:
    here.at, here.problem = to, ""


def _label(form: Form, option: Option, is_chosen: bool) -> str:
    label = form.translate(option.label)
    if is_chosen:
        label = form.say("chosen", label=label)
    return f"{label}  \n{form.translate(option.hint)}" if option.hint else label


def _answers_at_once(form: Form, question: Question, options: tuple[Option, ...]) -> None:
    """Buttons that each answer the whole question."""
    given = form.answers.get(question.id)
    with st.container(key=f"options_{question.id}"):
        for option in options:
            value: Any = [option.value] if question.kind == "multiple" else option.value
            st.button(
                _label(form, option, value == given), key=f"{question.id}:{option.value}", width="stretch",
                on_click=form.answer, args=(question, value),
            )  # fmt: skip


def _ticks(question: Question) -> str:
    return f"ticked:{question.id}"


def _toggle(form: Form, question: Question, value: str) -> None:
    chosen = st.session_state[_ticks(question)]
    st.session_state[_ticks(question)] = [v for v in chosen if v != value] if value in chosen else [*chosen, value]
    form.here.problem = ""


@st.fragment
def _to_tick(form: Form, question: Question) -> None:
    """Options to tick. A tick redraws this part alone and is kept with Continue."""
    chosen = st.session_state.setdefault(_ticks(question), list(ticked(question, form.answers.get(question.id))))
    _problem(form)
    with st.container(key=f"options_ticked_{question.id}"):
        for option in question.options:
            st.button(
                _label(form, option, option.value in chosen), key=f"{question.id}:{option.value}", width="stretch",
                on_click=_toggle, args=(form, question, option.value),
            )  # fmt: skip


def _continue(form: Form, question: Question) -> None:
    chosen = list(ticked(question, st.session_state.get(_ticks(question))))
    if chosen:
        form.answer(question, chosen)
    else:
        form.here.problem = form.say("choose_one")


def forget_ticks() -> None:
    """Ticks on screen are kept until they are safely in the draft; then the draft alone counts."""
    for name in [key for key in st.session_state if str(key).startswith("ticked:")]:
        del st.session_state[name]


def _multiple(form: Form, question: Question) -> None:
    is_filter = question.symptom is None
    if is_filter:
        _answers_at_once(form, question, question.exclusive)
    _to_tick(form, question)
    st.button(
        form.say("continue"), key=f"{question.id}:continue", type="primary", width="stretch",
        on_click=_continue, args=(form, question),
    )  # fmt: skip
    if not is_filter:
        _answers_at_once(form, question, question.exclusive)


def _question(form: Form, question: Question) -> None:
    """One question with its answers as wide buttons, and the way back."""
    st.header(form.translate(question.title), anchor=False)
    if question.hint:
        st.write(form.translate(question.hint))
    if question.kind == "multiple":
        _multiple(form, question)
    else:
        _problem(form)
        _answers_at_once(form, question, question.options)
    before = [other.id for other in path(form.answers, form.context)]
    position = before.index(question.id)
    if position:
        st.button(
            form.say("back"), key=f"{question.id}:back", type="tertiary", width="stretch",
            on_click=_go, args=(form.here, before[position - 1]),
        )  # fmt: skip
    else:
        st.write(form.say("kept"))
        form.below_first()


def _shown(form: Form, question: Question) -> str:
    given = form.answers[question.id]
    values = given if isinstance(given, list | tuple) else [given]
    offered = (*question.options, *question.exclusive)
    return ", ".join(form.translate(option.label) for option in offered if option.value in values)


def _note(form: Form) -> None:
    """The note is kept when the person leaves the field; Send takes what stands in it."""
    note = note_question(form.context)
    st.text_area(
        form.translate(note.title), value=str(form.answers.get(NOTE) or ""), key=NOTE, max_chars=note.max_length,
        help=None, placeholder=form.translate(note.hint), on_change=_keep_note, args=(form, note),
    )  # fmt: skip


def _keep_note(form: Form, note: Question) -> None:
    at = form.here.at
    form.answer(note, st.session_state.get(NOTE) or "")
    form.here.at = at


def written_note() -> str | None:
    """What stands in the note's field, or None where it is not on screen."""
    return st.session_state.get(NOTE)


def _review(form: Form) -> None:
    """All answers with a way to change each, a note, and the button that sends them."""
    st.header(form.say("review"), anchor=False)
    st.write(form.say("review_hint"))
    for question in path(form.answers, form.context):
        words = form.say("change_of", question=form.translate(question.title))
        st.button(
            f"{words}  \n**{_shown(form, question)}**", key=f"change:{question.id}", width="stretch",
            on_click=_go, args=(form.here, question.id),
        )  # fmt: skip
    _note(form)
    form.beside_note()
    _problem(form)
    st.button(form.say("send"), key="send", type="primary", width="stretch", on_click=form.send)
    last = path(form.answers, form.context)[-1].id
    st.button(
        form.say("back"), key="review:back", type="tertiary", width="stretch", on_click=_go, args=(form.here, last)
    )
