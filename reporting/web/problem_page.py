"""What is said when a page cannot be given: to patients in their language and words, to staff what went wrong."""

from functools import partial

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from reporting.actions import sessions
from reporting.domain.actors import Actor
from reporting.domain.language import languages
from reporting.domain.patient_problems import plain_words
from reporting.domain.patient_words import say
from reporting.errors import LinkNotValid, NotAllowed, NotFound, Problem, SignInNeeded, TooManyTries
from reporting.web import html
from reporting.web.language import language_of

_STAFF_ONLY = ("/sign-in", "/sign-out", "/set-up", "/demo")
_SAID = {
    NotFound: ("not_here", "not_here_do"), NotAllowed: ("not_here", "not_here_do"),
    SignInNeeded: ("signed_out", "signed_out_do"), LinkNotValid: ("link_over", "link_over_do"),
    TooManyTries: ("too_many_tries", "too_many_tries_do"),
}  # fmt: skip


def visitor(request: Request) -> Actor | None:
    """Who is signed in, None where nobody is. Asks the database."""
    try:
        return sessions.actor_of(request.cookies.get(sessions.cookie_name()), by_hand=False)
    except Problem:
        return None


def for_staff(problem: Problem) -> Response:
    """The problem as it is, with the way to the first page."""
    return html.page("problem.html", problem.status, problem, heading="That did not work", staff=True)


def in_plain_words(problem: Problem, language: str) -> Problem:
    """The problem as a patient reads it."""
    names = next((names for kind, names in _SAID.items() if isinstance(problem, kind)), None)
    if names is None:
        return Problem(plain_words(problem, language), what_to_do=say("call_if_urgent", language))
    return Problem(say(names[0], language), what_to_do=say(names[1], language))


def for_patients(request: Request, problem: Problem, *, heading: str = "went_wrong_title") -> Response:
    """The problem in the language of the browser, with the ways in and the emergency numbers."""
    code = language_of(request)
    return html.page(
        "problem.html", problem.status, in_plain_words(problem, code), heading=say(heading, code),
        say=partial(say, language=code), lang=code, dir=languages()[code].direction, staff=False,
    )  # fmt: skip


async def problem_page(request: Request, problem: Problem) -> Response:
    """The page for a problem that no route has told by itself."""
    by = await run_in_threadpool(visitor, request)
    is_for_staff = by.kind == "staff" if by else request.url.path in _STAFF_ONLY
    return for_staff(problem) if is_for_staff else for_patients(request, problem)
