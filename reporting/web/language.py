"""The language of a request: chosen by hand, else by the browser; and the choosing of one."""

from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from reporting.actions import sessions
from reporting.actions.language import set_language
from reporting.domain.language import best_language, languages
from reporting.errors import SignInNeeded
from reporting.settings import settings
from reporting.web import html

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
        COOKIE, code, max_age=YEAR_S, path="/", httponly=True, samesite="lax",
        secure=settings().secure_cookies,
    )  # fmt: skip
    return answer


async def choose(request: Request) -> Response:
    """POST ``language`` and ``back``: go on with the page in that language."""
    given = await html.fields(request, "language", "back")
    answer = RedirectResponse(_own_path(given["back"]), status_code=303)
    if given["language"] not in languages():
        return answer
    try:
        by = await run_in_threadpool(sessions.actor_of, request.cookies.get(sessions.cookie_name()))
    except SignInNeeded:
        pass
    else:
        await run_in_threadpool(lambda: set_language(by=by, code=given["language"]))
    return remember(answer, given["language"])
