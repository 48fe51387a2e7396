"""The browser of the end-to-end tests: the Chromium of this machine."""

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests import launch
from tests.browser import find
from tests.e2e.demo import Demo, demo_server, fill
from tests.server import application

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
    """A demo clinic that nobody uses: each file of tests starts on a copy of it. One of the processes makes it."""
    alone = "PYTEST_XDIST_WORKER" not in os.environ
    shared = tmp_path_factory.mktemp("once") if alone else tmp_path_factory.getbasetemp().parent
    folder = shared / "filled"
    with (shared / "filled.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            fill(tmp_path_factory.mktemp("filling")).rename(folder)
    return folder


@pytest.fixture(scope="session")
def staffed(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The application on a demo clinic, for files that look at it as staff and count nothing."""
    with demo_server(tmp_path_factory.mktemp("staffed"), filled) as demo:
        yield demo


@pytest.fixture(scope="session")
def without_clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """Folder and address of an application for files whose tests write patients of their own."""
    folder = tmp_path_factory.mktemp("patients")
    with application(folder) as address:
        yield folder, address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium; ``make browser`` installs one where there is none."""
    path = find()
    assert path, "There is no Chromium. Run `make browser`, or install the package 'chromium' of your system."
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield started
        started.close()
