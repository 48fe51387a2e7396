"""Draws every page as people see it: phone and desktop, light and dark, with data, empty and failing.

``python -m tests.e2e.screenshots [WORD …]`` writes to ``build/screenshots``; words choose pictures by their name.
Without words the pictures of the README and of ``docs`` are drawn anew as well. Which pages there are comes from
``tests/e2e/tour.py``, which takes them from the navigation and the routes.
"""

import re
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NamedTuple

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser import find
from tests.e2e import tour
from tests.e2e.conftest import ARGUMENTS
from tests.e2e.demo import Demo, demo_server, fill
from tests.e2e.looks import drawn, in_colours, settle
from tests.e2e.patients import card_of, cards
from tests.e2e.test_check_in import pages_of_a_report
from tests.e2e.test_patient_pages import pages_of_a_patient, sign_in
from tests.server import ROOT, application

OUT = ROOT / "build" / "screenshots"
DOCS = ROOT / "docs" / "pictures"
KEPT = {
    "check-in": "light-confirmation.phone.light",
    "worklist": "worklist.desktop.light",
    "overview": "overview.desktop.light",
    "settings": "settings.desktop.light",
    "signals": "signals.desktop.light",
    "signal": "signal-card.desktop.light",
    "settings-map": "settings-map.desktop.light",
    "units": "units.desktop.light",
    "timeline": "timeline.desktop.light",
    "quality": "quality.desktop.dark",
    "home": "home.phone.light",
    "report": "light-first-question.phone.light",
}
"""Pictures of the README and the notes, and where they come from; cut to the first screen."""
TREATMENTS = "1200"
TALLEST_PX = 4000
KEPT_WHEN_BROKEN = {
    "staff_account",
    "clinic",
    "sign_in_session",
    "audit_event",
    "audit_head",
    "alembic_version",
    "invitation",
}
"""Tables without which nobody is signed in; the others are lost when the database is made to fail."""
MOST_ANSWERED = """select treatment.id, patient.year_of_birth from check_in
    join treatment on treatment.id = check_in.treatment_id join patient on patient.id = treatment.patient_id
    where check_in.answered_at is not null and treatment.performed_on > date('now', '-31 days')
    group by treatment.id order by count(*) desc, treatment.id limit 1"""


REFUSED = (
    ("treatment_id", "patient_id", "performed_on", "device", "pulse_energy_mj"),
    ("LOG-1", "DEMO-00122", "2026-02-30", "CO2-1", "30"),
    ("LOG-2", "DEMO-00407", "2026-03-02", "CO2-1", "9000"),
)
"""A log of which nothing can go in: a day that there is not, and an energy that no device gives."""


class Look(NamedTuple):
    """A screen and its colours."""

    screen: Literal["phone", "tablet", "desktop"]
    colours: Literal["light", "dark"]

    @property
    def size(self) -> tuple[int, int]:
        return {"phone": (390, 844), "tablet": (768, 1024), "desktop": (1280, 900)}[self.screen]


SCREENS = (Look("phone", "light"), Look("desktop", "light"))
TABLET = Look("tablet", "light")


def context_of(browser: Browser, look: Look, state: Path | None = None) -> BrowserContext:
    """A browser window in that look; ``state`` is a signed-in session kept by ``BrowserContext.storage_state``."""
    width, height = look.size
    return browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=look.colours,
        is_mobile=look.screen == "phone",
        has_touch=look.screen != "desktop",
        reduced_motion="reduce",
        storage_state=state,
    )


@contextmanager
def seen(browser: Browser, look: Look, state: Path | None = None) -> Iterator[Page]:
    """A page in that look."""
    context = context_of(browser, look, state)
    yield context.new_page()
    context.close()


class Camera:
    """Takes the pictures that are wanted, of one screen size, in both colours."""

    def __init__(self, screen: Look, words: list[str]) -> None:
        self.screen, self.words = screen, words

    def wants(self, name: str) -> bool:
        return not self.words or any(word in name for word in self.words)

    def keep(self, page: Page, name: str) -> None:
        """All of the page, down to ``TALLEST_PX``, light and dark."""
        if not self.wants(name):
            return
        name = name.replace(",", "").replace(" ", "-")
        width, height = self.screen.size
        drawn(page)
        whole = int(page.evaluate("(document.querySelector('[data-testid=stMain]') || document.body).scrollHeight"))
        page.set_viewport_size({"width": width, "height": max(height, min(whole + 20, TALLEST_PX))})
        for colours in ("light", "dark"):
            in_colours(page, colours)
            drawn(page)
            page.screenshot(path=OUT / f"{name}.{self.screen.screen}.{colours}.png", animations="disabled")
        in_colours(page, "light")
        page.set_viewport_size({"width": width, "height": height})

    def visit(self, page: Page, address: str, names: Iterable[tuple[str, str]]) -> None:
        """Pictures of the pages at these addresses."""
        for name, where in names:
            if self.wants(name):
                page.goto(address + where)
                self.keep(page, name)


