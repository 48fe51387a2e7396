"""Two links in two tabs of one browser: each tab stays its own or says *open your own link again*; nothing is mixed.

A couple with one phone, a carer with two patients, one patient with two treatments; plain pages, photos and Streamlit.
"""

import json
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from playwright.sync_api import Browser, BrowserContext, Page, WebSocketRoute, expect

from tests import photos
from tests.e2e.looks import drawn, settle
from tests.e2e.patients import both_of_one, cards
from tests.e2e.test_patient_pages import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

OTHER = "This page is about another check-in."
Card = tuple[str, str]


@dataclass
class Two:
    """Two cards in one browser, the first of treated cheeks, the second of treated hands."""

    address: str
    folder: Path
    cheeks: Card
    hands: Card
    context: BrowserContext

    def stored(self) -> dict[str, list[tuple[Any, ...]]]:
        """What patients' pages keep, of everybody in this database."""
        with sqlite3.connect(f"file:{self.folder / 'reporting.db'}?mode=ro", uri=True) as database:
            return {
                "drafts": database.execute("SELECT treatment_id, answers FROM draft ORDER BY treatment_id").fetchall(),
                "check-ins": database.execute("SELECT treatment_id FROM check_in ORDER BY id").fetchall(),
                "photos": database.execute("SELECT treatment_id FROM photo ORDER BY id").fetchall(),
                "cases": database.execute("SELECT id FROM triage_case ORDER BY id").fetchall(),
            }

    def ticked(self) -> dict[int, list[str]]:
        """Treatment to the symptoms of its draft."""
        cipher = Fernet((self.folder / "encryption.key").read_bytes())
        drafts = {key: json.loads(answers) for key, answers in self.stored()["drafts"]}
        return {key: json.loads(cipher.decrypt(kept)).get("symptoms", []) for key, kept in drafts.items() if kept}


@pytest.fixture(
    params=["two patients", pytest.param("two treatments of one patient", marks=pytest.mark.thorough)],
)
def two(browser: Browser, without_clinic: tuple[Path, str], request: pytest.FixtureRequest) -> Iterator[Two]:
    folder, address = without_clinic
    if request.param == "two patients":
        found = [*cards(folder, address, 1, "cheeks"), *cards(folder, address, 1, "hands")]
    else:
        found = both_of_one(folder, address)
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="en-GB")
    yield Two(address, folder, found[0], found[1], context)
    context.close()


def tick(page: Page, link: str, name: str) -> None:
    """Open a link and answer the first question."""
    page.goto(link)
    page.get_by_role("checkbox", name=name).first.check()
    page.get_by_role("button", name="Continue").click()
    page.wait_for_load_state("load")
    expect(page.get_by_role("heading", level=1)).to_contain_text(name.lower())


def refused(page: Page) -> None:
    expect(page.locator("body")).to_contain_text(OTHER, timeout=30_000)
    expect(page.locator("body")).to_contain_text("Open your own link again.")


def test_plain_pages_never_show_or_keep_what_is_of_the_other_tab(two: Two) -> None:
    before = two.ticked()
    one, other = two.context.new_page(), two.context.new_page()
    tick(one, two.cheeks[0], "Swelling")
    tick(other, two.hands[0], "Bumps")
    kept = two.stored()
    one.get_by_role("button", name="Moderate").click()
    refused(one)
    one.go_back()
    one.wait_for_load_state("load")
    refused(one) if one.get_by_text(OTHER).count() else one.reload()
    refused(one)
    assert two.stored() == kept
    other.get_by_role("button", name="Mild").click()
    expect(other.get_by_role("heading", level=1)).not_to_contain_text("How bad")
    one.goto(two.cheeks[0])
    expect(one.get_by_role("heading", level=1)).to_contain_text("swelling")
    one.get_by_role("button", name="Moderate").click()
    expect(one.get_by_role("heading", level=1)).not_to_contain_text("How bad")
    other.reload()
    refused(other)
    new = [symptoms for key, symptoms in sorted(two.ticked().items()) if key not in before]
    assert new == [["swelling"], ["bumps"]]


