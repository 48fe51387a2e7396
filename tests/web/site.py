"""The whole application in this process, and a browser without scripts."""

import gc
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from starlette.testclient import TestClient

from reporting.errors import SignInNeeded
from reporting.security.tokens import form_mark
from reporting.settings import settings
from reporting.shell.act_sessions import actor_of


class Lines(logging.Handler):
    """Keeps every log line as it would be written."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@contextmanager
def running() -> Iterator[None]:
    """The application started once; its loggers are given back afterwards."""
    import app

    ours = logging.getLogger("reporting")
    before = (ours.handlers, ours.level, ours.propagate)
    with TestClient(app.app):
        yield
    ours.handlers, ours.propagate = before[0], before[2]
    ours.setLevel(before[1])
    gc.unfreeze()


@contextmanager
def site(monkeypatch: pytest.MonkeyPatch, base_url: str = "http://testserver") -> Iterator[TestClient]:
    """A browser without scripts on the running application; it follows no redirect by itself."""
    import app

    monkeypatch.setenv("REPORTING_BASE_URL", base_url)
    settings.cache_clear()
    yield TestClient(app.app, base_url=base_url, follow_redirects=False, raise_server_exceptions=False)
    monkeypatch.undo()
    settings.cache_clear()


def of(client: TestClient) -> dict[str, str]:
    """The field by which a form says for whose treatment it was drawn: that of whoever is signed in here."""
    for cookie in client.cookies.jar:
        try:
            by = actor_of(cookie.value) if cookie.name == "session" else None
        except SignInNeeded:
            continue
        if by and by.treatment_id:
            return {"of": form_mark(by.treatment_id)}
    return {"of": ""}


@contextmanager
def log_lines() -> Iterator[list[str]]:
    """What our loggers write meanwhile, in their own format."""
    ours, kept = logging.getLogger("reporting"), Lines()
    kept.setFormatter(ours.handlers[0].formatter)
    ours.addHandler(kept)
    yield kept.lines
    ours.removeHandler(kept)


def words(body: str) -> str:
    """The text of a plain page."""
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


def without_address(page: str) -> str:
    """A page as it is at every address: the buttons of the other languages lead back to the visitor's own one."""
    return re.sub(r'name="back" value="[^"]*"', "", page)
