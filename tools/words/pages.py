"""What the pages say in a browser: the plain ones, and those of every role, found by following their links."""

import re
import shutil
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from playwright.sync_api import Error as BrowserError

from tools.words.kept import Shelf
from tools.words.sent import Sent

PLAIN = """\
/code
/sign-in
/demo
/c/unknown
/check-in/photo/999
/unsubscribe/unknown
/unlock
/my-data
/check-in/now
/check-in/review
/home
/
""".splitlines()
FETCHED = """\
/healthz
/metrics
/plain.css
/to-top.js
/close-menu.js
/photo/1
/safety-report/2026-02.pdf
/sms/inbound
/worklist
/check-in
/set-up
""".splitlines()
"""Answers for machines, asked for by nobody who is signed in."""
ASKED = """\
/?show=silent
/?show=closed
/?show=budget
/units?kind=operator
/settings?skin=IV-VI
/settings?view=two
/settings?view=time
/overview?device=unknown&period=30d&skin=IV-VI
/settings?area=legs&skin=IV-VI
/timeline?patient=999999
/plan?patient=999999
/card?treatment=999999
/record?patient=999999
/proxy?treatment=999999
""".splitlines()
"""States of the staff's pages that not every link leads to."""
FORBIDDEN = ("/audit", "/staff", "/settings", "/units", "/clinic")
"""Opened by every role, whether it may or not."""
PER_PATH = 3
"""So many states of a page, at most, are followed by links for each role."""
LANGUAGES = ("en-GB", "es-ES", "ar")
STEPS = 40
WAIT_MS = 90_000
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
_SEEN = Path(__file__).with_name("seen.js").read_text(encoding="utf-8")
_STILL = """() => {
    const app = document.querySelector('[data-testid=stApp]')
    const begins = document.querySelector('#root') && !document.querySelector('[data-testid=stMain] h1, [role=alert]')
    const waits = begins || app && app.dataset.testScriptState !== 'notRunning'
        || document.querySelector('[data-testid=stSkeleton], [data-testid=stAppSkeleton], [data-testid=stSpinner]')
        || [...document.querySelectorAll('[data-testid=stVegaLiteChart]')].some(it => !it.querySelector('svg, canvas'))
    const now = waits ? '' : document.body.innerText + document.querySelectorAll('svg *').length
    if (!now || window.saidBefore !== now) {
        window.saidBefore = now
        window.saidSince = performance.now()
        return false
    }
    return performance.now() - window.saidSince > 400
}"""
"""Whether the page is drawn and has said the same for a moment."""
_UNFOLD = "[...document.querySelectorAll('details:not([open]) > summary')].map(it => it.click()).length"


def settle(page: Page) -> None:
    """Wait until the page is drawn and says the same for a moment."""
    page.wait_for_load_state("load")
    page.wait_for_function(_STILL, polling=100, timeout=WAIT_MS)


class Window:
    """A page of the browser whose words are kept."""

    def __init__(self, page: Page, shelf: Shelf) -> None:
        self.page, self.shelf, self._sent = page, shelf, Sent(page)

    def open(self, address: str) -> None:
        """Go to another page; what was sent to the last one is forgotten."""
        self._sent.forget()
        self.page.goto(address)

    def keep(self, name: str) -> None:
        """Keep what the page says now; a page that cannot be read is kept as that."""
        try:
            said = self._seen()
        except BrowserError as error:
            said = f"NOT READ: {error}"
        self.shelf.keep(f"pages/{name}", said)

    def _seen(self) -> str:
        """Everything that the page says, its folded parts and its tabs opened, and what it was sent to draw."""
        settle(self.page)
        if self.page.evaluate(_UNFOLD):
            settle(self.page)
        said = [str(self.page.evaluate(_SEEN))]
        for tab in self.page.get_by_role("tab").all():
            if tab.get_attribute("aria-selected") != "true":
                tab.click()
                settle(self.page)
                said.append(f"--- tab {tab.inner_text()}\n{self.page.evaluate(_SEEN)}")
        return "\n".join([*said, "--- sent", self._sent.said()])


