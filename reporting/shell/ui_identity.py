"""Who is looking at the page: asked of the database on every rerun, never kept in the page's own state."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from urllib.parse import urlsplit

import streamlit as st

from reporting.domain.actors import Actor
from reporting.errors import OtherTreatment, SignInNeeded
from reporting.security.tokens import is_page_of
from reporting.shell import act_sessions
from reporting.shell.act_sessions import actor_of, cookie_name
from reporting.shell.ui_links import OF

NOBODY: tuple[float, Actor | None] = (0.0, None)
SAME_RUN_S = 1.0
"""A callback's run begins at once; whoever was asked for longer ago belongs to a run that never came."""
_WHOSE = "whose_page"
_OF_THIS_TAP: ContextVar[tuple[float, Actor | None]] = ContextVar("actor of this tap", default=NOBODY)
_OF_THIS_RUN: ContextVar[Actor | None] = ContextVar("actor of this run", default=None)


def cookie_value() -> str | None:
    """The session's secret from this connection's cookies; None where there is none."""
    value = st.context.cookies.get(cookie_name())
    return value if isinstance(value, str) else None


def _whose_page(actor: Actor) -> Actor:
    """The actor, if this page is theirs. Raises OtherTreatment.

    A page that connects anew comes with the browser's cookies of that moment, which may be those of another link,
    and with what was typed before: so the page's address says for which treatment it is, and so does its own state.
    """
    mine, mark = (actor.kind, actor.id, actor.treatment_id), st.query_params.get(OF, "")
    before = st.session_state.setdefault(_WHOSE, mine)
    if before != mine and "patient" in (before[0], actor.kind):
        raise OtherTreatment()
    if mark and (actor.treatment_id is None or not is_page_of(mark, actor.treatment_id)):
        raise OtherTreatment()
    return actor


def current_actor(*, by_hand: bool = True) -> Actor:
    """The signed-in person. Raises SignInNeeded, and OtherTreatment where the browser is another link's by now.

    ``by_hand`` is false where the page refreshes by itself.

    Callbacks and parts that redraw alone ask the database; a page drawn as a whole was asked for already.
    """
    return _OF_THIS_RUN.get() or _whose_page(actor_of(cookie_value(), by_hand=by_hand))


def actor_later() -> Callable[[], Actor]:
    """Who is signed in when the result is called. For what Streamlit runs outside of every run, where cookies cannot be
    read: a file that is made when it is asked for. That raises SignInNeeded once the session has ended."""
    secret = cookie_value()
    return lambda: actor_of(secret)


def actor_of_this_tap() -> Actor:
    """The signed-in person, for a button's callback whose run draws the whole page right after it.

    That run then need not ask again. Raises SignInNeeded.
    """
    actor = _whose_page(actor_of(cookie_value()))
    _OF_THIS_TAP.set((time.monotonic(), actor))
    return actor


def actor_of_this_run() -> Actor:
    """Who this run is for: asked of the database, unless its callback did a moment ago. Raises SignInNeeded."""
    asked_at, actor = _OF_THIS_TAP.get()
    _OF_THIS_TAP.set(NOBODY)
    if actor is not None and time.monotonic() - asked_at < SAME_RUN_S:
        return actor
    return current_actor()


def note_refused(where: str) -> None:
    """Somebody who is signed in asked for what their role does not allow: one audit row per person, page and window."""
    try:
        by = current_actor(by_hand=False)
    except (SignInNeeded, OtherTreatment):
        return
    act_sessions.note("access.refused", where, by=by)


def address_asked_for() -> str:
    """The page's address in the browser, as in ``timeline``; empty for the first page and for made-up ones."""
    path = urlsplit(st.context.url or "").path.strip("/")
    return path if path.isascii() and path.replace("-", "").isalpha() and len(path) <= 20 else ""


@contextmanager
def asked_for(actor: Actor | None) -> Iterator[None]:
    """While the page is drawn as a whole, the actor is the one that this run has just asked for."""
    token = _OF_THIS_RUN.set(actor)
    try:
        yield
    finally:
        _OF_THIS_RUN.reset(token)
