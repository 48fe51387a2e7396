"""Draws every page as people see it, on the phone and the desktop, light and dark, full and empty.

``python -m tests.e2e.screenshots [WORD …]`` writes to ``build/screenshots``; words choose views by their name.
Without words the two pictures of the README are drawn anew as well.
"""

import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NamedTuple

from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser import find
from tests.e2e.conftest import ARGUMENTS
from tests.e2e.demo import Demo, demo_server
from tests.e2e.looks import drawn, settle, tap
from tests.server import ROOT, application

OUT = ROOT / "build" / "screenshots"
README_PICTURES = {"check-in": "patient-confirmation.phone.light", "settings": "settings.desktop.light"}
TREATMENTS = "1200"
TALLEST_PX = 3000
STAFF_PAGES = {
    "worklist": "/", "patients": "/patients", "overview": "/overview", "settings": "/settings",
    "record": "/record", "import": "/import", "staff": "/staff", "timeline": "/timeline?patient={patient}",
    "card": "/card?treatment=1", "proxy": "/proxy?treatment=1", "requests": "/requests", "clinic": "/clinic",
    "error-timeline": "/timeline?patient=999999", "error-card": "/card?treatment=999999",
    "error-record": "/record?treatment=999999", "no-patient": "/timeline", "no-treatment": "/card",
    "no-match": "/overview?device=unknown&period=Last+30+days&skin=IV-VI",
}  # fmt: skip
EMPTY_PAGES = ("worklist", "patients", "overview", "settings", "record", "import", "staff", "proxy", "requests")
RED_FLAG = {"With the swelling": "eye is swollen", "Where": "eyes"}


class Look(NamedTuple):
    """A screen and its colours."""

    screen: Literal["phone", "desktop"]
    colours: Literal["light", "dark"]

    @property
    def size(self) -> tuple[int, int]:
        return (390, 844) if self.screen == "phone" else (1280, 900)


LOOKS = [Look("phone", "light"), Look("desktop", "light"), Look("phone", "dark"), Look("desktop", "dark")]


@contextmanager
def seen(browser: Browser, look: Look, state: Path | None = None) -> Iterator[Page]:
    """A page in that look; ``state`` is a signed-in session kept by ``BrowserContext.storage_state``."""
    width, height = look.size
    context: BrowserContext = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=look.colours,
        is_mobile=look.screen == "phone",
        has_touch=look.screen == "phone",
        reduced_motion="reduce",
        storage_state=state,
    )
    yield context.new_page()
    context.close()


def keep(page: Page, name: str, look: Look) -> None:
    """The screen as it is, and where more is below, a second picture of all of it."""
    drawn(page)
    page.screenshot(path=OUT / f"{name}.{look.screen}.{look.colours}.png", animations="disabled")
    width, height = look.size
    whole = int(page.evaluate("(document.querySelector('[data-testid=stMain]') || document.body).scrollHeight"))
    if whole > height + 40:
        page.set_viewport_size({"width": width, "height": min(whole, TALLEST_PX)})
        drawn(page)
        page.screenshot(path=OUT / f"{name}.{look.screen}.{look.colours}.all.png", animations="disabled")
        page.set_viewport_size({"width": width, "height": height})


def plain_pages(browser: Browser, look: Look, addresses: dict[str, str]) -> None:
    """Pages that need nobody signed in."""
    with seen(browser, look) as page:
        for name, address in addresses.items():
            page.goto(address)
            keep(page, name, look)


def patient_pages(browser: Browser, look: Look, demo: Demo) -> None:
    """One check-in with a red flag from the link to the patient's home."""
    with seen(browser, look) as page:
        begin(page, demo, look)
        keep(page, "patient-first", look)
        if not page.get_by_role("button", name=re.compile("^✓ Swelling")).count():
            tap(page, re.compile("^Swelling"))
        keep(page, "patient-multiple", look)
        tap(page, "Continue")
        keep(page, "patient-severity", look)
        tap(page, re.compile("^Severe"))
        answer(page)
        keep(page, "patient-review", look)
        tap(page, re.compile("^Send"))
        expect(page.get_by_role("link", name=re.compile("Call")).first).to_be_visible()
        keep(page, "patient-confirmation", look)
        page.get_by_role("link", name="See your recovery").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Your recovery")
        keep(page, "patient-home", look)


def begin(page: Page, demo: Demo, look: Look) -> None:
    """From the link's plain page, which signs the browser in, to the first question of the Streamlit page."""
    page.goto(demo.patient_link)
    swelling = page.get_by_role("checkbox", name=re.compile("^Swelling"))
    if swelling.count():
        swelling.check()
        keep(page, "light-first", look)
        page.get_by_role("button", name="Continue").click()
    else:
        page.get_by_role("button", name="Report something else").click()
    page.goto(f"{demo.address}/check-in")
    drawn(page)
    tap(page, re.compile("^(Back|Report something else)"))


