"""The patient's home: what comes next, how it goes, what the clinic did, photos, and what was sent.

Two of the patient's photos side by side, by date.
"""

from collections.abc import Sequence
from html import escape

import streamlit as st

from reporting.domain.patient_words import long_day, say
from reporting.errors import Problem, SignInNeeded
from reporting.patient.read_photos import PhotoLine, photos_of
from reporting.patient.read_recovery import recovery_page
from reporting.patient.ui_check_in import call_button, foot
from reporting.patient.ui_recovery import (
    advice_part,
    course_part,
    locked_part,
    next_part,
    past_part,
    show_notice,
    steps_part,
)
from reporting.shell.pages import Plain
from reporting.shell.read_scope import of_one_state
from reporting.shell.ui_identity import current_actor
from reporting.shell.ui_links import page_link
from reporting.shell.ui_patient import language, language_links, patient_column, problem_part, sign_in_needed, to_top

WIDTH_PX = 640
_PAIR = "display:grid;grid-template-columns:repeat({columns},minmax(0,1fr));gap:.75rem"
_IMAGE = "width:100%;height:auto;border-radius:.5rem;display:block"


def _caption(photo: PhotoLine, language: str) -> str:
    return say("photo_caption", language, date=long_day(photo.on, language), day=photo.recovery_day) + photo.which


def _figure(photo: PhotoLine, language: str) -> str:
    """The picture by its own authorised address: Streamlit's media files would be open to anyone."""
    alt = say("photo_of", language, date=long_day(photo.on, language), day=photo.recovery_day) + photo.which
    address = f"{Plain.PHOTO}/{photo.photo_id}"
    return (
        f'<figure style="margin:0"><a href="{address}" target="_blank"><img src="{address}?w={WIDTH_PX}" '
        f'width="{photo.width_px}" height="{photo.height_px}" loading="lazy" style="{_IMAGE}" alt="{escape(alt)}"></a>'
        f'<figcaption dir="auto">{escape(_caption(photo, language))}</figcaption></figure>'
    )


def _chosen(photos: Sequence[PhotoLine], side: str, index: int, language: str) -> PhotoLine:
    captions = {photo.photo_id: _caption(photo, language) for photo in photos}
    chosen = st.selectbox(
        say(side, language), list(captions), index=index, key=side, filter_mode=None, format_func=captions.__getitem__
    )
    return next((photo for photo in photos if photo.photo_id == chosen), photos[index])


def photos_part(photos: Sequence[PhotoLine], language: str) -> None:
    """The first photo beside the newest; with more than two, any two."""
    st.header(say("photos", language), anchor=False)
    if not photos:
        st.write(say("no_photos", language))
        return
    pair = list(photos)
    if len(photos) > 2:
        left, right = st.columns(2)
        with left:
            first = _chosen(photos, "photo_left", 0, language)
        with right:
            second = _chosen(photos, "photo_right", len(photos) - 1, language)
        pair = [first, second]
    figures = "".join(_figure(photo, language) for photo in pair)
    # The photo called left stays on the left where lines are read from the right.
    st.html(f'<div dir="ltr" style="{_PAIR.format(columns=len(pair))}">{figures}</div>')
    st.write(say("photo_large", language))


@of_one_state
def _drawn(code: str) -> None:
    by = current_actor()
    shown = recovery_page(by)
    check_in = shown.check_in
    st.title(say("home_title", code), anchor=False)
    st.markdown(f"**{say('day', code, day=check_in.recovery_day, treatment=check_in.treatment_words(code))}**")
    show_notice()
    advice_part(shown, code)
    next_part(shown, code)
    if shown.history is None:
        locked_part(code)
    else:
        course_part(shown.history, code)
        steps_part(shown.history, shown.timezone, code)
        photos_part(photos_of(by, treatment_id=check_in.treatment_id), code)
        past_part(shown.history.past, check_in.contact, shown.timezone, code)
    if shown.urgent is None:
        call_button(check_in.contact, code)
    page_link("data", say("data_open", code))
    foot(check_in.contact, code)
    to_top("home")


def page() -> None:
    """The home in one readable column; a session that ended is told how to go on."""
    code = language()
    with patient_column():
        try:
            _drawn(code)
        except SignInNeeded:
            sign_in_needed(code)
        except Problem as problem:
            st.title(say("home_title", code), anchor=False)
            problem_part(problem, code)
        language_links()


if __name__ == "__main__":
    page()