def staff_pages(
    camera: Camera, browser: Browser, address: str, states: dict[str, Path], stops: list[tour.Stop], prefix: str = ""
) -> None:
    """These pages, each as somebody who may open it; one window per role."""
    for role in sorted({stop.role for stop in stops}):
        with seen(browser, camera.screen, states[role]) as page:
            camera.visit(page, address, [(prefix + stop.name, stop.address) for stop in stops if stop.role == role])


def worklist_parts(camera: Camera, page: Page, address: str) -> None:
    """The case window and what else the worklist shows."""
    page.goto(address)
    drawn(page)
    page.get_by_role("button", name="Open case").first.click()
    expect(page.get_by_role("dialog")).to_contain_text("What happened so far", timeout=30_000)
    settle(page)
    camera.keep(page, "worklist-case")
    for view in tour.WORKLIST_VIEWS:
        page.goto(f"{address}/?show={view}")
        camera.keep(page, f"worklist-{view}")


def signal_card(camera: Camera, page: Page, address: str) -> None:
    """The first signal opened."""
    page.goto(f"{address}/signals")
    drawn(page)
    page.get_by_role("link", name="Open").first.click()
    expect(page.get_by_role("link", name="All signals")).to_be_visible()
    camera.keep(page, "signal-card")


def mending(camera: Camera, page: Page, address: str) -> None:
    """An import with refused rows, and those rows being mended."""
    page.goto(f"{address}/import")
    drawn(page)
    rows = "\n".join(",".join(row) for row in REFUSED).replace("LOG", camera.screen.screen)
    page.locator("input[type=file]").last.set_input_files(
        {"name": "log.csv", "mimeType": "text/csv", "buffer": rows.encode()}
    )
    page.get_by_role("button", name=re.compile("^Keep 2 refused rows")).wait_for()
    camera.keep(page, "import-seen")
    page.get_by_role("button", name=re.compile("^Keep 2 refused rows")).click()
    page.get_by_role("link", name=re.compile("^Mend ")).first.click()
    page.get_by_role("button", name=re.compile("shown again")).wait_for()
    camera.keep(page, "import-mending")


def patient_pages(camera: Camera, browser: Browser, address: str, cards_left: list[tuple[str, str]]) -> None:
    """The light check-in from link to confirmation, and the patient's Streamlit pages with little on them."""
    with seen(browser, camera.screen) as page:
        if camera.wants("light"):
            for name in pages_of_a_report(page, cards_left.pop()[0]):
                camera.keep(page, f"light-{name}")
    with seen(browser, camera.screen) as page:
        if camera.wants("patient"):
            sign_in(page, address, cards_left.pop()[1])
            for name in pages_of_a_patient(page, address):
                camera.keep(page, f"patient-{name}")


def home_pages(camera: Camera, browser: Browser, demo: Demo) -> None:
    """What a patient sees who has answered often: home, own data, changing a report."""
    if not any(camera.wants(name) for name in ("home", "data", "correct")):
        return
    with sqlite3.connect(demo.folder / "reporting.db") as database:
        treatment, born = database.execute(MOST_ANSWERED).fetchone()
    with seen(browser, camera.screen) as page:
        sign_in(page, demo.address, card_of(demo.folder, demo.address, treatment)[1], str(born))
        camera.visit(
            page, demo.address, [("home", "/home"), ("data", "/data"), ("correct-no", "/correct?report=999999")]
        )
        if camera.wants("correct"):
            page.goto(f"{demo.address}/home")
            drawn(page)
            change = page.get_by_role("button", name="Change or take back").first
            change.scroll_into_view_if_needed()
            change.click()
            page.wait_for_url("**/correct*")
            camera.keep(page, "correct")


