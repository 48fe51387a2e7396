"""The patient's check-in: one question a screen, then what it means.

What the check-in says about consent and about who answers.

Adding photos to a check-in that is being filled in: from the files or the camera of the device.

What the buttons of the check-in do: keep an answer, note that a warning was read, send.
"""

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from html import escape
from typing import Any

import streamlit as st

from reporting.domain.actors import Actor
from reporting.domain.answers import Question
from reporting.domain.check_in_form import NOTE
from reporting.domain.content import content
from reporting.domain.content_rows import ConsentText
from reporting.domain.language import ENGLISH, translator
from reporting.domain.patient_words import long_day, say
from reporting.domain.questionnaire import NO_PROBLEMS
from reporting.errors import OtherTreatment, Problem, SignInNeeded
from reporting.patient.act_check_ins import keep_answer, keep_warned, submit_check_in
from reporting.patient.act_photos import add_photo, refusal_words, remove_photo, upload_key
from reporting.patient.read_check_in import CheckInPage, check_in_page
from reporting.patient.read_contact import ClinicContact
from reporting.patient.read_photos import PhotoLine, WaitingPhotos, waiting_photos
from reporting.patient.ui_check_in import (
    Form,
    call_button,
    confirmation,
    draw,
    flag_part,
    foot,
    forget_ticks,
    start_over,
    state,
    written_note,
)
from reporting.security.permissions import may
from reporting.shell.pages import Plain, page_at, path_of
from reporting.shell.ui_identity import actor_of_this_tap, current_actor
from reporting.shell.ui_links import leave_link, whose
from reporting.shell.ui_patient import language, not_this_page, patient_column, sign_in_needed, to_top

CARER = "answers_for_another"
"""Key of the tick of somebody who answers for the patient."""


def answered_by() -> str:
    """``carer`` when that is ticked on the review page."""
    return "carer" if st.session_state.get(CARER) else ""


def consent_part(text: ConsentText | None, language: str = ENGLISH) -> None:
    """The sentence that answering agrees to, and the whole text one tap away; nothing once it was agreed to."""
    if text is None:
        return
    translate = translator(language)
    with st.container(border=True):
        st.write(translate(text.agree))
        with st.expander(translate(text.title)):
            st.write(translate(text.text))


def stopped_part(contact: ClinicContact, language: str = ENGLISH) -> None:
    """In place of the questions, when the patient asked us to stop."""
    st.header(say("stopped_title", language), anchor=False)
    st.write(say("stopped", language))
    call_button(contact, language, strong=True)
    leave_link(say("data_open", language), path_of("data"))


KINDS = ["image/jpeg", "image/png", "image/webp"]
"""Asking for these makes phones hand over JPEG where they store something else."""
_KEY = "photo_state"
_SMALL = "max-height:12rem;max-width:100%;width:auto;height:auto;border-radius:.5rem;display:block"


@dataclass
class _State:
    """``round`` names the widgets: a new one empties them. ``problem`` stays until the next try."""

    round: str = field(default_factory=lambda: secrets.token_hex(4))
    problem: str = ""


def _state() -> _State:
    kept: _State = st.session_state.setdefault(_KEY, _State())
    return kept


def _take(widget: str, treatment_id: int, language: str) -> None:
    """Keep what was just chosen; either way the widget is empty again."""
    chosen, here = st.session_state.get(widget), _State()
    if chosen is None:
        return
    try:
        by, data = current_actor(), chosen.getvalue()
        key = upload_key(waiting_photos(by, treatment_id).draft_key, data)
        add_photo(by=by, treatment_id=treatment_id, data=data, submission_key=key, language=language)
    except Problem as problem:
        here.problem = f"{refusal_words(problem, language)} {say('photo_again', language)}"
    st.session_state[_KEY] = here


def _remove(photo_id: int, language: str) -> None:
    here = _state()
    try:
        remove_photo(by=current_actor(), photo_id=photo_id, reason="taken back")
    except Problem as problem:
        here.problem = refusal_words(problem, language)
    else:
        here.problem = ""


def _waiting(photo: PhotoLine, number: int, language: str, *, may_see: bool) -> None:
    with st.container(border=True):
        st.write(say("photo_added", language, number=number))
        if may_see:
            alt = say("photo_of", language, date=long_day(photo.on, language), day=photo.recovery_day)
            st.html(f'<img src="{Plain.PHOTO}/{photo.photo_id}?w=320" style="{_SMALL}" alt="{escape(alt)}">')
        st.button(
            say("photo_remove", language, number=number),
            key=f"photo_remove_{photo.photo_id}",
            width="stretch",
            on_click=_remove,
            args=(photo.photo_id, language),
        )


