"""``/second-factor``: the page between the password and everything else."""

from functools import partial

import segno
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from reporting.accounts import act_factor
from reporting.errors import Problem, SignInNeeded, TooManyTries
from reporting.shell import act_sessions, web_html
from reporting.shell.pages import Plain, path_of
from reporting.shell.web_source import slowed


def _page(asked: act_factor.Asked, problem: Problem | None = None) -> Response:
    picture = segno.make(asked.setup[1], error="m").svg_data_uri(scale=5, light="#fff") if asked.setup else ""
    secret = asked.setup[0] if asked.setup else ""
    grouped = " ".join(secret[place : place + 4] for place in range(0, len(secret), 4))
    return web_html.page(
        "second_factor.html",
        problem.status if problem else 200,
        problem,
        asked=asked,
        picture=picture,
        secret=grouped,
    )


async def second_factor(request: Request) -> Response:
    """GET shows what is asked for and changes nothing; POST checks a code."""
    secret = request.cookies.get(act_sessions.cookie_name())
    try:
        asked = await run_in_threadpool(act_factor.asked, secret)
        if asked.is_signed_in and asked.setup is None:
            return RedirectResponse(path_of("account"), status_code=303)
        if request.method == "GET":
            return _page(asked)
        code = (await web_html.fields(request, "code"))["code"]
        return await _checked(request, asked, secret, code)
    except SignInNeeded:
        return RedirectResponse(Plain.SIGN_IN, status_code=303)


async def _checked(request: Request, asked: act_factor.Asked, secret: str | None, code: str) -> Response:
    source = await slowed(request, "sign-in")
    try:
        if asked.setup is None:
            cookie = await run_in_threadpool(partial(act_factor.show, secret, code, source=source))
            return web_html.signed_in(cookie, "/")
        cookie, codes = await run_in_threadpool(partial(act_factor.set_up, secret, code, source=source))
        return web_html.with_cookie(web_html.page("recovery_codes.html", codes=codes), cookie)
    except SignInNeeded:
        raise
    except Problem as problem:
        if isinstance(problem, TooManyTries):
            await run_in_threadpool(partial(act_sessions.note, "throttled", "second-factor", source=source))
        return _page(asked, problem)


FACTOR_ROUTES = [Route(Plain.SECOND_FACTOR, second_factor, methods=["GET", "POST"])]
