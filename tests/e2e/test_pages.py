"""Every staff page in a real browser: nothing fails, nothing sticks out, everybody can read it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.demo import Demo, demo_server
from tests.e2e.looks import drawn, settle, violations
from tests.e2e.screenshots import Look, seen, signed_in

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

ADDRESSES = ("/", "/overview", "/settings", "/patients", "/timeline?patient=1", "/record", "/card?treatment=1",
             "/import", "/messages", "/staff")  # fmt: skip
STICKS_OUT_PX = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with demo_server(tmp_path_factory.mktemp("pages")) as running:
        yield running


@pytest.fixture(scope="module")
def state(browser: Browser, demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return signed_in(browser, demo, tmp_path_factory.mktemp("session"))


def faults(page: Page, address: str) -> list[str]:
    """What is wrong with a page as it stands."""
    found = [f"{address}: {fault}" for fault in violations(page)]
    found += [f"{address}: error: {box.inner_text()}" for box in page.get_by_test_id("stAlertContentError").all()]
    wide = int(page.evaluate(STICKS_OUT_PX))
    return found + ([f"{address}: {wide} px stick out"] if wide > 0 else [])


@pytest.mark.parametrize("look", [Look("desktop", "light"), Look("phone", "dark")], ids="-".join)
def test_every_staff_page_is_sound(browser: Browser, demo: Demo, state: Path, look: Look) -> None:
    found = []
    with seen(browser, look, state) as page:
        for address in ADDRESSES:
            page.goto(demo.address + address)
            drawn(page)
            found += faults(page, address)
    assert found == []


def test_signing_out_stays_in_the_tab(browser: Browser, demo: Demo) -> None:
    with seen(browser, Look("desktop", "light")) as page:
        demo.sign_in(page, "clinician")
        settle(page)
        page.get_by_role("link", name="Sign out").click()
        page.wait_for_url("**/sign-in")
        expect(page.get_by_label("Password")).to_be_visible()
