"""Routes beside Streamlit's pages: links, codes, sign-in, set-up, health and metrics."""

import calendar
import logging
from collections.abc import Mapping
from functools import partial
from typing import Any
from zoneinfo import available_timezones

from anyio import CapacityLimiter, to_thread
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from reporting.accounts.web_factor import FACTOR_ROUTES
from reporting.accounts.web_password import PASSWORD_ROUTES
from reporting.app.backups import measure, watch_backups
from reporting.app.key import watch_key
from reporting.app.trail import watch_trail
from reporting.clinic import act_staff
from reporting.demo import access
from reporting.domain.clinic_settings import FACT_FIELDS, proposed, regions
from reporting.domain.content import content
from reporting.domain.opening_hours import DAYS
from reporting.domain.patient_words import say
from reporting.errors import LinkNotValid, NotAllowed, NotFound, Problem, SignInNeeded, TooManyTries
from reporting.messages.web_messages import MESSAGE_ROUTES
from reporting.patient.web_check_in import CHECK_IN_ROUTES
from reporting.patient.web_my_data import my_data
from reporting.patient.web_photos import PHOTO_ROUTES
from reporting.records.access import has_staff
from reporting.records.engine import TROUBLES, ping, reading
from reporting.report.web_report import REPORT_ROUTES
from reporting.shell import act_sessions, web_html, web_middleware
from reporting.shell.pages import Plain
from reporting.shell.web_pages import choose, patient_page, problem_page
from reporting.shell.web_source import slowed
from reporting.shell.web_unlock import unlock
from reporting.treatments import act_invitations

log = logging.getLogger("reporting")


async def healthz(_: Request) -> Response:
    """200 when the database answers, else 503 with the reason. What is wrong beside the database is named: everything
    is kept, and an operator has something to mend."""
    try:
        await run_in_threadpool(ping)
        await run_in_threadpool(watch_key)
        await run_in_threadpool(watch_trail)
        await run_in_threadpool(watch_backups)
    except Exception as error:
        return JSONResponse({"status": "failing", "database": type(error).__name__}, status_code=503)
    return JSONResponse({"status": "impaired" if TROUBLES else "ok", "database": "ok", **TROUBLES})


async def show_metrics(_: Request) -> Response:
    """Counters for Prometheus. Without the database those that need none."""
    try:
        await run_in_threadpool(measure)
    except Exception as error:
        log.error("the age of the last backup could not be measured", exc_info=error)
    return Response(web_middleware.exposition(), media_type="text/plain; version=0.0.4")


async def styles(_: Request) -> Response:
    """The style sheet of the plain pages."""
    return PlainTextResponse(web_html.STYLES, media_type="text/css")


async def to_top(_: Request) -> Response:
    """The script that brings a patient's next question into view."""
    return Response(web_html.TO_TOP, media_type="text/javascript", headers={"cache-control": "max-age=3600"})


async def close_menu(_: Request) -> Response:
    """The script that closes the staff's menu on a phone once a page was chosen in it."""
    return Response(web_html.CLOSE_MENU, media_type="text/javascript", headers={"cache-control": "max-age=3600"})


async def _note_throttled(request: Request, problem: Problem, way: str) -> None:
    if isinstance(problem, TooManyTries):
        await run_in_threadpool(partial(act_sessions.note, "throttled", way, source=web_html.source_of(request)))


class _WrongCode(Problem):
    status = 422
    message = say("code_and_year")
    what_to_do = say("code_and_year_do")


def _code_page(request: Request, problem: Problem | None, given: dict[str, Any]) -> Response:
    return patient_page(request, "code.html", problem, **given)


async def code(request: Request) -> Response:
    """The other way in: the short code and the year of birth."""
    given = {"code": "", "year_of_birth": ""}
    if request.method == "GET":
        return _code_page(request, None, given)
    given = await web_html.fields(request, "code", "year_of_birth")
    source = await slowed(request, "code")
    try:
        cookie = await run_in_threadpool(act_invitations.open_code, **given, source=source)
    except LinkNotValid:
        return _code_page(request, _WrongCode(), given)
    except Problem as problem:
        await _note_throttled(request, problem, "code")
        return _code_page(request, problem, given)
    return web_html.signed_in(cookie, Plain.NOW)


_HASHING = CapacityLimiter(4)
"""Passwords checked at the same moment: each takes 64 MB and a core, and pages have to go on."""


def _nobody_yet() -> bool:
    with reading() as session:
        return not has_staff(session)


async def sign_in_page(request: Request) -> Response:
    """Staff sign-in."""
    if await run_in_threadpool(_nobody_yet):
        return RedirectResponse(Plain.SET_UP, status_code=303)
    if request.method == "GET":
        chosen = request.query_params.get("password") == "chosen"
        return web_html.page("sign_in.html", email="", chosen=chosen)
    given = await web_html.fields(request, "email", "password")
    source = await slowed(request, "sign-in")
    try:
        cookie = await to_thread.run_sync(partial(act_sessions.sign_in, **given, source=source), limiter=_HASHING)
    except Problem as problem:
        await _note_throttled(request, problem, "sign-in")
        return web_html.page("sign_in.html", status=problem.status, problem=problem, email=given["email"])
    is_half = await run_in_threadpool(act_sessions.is_half, cookie.value)
    return web_html.signed_in(cookie, Plain.SECOND_FACTOR if is_half else "/")


