"""To change a report or take it back: why, the same questions as before, and what it means then."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

import streamlit as st

from reporting.actions.corrections import correct_check_in, stop_correcting, withdraw_check_in
from reporting.actions.drafts import save_draft
from reporting.domain.actors import Actor
from reporting.domain.answers import Question
from reporting.domain.corrections import OWN_WORDS_CHARACTERS, REASONS
from reporting.domain.guidance import warned
from reporting.domain.patient_words import say
from reporting.domain.questionnaire import answered
from reporting.domain.triage import Guidance
from reporting.errors import Problem
from reporting.queries.correction import CorrectionPage
from reporting.queries.patient import ClinicContact
from reporting.ui.confirmation import card
from reporting.ui.flow import NOTE, Form, draw, forget_ticks, written_note
from reporting.ui.identity import current_actor
from reporting.ui.past_parts import answers_part, head_line
from reporting.ui.patient_problem import said
from reporting.ui.patient_state import REVIEW, CheckInState

_REASON, _OWN_WORDS = "correction_reason", "correction_words"


@dataclass
class Correcting:
    """What this tab remembers of a change: where the person is, and why they make it."""

    step: Literal["why", "answers", "sure", "corrected", "withdrawn"] = "why"
    reason: str = ""
    guidance: Guidance | None = None
    here: CheckInState = field(default_factory=lambda: CheckInState(key=secrets.token_urlsafe(16), at=REVIEW))


def correcting(check_in_id: int) -> Correcting:
    """This tab's state of the change of that report, made on first use."""
    kept: Correcting = st.session_state.setdefault(f"correcting:{check_in_id}", Correcting())
    return kept


def _attempt(
    state: Correcting, action: Callable[[Actor], Any], language: str, question: Question | None = None
) -> Any:
    """What the action gave, or None with the problem in plain words on the page."""
    try:
        found = action(current_actor())
    except Problem as problem:
        state.here.problem = said(problem, language, question=question)
        return None
    state.here.problem = ""
    forget_ticks()
    return found if found is not None else True


def _keep_reason(state: Correcting, step: Literal["answers", "sure"], language: str) -> None:
    reason, words = st.session_state.get(_REASON), str(st.session_state.get(_OWN_WORDS) or "").strip()
    if reason is None:
        state.here.problem = say("choose_reason", language)
        return
    state.reason = f"other: {words}" if reason == "other" else reason
    state.step, state.here.problem = step, ""


def why_part(shown: CorrectionPage, state: Correcting, language: str) -> None:
    """What was sent, why it is to be changed, and the two ways on."""
    words = partial(say, language=language)
    with st.container(border=True):
        st.markdown(f"**{head_line(shown.sent, shown.timezone, language)}**")
        answers_part(shown.sent, language)
    st.write(words("correct_kept"))
    reason = st.radio(
        words("correct_why"), REASONS, index=None, key=_REASON, format_func=lambda code: words(f"reason_{code}")
    )
    if reason == "other":
        st.text_area(words("reason_words"), key=_OWN_WORDS, max_chars=OWN_WORDS_CHARACTERS)
    if state.here.problem:
        st.error(state.here.problem)
    begun = "go_on_changing" if shown.draft_key else "change_answers"
    st.button(words(begun), type="primary", width="stretch", on_click=_keep_reason, args=(state, "answers", language))
    st.button(words("take_back"), width="stretch", on_click=_keep_reason, args=(state, "sure", language))


def sure_part(shown: CorrectionPage, state: Correcting, language: str) -> None:
    """Asked once more: what is taken back counts no longer."""

    def take_back() -> None:
        found = _attempt(state, lambda by: withdraw_check_in(by=by, check_in_id=shown.sent.check_in_id,
                                                             reason=state.reason), language)  # fmt: skip
        state.step = "sure" if found is None else "withdrawn"

    st.header(say("take_back_sure", language), anchor=False)
    if state.here.problem:
        st.error(state.here.problem)
    st.button(say("yes_take_back", language), type="primary", width="stretch", on_click=take_back)
    st.button(say("no_keep", language), width="stretch", on_click=_to, args=(state, "why"))


def _to(state: Correcting, step: Literal["why"]) -> None:
    state.step, state.here.problem = step, ""


def answers_flow(shown: CorrectionPage, state: Correcting, language: str) -> None:
    """The same questions as in a check-in, beginning with all the answers given then."""
    key = shown.draft_key or state.here.key

    def keep(fresh: Callable[[], dict[str, Any]], question: Question | None = None) -> None:
        def save(by: Actor) -> None:
            save_draft(by=by, treatment_id=shown.treatment_id, answers=fresh(), submission_key=key, kind=shown.kind,
                       language=language)  # fmt: skip

        if _attempt(state, save, language, question) is not None:
            state.here.at = REVIEW

    def send() -> None:
        answers = dict(shown.answers)
        if (note := written_note()) is not None:
            answers[NOTE] = note
        found = _attempt(state, lambda by: correct_check_in(
            by=by, check_in_id=shown.sent.check_in_id, answers=answers, reason=state.reason, submission_key=key,
            language=language,
        ), language)  # fmt: skip
        if found is not None:
            state.step, state.guidance = "corrected", found.guidance

    draw(Form(
        shown.answers, shown.context, shown.contact, language, state.here,
        answer=lambda question, given: keep(
            lambda: answered(shown.answers, question.id, given, shown.context), question),
        understood=lambda: keep(lambda: warned(shown.answers, shown.context)),
        send=send,
    ))  # fmt: skip
    st.button(say("stop_changing", language), width="stretch", type="tertiary", on_click=_stop,
              args=(shown, state, language))  # fmt: skip


def _stop(shown: CorrectionPage, state: Correcting, language: str) -> None:
    check_in_id = shown.sent.check_in_id
    if _attempt(state, lambda by: stop_correcting(by=by, check_in_id=check_in_id), language) is not None:
        state.step, state.here.at = "why", REVIEW


def done_part(state: Correcting, contact: ClinicContact, language: str) -> None:
    """What the changed answers mean, as after a check-in; or that the report was taken back."""
    if state.step == "withdrawn":
        st.success(say("was_taken_back", language))
    if state.step == "corrected" and state.guidance is not None:
        card(contact.tells(state.guidance, language), contact, language)
        st.write(say("was_changed", language))