class Tour:
    """Looks at the pages of the application at ``address`` and keeps what they say."""

    def __init__(self, browser: Browser, address: str, shelf: Shelf) -> None:
        self.browser, self.address, self.shelf = browser, address, shelf

    @contextmanager
    def context(self, locale: str = "en-GB") -> Iterator[BrowserContext]:
        """A browser of desktop size with nobody signed in."""
        context = self.browser.new_context(
            viewport={"width": 1280, "height": 900}, locale=locale, timezone_id="Europe/London", reduced_motion="reduce"
        )
        context.set_default_timeout(WAIT_MS)
        yield context
        context.close()

    def plain(self) -> None:
        """The pages and answers for somebody who is not signed in."""
        for locale in LANGUAGES:
            with self.context(locale) as context:
                window = Window(context.new_page(), self.shelf)
                for path in PLAIN:
                    window.open(self.address + path)
                    window.keep(f"nobody/{locale}{path if path != '/' else '/first'}")
        with self.context() as context:
            for path in FETCHED:
                answer = context.request.get(self.address + path, max_redirects=0)
                kept = {name: value for name, value in answer.headers.items() if name not in ("date", "content-length")}
                heads = "\n".join(f"{name}: {value}" for name, value in sorted(kept.items()))
                self.shelf.keep(f"answers{path}", f"{answer.status}\n{heads}\n\n{_body(path, answer.text())}")

    def roles(self) -> list[str]:
        """Who the first page of a demo lets in."""
        with self.context() as context:
            page = context.new_page()
            page.goto(f"{self.address}/demo")
            return [str(button.get_attribute("value")) for button in page.locator("button[name=role]").all()]

    def of_role(self, role: str) -> None:
        """Every page that links lead somebody of this role to, and those asked for."""
        with self.context() as context:
            page = context.new_page()
            page.goto(f"{self.address}/demo")
            page.locator(f"button[name=role][value={role}]").click()
            settle(page)
            asked = () if role == "patient" else FORBIDDEN if role != "administrator" else (*FORBIDDEN, *ASKED)
            window = Window(page, self.shelf)
            self._follow(window, role, ["/", "/home", *asked] if role == "patient" else ["/", *asked])
            if role == "administrator":
                self._case(window, role)

    def _follow(self, window: Window, role: str, begin: list[str]) -> None:
        waiting, known, states = deque(begin), {_shape(path) for path in begin}, Counter[str]()
        while waiting:
            path = waiting.popleft()
            window.open(self.address + path)
            window.keep(f"{role}{path if path != '/' else '/first'}")
            for link in window.page.eval_on_selector_all("a[href]", "all => all.map(it => it.href)"):
                onward = self._inside(str(link))
                if onward is None or _shape(onward) in known or states[urlsplit(onward).path] >= PER_PATH:
                    continue
                known.add(_shape(onward))
                states[urlsplit(onward).path] += 1
                waiting.append(onward)

    def _inside(self, link: str) -> str | None:
        """Path and query of a page of ours; None for anything else."""
        path = link.removeprefix(self.address)
        is_page = link.startswith(self.address + "/") and not re.match(r"/(sign-out|media|c|photo|static)\b", path)
        return path.partition("#")[0] if is_page and not urlsplit(path).path.endswith((".pdf", ".csv")) else None

    def _case(self, window: Window, role: str) -> None:
        """The case that stands on top of the worklist."""
        window.open(self.address)
        settle(window.page)
        window.page.get_by_role("button", name="Open case").first.click()
        window.page.get_by_role("dialog").wait_for()
        window.keep(f"{role}/case")

    def check_in(self, link: str) -> None:
        """A patient's whole check-in on plain pages: always the last answer of a question, until it is sent."""
        with self.context() as context:
            window = Window(context.new_page(), self.shelf)
            window.open(link)
            for step in range(STEPS):
                window.keep(f"check-in/{step:02}")
                if "/sent?" in window.page.url or not _answer(window.page):
                    break


def _answer(page: Page) -> bool:
    """Answer what the page asks and go on; False where it asks nothing."""
    ticks = page.locator("form:has([name^=tick]) [type=checkbox]")
    if ticks.count():
        ticks.first.check()
    for what in (
        "[name=understood]",
        "[name=send]",
        "[name=only][value=all]",
        "button[name=one]",
        "form:has([name^=tick]) button",
        "main form button",
    ):
        found = page.locator(what)
        if found.count():
            (found.last if what == "button[name=one]" else found.first).click()
            page.wait_for_load_state("load")
            return True
    return False


def _shape(path: str) -> str:
    """A page and what is asked of it, whatever the number of the record."""
    parts = urlsplit(path)
    asked = sorted((name, "#" if value.isdigit() else value) for name, value in parse_qsl(parts.query))
    return f"{parts.path}?{asked}"


def _body(path: str, said: str) -> str:
    """The body of an answer; of the metrics their names, as the figures are of this run."""
    if path != "/metrics":
        return said
    return "\n".join(sorted({line for line in said.splitlines() if line.startswith("#")}))


@contextmanager
def browser() -> Iterator[Browser]:
    """The Chromium of this machine, else the one that Playwright keeps."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield started
        started.close()


def take(address: str, shelf: Shelf, link: str) -> None:
    """Look at everything; ``link`` is a patient's."""
    with browser() as started:
        tour = Tour(started, address, shelf)
        tour.plain()
        tour.check_in(link)
        for role in tour.roles():
            tour.of_role(role)


def alone(address: str, shelf: Shelf, path: str, name: str) -> None:
    """Look at one page as somebody who is not signed in."""
    with browser() as started:
        tour = Tour(started, address, shelf)
        with tour.context() as context:
            window = Window(context.new_page(), shelf)
            window.open(address + path)
            window.keep(f"nobody/{name}")
