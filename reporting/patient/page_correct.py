"""Where a patient changes a report or takes it back.

To change a report or take it back: why, the same questions as before, and what it means then.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

import streamlit as st

from reporting.domain.actors import Actor
from reporting.domain.answers import Question
from reporting.domain.check_in_form import NOTE, REVIEW
from reporting.domain.corrections import OWN_WORDS_CHARACTERS, REASONS
from reporting.domain.guidance import warned
from reporting.domain.patient_words import say
from reporting.domain.questionnaire import answered
from reporting.domain.triage import Guidance
from reporting.errors import NotAllowed, Problem, SignInNeeded
from reporting.patient.act_corrections import correct_check_in, keep_change, stop_correcting, withdraw_check_in
from reporting.patient.read_check_in import check_in_page
from reporting.patient.read_contact import ClinicContact
from reporting.patient.read_recovery import CorrectionPage, correction_page
from reporting.patient.ui_check_in import CheckInState, Form, card, draw, foot, forget_ticks, written_note
from reporting.patient.ui_recovery import answers_part, head_line, locked_part
from reporting.shell.ui_identity import current_actor
from reporting.shell.ui_links import go, number_in_address
from reporting.shell.ui_patient import language, patient_column, problem_part, said, sign_in_needed, to_top

Step = Literal["report", "why", "own_words", "answers", "sure", "corrected", "withdrawn"]
OTHER = "other"
_OWN_WORDS = "correction_words"


@dataclass
class Correcting:
    """What this tab remembers of a change: where the person is, what they want, and why."""

    step: Step = "report"
    way: Literal["answers", "sure"] = "answers"
    reason: str = ""
    guidance: Guidance | None = None
    here: CheckInState = field(default_factory=lambda: CheckInState(key=secrets.token_urlsafe(16), at=REVIEW))


def correcting(check_in_id: int) -> Correcting:
    """This tab's state of the change of that report, made on first use."""
    kept: Correcting = st.session_state.setdefault(f"correcting:{check_in_id}", Correcting())
    return kept


def _attempt(state: Correcting, action: Callable[[Actor], Any], language: str, question: Question | None = None) -> Any:
    """What the action gave, or None with the problem in plain words on the page."""
    try:
        found = action(current_actor())
    except Problem as problem:
        state.here.problem = said(problem, language, question=question)
        return None
    state.here.problem = ""
    forget_ticks()
    return found if found is not None else True


def _to(state: Correcting, step: Step) -> None:
    state.step, state.here.problem = step, ""


def _choose(state: Correcting, way: Literal["answers", "sure"]) -> None:
    state.way = way
    _to(state, "why")


def report_part(shown: CorrectionPage, state: Correcting, language: str) -> None:
    """What was sent, and the two ways on."""
    words = partial(say, language=language)
    with st.container(border=True):
        st.markdown(f"**{head_line(shown.sent, shown.timezone, language)}**")
        answers_part(shown.sent, language)
    st.write(words("correct_kept"))
    begun = "go_on_changing" if shown.draft_key else "change_answers"
    st.button(words(begun), type="primary", width="stretch", on_click=_choose, args=(state, "answers"))
    st.button(words("take_back"), width="stretch", on_click=_choose, args=(state, "sure"))


def _because(state: Correcting, reason: str) -> None:
    state.reason = reason
    _to(state, "own_words" if reason == OTHER else state.way)


def why_part(_shown: CorrectionPage, state: Correcting, language: str) -> None:
    """The reasons as wide buttons; one tap leads on."""
    st.header(say("correct_why" if state.way == "answers" else "take_back_why", language), anchor=False)
    for code in REASONS:
        label = say(f"reason_{code}", language)
        st.button(label, key=f"because:{code}", width="stretch", on_click=_because, args=(state, code))
    _back(state, "report", language)


def _back(state: Correcting, to: Step, language: str) -> None:
    st.button(say("back", language), type="tertiary", width="stretch", on_click=_to, args=(state, to), key="step_back")


def own_words_part(_shown: CorrectionPage, state: Correcting, language: str) -> None:
    """Another reason, in the person's own words; it may stay empty."""
    st.text_area(say("reason_words", language), key=_OWN_WORDS, max_chars=OWN_WORDS_CHARACTERS)
    st.button(say("continue", language), type="primary", width="stretch", on_click=_in_own_words, args=(state,))
    _back(state, "why", language)


