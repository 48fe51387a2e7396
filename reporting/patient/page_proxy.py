"""To take a check-in for a patient who cannot use the link: by telephone or at the desk.

A check-in that staff fill in for a patient who is on the telephone or at the desk.
"""

from collections.abc import Callable
from typing import Any

import streamlit as st

from reporting.domain.actors import Actor
from reporting.domain.answers import Question
from reporting.domain.check_in_form import NOTE
from reporting.domain.questionnaire import NO_PROBLEMS
from reporting.patient.act_check_ins import Receipt, keep_answer, keep_warned, submit_check_in
from reporting.patient.read_check_in import AskedPatient, CheckInPage, asked_patient, check_in_page, patient_of
from reporting.patient.ui_check_in import CheckInState, Form, card, draw, forget_ticks, written_note
from reporting.shell import ui_words as words
from reporting.shell.act_looks import Purpose, on_record
from reporting.shell.read_scope import of_one_state
from reporting.shell.ui_identity import current_actor
from reporting.shell.ui_links import number_in_address
from reporting.shell.ui_patient import patient_column
from reporting.shell.ui_states import attempt, empty, forget_notice, show_notice, shows_problems
from reporting.shell.ui_words import as_text
from reporting.treatments.read_treatments import find_patients

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


def _send(shown: CheckInPage, answers: dict[str, Any], key: str, *, is_short: bool = False) -> None:
    how = st.session_state[_HOW]

    def send(by: Actor) -> None:
        st.session_state[_done(shown.treatment_id)] = submit_check_in(
            by=by,
            treatment_id=shown.treatment_id,
            answers=answers,
            submission_key=key,
            source="proxy",
            answered_by=how,
            is_short=is_short,
        )

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
            shown.form,
            shown.contact,
            "en",
            here,
            answer=lambda question, given: _answer(shown, question, given),
            understood=lambda: _kept(
                shown.treatment_id,
                lambda by: keep_warned(by=by, treatment_id=shown.treatment_id, submission_key=key),
            ),
            send=lambda: _send_all(shown),
            finish=lambda: _send(shown, dict(shown.answers), shown.draft_key or key, is_short=True),
        )
    )


def told(shown: CheckInPage, sent: Receipt) -> None:
    """What to tell the patient now, in the words that they would have read."""
    st.success(f"The check-in is kept under the number {sent.check_in_id}. Tell the patient now:")
    with st.container(border=True):
        card(shown.contact.tells(sent.guidance), shown.contact)
    if sent.case_id is not None:
        st.markdown("The worklist shows it as a case.")
    st.button("Take another check-in", key="proxy_again", on_click=begin_anew, args=(shown.treatment_id,))


def _chosen_patient(by: Actor) -> int | None:
    wanted = st.text_input(
        "Find by reference", key="proxy_search", max_chars=64, icon=":material/search:", placeholder="For example 0042"
    )
    if not wanted.strip():
        empty("Who is it?", "Type in the clinic's own number of the patient.")
        return None
    found = {row.patient_id: row.reference for row in find_patients(by, wanted)}
    if not found:
        empty("No patient has such a reference.", "Look for a shorter part of it.")
        return None
    chosen: int | None = st.selectbox(
        "Patient",
        list(found),
        0 if len(found) == 1 else None,
        key="proxy_patient",
        format_func=found.__getitem__,
        placeholder="Choose",
    )
    return chosen


def _chosen_treatment(patient: AskedPatient) -> int | None:
    if patient.is_erased or not patient.treatments:
        empty("There is nothing to ask about.", "This patient has no treatment in the last year.")
        return None
    names = {
        one.treatment_id: f"{words.day(one.performed_on)}: {one.procedure}, {', '.join(one.areas)}".rstrip(", ")
        for one in patient.treatments
    }
    if len(names) == 1:
        return next(iter(names))
    chosen: int | None = st.selectbox("Treatment", list(names), 0, format_func=names.__getitem__, key="proxy_treatment")
    return chosen


def _check_in(by: Actor, treatment_id: int) -> None:
    shown = check_in_page(by, treatment_id)
    st.markdown(f"Day {shown.recovery_day} after: {shown.treatment_line}")
    show_notice(PLACE)
    sent = receipt(treatment_id)
    if sent is not None:
        told(shown, sent)
    elif shown.is_stopped:
        empty("This patient asked us to stop.", "No new answers are kept. They can start again on their own page.")
    else:
        if shown.sent_today is not None:
            st.info("A check-in was sent today already. A further one is kept beside it.")
        questions(shown)


def _asked(by: Actor, kind: str, key: int, read: Callable[[], AskedPatient]) -> AskedPatient:
    return on_record(by, Purpose.PROXY, kind, key, read, lambda it: it.patient_id)


@shows_problems
@of_one_state
def page() -> None:
    st.title("Take a check-in")
    by = current_actor()
    treatment_id = number_in_address("treatment")
    with patient_column():
        if treatment_id is None:
            patient_id = number_in_address("patient") or _chosen_patient(by)
            if patient_id is None:
                return
            patient = _asked(by, "patient", patient_id, lambda: asked_patient(by, patient_id))
        else:
            treated = treatment_id
            patient = _asked(by, "treatment", treated, lambda: asked_patient(by, patient_of(by, treated)))
        st.markdown(f"Patient **{as_text(patient.reference)}**. You read the questions out and choose what they say.")
        treatment_id = treatment_id or _chosen_treatment(patient)
        if treatment_id is not None:
            _check_in(by, treatment_id)


if __name__ == "__main__":
    page()