async def sign_out(request: Request) -> Response:
    """End the session on the server and take the cookie away."""
    web_html.must_be_ours(request)
    try:
        by = await run_in_threadpool(act_sessions.actor_of, request.cookies.get(act_sessions.cookie_name()))
    except SignInNeeded:
        return web_html.signed_out(Plain.SIGN_IN)
    await run_in_threadpool(act_sessions.end, by)
    return web_html.signed_out(Plain.CODE if by.kind == "patient" else Plain.SIGN_IN)


_ADMINISTRATOR = ("clinic_name", "name", "email", "password")
_FACTS = tuple(name for name in FACT_FIELDS if name not in ("closed_days", "open_holidays"))


def _set_up_page(given: Mapping[str, str], problem: Problem | None = None) -> Response:
    """The first-run page: the country first, then everything else with what is proposed for it."""
    countries = sorted(((row.code, row.name) for row in content().countries.values()), key=lambda pair: pair[1])
    row = content().countries.get(given["country"].upper())
    return web_html.page(
        "set_up.html",
        status=problem.status if problem else 200,
        problem=problem,
        given=given,
        countries=countries,
        regions=regions(given["country"].upper()),
        zones=row.time_zones if row else sorted(zone for zone in available_timezones() if "/" in zone),
        days=list(zip(DAYS, calendar.day_name, strict=True)),
    )


async def set_up(request: Request) -> Response:
    """The first administrator; there is no such page once somebody can sign in."""
    if not await run_in_threadpool(_nobody_yet):
        return RedirectResponse(Plain.SIGN_IN, status_code=303)
    if request.method == "GET":
        asked = proposed(request.query_params.get("country", "")[:2].upper())
        return _set_up_page(dict.fromkeys((*_ADMINISTRATOR, *_FACTS), "") | asked)
    given = await web_html.fields(request, *_ADMINISTRATOR, *_FACTS)
    try:
        facts = {name: given[name] for name in _FACTS}
        who = {name: given[name] for name in _ADMINISTRATOR}
        await run_in_threadpool(lambda: act_staff.set_up_clinic(**who, facts=facts))
    except Problem as problem:
        return _set_up_page(given, problem)
    return RedirectResponse(Plain.SIGN_IN, status_code=303)


async def demo(request: Request) -> Response:
    """Ways into a synthetic clinic on this machine; anywhere else there is no such page."""
    if not await run_in_threadpool(access.is_open):
        raise NotFound()
    if request.method == "GET":
        return web_html.page("demo.html")
    role = (await web_html.fields(request, "role"))["role"]
    cookie = await run_in_threadpool(access.enter, role)
    return web_html.signed_in(cookie, "/")


async def to_first_page(request: Request) -> Response:
    """Where somebody begins has no address of its own in Streamlit: it is ``/``, with the same query."""
    query = request.url.query
    return RedirectResponse(f"/?{query}" if query else "/", status_code=303)


def _note_refused(request: Request) -> None:
    where = web_middleware.kind_of(request.url.path)
    try:
        by = act_sessions.actor_of(request.cookies.get(act_sessions.cookie_name()), by_hand=False)
    except SignInNeeded:
        act_sessions.note("access.refused", where, source=web_html.source_of(request))
    else:
        act_sessions.note("access.refused", where, by=by)


async def on_problem(request: Request, problem: Exception) -> Response:
    """A named problem that no page caught, in plain words."""
    assert isinstance(problem, Problem)
    if isinstance(problem, NotAllowed):
        await run_in_threadpool(_note_refused, request)
    return await problem_page(request, problem)


ROUTES = [
    Route(Plain.HEALTH, healthz),
    Route(Plain.METRICS, show_metrics),
    Route("/plain.css", styles),
    Route("/to-top.js", to_top),
    Route("/close-menu.js", close_menu),
    Route(Plain.LANGUAGE, choose, methods=["POST"]),
    Route(Plain.CODE, code, methods=["GET", "POST"]),
    Route(Plain.UNLOCK, unlock, methods=["GET", "POST"]),
    Route(Plain.MY_DATA, my_data, methods=["GET", "POST"]),
    Route(Plain.SIGN_IN, sign_in_page, methods=["GET", "POST"]),
    Route(Plain.SIGN_OUT, sign_out, methods=["POST", "GET"]),
    Route(Plain.SET_UP, set_up, methods=["GET", "POST"]),
    Route(Plain.DEMO, demo, methods=["GET", "POST"]),
    Route("/worklist", to_first_page),
    Route("/check-in", to_first_page),
    *PASSWORD_ROUTES,
    *FACTOR_ROUTES,
    *CHECK_IN_ROUTES,
    *PHOTO_ROUTES,
    *MESSAGE_ROUTES,
    *REPORT_ROUTES,
]
EXCEPTION_HANDLERS = {Problem: on_problem}
