"""What the check-in page remembers between reruns: where the person is, never who they are."""

import secrets
from dataclasses import dataclass, field

import streamlit as st

_KEY = "check_in_state"
REVIEW = "review"


@dataclass
class CheckInState:
    """``at``: the question on screen (empty: the next open one; ``review``). ``again``: a further report today."""

    key: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    at: str = ""
    again: bool = False
    problem: str = ""


def state() -> CheckInState:
    """This tab's state, made on first use."""
    if _KEY not in st.session_state:
        st.session_state[_KEY] = CheckInState()
    kept: CheckInState = st.session_state[_KEY]
    return kept


def start_over(*, again: bool) -> None:
    """Forget where the person was; a new submission key for what comes next."""
    st.session_state[_KEY] = CheckInState(again=again)