@pytest.mark.thorough
def test_links_of_a_page_lead_nowhere_in_the_others_tab(two: Two) -> None:
    one, other = two.context.new_page(), two.context.new_page()
    tick(one, two.cheeks[0], "Swelling")
    tick(other, two.hands[0], "Bumps")
    one.get_by_role("link", name="Back").click()
    refused(one)
    one.goto(two.cheeks[0])
    one.get_by_role("button", name="Moderate").click()
    other.get_by_role("link", name="Back").click()
    refused(other)


@pytest.mark.thorough
def test_a_photo_goes_to_its_own_treatment_or_nowhere(two: Two, tmp_path: Path) -> None:
    picture = tmp_path / "a.jpg"
    picture.write_bytes(photos.phone_jpeg())
    one, other = two.context.new_page(), two.context.new_page()
    tick(one, two.cheeks[0], "Swelling")
    one.goto(f"{two.address}/check-in/photo?{one.url.partition('?')[2]}")
    tick(other, two.hands[0], "Bumps")
    kept = two.stored()
    one.get_by_label("Choose a photo").set_input_files(picture)
    one.get_by_role("button", name="Add this photo").click()
    refused(one)
    one.reload()
    refused(one)
    assert two.stored() == kept


class Line:
    """The websocket of a tab, which can be cut as a phone that sleeps does."""

    def __init__(self, page: Page) -> None:
        self.open: list[WebSocketRoute] = []
        page.route_web_socket(re.compile("/_stcore/stream"), self._through)

    def _through(self, socket: WebSocketRoute) -> None:
        socket.connect_to_server()
        self.open.append(socket)

    def cut(self, page: Page) -> None:
        """Cut it and wait until the page is connected anew."""
        before = len(self.open)
        self.open[-1].close()
        for _ in range(120):
            if len(self.open) > before:
                break
            page.wait_for_timeout(250)  # the browser waits longer after each try that failed
        assert len(self.open) > before, "the page did not connect again"


def test_streamlits_pages_stay_their_own_and_are_refused_when_loaded_again(two: Two) -> None:
    one, other = two.context.new_page(), two.context.new_page()
    sign_in(one, two.address, two.cheeks[1])
    one.goto(f"{two.address}/home")
    drawn(one)
    expect(one.get_by_test_id("stMain")).to_contain_text("cheeks", ignore_case=True)
    sign_in(other, two.address, two.hands[1])
    other.goto(f"{two.address}/home")
    drawn(other)
    expect(other.get_by_test_id("stMain")).to_contain_text("hands", ignore_case=True)
    one.get_by_role("button", name="Start").click()
    settle(one)
    expect(one.get_by_test_id("stMain")).to_contain_text("cheeks", ignore_case=True)
    expect(one.get_by_test_id("stMain")).not_to_contain_text("hands", ignore_case=True)
    one.reload()
    refused(one)
    one.go_back()
    one.wait_for_load_state("load")
    expect(one.locator("body")).not_to_contain_text("hands", ignore_case=True)
    for page in ("data", "home"):
        one.goto(f"{two.address}/{page}?{other.url.partition('?')[2]}")
        drawn(one)
        expect(one.locator("body")).not_to_contain_text(OTHER)


@pytest.mark.thorough
def test_a_streamlit_page_that_connects_anew_keeps_nothing_for_the_other(two: Two) -> None:
    one, other = two.context.new_page(), two.context.new_page()
    line = Line(one)
    sign_in(one, two.address, two.cheeks[1])
    one.goto(f"{two.address}/")
    drawn(one)
    tick(other, two.hands[0], "Bumps")
    kept = two.stored()
    line.cut(one)
    one.get_by_role("button", name="No problems today").first.click()
    refused(one)
    assert two.stored() == kept
    one.reload()
    refused(one)
    assert two.stored() == kept
