"""What the patient's pages share: a readable column, and the way back in when the session has ended.

The language of a patient's Streamlit page: the one they chose, else the browser's.

A problem on a patient's page, in the patient's words and language.
"""

import logging
from contextlib import AbstractContextManager
from html import escape
from typing import Any
from urllib.parse import urlsplit

import streamlit as st

from reporting.domain.answers import Question
from reporting.domain.language import best_language, languages
from reporting.domain.patient_words import WORDS, plain_words, say, tell
from reporting.errors import Problem
from reporting.shell.pages import Plain
from reporting.shell.ui_links import leave_link

WIDTH_PX = 640
_PLACE = "place"


def patient_column() -> AbstractContextManager[Any]:
    """A column as wide as lines are read well; as wide as the screen on a phone."""
    return st.container(width=WIDTH_PX)


def to_top(place: str) -> None:
    """Begin at the top when another question or page is shown than before; Streamlit stays where it was scrolled.

    Drawn last, so that nothing else moves. Nothing happens where the person has just arrived.
    """
    before = st.session_state.get(_PLACE, place)
    st.session_state[_PLACE] = place
    if before != place:
        st.html(f'<script src="/to-top.js" data-place="{escape(place)}"></script>', unsafe_allow_javascript=True)


def sign_in_needed(language: str) -> None:
    """Not an error: the session has ended, and this is how to go on."""
    with patient_column():
        st.title(say("sign_in_title", language), anchor=False)
        st.write(say("sign_in", language))
        leave_link(say("type_code", language), Plain.CODE, "primary")


def not_this_page(language: str) -> None:
    """The browser is signed in for another treatment than this page: nothing of it is drawn, so nothing is kept."""
    with patient_column():
        st.title(say("sign_in_title", language), anchor=False)
        st.error(f"{say('other_treatment', language)} {say('other_treatment_do', language)}")
        leave_link(say("type_code", language), Plain.CODE, "primary")


COOKIE = "language"


def language() -> str:
    """Code of the language in which this patient reads."""
    chosen, wanted = st.context.cookies.get(COOKIE), st.context.headers.get("Accept-Language")
    return best_language(wanted or "", chosen=chosen if isinstance(chosen, str) else "")


def language_links() -> None:
    """The other languages by their own names, each a form of its own so that no script is needed."""
    here = language()
    others = [known for known in languages().values() if known.code != here]
    if not others:
        return
    buttons = "".join(
        f'<button class="leave small" name="language" value="{known.code}" lang="{known.code}" dir="{known.direction}">'
        f"{known.name}</button>"
        for known in others
    )
    back = escape(urlsplit(st.context.url or "").path or "/", quote=True)
    name = escape(say("language", here), quote=True)
    st.html(
        f'<form class="languages" method="post" action="{Plain.LANGUAGE}" aria-label="{name}">'
        f'<input type="hidden" name="back" value="{back}">{buttons}</form>'
    )


log = logging.getLogger("reporting.pages")


def said(problem: Problem, language: str, *, question: Question | None = None) -> str:
    """What is wrong and what to do; technical words go to the log and never onto the page."""
    log.info("a patient's page: %s %s", problem.code, problem.details)
    if problem.message in WORDS.values():
        return f"{tell(problem.message, language)} {tell(problem.what_to_do, language)}"
    return plain_words(problem, language, question=question)


def problem_part(problem: Problem, language: str) -> None:
    """The problem as a message on the page."""
    st.error(said(problem, language))
