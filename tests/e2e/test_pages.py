"""Every staff page in a real browser: nothing fails, nothing sticks out, everybody can read it.

The pages come from the tour, which takes them from the navigation. With data each is loaded once per screen and checked
in both colours on the desktop; what is not there, the empty clinic and the failing database are looked at on the phone,
where there is least room.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e import tour
from tests.e2e.demo import Demo
from tests.e2e.looks import drawn, in_colours, settle, violations
from tests.e2e.screenshots import Look, break_database, seen, set_up, signed_in
from tests.server import application

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser pages"), pytest.mark.timeout(600)]

STICKS_OUT_PX = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
DESKTOP, PHONE = Look("desktop", "light"), Look("phone", "light")
FAILED = "This page could not be shown."


class Clinic(NamedTuple):
    """A running clinic, a signed-in window per role, and a patient and treatment to look at."""

    demo: Demo
    states: dict[str, Path]
    patient: int = 0
    treatment: int = 0


@pytest.fixture(scope="module")
def full(browser: Browser, staffed: Demo, tmp_path_factory: pytest.TempPathFactory) -> Clinic:
    folder = tmp_path_factory.mktemp("full")
    states = {role: signed_in(browser, staffed, folder, role) for role in ("administrator", "safety_lead")}
    with seen(browser, DESKTOP, states["administrator"]) as page:
        return Clinic(staffed, states, *tour.records(page, staffed.address))


@pytest.fixture(scope="module")
def empty(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    folder = tmp_path_factory.mktemp("empty")
    with application(folder) as address:
        demo = Demo(address, "", {"administrator": ("first@example.org", "correct horse battery staple")}, folder)
        set_up(browser, demo)
        yield Clinic(demo, {"administrator": signed_in(browser, demo, folder)})


def faults(page: Page, name: str) -> list[str]:
    """What is wrong with a page as it stands."""
    found = [f"{name}: {fault}" for fault in violations(page)]
    wide = int(page.evaluate(STICKS_OUT_PX))
    return found + ([f"{name}: {wide} px stick out"] if wide > 0 else [])


def in_both_colours(page: Page, name: str) -> list[str]:
    """The faults of a page light and dark; it is left in the colours in which the next one is loaded."""
    found = []
    for colours in ("light", "dark"):
        in_colours(page, colours)
        drawn(page)
        found += faults(page, f"{name}, {colours}")
    page.emulate_media(color_scheme="light")
    return found


def said(page: Page) -> list[str]:
    """What stands in the red boxes of a page."""
    return [box.inner_text() for box in page.get_by_test_id("stAlertContentError").all()]


def wrongly_folded(page: Page, name: str, screen: Look) -> list[str]:
    """Filters lie behind a button on the phone, and are there without one on the desktop."""
    fold = page.locator(".st-key-fold_filters")
    if not fold.count():
        return []
    seen_now = (fold.is_visible(), page.locator(".st-key-fold_shut").is_visible())
    return [] if seen_now == (screen == PHONE, screen != PHONE) else [f"{name}: folded wrongly"]


@pytest.mark.thorough
@pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=lambda look: look.screen)
def test_every_page_with_data_is_sound(browser: Browser, full: Clinic, screen: Look) -> None:
    found = []
    for role, state in full.states.items():
        with seen(browser, screen, state) as page:
            for stop in tour.with_data(full.patient, full.treatment):
                if stop.role != role:
                    continue
                page.goto(full.demo.address + stop.address)
                drawn(page)
                found += [f"{stop.name}: error: {words}" for words in said(page)]
                found += wrongly_folded(page, stop.name, screen)
                found += in_both_colours(page, stop.name) if screen == DESKTOP else faults(page, stop.name)
    assert found == []


@pytest.mark.thorough
def test_what_is_not_there_is_said_calmly(browser: Browser, full: Clinic) -> None:
    found = []
    with seen(browser, PHONE, full.states["administrator"]) as page:
        for stop in tour.refused():
            page.goto(full.demo.address + stop.address)
            drawn(page)
            found += [f"{stop.name}: failed" for words in said(page) if FAILED in words]
            if stop.name.startswith("unknown-"):
                found += [] if said(page) else [f"{stop.name}: shows what is not there"]
            found += faults(page, stop.name)
    assert found == []


@pytest.mark.thorough
def test_every_page_of_an_empty_clinic_is_sound(browser: Browser, empty: Clinic) -> None:
    found = []
    with seen(browser, PHONE, empty.states["administrator"]) as page:
        for stop in tour.nothing_there():
            page.goto(empty.demo.address + stop.address)
            drawn(page)
            found += [f"{stop.name}: error: {words}" for words in said(page)]
            found += faults(page, stop.name)
    assert found == []


@pytest.mark.thorough
def test_a_page_that_fails_says_so_and_shows_no_details(browser: Browser, empty: Clinic) -> None:
    """Last of its clinic: its tables are gone afterwards."""
    break_database(empty.demo.folder)
    found, failed = [], 0
    with seen(browser, PHONE, empty.states["administrator"]) as page:
        for stop in tour.nothing_there():
            page.goto(empty.demo.address + stop.address)
            settle(page)
            words = " ".join(said(page))
            failed += FAILED in words
            text = page.get_by_test_id("stApp").inner_text()
            found += [
                f"{stop.name}: shows {word}" for word in ("Traceback", "sqlite", "SELECT", "no such") if word in text
            ]
            if words:
                found += faults(page, stop.name)
    assert found == []
    assert failed > len(tour.nothing_there()) / 2


@pytest.mark.thorough
def test_the_menu_of_a_phone_closes_when_a_page_is_chosen(browser: Browser, staffed: Demo) -> None:
    with seen(browser, PHONE) as page:
        staffed.sign_in(page, "administrator")
        drawn(page)
        menu = page.get_by_test_id("stSidebar")
        expect(menu).not_to_be_in_viewport()
        page.get_by_test_id("stExpandSidebarButton").click()
        expect(menu.get_by_role("link", name="Sign out")).to_be_in_viewport()
        menu.get_by_role("link", name="Patients", exact=True).click()
        expect(page.get_by_role("heading", name="Patients", level=1)).to_be_visible()
        expect(menu).not_to_be_in_viewport()
        drawn(page)
        page.get_by_test_id("stExpandSidebarButton").click()
        menu.get_by_role("link", name="Sign out").click()
        page.wait_for_url("**/sign-in")
        expect(page.get_by_label("Password")).to_be_visible()
