"""Opens one page as somebody of the cast, the way a signed-in browser would."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from reporting.domain.actors import Actor
from reporting.errors import SignInNeeded

PAGES = Path(__file__).resolve().parents[2] / "reporting"


@contextmanager
def no_search_for_components() -> Iterator[None]:
    """Streamlit's test driver reads the description of every installed package at each run, to find components of
    which we have none: 0.4 s each time, more than most of our pages take."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", list)
        yield


def open_page(monkeypatch: pytest.MonkeyPatch, file: str, actor: Actor | None, **address: int | str) -> AppTest:
    """The page as ``actor`` sees it (None: nobody is signed in); it fails on an unexpected exception."""

    def who(_cookie: str | None, *, by_hand: bool = True) -> Actor:
        if actor is None:
            raise SignInNeeded()
        return actor

    monkeypatch.setattr("reporting.shell.ui_identity.cookie_value", lambda: "a cookie")
    monkeypatch.setattr("reporting.shell.ui_identity.actor_of", who)
    page = AppTest.from_file(str(PAGES / f"{file}.py"), default_timeout=20)
    for name, value in address.items():
        page.query_params[name] = str(value)
    page.run()
    assert not page.exception, page.exception
    return page


def text(page: AppTest) -> str:
    """Every word on the page."""
    kinds = (
        page.title,
        page.subheader,
        page.markdown,
        page.error,
        page.success,
        page.warning,
        page.info,
        page.text,
    )
    return "\n".join(str(element.value) for kind in kinds for element in kind)
