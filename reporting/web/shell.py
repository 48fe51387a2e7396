"""Streamlit's page as our visitors get it: in their language and direction, with our name and a plain way in."""

import re
from collections.abc import Callable
from html import escape
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from reporting.actions import sessions
from reporting.domain.language import ENGLISH, languages
from reporting.domain.patient_words import say
from reporting.errors import Problem
from reporting.web.language import language_of
from reporting.web.middleware import App, Message, Receive, Scope, Send

_TAG = re.compile(rb'<html lang="en">')
_NO_SCRIPT = re.compile(rb"<noscript>.*?</noscript>", re.S)
_AGENT_LINK = re.compile(rb"\s*<!--(?:(?!-->).)*?-->\s*<link rel=\"service-desc\"[^>]*>", re.S)
_RIGHT_TO_LEFT = (
    b"<style>html [data-testid=stElementContainer]{text-align:start}"
    b"[data-testid=stVegaLiteChart]{direction:ltr}"
    b"html [data-testid=stMarkdownContainer] :is(ul,ol){padding-inline:0;margin-inline:0}"
    b"html [data-testid=stMarkdownContainer] li{padding-inline:.3em 0;margin-inline:1.15em 0;text-align:start}</style>"
)
"""Streamlit's text and lists know the left side only; charts mirror their axes themselves."""
_NOT_OURS = (b"content-length", b"etag", b"last-modified", b"content-encoding")


def _is_staff(request: Request) -> bool:
    """Staff pages are in English whatever the browser wants, and say so."""
    try:
        return sessions.actor_of(request.cookies.get(sessions.cookie_name()), by_hand=False).kind == "staff"
    except Problem:
        return False


def in_language(body: bytes, code: str) -> bytes:
    """The shell with ``lang`` and ``dir`` of that language, our title, and words for a browser without scripts."""
    direction = languages()[code].direction
    body = _TAG.sub(f'<html lang="{code}" dir="{direction}">'.encode(), body, count=1)
    title = f"<title>{escape(say('title', code))}</title>".encode()
    body = body.replace(b"<title>Streamlit</title>", title, 1)
    body = _AGENT_LINK.sub(b"", body, count=1)
    if direction == "rtl":
        body = body.replace(b"</head>", _RIGHT_TO_LEFT + b"</head>", 1)
    words, link = escape(say("no_script", code)), escape(say("type_code", code))
    plain = f'<noscript><p>{words}</p><p><a href="/code">{link}</a></p></noscript>'
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
            await _send_shell(kept, Request(scope), send)


def _is_shell(headers: list[tuple[bytes, bytes]]) -> bool:
    """Streamlit's page comes as a file, so it carries a tag; our own pages do not."""
    found = {name.lower(): value for name, value in headers}
    return b"text/html" in found.get(b"content-type", b"") and b"etag" in found


async def _send_shell(kept: list[Message], request: Request, send: Callable[[Message], Any]) -> None:
    body = b"".join(message.get("body", b"") for message in kept[1:])
    code = ENGLISH if await run_in_threadpool(_is_staff, request) else language_of(request)
    body = in_language(body, code)
    headers = [pair for pair in kept[0]["headers"] if pair[0].lower() not in _NOT_OURS]
    headers += [(b"content-length", str(len(body)).encode()), (b"vary", b"accept-language, cookie")]
    await send({**kept[0], "headers": headers})
    await send({"type": "http.response.body", "body": body})
