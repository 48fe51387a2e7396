"""A plain page of the patient in their language and direction, problems included."""

from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from reporting.domain.language import languages, translator
from reporting.domain.patient_words import say
from reporting.errors import Problem
from reporting.web import html
from reporting.web.language import language_of


def patient_page(request: Request, template: str, problem: Problem | None = None, **values: Any) -> Response:
    """The page from its template; ``say`` in it gives sentences in the patient's language."""
    code = language_of(request)
    told = None
    if problem is not None:
        words = translator(code)
        told = Problem(words(problem.message), what_to_do=words(problem.what_to_do))
    return html.page(
        template, problem.status if problem else 200, told, say=partial(say, language=code), lang=code,
        dir=languages()[code].direction, **values,
    )  # fmt: skip
