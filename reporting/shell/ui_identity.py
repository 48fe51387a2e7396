"""Who is looking at the page: asked of the database on every rerun, never kept in the page's own state."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from urllib.parse import urlsplit

import streamlit as st

from reporting.domain.actors import Actor
from reporting.errors import SignInNeeded
from reporting.shell import act_sessions
from reporting.shell.act_sessions import actor_of, cookie_name

NOBODY: tuple[float, Actor | None] = (0.0, None)
SAME_RUN_S = 1.0
"""A callback's run begins at once; whoever was asked for longer ago belongs to a run that never came."""
_OF_THIS_TAP: ContextVar[tuple[float, Actor | None]] = ContextVar("actor of this tap", default=NOBODY)
_OF_THIS_RUN: ContextVar[Actor | None] = ContextVar("actor of this run", default=None)


def cookie_value() -> str | None:
    """The session's secret from this connection's cookies; None where there is none."""
    value = st.context.cookies.get(cookie_name())
    return value if isinstance(value, str) else None


def current_actor(*, by_hand: bool = True) -> Actor:
    """The signed-in person. Raises SignInNeeded. ``by_hand`` is false where the page refreshes by itself.

    Callbacks and parts that redraw alone ask the database; a page drawn as a whole was asked for already.
    """
    return _OF_THIS_RUN.get() or actor_of(cookie_value(), by_hand=by_hand)


def actor_later() -> Callable[[], Actor]:
    """Who is signed in when the result is called. For what Streamlit runs outside of every run, where cookies cannot be
    read: a file that is made when it is asked for. That raises SignInNeeded once the session has ended."""
    secret = cookie_value()
    return lambda: actor_of(secret)


def actor_of_this_tap() -> Actor:
    """The signed-in person, for a button's callback whose run draws the whole page right after it.

    That run then need not ask again. Raises SignInNeeded.
    """
    actor = actor_of(cookie_value())
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
    except SignInNeeded:
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
