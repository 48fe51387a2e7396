"""The patient's check-in: one question a screen, then what it means."""

import logging
from collections.abc import Callable
from typing import Any

import streamlit as st

from reporting.actions.check_ins import submit_check_in
from reporting.actions.drafts import keep_answer, keep_warned
from reporting.domain.actors import Actor
from reporting.domain.answers import Question
from reporting.domain.patient_problems import plain_words
from reporting.domain.patient_words import say
from reporting.domain.questionnaire import NO_PROBLEMS, note_question
from reporting.errors import InvalidInput, Problem, SignInNeeded
from reporting.queries.patient import CheckInPage, check_in_page
from reporting.ui.confirmation import confirmation, foot
from reporting.ui.consent_parts import CARER, answered_by, consent_part, stopped_part
from reporting.ui.flow import NOTE, Form, draw, forget_ticks, written_note
from reporting.ui.identity import actor_of_this_tap, current_actor
from reporting.ui.patient_language import language
from reporting.ui.patient_parts import patient_column, sign_in_needed
from reporting.ui.patient_state import start_over, state
from reporting.ui.photo_parts import add_photos

log = logging.getLogger("reporting.pages")


def _attempt(shown: CheckInPage, here_at: str, action: Callable[[Actor], object], question: Question | None) -> bool:
    """Run what a tap leads to. A problem is told in plain words; its technical ones go to the log."""
    here = state()
    try:
        action(actor_of_this_tap())
    except SignInNeeded:
        return False  # the page itself says how to come back
    except Problem as problem:
        log.info("check-in of treatment %s: %s: %s", shown.treatment_id, problem.code, problem.message)
        if isinstance(problem, InvalidInput) and problem.field == NOTE:
            question = note_question(shown.context)
        here.problem = plain_words(problem, language(), question=question)
        return False
    here.at, here.problem = here_at, ""
    forget_ticks()
    return True


def _send(shown: CheckInPage, answers: dict[str, Any], key: str) -> None:
    def send(by: Actor) -> None:
        submit_check_in(by=by, treatment_id=shown.treatment_id, answers=answers, submission_key=key,
                        language=language(), answered_by=answered_by())  # fmt: skip

    if _attempt(shown, "", send, None):
        start_over(again=False)
    elif state().problem:
        state().problem = f"{say('not_sent', language())} {state().problem}"


def _answer(shown: CheckInPage, question: Question, given: Any) -> None:
    if {question.id: given} == NO_PROBLEMS:
        _send(shown, dict(NO_PROBLEMS), shown.no_problems_key)
        return
    key = state().key

    def keep(by: Actor) -> None:
        keep_answer(by=by, treatment_id=shown.treatment_id, question_id=question.id, given=given,
                    submission_key=key, language=language())  # fmt: skip

    _attempt(shown, "", keep, question)


def _understood(shown: CheckInPage) -> None:
    key = state().key
    _attempt(
        shown, state().at,
        lambda by: keep_warned(by=by, treatment_id=shown.treatment_id, submission_key=key, language=language()), None,
    )  # fmt: skip


def _send_all(shown: CheckInPage) -> None:
    answers = dict(shown.answers)
    if (note := written_note()) is not None:
        answers[NOTE] = note
    _send(shown, answers, shown.draft_key or state().key)


def _beside_note(shown: CheckInPage, spoken: str) -> None:
    add_photos(shown.treatment_id, spoken)
    st.checkbox(say("carer", spoken), key=CARER)


def _form(shown: CheckInPage, spoken: str) -> Form:
    here = state()
    return Form(
        shown.answers, shown.context, shown.contact, spoken, here,
        answer=lambda question, given: _answer(shown, question, given),
        understood=lambda: _understood(shown),
        send=lambda: _send_all(shown),
        beside_note=lambda: _beside_note(shown, spoken),
        below_first=lambda: consent_part(shown.consent, spoken),
    )  # fmt: skip


def _draw(shown: CheckInPage, spoken: str) -> None:
    st.title(say("title", spoken), anchor=False)
    st.markdown(f"**{say('day', spoken, day=shown.recovery_day, treatment=shown.treatment_words(spoken))}**")
    if shown.is_stopped:
        stopped_part(shown.contact, spoken)
    elif shown.sent_today and not shown.answers and not state().again:
        confirmation(shown.sent_today, shown.contact, spoken)
        st.button(say("again", spoken), width="stretch", on_click=start_over, kwargs={"again": True})
        st.page_link("reporting/pages/patient_home.py", label=say("home", spoken), width="stretch")
    else:
        draw(_form(shown, spoken))
    foot(shown.contact, spoken)


def page() -> None:
    """Questions while there is something to answer, else the confirmation of what was sent today."""
    spoken = language()
    try:
        shown = check_in_page(current_actor())
    except SignInNeeded:
        sign_in_needed(spoken)
        return
    with patient_column():
        _draw(shown, spoken)


if __name__ == "__main__":
    page()
