"""``/unlock``: a patient who came by the link shows a second factor; the session's secret changes with it."""

from datetime import timedelta
from functools import partial

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from reporting.domain.actors import Actor
from reporting.domain.language import isolated
from reporting.domain.patient_words import say
from reporting.errors import InvalidInput, Problem, SignInNeeded, TooManyTries
from reporting.shell import act_second_factor, act_sessions, web_html
from reporting.shell.pages import Plain, path_of
from reporting.shell.web_pages import language_of, patient_page
from reporting.shell.web_source import slowed


class _YearNeeded(Problem):
    status = 422
    message = say("year_needed")
    what_to_do = say("year_needed_do")


_NEXT = (path_of("home"), path_of("data"), Plain.MY_DATA)
"""Where a patient can go on to; the first by default."""


def _next(request: Request) -> str:
    wanted = request.query_params.get("next", "")
    return wanted if wanted in _NEXT else _NEXT[0]


async def _page(request: Request, by: Actor, problem: Problem | None = None, **given: str) -> Response:
    shown = await run_in_threadpool(act_second_factor.unlock_page, by)
    address = isolated(shown.hint, language_of(request))
    if isinstance(problem, InvalidInput):
        problem = _YearNeeded()
    return patient_page(
        request,
        "unlock.html",
        problem,
        shown=shown,
        of=web_html.about(by.treatment_id),
        tab=partial(web_html.in_tab, treatment_id=by.treatment_id),
        address=address,
        minutes=act_second_factor.LIFE // timedelta(minutes=1),
        code=given.get("code", ""),
        year_of_birth=given.get("year_of_birth", ""),
    )


async def unlock(request: Request) -> Response:
    """GET shows what to do and changes nothing; POST sends a code or checks one."""
    try:
        by = await run_in_threadpool(act_sessions.actor_of, request.cookies.get(act_sessions.cookie_name()))
    except SignInNeeded:
        return RedirectResponse(Plain.CODE, status_code=303)
    if by.kind != "patient":
        return RedirectResponse("/", status_code=303)
    web_html.must_be_tab_of(request, by.treatment_id)
    if by.strength == "full":
        return RedirectResponse(web_html.in_tab(_next(request), by.treatment_id), status_code=303)
    if request.method == "GET":
        return await _page(request, by)
    given = await web_html.fields(request, "of", "send", "digits", "code", "year_of_birth")
    web_html.must_be_about(given["of"], by.treatment_id)
    try:
        return await _work(request, by, given)
    except SignInNeeded:
        return RedirectResponse(Plain.CODE, status_code=303)
    except Problem as problem:
        if isinstance(problem, TooManyTries):
            await run_in_threadpool(partial(act_sessions.note, "throttled", "unlock", by=by))
        return await _page(request, by, problem, code=given["code"], year_of_birth=given["year_of_birth"])


async def _work(request: Request, by: Actor, given: dict[str, str]) -> Response:
    source = web_html.source_of(request) if given["send"] else await slowed(request, "unlock", by)
    if given["send"]:
        send = partial(act_second_factor.send_code, by=by, source=source, language=language_of(request))
        await run_in_threadpool(send)
        again = f"{Plain.UNLOCK}?next={_next(request)}"
        return RedirectResponse(web_html.in_tab(again, by.treatment_id), status_code=303)
    if given["digits"]:
        work = partial(act_second_factor.unlock_with_email_code, by=by, code=given["digits"], source=source)
    else:
        work = partial(
            act_second_factor.unlock_with_card,
            by=by,
            code=given["code"],
            year_of_birth=given["year_of_birth"],
            source=source,
        )
    return web_html.signed_in(await run_in_threadpool(work), web_html.in_tab(_next(request), by.treatment_id))
