"""What is said when a page cannot be given: to patients in their language and words, to staff what went wrong.

The language of a request: chosen by hand, else by the browser; and the choosing of one.

A plain page of the patient in their language and direction, problems included.

Slows down who tries links, by where they come from. In memory: looking at a link must write nothing.

A link that works is looked up first and never braked, so nobody is locked out by what others try.
"""

import threading
import time
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from reporting.domain.actors import Actor
from reporting.domain.guidance import emergency_words
from reporting.domain.language import best_language, isolated, languages, translator
from reporting.domain.patient_words import plain_words, say
from reporting.errors import LinkNotValid, NotAllowed, NotFound, OtherTreatment, Problem, SignInNeeded, TooManyTries
from reporting.settings import settings
from reporting.shell import act_sessions, web_html
from reporting.shell.act_consent import set_language
from reporting.shell.pages import Plain
from reporting.shell.read_numbers import UNKNOWN, Numbers, numbers_of

COOKIE = "language"
YEAR_S = 365 * 86_400


def language_of(request: Request) -> str:
    """The language in which this request is answered."""
    return best_language(request.headers.get("accept-language", ""), chosen=request.cookies.get(COOKIE, ""))


def _own_path(address: str) -> str:
    """A path of this site to go back to; anything else becomes the first page."""
    parts = urlsplit(address)
    own = address.startswith("/") and not address.startswith(("//", "/\\")) and not parts.netloc
    return address if own and not parts.scheme else "/"


def remember(answer: Response, code: str) -> Response:
    """Keep the choice in the browser for a year."""
    answer.set_cookie(
        COOKIE,
        code,
        max_age=YEAR_S,
        path="/",
        httponly=True,
        samesite="lax",
        secure=settings().secure_cookies,
    )
    return answer


async def choose(request: Request) -> Response:
    """POST ``language`` and ``back``: go on with the page in that language."""
    given = await web_html.fields(request, "language", "back")
    answer = RedirectResponse(_own_path(given["back"]), status_code=303)
    if given["language"] not in languages():
        return answer
    try:
        by = await run_in_threadpool(act_sessions.actor_of, request.cookies.get(act_sessions.cookie_name()))
    except SignInNeeded:
        pass
    else:
        await run_in_threadpool(lambda: set_language(by=by, code=given["language"]))
    return remember(answer, given["language"])


_STAFF_ONLY = (Plain.SIGN_IN, Plain.SIGN_OUT, Plain.SET_UP, Plain.DEMO, Plain.FORGOT_PASSWORD)
_SAID = {
    NotFound: ("not_here", "not_here_do"),
    NotAllowed: ("not_here", "not_here_do"),
    SignInNeeded: ("signed_out", "signed_out_do"),
    LinkNotValid: ("link_over", "link_over_do"),
    OtherTreatment: ("other_treatment", "other_treatment_do"),
    TooManyTries: ("too_many_tries", "too_many_tries_do"),
}


def visitor(request: Request) -> Actor | None:
    """Who is signed in, None where nobody is. Asks the database."""
    try:
        return act_sessions.actor_of(request.cookies.get(act_sessions.cookie_name()), by_hand=False)
    except Problem:
        return None


def for_staff(problem: Problem) -> Response:
    """The problem as it is, with the way to the first page."""
    return web_html.page("problem.html", problem.status, problem, heading="That did not work", staff=True)


def in_plain_words(problem: Problem, language: str) -> Problem:
    """The problem as a patient reads it."""
    names = next((names for kind, names in _SAID.items() if isinstance(problem, kind)), None)
    if names is None:
        return Problem(plain_words(problem, language), what_to_do=say("call_if_urgent", language))
    return Problem(say(names[0], language), what_to_do=say(names[1], language))


def _in(request: Request, code: str, numbers: Numbers) -> dict[str, Any]:
    """What a page in that language needs: its sentences, its direction, the way to the other languages, and whom to
    call."""
    query = f"?{request.url.query}" if request.url.query else ""
    return {
        "say": partial(say, language=code),
        "lang": code,
        "dir": languages()[code].direction,
        "others": [known for known in languages().values() if known.code != code],
        "here": f"{request.url.path}{query}",
        "numbers": numbers,
        "emergency": emergency_words(numbers.emergency_telephone, code),
        "clinic_number": isolated(numbers.telephone, code),
    }


def for_patients(
    request: Request, problem: Problem, *, heading: str = "went_wrong_title", by: Actor | None = None
) -> Response:
    """The problem in the language of the browser, with the ways in and the numbers of ``by``'s clinic. Asks the
    database."""
    code = language_of(request)
    return web_html.page(
        "problem.html",
        problem.status,
        in_plain_words(problem, code),
        heading=say(heading, code),
        staff=False,
        **_in(request, code, numbers_of(by)),
    )


async def problem_page(request: Request, problem: Problem) -> Response:
    """The page for a problem that no route has told by itself."""
    by = await run_in_threadpool(visitor, request)
    is_for_staff = by.kind == "staff" if by else request.url.path in _STAFF_ONLY
    if is_for_staff:
        return for_staff(problem)
    return await run_in_threadpool(lambda: for_patients(request, problem, by=by))


def patient_page(
    request: Request, template: str, problem: Problem | None = None, *, numbers: Numbers = UNKNOWN, **values: Any
) -> Response:
    """The page from its template; ``say`` in it gives sentences in the patient's language."""
    code = language_of(request)
    told = None
    if problem is not None:
        words = translator(code)
        told = Problem(words(problem.message), what_to_do=words(problem.what_to_do))
    return web_html.page(
        template,
        problem.status if problem else 200,
        told,
        **_in(request, code, numbers),
        **values,
    )


LIMIT = 10
WINDOW_S = 900.0
MOST_SOURCES = 10_000

_lock = threading.Lock()
_failures: dict[str, tuple[float, int]] = {}
"""Source to when its window began and how many links failed since."""


def failed(source: str) -> bool:
    """Count one link that does not work; whether that source has tried too many by now."""
    moment = time.monotonic()
    with _lock:
        began, count = _failures.get(source, (moment, 0))
        if moment - began > WINDOW_S:
            began, count = moment, 0
        if source not in _failures and len(_failures) >= MOST_SOURCES:
            del _failures[next(iter(_failures))]
        _failures[source] = began, count + 1
        return count + 1 > LIMIT


def forget() -> None:
    """Begin anew."""
    with _lock:
        _failures.clear()
