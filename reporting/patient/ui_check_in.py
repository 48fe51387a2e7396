"""Draws the check-in's questions, one a screen. Which question comes is the domain's affair.

Every button works through a callback: one tap is one run of the page.

Guidance on the page: the telephone first where it matters, what it means, and what happens next.

What the check-in page remembers between reruns: where the person is, never who they are.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import streamlit as st

from reporting.domain.answers import Option, Question, grades, ticked, with_worst
from reporting.domain.check_in_form import NOTE, REVIEW, CheckInForm
from reporting.domain.language import ENGLISH, Translate, translator
from reporting.domain.opening_hours import week_words
from reporting.domain.patient_words import say
from reporting.domain.triage import Guidance
from reporting.patient.read_check_in import Sent
from reporting.patient.read_contact import ClinicContact
from reporting.shell.ui_words import as_text


def _tel(number: str) -> str:
    return "tel:" + "".join(sign for sign in number if sign.isdigit() or sign == "+")


def call_button(
    contact: ClinicContact, language: str = ENGLISH, *, emergency: bool = False, strong: bool = False
) -> None:
    """Wide buttons that call: the emergency number, the line that answers while the clinic is closed, the clinic."""
    for call in contact.calls(language, is_emergency=emergency, is_urgent=strong):
        kind: Literal["primary", "secondary"] = "primary" if call.is_urgent else "secondary"
        st.link_button(as_text(call.label), _tel(call.number), type=kind, width="stretch")


def card(advice: Guidance, contact: ClinicContact, language: str = ENGLISH) -> None:
    """Guidance that was made ready by ``ClinicContact.tells``; its heading says what to do."""
    st.header(advice.heading, anchor=False)
    if advice.phone_first:
        call_button(contact, language, emergency=advice.emergency, strong=True)
    for words in (*advice.paragraphs, *advice.next_steps):
        st.markdown(as_text(words))


def flag_part(advice: Guidance | None, contact: ClinicContact, language: str = ENGLISH) -> None:
    """The advice of a report that nobody has closed yet, above whatever else the page says."""
    if advice is None:
        return
    said = contact.tells(advice, language)
    with st.container(border=True):
        st.markdown(f"**{said.heading}**")
        call_button(contact, language, emergency=said.emergency, strong=True)
        for words in (*said.paragraphs, *said.next_steps, say("flag_open", language)):
            st.markdown(as_text(words))


def confirmation(sent: Sent, contact: ClinicContact, language: str = ENGLISH) -> None:
    """What the patient is told about a check-in that is safely stored."""
    card(contact.tells(sent.guidance, language), contact, language)
    if sent.days_late:
        st.write(say("late", language, due=sent.scheduled_day))
    st.write(say("received", language, number=sent.check_in_id))
    if words := sent.next_words(language):
        st.write(words)


def foot(contact: ClinicContact, language: str = ENGLISH) -> None:
    """The same help in the same place on every page of the patient."""
    st.divider()
    lines = [say("who_reads", language)]
    if hours := week_words(contact.opening_hours, language):
        lines.append(say("hours", language, hours=hours))
    if numbers := contact.telephones(language):
        lines.append(say("telephone", language, telephone=numbers))
    if line := contact.when_closed(language):
        lines.append(line)
    lines.append(say("emergency", language, telephone=contact.emergency(language)))
    st.markdown(as_text(" ".join(lines)))


_KEY = "check_in_state"


@dataclass
class CheckInState:
    """``at``: the question on screen (empty: the next open one; ``review``). ``again``: a further report today."""

    key: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    at: str = ""
    again: bool = False
    problem: str = ""
    is_asked: bool = False
    """*No problems* was pressed once over something else that was said; pressed once more it is sent."""


def state() -> CheckInState:
    """This tab's state, made on first use."""
    if _KEY not in st.session_state:
        st.session_state[_KEY] = CheckInState()
    kept: CheckInState = st.session_state[_KEY]
    return kept


def start_over(*, again: bool) -> None:
    """Forget where the person was; a new submission key for what comes next."""
    st.session_state[_KEY] = CheckInState(again=again)


@dataclass(frozen=True)
class Form:
    """A check-in being filled in, and what a tap leads to. The callbacks keep or send; they draw nothing."""

    filled: CheckInForm
    contact: ClinicContact
    language: str
    here: CheckInState
    answer: Callable[[Question, Any], None]
    understood: Callable[[], None]
    send: Callable[[], None]
    finish: Callable[[], None] = lambda: None
    """Sends what was answered so far; offered with advice that comes before the last question."""
    beside_note: Callable[[], None] = lambda: None
    """Draws what else the review offers, for example photos."""
    below_first: Callable[[], None] = lambda: None
    """Draws what the first question says beside itself: what answering agrees to."""

    @property
    def translate(self) -> Translate:
        return translator(self.language)

    def say(self, name: str, **values: object) -> str:
        return say(name, self.language, **values)


