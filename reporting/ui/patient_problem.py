"""A problem on a patient's page, in the patient's words and language."""

import logging

import streamlit as st

from reporting.domain.answers import Question
from reporting.domain.patient_problems import plain_words
from reporting.domain.patient_words import WORDS, tell
from reporting.errors import Problem

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
