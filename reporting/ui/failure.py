"""What a person sees when a page fails: no details, a number to quote, and what to do."""

import logging
import secrets

import streamlit as st

from reporting.errors import Problem

log = logging.getLogger("reporting.pages")


def say(problem: Problem) -> None:
    """A named problem on the page: what is wrong and the way out."""
    st.error(f"**{problem.message}** {problem.what_to_do}")


def on_script_error(error: Exception) -> bool:
    """Draw a plain message in place of a traceback. Named problems say what they are; others get a number."""
    if isinstance(error, Problem):
        say(error)
        return True
    number = secrets.token_hex(4)
    log.error("page failed %s %s", number, type(error).__name__, exc_info=error)
    st.error(f"**This page could not be shown.** Nothing that you sent is lost. Load it again. If it stays so, tell "
             f"the administrator the number {number}.")  # fmt: skip
    return True