def _in_own_words(state: Correcting) -> None:
    words = str(st.session_state.get(_OWN_WORDS) or "").strip()
    state.reason = f"{OTHER}: {words}" if words else OTHER
    _to(state, state.way)


def sure_part(shown: CorrectionPage, state: Correcting, language: str) -> None:
    """Asked once more: what is taken back counts no longer."""

    def take_back() -> None:
        found = _attempt(
            state,
            lambda by: withdraw_check_in(by=by, check_in_id=shown.sent.check_in_id, reason=state.reason),
            language,
        )
        state.step = "sure" if found is None else "withdrawn"

    st.header(say("take_back_sure", language), anchor=False)
    if state.here.problem:
        st.error(state.here.problem)
    st.button(say("yes_take_back", language), type="primary", width="stretch", on_click=take_back)
    st.button(say("no_keep", language), width="stretch", on_click=_to, args=(state, "report"))


def answers_flow(shown: CorrectionPage, state: Correcting, language: str) -> None:
    """The same questions as in a check-in, beginning with all the answers given then."""
    key = shown.draft_key or state.here.key

    def keep(fresh: Callable[[], dict[str, Any]], question: Question | None = None) -> None:
        def save(by: Actor) -> None:
            keep_change(
                by=by,
                check_in_id=shown.sent.check_in_id,
                answers=fresh(),
                submission_key=key,
                language=language,
            )

        if _attempt(state, save, language, question) is not None:
            state.here.at = REVIEW

    def send(*, is_short: bool = False) -> None:
        answers = dict(shown.answers)
        if (note := written_note()) is not None:
            answers[NOTE] = note
        found = _attempt(
            state,
            lambda by: correct_check_in(
                by=by,
                check_in_id=shown.sent.check_in_id,
                answers=answers,
                reason=state.reason,
                submission_key=key,
                language=language,
                is_short=is_short,
            ),
            language,
        )
        if found is not None:
            state.step, state.guidance = "corrected", found.guidance

    draw(
        Form(
            shown.form,
            shown.contact,
            language,
            state.here,
            answer=lambda question, given: keep(
                lambda: answered(shown.answers, question.id, given, shown.context), question
            ),
            understood=lambda: keep(lambda: warned(shown.answers, shown.context)),
            send=send,
            finish=lambda: send(is_short=True),
        )
    )
    st.button(
        say("stop_changing", language), width="stretch", type="tertiary", on_click=_stop, args=(shown, state, language)
    )


def _stop(shown: CorrectionPage, state: Correcting, language: str) -> None:
    check_in_id = shown.sent.check_in_id
    if _attempt(state, lambda by: stop_correcting(by=by, check_in_id=check_in_id), language) is not None:
        state.here.at = REVIEW
        _to(state, "report")


def done_part(state: Correcting, contact: ClinicContact, language: str) -> None:
    """What the changed answers mean, as after a check-in; or that the report was taken back."""
    if state.step == "withdrawn":
        st.success(say("was_taken_back", language))
    if state.step == "corrected" and state.guidance is not None:
        card(contact.tells(state.guidance, language), contact, language)
        st.write(say("was_changed", language))


def back_part(language: str) -> None:
    """The way back to the home."""
    if st.button(say("back_home", language), width="stretch", key="back_home"):
        go("home")


STEPS: dict[Step, Callable[[CorrectionPage, Correcting, str], None]] = {
    "report": report_part,
    "why": why_part,
    "own_words": own_words_part,
    "answers": answers_flow,
    "sure": sure_part,
}


def _drawn(code: str) -> None:
    by, check_in_id = current_actor(), number_in_address("report") or 0
    state = correcting(check_in_id)
    if state.step in STEPS:
        shown = correction_page(by, check_in_id)
        contact = shown.contact
        STEPS[state.step](shown, state, code)
    else:
        contact = check_in_page(by).contact
        done_part(state, contact, code)
    back_part(code)
    foot(contact, code)
    to_top(f"correct:{state.step}:{state.here.at}")


def page() -> None:
    """The report and the ways to change it; for what cannot be changed, why not and the way back."""
    code = language()
    with patient_column():
        try:
            st.title(say("correct_title", code), anchor=False)
            _drawn(code)
        except SignInNeeded:
            sign_in_needed(code)
        except NotAllowed:
            locked_part(code)
        except Problem as problem:
            problem_part(problem, code)
            back_part(code)


if __name__ == "__main__":
    page()
