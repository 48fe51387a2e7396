"""Who is looking at the page: asked of the database on every rerun, never kept in the page's own state."""

import streamlit as st

from reporting.actions.sessions import actor_of, cookie_name
from reporting.domain.actors import Actor


def cookie_value() -> str | None:
    """The session's secret from this connection's cookies; None where there is none."""
    value = st.context.cookies.get(cookie_name())
    return value if isinstance(value, str) else None


def current_actor(*, by_hand: bool = True) -> Actor:
    """The signed-in person. Raises SignInNeeded. ``by_hand`` is false where the page refreshes by itself."""
    return actor_of(cookie_value(), by_hand=by_hand)