def draw(form: Form) -> str:
    """The screen where the person is: a warning that comes first, a question, or the review. Returns which."""
    warning = form.filled.warning
    if warning is not None:
        card(form.contact.tells(warning, form.language), form.contact, form.language)
        _problem(form)
        is_told = form.filled.reading is not None
        if is_told:
            st.write(form.say("told_so_far"))
            st.button(form.say("finish_here"), key="finish", on_click=form.finish, width="stretch", type="primary")
        words = form.say("go_on" if is_told else "continue")
        st.button(words, key="understood", on_click=form.understood, width="stretch")
        return "warning"
    question = form.filled.question(form.filled.place(form.here.at))
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
    given = form.filled.answers.get(question.id)
    with st.container(key=f"options_{question.id}"):
        for option in options:
            value: Any = [option.value] if question.kind == "multiple" else option.value
            st.button(
                _label(form, option, value == given),
                key=f"{question.id}:{option.value}",
                width="stretch",
                on_click=form.answer,
                args=(question, value),
            )


def _ticks(question: Question) -> str:
    return f"ticked:{question.id}"


def _toggle(form: Form, question: Question, value: str) -> None:
    chosen = st.session_state[_ticks(question)]
    st.session_state[_ticks(question)] = [v for v in chosen if v != value] if value in chosen else [*chosen, value]
    form.here.problem = ""


@st.fragment
def _to_tick(form: Form, question: Question) -> None:
    """Options to tick. A tick redraws this part alone and is kept with Continue."""
    chosen = st.session_state.setdefault(_ticks(question), list(ticked(question, form.filled.answers.get(question.id))))
    _problem(form)
    with st.container(key=f"options_ticked_{question.id}"):
        for option in question.options:
            if option.heading:
                st.subheader(form.translate(option.heading), anchor=False)
            st.button(
                _label(form, option, option.value in chosen),
                key=f"{question.id}:{option.value}",
                width="stretch",
                on_click=_toggle,
                args=(form, question, option.value),
            )


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
    is_filter = question.id == "symptoms"
    if is_filter:
        _answers_at_once(form, question, question.exclusive)
    _to_tick(form, question)
    st.button(
        form.say("continue"),
        key=f"{question.id}:continue",
        type="primary",
        width="stretch",
        on_click=_continue,
        args=(form, question),
    )
    if not is_filter:
        _answers_at_once(form, question, question.exclusive)


def _worst(question: Question) -> str:
    return f"worst:{question.id}"


def _grade(form: Form, question: Question, now: str) -> None:
    form.answer(question, with_worst(now, st.session_state.get(_worst(question)) or ""))


def _grades(form: Form, question: Question) -> None:
    """Two rows: the worst, which is at first no worse than now, and how it is now, which answers the question."""
    said = grades(form.filled.answers.get(question.id))
    words = {"": form.say("not_worse")} | {each.value: form.translate(each.label) for each in question.options[1:]}
    st.radio(
        form.translate(question.worst_title),
        list(words),
        index=said[1] if said and said[1] > said[0] else 0,
        key=_worst(question),
        format_func=words.__getitem__,
        label_visibility="collapsed",
    )
    st.subheader(form.translate(question.title), anchor=False)
    _problem(form)
    with st.container(key=f"options_{question.id}"):
        for option in question.options:
            st.button(
                _label(form, option, said is not None and option.value == str(said[0])),
                key=f"{question.id}:{option.value}",
                width="stretch",
                on_click=_grade,
                args=(form, question, option.value),
            )


def _instead(form: Form, advice: Guidance) -> None:
    """Above the first question while nothing can be said of what answers mean."""
    said = form.contact.tells(advice, form.language)
    with st.container(border=True):
        st.markdown(f"**{said.heading}**")
        call_button(form.contact, form.language, strong=True)
        for words in (said.paragraphs[0], said.next_steps[-1], form.say("withdrawn_tick")):
            st.markdown(as_text(words))


def _question(form: Form, question: Question) -> None:
    """One question with its answers as wide buttons, and the way back."""
    if advice := form.filled.instead(question.id):
        _instead(form, advice)
    st.header(form.translate(question.worst_title or question.title), anchor=False)
    if question.hint:
        st.write(form.translate(question.hint))
    if question.kind == "grades":
        _grades(form, question)
    elif question.kind == "multiple":
        _multiple(form, question)
    else:
        _problem(form)
        _answers_at_once(form, question, question.options)
    before = form.filled.before(question.id)
    if before:
        st.button(
            form.say("back"),
            key=f"{question.id}:back",
            type="tertiary",
            width="stretch",
            on_click=_go,
            args=(form.here, before),
        )
    else:
        st.write(form.say("kept"))
        form.below_first()


def _note(form: Form) -> None:
    """The note is kept when the person leaves the field; Send takes what stands in it."""
    note = form.filled.note
    st.text_area(
        form.translate(note.title),
        value=form.filled.written_note(),
        key=NOTE,
        max_chars=note.max_length,
        help=None,
        placeholder=form.translate(note.hint),
        on_change=_keep_note,
        args=(form, note),
    )


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
    for question in form.filled.questions:
        words = form.say("change_of", question=form.translate(question.heading))
        st.button(
            f"{words}  \n**{form.filled.shown(question, form.language)}**",
            key=f"change:{question.id}",
            width="stretch",
            on_click=_go,
            args=(form.here, question.id),
        )
    _note(form)
    form.beside_note()
    _problem(form)
    st.button(form.say("send"), key="send", type="primary", width="stretch", on_click=form.send)
    last = form.filled.before(REVIEW)
    st.button(
        form.say("back"), key="review:back", type="tertiary", width="stretch", on_click=_go, args=(form.here, last)
    )
