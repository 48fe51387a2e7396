"""What the buttons of the check-in do: keep an answer, note that a warning was read, send."""

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
from reporting.queries.patient import CheckInPage
from reporting.ui.consent_parts import CARER, answered_by, consent_part
from reporting.ui.flow import NOTE, Form, forget_ticks, written_note
from reporting.ui.identity import actor_of_this_tap
from reporting.ui.patient_language import language
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


def form(shown: CheckInPage, spoken: str) -> Form:
    """The check-in as it stands, in the language ``spoken``, with what its buttons do."""
    here = state()
    return Form(
        shown.answers, shown.context, shown.contact, spoken, here,
        answer=lambda question, given: _answer(shown, question, given),
        understood=lambda: _understood(shown),
        send=lambda: _send_all(shown),
        beside_note=lambda: _beside_note(shown, spoken),
        below_first=lambda: consent_part(shown.consent, spoken),
    )  # fmt: skip