def _choose(treatment_id: int, language: str) -> None:
    here = _state()
    chooser, camera = f"photo_file_{here.round}", f"photo_camera_{here.round}"
    take = partial(_take, treatment_id=treatment_id, language=language)
    # No lower limit here: Streamlit would refuse with a mark that a phone cannot read; our sentence comes after.
    st.file_uploader(say("photo_choose", language), type=KINDS, key=chooser, on_change=take, args=(chooser,))
    if st.toggle(say("photo_use_camera", language), key="photo_use_camera"):
        st.camera_input(say("photo_take", language), key=camera, on_change=take, args=(camera,))


def _add(treatment_id: int, waiting: WaitingPhotos, language: str) -> None:
    agree = translator(language)(content().consents["photos"].agree)
    st.write(say("photo_hint", language, count=waiting.most, megabytes=waiting.most_mb))
    st.write(f"{say('photo_private', language)} {agree}")
    _choose(treatment_id, language)


def add_photos(treatment_id: int, language: str) -> None:
    """The photos that wait to be sent, each with a way to take it back, and the way to add another."""
    by, problem = current_actor(), _state().problem
    waiting = waiting_photos(by, treatment_id)
    with st.expander(say("photo_title", language), expanded=bool(waiting.photos or problem)):
        for number, photo in enumerate(waiting.photos, start=1):
            _waiting(photo, number, language, may_see=may(by, "history.read"))
        if problem:
            st.error(problem)
        if waiting.is_full:
            st.write(say("photo_limit", language, count=len(waiting.photos)))
        else:
            _add(treatment_id, waiting, language)


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
        here.problem = shown.form.problem(problem, question.id if question else "", language())
        return False
    here.at, here.problem = here_at, ""
    forget_ticks()
    return True


def _send(shown: CheckInPage, answers: dict[str, Any], key: str, *, is_short: bool = False) -> None:
    def send(by: Actor) -> None:
        submit_check_in(
            by=by,
            treatment_id=shown.treatment_id,
            answers=answers,
            submission_key=key,
            language=language(),
            answered_by=answered_by(),
            is_short=is_short,
        )

    if _attempt(shown, "", send, None):
        start_over(again=False)
    elif state().problem:
        state().problem = f"{say('not_sent', language())} {state().problem}"


def _answer(shown: CheckInPage, question: Question, given: Any) -> None:
    if {question.id: given} == NO_PROBLEMS:
        if shown.asks_first and not state().is_asked:
            state().problem, state().is_asked = say(shown.asks_first, language()), True
            return
        state().is_asked = False
        _send(shown, dict(NO_PROBLEMS), shown.no_problems_key)
        return
    key, state().is_asked = state().key, False

    def keep(by: Actor) -> None:
        keep_answer(
            by=by,
            treatment_id=shown.treatment_id,
            question_id=question.id,
            given=given,
            submission_key=key,
            language=language(),
        )

    _attempt(shown, "", keep, question)


def _understood(shown: CheckInPage) -> None:
    key = state().key
    _attempt(
        shown,
        state().at,
        lambda by: keep_warned(by=by, treatment_id=shown.treatment_id, submission_key=key, language=language()),
        None,
    )


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
        shown.form,
        shown.contact,
        spoken,
        here,
        answer=lambda question, given: _answer(shown, question, given),
        understood=lambda: _understood(shown),
        send=lambda: _send_all(shown),
        finish=lambda: _send(shown, dict(shown.answers), shown.draft_key or here.key, is_short=True),
        beside_note=lambda: _beside_note(shown, spoken),
        below_first=lambda: consent_part(shown.consent, spoken),
    )


def _draw(shown: CheckInPage, spoken: str) -> str:
    """Draws what there is to see now and returns which of it that is."""
    place = ""
    st.title(say("title", spoken), anchor=False)
    st.markdown(f"**{say('day', spoken, day=shown.recovery_day, treatment=shown.treatment_words(spoken))}**")
    if shown.is_stopped:
        stopped_part(shown.contact, spoken)
    elif shown.sent_today and not shown.answers and not state().again:
        flag_part(shown.flag_above_sent, shown.contact, spoken)
        confirmation(shown.sent_today, shown.contact, spoken)
        place = f"sent {shown.sent_today.check_in_id}"
        st.button(say("again", spoken), width="stretch", on_click=start_over, kwargs={"again": True})
        st.page_link(page_at("home").path, label=say("home", spoken), width="stretch", query_params=whose() or None)
    else:
        flag_part(shown.flag_above, shown.contact, spoken)
        place = draw(form(shown, spoken))
    foot(shown.contact, spoken)
    return place


def page() -> None:
    """Questions while there is something to answer, else the confirmation of what was sent today."""
    spoken = language()
    try:
        shown = check_in_page(current_actor())
    except SignInNeeded:
        sign_in_needed(spoken)
        return
    except OtherTreatment:
        not_this_page(spoken)
        return
    with patient_column():
        place = _draw(shown, spoken)
    to_top(place)


if __name__ == "__main__":
    page()
