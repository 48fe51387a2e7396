"""What a patient reads when something is refused. The problem's own technical words are for logs."""

from reporting.domain.answers import NOT_ASKED, Question
from reporting.domain.language import ENGLISH
from reporting.domain.patient_words import say
from reporting.errors import InvalidInput, Problem

_BY_CODE = {"storage_busy": "busy", "storage_full": "full", "consent_withdrawn": "consent_withdrawn"}


def plain_words(problem: Problem, language: str = ENGLISH, *, question: Question | None = None) -> str:
    """A short sentence for the patient; ``question`` is the one that was being answered, if any."""
    if not isinstance(problem, InvalidInput):
        return say(_BY_CODE.get(problem.code, "went_wrong"), language)
    if problem.found == NOT_ASKED:
        return say("changed", language)
    if question is not None and question.kind == "text":
        if question.max_length is not None and problem.allowed.endswith("characters"):
            return say("note_too_long", language, count=question.max_length)
        return say("note_signs", language)
    return say("choose_one" if question is not None and question.kind == "multiple" else "choose_answer", language)
