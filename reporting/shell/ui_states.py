"""What a page shows when there is nothing, when something went wrong, and after something was done.

What a person sees when a page fails: no details, a number to quote, and what to do.
"""

import logging
import secrets
from collections.abc import Callable
from functools import wraps
from typing import Literal

import streamlit as st

from reporting.domain.actors import Actor
from reporting.domain.devices import setting_fields
from reporting.errors import InvalidInput, NotAllowed, NotFound, Problem, SignInNeeded
from reporting.security.permissions import may
from reporting.shell.pages import Plain, page_at
from reporting.shell.ui_identity import address_asked_for, current_actor, note_refused
from reporting.shell.ui_links import leave_link, page_link
from reporting.shell.ui_words import as_text

_NOTICE = "notice"
NOTHING = ("", None, "0 characters")
"""What is found where a field was left empty."""
_WAYS = {
    "import": ("Import a log", "upload"),
    "record": ("Record a treatment", "add"),
    "patients": ("Patients", "group"),
    "equipment": ("Devices and operators", "build"),
}
"""Pages that fill an empty one: label and icon."""


def shows_problems(page: Callable[[], None]) -> Callable[[], None]:
    """The page; a named problem becomes its message and the way out. Everything else passes through."""

    @wraps(page)
    def drawn() -> None:
        try:
            page()
        except Problem as problem:
            show_problem(problem)

    return drawn


def problem_words(problem: Problem) -> str:
    """The message for people and what they can do. A field is called as the form calls it, and one that was left empty
    is missing."""
    if not isinstance(problem, InvalidInput):
        return f"**{as_text(problem.message)}** {as_text(problem.what_to_do)}"
    setting = setting_fields().get(problem.field)
    name = f"{setting.label} ({setting.unit})" if setting else problem.field.replace("_", " ")
    where = f"Row {problem.row}: " if problem.row is not None else ""
    if problem.found in NOTHING:
        return f"**{where}{name[:1].upper()}{name[1:]} is missing.** Fill it in and send it again."
    said = as_text(f"{where}{name}: found {problem.found!r}; allowed is {problem.allowed}.")
    return f"**{said}** {as_text(problem.what_to_do)}"


def show_problem(problem: Problem) -> None:
    """The message for people and what they can do; for an ended session the way to sign in."""
    st.error(problem_words(problem), icon=":material/error:")
    if isinstance(problem, SignInNeeded):
        leave_link("Sign in", Plain.SIGN_IN)
    if isinstance(problem, NotAllowed):
        note_refused(address_asked_for() or "page")
    if isinstance(problem, NotAllowed | NotFound):
        leave_link("Go to the start page", "/", "small")


def empty(heading: str, words: str, *ways: str) -> None:
    """A calm sentence where a list would be; ``words`` says what to do to fill it.

    ``ways`` are pages where that is done; those that the person may open are offered.
    """
    with st.container(border=True):
        st.markdown(f"**{heading}**")
        st.write(words)
        if ways:
            actor = current_actor(by_hand=False)
            with st.container(horizontal=True):
                for to in ways:
                    label, icon = _WAYS[to]
                    if may(actor, page_at(to).permission):
                        page_link(to, label, icon=f":material/{icon}:")


def no_treatments() -> None:
    """What a page shows before the first treatment: how to come to one."""
    empty("No treatments yet.", "Import a log of your practice system, or record a treatment.", "import", "record")


def tell(kind: Literal["done", "problem"], words: str, *, place: str) -> None:
    """Keep a message for the part of the page called ``place``, until the next one."""
    st.session_state[_NOTICE] = (kind, words, place)


def forget_notice() -> None:
    st.session_state.pop(_NOTICE, None)


def attempt(place: str, done: str, action: Callable[[Actor], object]) -> bool:
    """Run one action from a button's callback and keep what it led to for ``place``. True if it was done.

    Who acts is asked anew: the session may have ended since the button was drawn.
    """
    try:
        action(current_actor())
    except Problem as problem:
        if isinstance(problem, NotAllowed):
            note_refused(place)
        tell("problem", problem_words(problem), place=place)
        return False
    tell("done", done, place=place)
    return True


def show_notice(place: str) -> None:
    """Draw the message kept for ``place``, if there is one."""
    kind, words, where = st.session_state.get(_NOTICE, ("", "", ""))
    if where != place:
        return
    if kind == "done":
        st.success(as_text(words), icon=":material/check_circle:")
    else:
        st.error(words, icon=":material/error:")


log = logging.getLogger("reporting.pages")


def say(problem: Problem) -> None:
    """A named problem on the page: what is wrong and the way out."""
    st.error(problem_words(problem))


def on_script_error(error: Exception) -> bool:
    """Draw a plain message in place of a traceback. Named problems say what they are; others get a number."""
    if isinstance(error, Problem):
        say(error)
        return True
    number = secrets.token_hex(4)
    log.error("page failed %s %s", number, type(error).__name__, exc_info=error)
    st.error(
        f"**This page could not be shown.** Nothing that you sent is lost. Load it again. If it stays so, tell "
        f"the administrator the number {number}."
    )
    return True
