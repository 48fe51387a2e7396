"""Adding photos to a check-in that is being filled in: from the files or the camera of the device."""

import secrets
from dataclasses import dataclass, field
from functools import partial
from html import escape

import streamlit as st

from reporting.actions.photos import add_photo, refusal_words, remove_photo, upload_key
from reporting.domain.content import content
from reporting.domain.language import translator
from reporting.domain.patient_dates import long_day
from reporting.domain.patient_words import say
from reporting.errors import Problem
from reporting.queries.photos import PhotoLine, WaitingPhotos, waiting_photos
from reporting.security.permissions import may
from reporting.ui.identity import current_actor

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
            st.html(f'<img src="/photo/{photo.photo_id}?w=320" style="{_SMALL}" alt="{escape(alt)}">')
        st.button(
            say("photo_remove", language, number=number), key=f"photo_remove_{photo.photo_id}", width="stretch",
            on_click=_remove, args=(photo.photo_id, language),
        )  # fmt: skip


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
