"""Streamlit's page as our visitors get it: in their language and direction, with our name and a plain way in."""

import re
from functools import partial
from html import escape

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from reporting.app.navigation import pages_for
from reporting.domain.actors import Actor
from reporting.domain.language import ENGLISH, languages
from reporting.domain.patient_words import say
from reporting.errors import NotAllowed, NotFound, OtherTreatment, Problem, SignInNeeded
from reporting.shell import act_sessions, web_html
from reporting.shell.chart_look import page_styles
from reporting.shell.pages import ADDRESSES, Plain
from reporting.shell.web_middleware import App, Message, Receive, Scope, Send
from reporting.shell.web_pages import for_patients, for_staff, language_of, visitor

_TAG = re.compile(rb'<html lang="en">')
_NO_SCRIPT = re.compile(rb"<noscript>.*?</noscript>", re.S)
_AGENT_LINK = re.compile(rb"\s*<!--(?:(?!-->).)*?-->\s*<link rel=\"service-desc\"[^>]*>", re.S)
PAGES, STAFF_PAGES, RIGHT_TO_LEFT = (web_html.styles(name) for name in ("pages.css", "staff.css", "right_to_left.css"))
CHARTS = page_styles()
"""What Streamlit's own settings cannot say about its pages."""
_NOT_OURS = (b"content-length", b"etag", b"last-modified", b"content-encoding")


def in_language(body: bytes, code: str, *, staff: bool = False) -> bytes:
    """The shell with ``lang`` and ``dir`` of that language, our title, and words for a browser without scripts."""
    direction = languages()[code].direction
    body = _TAG.sub(f'<html lang="{code}" dir="{direction}">'.encode(), body, count=1)
    title = f"<title>{escape(say('title', code))}</title>".encode()
    body = body.replace(b"<title>Streamlit</title>", title, 1)
    body = _AGENT_LINK.sub(b"", body, count=1)
    styles = PAGES + CHARTS + (STAFF_PAGES if staff else "") + (RIGHT_TO_LEFT if direction == "rtl" else "")
    body = body.replace(b"</head>", f"<style>{styles}</style></head>".encode(), 1)
    words, link = escape(say("no_script", code)), escape(say("type_code", code))
    plain = f'<noscript><p>{words}</p><p><a href="{Plain.CODE}">{link}</a></p></noscript>'
    return _NO_SCRIPT.sub(lambda _: plain.encode(), body, count=1)


class PageLanguage:
    """Rewrites Streamlit's page, and nothing else, on its way out."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or "." in scope["path"].rsplit("/", 1)[-1]:
            await self.app(scope, receive, send)
            return
        kept: list[Message] = []
        passing = False

        async def hold(message: Message) -> None:
            nonlocal passing
            if message["type"] == "http.response.start" and not _is_shell(message["headers"]):
                passing = True
            if passing:
                await send(message)
            else:
                kept.append(message)

        fresh = [pair for pair in scope["headers"] if pair[0].lower() not in (b"if-none-match", b"accept-encoding")]
        await self.app({**scope, "headers": fresh, "extensions": {}}, receive, hold)
        if not passing:
            await _send_shell(kept, scope, receive, send)


def _is_shell(headers: list[tuple[bytes, bytes]]) -> bool:
    """Streamlit's page comes as a file, so it carries a tag; our own pages do not."""
    found = {name.lower(): value for name, value in headers}
    return b"text/html" in found.get(b"content-type", b"") and b"etag" in found


def _refused(by: Actor | None, address: str) -> Problem | None:
    """Why this person does not get this page; None where they may have it."""
    if not address or address in {entry.address for entry in pages_for(by)}:
        return None
    if address not in ADDRESSES or (by is not None and by.kind == "patient"):
        return NotFound()
    return SignInNeeded() if by is None else NotAllowed()


async def _other_page(request: Request, by: Actor | None, problem: Problem, address: str) -> Response:
    """What comes in place of a page that is not there or not for this person."""
    if isinstance(problem, SignInNeeded):
        return RedirectResponse(Plain.SIGN_IN, status_code=303)
    if by is not None and address in ADDRESSES and not isinstance(problem, OtherTreatment):
        await run_in_threadpool(partial(act_sessions.note, "access.refused", address, by=by))
    if by is not None and by.kind == "staff":
        return for_staff(problem)
    return await run_in_threadpool(lambda: for_patients(request, problem, by=by))


def _not_theirs(request: Request, by: Actor | None, address: str) -> Problem | None:
    """Why this person does not get this page in this tab; None where they may have it."""
    if (problem := _refused(by, address)) is not None or by is None:
        return problem
    try:
        web_html.must_be_tab_of(request, by.treatment_id)
    except OtherTreatment as other:
        return other
    return None


async def _send_shell(kept: list[Message], scope: Scope, receive: Receive, send: Send) -> None:
    request = Request(scope)
    by, address = await run_in_threadpool(visitor, request), request.url.path.strip("/")
    if (problem := _not_theirs(request, by, address)) is not None:
        other = await _other_page(request, by, problem, address)
        await other(scope, receive, send)
        return
    if by is not None and by.kind == "patient" and web_html.OF not in request.query_params:
        # So that the tab says whose it is, also when it is loaded again or connects anew.
        here = f"{request.url.path}{'?' if request.url.query else ''}{request.url.query}"
        await RedirectResponse(web_html.in_tab(here, by.treatment_id), status_code=303)(scope, receive, send)
        return
    staff = by is not None and by.kind == "staff"
    code = ENGLISH if staff else language_of(request)  # staff pages are in English whatever the browser wants
    body = in_language(b"".join(message.get("body", b"") for message in kept[1:]), code, staff=staff)
    headers = [pair for pair in kept[0]["headers"] if pair[0].lower() not in _NOT_OURS]
    headers += [(b"content-length", str(len(body)).encode()), (b"vary", b"accept-language, cookie")]
    await send({**kept[0], "headers": headers})
    await send({"type": "http.response.body", "body": body})
