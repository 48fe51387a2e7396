"""What every answer passes through: security headers, compressed bundles, page language, counts and the log.

Counters for Prometheus. No label carries anything about a person.
"""

import gzip
import logging
import re
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from prometheus_client import Counter, Histogram, generate_latest
from starlette.requests import Request

from reporting.errors import Problem
from reporting.settings import settings
from reporting.shell.pages import Plain
from reporting.shell.web_html import policy
from reporting.shell.web_pages import for_patients
from reporting.shell.web_source import client_of

REQUESTS = Counter("reporting_http_requests_total", "HTTP requests", ["method", "route", "status"])
SECONDS = Histogram("reporting_http_seconds", "Time to answer an HTTP request, seconds", ["route"])

_ROUTES = (*Plain, "/static", "/_stcore")


_METHODS = ("GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE", "PATCH")


def method_of(sent: str) -> str:
    """A known method, else ``other``: anybody may send any word."""
    return sent if sent in _METHODS else "other"


def kind_of(path: str) -> str:
    """The route family of a path, so that the number of labels stays small."""
    return next((route.rstrip("/") for route in _ROUTES if path.startswith(route)), "page")


def exposition() -> bytes:
    """Everything counted so far, in the text format of Prometheus."""
    return generate_latest()


Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

log = logging.getLogger("reporting.access")

_BUNDLE = re.compile(rb"\.(js|css|svg|json|wasm|map)$")
_CLOSED = ("/_stcore/metrics", "/_stcore/agent")
_POLICY, _STRICT = b"content-security-policy", b"default-src 'none'"
_AGAIN_ON_BACK = (b"cache-control", b"private, no-cache")
_TOKEN = re.compile(r"^/(c|unsubscribe|new-password)/[^/]*")


def _headers(path: str) -> list[tuple[bytes, bytes]]:
    found = [
        (b"content-security-policy", policy().encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"x-frame-options", b"DENY"),
        (b"referrer-policy", b"no-referrer"),
        (b"permissions-policy", b"geolocation=(), microphone=(), payment=()"),
        (b"cross-origin-opener-policy", b"same-origin"),
    ]
    if settings().secure_cookies:
        found.append((b"strict-transport-security", b"max-age=31536000; includeSubDomains"))
    if not path.startswith("/static/"):
        found.append((b"cache-control", b"no-store"))
    return found


def _is_own_choice(name: bytes, value: bytes) -> bool:
    """A page may have a stricter policy than Streamlit's, and say what a browser may show again on Back."""
    return (name.lower(), value) == _AGAIN_ON_BACK or (name.lower() == _POLICY and value.startswith(_STRICT))


def _secure(name: bytes, value: bytes) -> tuple[bytes, bytes]:
    """A header as it is; a cookie, Streamlit's own too, with ``Secure`` wherever the address is HTTPS."""
    if name.lower() != b"set-cookie" or not settings().secure_cookies or b"; secure" in value.lower():
        return name, value
    return name, value + b"; Secure"


def _plain_cookies(sent: bytes) -> bytes:
    """Without the cookies that hold a backslash. RFC 6265 (4.1.1) allows none, ours never have one, and Python before
    3.11.10 takes a time that grows with the square of their number to read them (CVE-2024-7592)."""
    return b"; ".join(crumb for part in sent.split(b";") if b"\\" not in (crumb := part.strip()))


class RealClient:
    """Hands on, of requests and sockets, the client that stands behind our own proxies."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket") and scope.get("client"):
            host, port = scope["client"]
            said = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
            scope = {**scope, "client": (client_of(host, said), port)}
        await self.app(scope, receive, send)


class PlainCookies:
    """Hands on, of requests and sockets, only the cookies that can be read at once."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if any(name == b"cookie" and b"\\" in value for name, value in scope.get("headers", ())):
            pairs = [(name, _plain_cookies(value) if name == b"cookie" else value) for name, value in scope["headers"]]
            scope = {**scope, "headers": pairs}
        await self.app(scope, receive, send)


class _Failed(Problem):
    """Nobody foresaw it; no details for whoever asked."""

    status = 500


