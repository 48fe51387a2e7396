"""A check-in that staff fill in for a patient who is on the telephone or at the desk."""

from typing import Any

import streamlit as st

from reporting.actions.check_ins import Receipt, submit_check_in
from reporting.actions.drafts import keep_answer, keep_warned
from reporting.domain.actors import Actor
from reporting.domain.answers import Question
from reporting.domain.questionnaire import NO_PROBLEMS
from reporting.queries.patient import CheckInPage
from reporting.ui.confirmation import card
from reporting.ui.flow import NOTE, Form, draw, forget_ticks, written_note
from reporting.ui.patient_state import CheckInState
from reporting.ui.states import attempt, forget_notice

PLACE = "proxy"
HOW = {"telephone": "By telephone", "desk": "At the desk"}
_STATE, _HOW = "proxy_state", "proxy_how"


def state(treatment_id: int) -> CheckInState:
    """Where this tab is in the questions for that treatment; another treatment begins anew."""
    of, found = st.session_state.get(_STATE, (None, None))
    if of != treatment_id or found is None:
        forget_ticks()
        found = CheckInState()
        st.session_state[_STATE] = (treatment_id, found)
    kept: CheckInState = found
    return kept


def _done(treatment_id: int) -> str:
    return f"proxy_done_{treatment_id}"


def receipt(treatment_id: int) -> Receipt | None:
    """What was sent in this tab for that treatment, until another one is begun."""
    found: Receipt | None = st.session_state.get(_done(treatment_id))
    return found


def begin_anew(treatment_id: int) -> None:
    """Callback: a further check-in."""
    st.session_state.pop(_done(treatment_id), None)
    st.session_state.pop(_STATE, None)
    forget_notice()


def _kept(treatment_id: int, action: Any) -> None:
    here = state(treatment_id)
    if attempt(PLACE, "", action):
        here.at, here.problem = "", ""
        forget_ticks()
        forget_notice()


def _answer(shown: CheckInPage, question: Question, given: Any) -> None:
    if {question.id: given} == NO_PROBLEMS:
        _send(shown, dict(NO_PROBLEMS), f"proxy:{shown.no_problems_key}")
        return
    key = state(shown.treatment_id).key

    def keep(by: Actor) -> None:
        keep_answer(by=by, treatment_id=shown.treatment_id, question_id=question.id, given=given, submission_key=key)

    _kept(shown.treatment_id, keep)


def _send(shown: CheckInPage, answers: dict[str, Any], key: str) -> None:
    how = st.session_state[_HOW]

    def send(by: Actor) -> None:
        st.session_state[_done(shown.treatment_id)] = submit_check_in(
            by=by, treatment_id=shown.treatment_id, answers=answers, submission_key=key, source="proxy",
            answered_by=how,
        )  # fmt: skip

    _kept(shown.treatment_id, send)


def _send_all(shown: CheckInPage) -> None:
    answers = dict(shown.answers)
    if (note := written_note()) is not None:
        answers[NOTE] = note
    _send(shown, answers, shown.draft_key or state(shown.treatment_id).key)


def questions(shown: CheckInPage) -> None:
    """How they answer, what to read out, and the same questions as the patient's own."""
    st.radio("The patient answers", list(HOW), key=_HOW, format_func=HOW.__getitem__, horizontal=True)
    if shown.consent is not None:
        st.info(f"Read this out first: “{shown.consent.agree} {shown.consent.text}”")
    here, key = state(shown.treatment_id), state(shown.treatment_id).key
    draw(
        Form(
            shown.answers, shown.context, shown.contact, "en", here,
            answer=lambda question, given: _answer(shown, question, given),
            understood=lambda: _kept(
                shown.treatment_id,
                lambda by: keep_warned(by=by, treatment_id=shown.treatment_id, submission_key=key),
            ),
            send=lambda: _send_all(shown),
        )
    )  # fmt: skip


def told(shown: CheckInPage, sent: Receipt) -> None:
    """What to tell the patient now, in the words that they would have read."""
    st.success(f"The check-in is kept under the number {sent.check_in_id}. Tell the patient now:")
    with st.container(border=True):
        card(shown.contact.tells(sent.guidance), shown.contact)
    if sent.case_id is not None:
        st.markdown("The worklist shows it as a case.")
    st.button("Take another check-in", key="proxy_again", on_click=begin_anew, args=(shown.treatment_id,))
