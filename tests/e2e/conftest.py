"""The browser of the end-to-end tests: the Chromium of this machine."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests import launch
from tests.browser import find
from tests.e2e.demo import fill

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session", autouse=True)
def moment() -> None:
    """The processes of these tests live on one and the same morning, whatever the day of the week is here."""
    launch.choose()


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo clinic that nobody uses: each file of tests starts on a copy of it."""
    return fill(tmp_path_factory.mktemp("filled"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium; ``make browser`` installs one where there is none."""
    path = find()
    assert path, "There is no Chromium. Run `make browser`, or install the package 'chromium' of your system."
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield started
        started.close()