class SecurityHeaders:
    """Adds the security headers to every answer, and closes what nobody outside should ask."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path = scope["path"]
        if path.startswith(_CLOSED):
            await send({"type": "http.response.start", "status": 404, "headers": _headers(path)})
            await send({"type": "http.response.body", "body": b"not found"})
            return

        started = False

        async def with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                ours = _headers(path)
                chosen = {name.lower() for name, value in message["headers"] if _is_own_choice(name, value)}
                ours = [pair for pair in ours if pair[0] not in chosen]
                names = {name for name, _ in ours}
                kept = [_secure(*pair) for pair in message["headers"] if pair[0].lower() not in names]
                message = {**message, "headers": [*kept, *ours]}
            await send(message)

        try:
            await self.app(scope, receive, with_headers)
        except Exception as error:
            log.error("request failed", exc_info=error)
            if started:
                raise
            page = for_patients(Request(scope), _Failed())
            await page(scope, receive, with_headers)


class CompressedBundles:
    """Sends Streamlit's scripts and styles gzipped; each is compressed once and kept in memory."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.kept: dict[str, tuple[list[tuple[bytes, bytes]], bytes]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._wanted(scope):
            await self.app(scope, receive, send)
            return
        path = scope["path"]
        if path not in self.kept:
            status, headers, body = await _fetched(self.app, scope, receive)
            if status != 200 or not body or self._is_page(headers):
                await send({"type": "http.response.start", "status": status, "headers": headers})
                await send({"type": "http.response.body", "body": body})
                return
            self.kept[path] = _packed(headers, body, level=9)
        headers, body = self.kept[path]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    @staticmethod
    def _wanted(scope: Scope) -> bool:
        if scope["type"] != "http" or scope["method"] != "GET" or not _BUNDLE.search(scope["path"].encode()):
            return False
        sent = {name.lower(): value for name, value in scope["headers"]}
        fresh = b"if-none-match" not in sent and b"if-modified-since" not in sent and b"range" not in sent
        return _takes_gzip(scope) and fresh and "/static/" in scope["path"]

    @staticmethod
    def _is_page(headers: list[tuple[bytes, bytes]]) -> bool:
        """Streamlit answers every unknown path with its page: keeping those would fill the memory."""
        return any(name.lower() == b"content-type" and b"text/html" in value for name, value in headers)


class CompressedLinks:
    """Sends the page of a link gzipped: the first of a patient, on a telephone, with nothing in the cache.

    No other page of ours. How long a compressed page is tells of the words in it to whoever can have it asked for with
    words of their own; this one holds no secret but its own address, and repeats nothing that came with the request.
    """

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_link = scope["type"] == "http" and scope["method"] == "GET" and scope["path"].startswith(Plain.LINK)
        if not is_link or not _takes_gzip(scope):
            await self.app(scope, receive, send)
            return
        status, headers, body = await _fetched(self.app, scope, receive)
        if status == 200:
            headers, body = _packed(headers, body, level=6)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _takes_gzip(scope: Scope) -> bool:
    return any(name.lower() == b"accept-encoding" and b"gzip" in value for name, value in scope["headers"])


async def _fetched(app: App, scope: Scope, receive: Receive) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """Status, headers and body as they are without any encoding."""
    start: Message = {}
    parts: list[bytes] = []

    async def keep(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
        else:
            parts.append(message.get("body", b""))

    plain = [pair for pair in scope["headers"] if pair[0].lower() != b"accept-encoding"]
    await app({**scope, "headers": plain, "extensions": {}}, receive, keep)
    return start["status"], list(start["headers"]), b"".join(parts)


def _packed(headers: list[tuple[bytes, bytes]], body: bytes, *, level: int) -> tuple[list[tuple[bytes, bytes]], bytes]:
    small = gzip.compress(body, level, mtime=0)
    replaced = (b"content-length", b"accept-ranges", b"vary")
    kept = [pair for pair in headers if pair[0].lower() not in replaced]
    added = [
        (b"content-encoding", b"gzip"),
        (b"vary", b"accept-encoding"),
        (b"content-length", str(len(small)).encode()),
    ]
    return [*kept, *added], small


class CountAndLog:
    """Counts requests for /metrics and writes one line each: method, path without secrets, status, time."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, noted)
        finally:
            shown = shown_path(scope["path"])
            seconds = time.perf_counter() - began
            REQUESTS.labels(method_of(scope["method"]), kind_of(shown), str(status)).inc()
            SECONDS.labels(kind_of(shown)).observe(seconds)
            if not shown.startswith(("/static/", "/_stcore/")):
                log.info("%s %s %s %.1f ms", scope["method"], shown, status, seconds * 1e3)


def shown_path(path: str) -> str:
    """A path as the log may show it: no link secret, no query."""
    return _TOKEN.sub(r"/\1/…", path)


LAYERS = (RealClient, PlainCookies, CountAndLog, SecurityHeaders, CompressedBundles, CompressedLinks)
"""From the outside in."""