def signed_in(browser: Browser, demo: Demo, folder: Path, role: str = "administrator") -> Path:
    """A session of that role as a file for other windows."""
    context = browser.new_context()
    page = context.new_page()
    demo.sign_in(page, role)
    settle(page)
    context.storage_state(path=folder / f"{role}.json")
    context.close()
    return folder / f"{role}.json"


def full_clinic(browser: Browser, folder: Path, words: list[str]) -> None:
    """The demo clinic."""
    with demo_server(folder, fill(folder, TREATMENTS)) as demo:
        states = {role: signed_in(browser, demo, folder, role) for role in ("administrator", "safety_lead")}
        with seen(browser, SCREENS[1], states["administrator"]) as page:
            patient, treatment = tour.records(page, demo.address)
        cards_left = cards(folder, demo.address, 2 * len(SCREENS))
        for screen in SCREENS:
            camera = Camera(screen, words)
            with seen(browser, screen) as page:
                plain = {**tour.PLAIN, "welcome": ""}
                camera.visit(page, demo.address, [(name, f"/{where}") for name, where in plain.items()])
            patient_pages(camera, browser, demo.address, cards_left)
            home_pages(camera, browser, demo)
            stops = tour.with_data(patient, treatment) + tour.refused()
            staff_pages(camera, browser, demo.address, states, stops)
            parts: dict[str, Callable[[Camera, Page, str], None]] = {
                "worklist": worklist_parts,
                "signal-card": signal_card,
                "import-mending": mending,
            }
            for name, draw in parts.items():
                if camera.wants(name):
                    with seen(browser, screen, states["administrator"]) as page:
                        draw(camera, page, demo.address)
        on_tablet = [stop for stop in tour.with_data(patient, treatment) if stop.name in tour.ON_A_TABLET]
        staff_pages(Camera(TABLET, words), browser, demo.address, states, on_tablet)


def empty_clinic(browser: Browser, folder: Path, words: list[str]) -> None:
    """A new database: setting it up, every page before there is anything on it, and every page when it fails."""
    with application(folder) as address:
        for screen in SCREENS:
            with seen(browser, screen) as page:
                Camera(screen, words).visit(page, address, [("set-up", "/set-up")])
        demo = Demo(address, "", {"administrator": ("first@example.org", "correct horse battery staple")}, folder)
        set_up(browser, demo)
        states = {"administrator": signed_in(browser, demo, folder)}
        for prefix in ("empty-", "error-"):
            if prefix == "error-":
                break_database(folder)
            for screen in SCREENS:
                staff_pages(Camera(screen, words), browser, address, states, tour.nothing_there(), prefix)


def break_database(folder: Path) -> None:
    """Take away every table without which somebody is still signed in, as if the disk had gone."""
    with sqlite3.connect(folder / "reporting.db") as database:
        names = [name for (name,) in database.execute("select name from sqlite_master where type = 'table'")]
        for name in set(names) - KEPT_WHEN_BROKEN:
            if not name.startswith("sqlite_"):
                database.execute(f'drop table "{name}"')


def set_up(browser: Browser, demo: Demo) -> None:
    """The first administrator through the real form."""
    email, password = demo.passwords["administrator"]
    page = browser.new_page()
    page.goto(f"{demo.address}/set-up?country=DE")
    given = {
        "clinic_name": "New clinic",
        "telephone": "+49 30 0000000",
        "hours_mon": "09:00-17:00",
        "name": "First Administrator",
        "email": email,
        "password": password,
    }
    for name, value in given.items():
        page.locator(f"[name={name}]").fill(value)
    page.get_by_role("button").first.click()
    page.wait_for_url("**/sign-in")
    page.close()


def keep_for_reading() -> None:
    """The pictures of the README and the notes: the first screen, small."""
    for name, source in KEPT.items():
        with Image.open(OUT / f"{source}.png") as picture:
            width, height = Look("phone" if ".phone." in source else "desktop", "light").size
            first = picture.convert("RGB").crop((0, 0, width, min(height, picture.height)))
            first.save(DOCS / f"{name}.webp", quality=80, method=6)


def main(words: list[str]) -> None:
    """Draw the pictures whose names contain one of ``words``; all of them, and those that are kept, without words."""
    OUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find(), args=ARGUMENTS)
        for name, draw in {"full": full_clinic, "empty": empty_clinic}.items():
            (Path(place) / name).mkdir()
            draw(browser, Path(place) / name, words)
        browser.close()
    if not words:
        keep_for_reading()


if __name__ == "__main__":
    main(sys.argv[1:])