def answer(page: Page) -> None:
    """Answer what comes with the red flag, else with what is mildest, until the review."""
    while not page.get_by_role("button", name=re.compile("^Send")).count():
        heading = page.get_by_role("heading", level=2).first.inner_text()
        chosen = next((word for part, word in RED_FLAG.items() if part in heading), "^(None|It can wait|All of)")
        tap(page, re.compile(chosen))
        if heading == page.get_by_role("heading", level=2).first.inner_text():
            tap(page, "Continue")


def first_patient(page: Page, address: str) -> int:
    """The patient of the case on top of the worklist."""
    page.goto(address)
    drawn(page)
    link = page.get_by_role("link", name="Timeline").first.get_attribute("href")
    return int(str(link).rpartition("=")[2])


def staff_pages(browser: Browser, look: Look, address: str, state: Path, names: list[str], prefix: str = "") -> None:
    """Every page of an administrator; the case window where there is a case, a card where there is a treatment."""
    with seen(browser, look, state) as page:
        patient = first_patient(page, address) if "timeline" in names else 0
        for name in names:
            page.goto(address + STAFF_PAGES[name].format(patient=patient))
            drawn(page)
            if name == "card":
                tap(page, re.compile("^Make a"))
            keep(page, prefix + name, look)
        if "worklist" in names and not prefix:
            page.goto(address)
            drawn(page)
            page.get_by_role("button", name="Open case").first.click()
            expect(page.get_by_role("dialog")).to_contain_text("What happened so far")
            keep(page, "worklist-case", look)


def signed_in(browser: Browser, demo: Demo, folder: Path) -> Path:
    """An administrator's session as a file for other contexts."""
    context = browser.new_context()
    page = context.new_page()
    demo.sign_in(page, "administrator")
    settle(page)
    context.storage_state(path=folder / "session.json")
    context.close()
    return folder / "session.json"


def full_clinic(browser: Browser, folder: Path, words: list[str]) -> None:
    """The demo clinic."""
    with demo_server(folder, TREATMENTS) as demo:
        state = signed_in(browser, demo, folder)
        outside = {name: f"{demo.address}/{name}" for name in ("code", "sign-in", "demo")}
        outside |= {"link": demo.patient_link, "welcome": demo.address, "bad-link": f"{demo.address}/c/unknown"}
        names = [name for name in STAFF_PAGES if wanted(name, words)]
        for look in LOOKS:
            if wanted("patient", words):
                patient_pages(browser, look, demo)
            if names:
                staff_pages(browser, look, demo.address, state, names)
            plain_pages(browser, look, {name: where for name, where in outside.items() if wanted(name, words)})


def empty_clinic(browser: Browser, folder: Path) -> None:
    """A new database: the set-up of the first administrator, and every page before there is anything on it."""
    with application(folder) as address:
        for look in LOOKS:
            plain_pages(browser, look, {"set-up": f"{address}/set-up"})
        demo = Demo(address, "", {"administrator": ("first@example.org", "correct horse battery staple")}, folder)
        set_up(browser, demo)
        state = signed_in(browser, demo, folder)
        for look in LOOKS:
            staff_pages(browser, look, address, state, list(EMPTY_PAGES), "empty-")


def set_up(browser: Browser, demo: Demo) -> None:
    """The first administrator through the real form."""
    email, password = demo.passwords["administrator"]
    page = browser.new_page()
    page.goto(f"{demo.address}/set-up")
    given = {"clinic_name": "New clinic", "telephone": "+49 30 0000000", "name": "First Administrator",
             "email": email, "password": password}  # fmt: skip
    for name, value in given.items():
        page.locator(f"[name={name}]").fill(value)
    zone = page.locator("[name=timezone]")
    if zone.evaluate("it => it.tagName") == "SELECT":
        zone.select_option("Europe/Berlin")
    else:
        zone.fill("Europe/Berlin")
    page.get_by_role("button").first.click()
    page.wait_for_url("**/sign-in")
    page.close()


def wanted(name: str, words: list[str]) -> bool:
    return not words or any(word in name for word in words)


def main(words: list[str]) -> None:
    """Draw the views whose names contain one of ``words``; all of them, and the README's, where there are none."""
    OUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find(), args=ARGUMENTS)
        for name in ("full", "empty"):
            (Path(place) / name).mkdir()
        full_clinic(browser, Path(place) / "full", words)
        if wanted("empty", words):
            empty_clinic(browser, Path(place) / "empty")
        browser.close()
    for name, picture in README_PICTURES.items():
        if not words:
            shutil.copyfile(OUT / f"{picture}.png", ROOT / "docs" / "pictures" / f"{name}.png")


if __name__ == "__main__":
    main(sys.argv[1:])
