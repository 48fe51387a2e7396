"""The check-in as patients meet it: first question on a slow phone, taps, and fifty who send at once.

Ours beside bare pages in the same run: a Starlette form that writes the same row, and a Streamlit page.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from playwright.sync_api import Browser, sync_playwright
from starlette.applications import Starlette
from starlette.testclient import TestClient

from reporting.app.routes import ROUTES
from tests.benchmarks.bare import bare_page
from tests.benchmarks.streamlit_client import must_be_loopback
from tests.benchmarks.submits import disk_probe, patients
from tests.browser import find
from tests.e2e.conftest import ARGUMENTS
from tests.e2e.patients import links
from tests.server import ROOT, application, process
from tests.web.screen import Phone, Screen
from tools.ports import free_port

RUNS = 5
CPU_SLOWDOWN, BITS_PER_S, LATENCY_MS = 4, 1_600_000, 300
CONCURRENT, PATIENTS = 50, 1_500
SHOWN = """(() => { const look = () => { const it = document.querySelector('main h1, h1, h2');
    if (it && it.getBoundingClientRect().height) requestAnimationFrame(() => { window.shownAt = performance.now(); });
    else requestAnimationFrame(look); }; look(); })()"""


@dataclass(frozen=True)
class Load:
    """A page opened once with nothing cached. ``work_ms``: processor time of its main thread, as the phone's is."""

    seconds: float
    kilobytes: float
    requests: int
    work_ms: float


def load(browser: Browser, address: str, cookie: tuple[str, str] | None = None) -> Load:
    """Open a page on the slow phone; seconds from the start of the navigation until its heading is painted."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    if cookie:
        context.add_cookies([{"name": cookie[0], "value": cookie[1], "url": address}])
    page, sizes, asked = context.new_page(), [], []
    wire = context.new_cdp_session(page)
    wire.send("Network.enable")
    wire.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    wire.on("Network.requestWillBeSent", lambda event: asked.append(event["request"]["url"]))
    wire.send(
        "Network.emulateNetworkConditions",
        {
            "offline": False,
            "latency": LATENCY_MS,
            "downloadThroughput": BITS_PER_S / 8,
            "uploadThroughput": BITS_PER_S / 8,
        },
    )
    wire.send("Emulation.setCPUThrottlingRate", {"rate": CPU_SLOWDOWN})
    wire.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.add_init_script(SHOWN)
    page.goto(address, wait_until="commit", timeout=120_000)
    page.locator("h1, h2").first.wait_for(timeout=120_000)
    shown: float | None = None
    while not shown:
        shown = page.evaluate("window.shownAt || new Promise(done => requestAnimationFrame(() => done(null)))")
    metrics = {each["name"]: each["value"] for each in wire.send("Performance.getMetrics")["metrics"]}
    page.wait_for_load_state("networkidle", timeout=120_000)
    context.close()
    asked_for = [url for url in asked if not url.startswith("data:")]
    return Load(shown / 1e3, sum(sizes) / 1e3, len(asked_for), 1e3 * metrics["TaskDuration"])


def _first_question(name: str, browser: Browser, address: str, cookie: tuple[str, str] | None = None) -> None:
    found = [load(browser, address, cookie) for _ in range(RUNS)]
    seconds, size, requests = (
        statistics.median(getattr(each, part) for each in found) for part in ("seconds", "kilobytes", "requests")
    )
    print(f"{name:46} {seconds:8.2f} {size:9.1f} {requests:9.0f}", flush=True)


@contextmanager
def bare_form(folder: Path) -> Iterator[str]:
    """A form of a few lines that writes the same row; yields its address without the number of the patient."""
    port = free_port()
    url = f"http://localhost:{port}/form/"
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        "tests.benchmarks.toy_form:app",
        "--port",
        str(port),
        "--log-level",
        "warning",
        "--no-access-log",
    ]
    settings = {"REPORTING_DATA_DIR": str(folder), "REPORTING_DATABASE_URL": "", "REPORTING_DEMO": "0"}
    with process(command, f"{url}1", folder / "form.log", ROOT, **settings):
        yield url


def first_questions(light: str, home: tuple[str, tuple[str, str]], bare_form: str, bare_streamlit: str) -> None:
    """The table of first questions on the slow phone."""
    print(f"first question, phone 390x844, {CPU_SLOWDOWN}x CPU, {BITS_PER_S / 1e6} Mbit/s, {LATENCY_MS} ms, cold cache")
    print(f"{f'median of {RUNS}':46} {'seconds':>8} {'kB':>9} {'requests':>9}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find(), args=ARGUMENTS)
        _first_question("light check-in, from the link", browser, light)
        _first_question("bare Starlette form", browser, f"{bare_form}1")
        _first_question("patient home in Streamlit", browser, *home)
        _first_question("bare Streamlit page", browser, bare_streamlit)
        browser.close()


def taps(*ways: str) -> None:
    """Count taps by walking the flow on a phone, the tap on the link included."""

    def opened(link: str) -> Phone:
        phone = Phone(TestClient(Starlette(routes=ROUTES), follow_redirects=False), urlsplit(link).path)
        phone.taps = 1
        return phone

    well = opened(ways[0]).press("No problems today")
    print(f"taps: no problems today {well.taps}", end="")
    for link, words in zip(ways[1:], ("none of the follow-ups apply", "one ticked in each list"), strict=True):
        phone = opened(link).press("Continue", ["bumps", "swelling"])
        while phone.here != "/check-in/sent":
            _answer(phone, ticks="ticked" in words)
        print(f"; two symptoms with follow-ups, {words}: {phone.taps}", end="")
    print()


def _answer(phone: Phone, *, ticks: bool) -> None:
    names = [button.words for button in phone.screen.buttons()]
    if ticks and phone.screen.rows():
        phone.press("Continue", [phone.screen.rows()[min(1, len(phone.screen.rows()) - 1)].value])
    else:
        wanted = ("Moderate", "None of these", "It can wait", "Send")
        phone.press(next(name for name in wanted if any(shown.startswith(name) for shown in names)))


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> tuple[int, bytes]:
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:-2])
    body = await reader.readexactly(int(fields.get(b"content-length", 0)))
    return int(head.split(b" ", 2)[1]), body


def _post(host: str, path: str, cookie: str, data: dict[str, str]) -> bytes:
    body = urlencode(data).encode()
    return (
        f"POST {path} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\nOrigin: null\r\nSec-Fetch-Site: same-origin\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body


async def _many(address: str, requests: list[bytes], expect: int) -> tuple[list[float], float, list[bytes]]:
    """Send all requests over so many connections at once; the time of each, of all, and the bodies."""
    must_be_loopback(address)
    parts, waiting = urlsplit(address), iter(list(enumerate(requests)))
    times, bodies = [0.0] * len(requests), [b""] * len(requests)

    async def one_patient_after_another() -> None:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        for number, request in waiting:
            began = time.perf_counter()
            status, bodies[number] = await _ask(reader, writer, request)
            times[number] = time.perf_counter() - began
            if status != expect:
                raise RuntimeError(f"{status}: {bodies[number][:300]!r}")
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(one_patient_after_another() for _ in range(CONCURRENT)))
    return times, time.perf_counter() - began, bodies


def _row(name: str, times: list[float], seconds: float) -> float:
    ordered = sorted(times)
    at = [1e3 * ordered[int(q * (len(ordered) - 1))] for q in (0.5, 0.95)]
    print(f"{name:46} {len(times):7} {len(times) / seconds:8.1f} {at[0]:8.1f} {at[1]:8.1f}", flush=True)
    return len(times) / seconds


def _field(body: bytes, name: str) -> str:
    return Screen(body.decode()).field(name).value


def sends(address: str, cookies: list[str], bare_form: str) -> None:
    """The table of fifty patients who send at once; each sends once, from the page that they opened."""
    host = urlsplit(address).netloc
    gets = [f"GET /check-in/q/symptoms HTTP/1.1\r\nHost: {host}\r\nCookie: {c}\r\n\r\n".encode() for c in cookies]
    print(f"{f'{CONCURRENT} patients at once':46} {'n':>7} {'per s':>8} {'p50 ms':>8} {'p95 ms':>8}")
    for is_later in (False, True):  # with the first one a person also agrees, once
        opened = asyncio.run(_many(address, gets, 200))
        posts = [
            _post(
                host,
                "/check-in/q/symptoms",
                cookie,
                {"q": "symptoms", "only": "none", "key": _field(body, "key"), "of": _field(body, "of")},
            )
            for cookie, body in zip(cookies, opened[2], strict=True)
        ]
        ours = asyncio.run(_many(address, posts, 303))[:2]
        if not is_later:
            _row("light check-in, sent for the first time", *ours)
    _row("light check-in, first question opened", *opened[:2])
    rate = _row("light check-in, sent", *ours)
    told = [request.replace(b"q/symptoms", b"sent") for request in gets]
    _row("light check-in, confirmation", *asyncio.run(_many(address, told, 200))[:2])
    bare = [_post(urlsplit(bare_form).netloc, f"/form/{n + 1}", "", {"a": "no"}) for n in range(len(cookies))]
    theirs = _row("bare Starlette form, sent", *asyncio.run(_many(bare_form, bare, 303))[:2])
    print(f"light check-in sends {rate / theirs:.2f} of what the bare form sends per second")


def run(folder: Path, count: int = PATIENTS) -> None:
    """Print the tables: first question, taps, sends."""
    ours, toy = folder / "light", folder / "light-toy"
    ours.mkdir()
    toy.mkdir()
    patients(toy, count)
    cookies = patients(ours, count)
    before = disk_probe(folder)
    with application(ours) as address, bare_form(toy) as form, bare_page(toy) as bare_streamlit:
        ways = links(ours, address, 4, "cheeks")
        taps(*ways[1:])
        name, value = cookies[0].split("=", 1)
        first_questions(ways[0], (f"{address}/home", (name, value)), form, bare_streamlit)
        sends(address, cookies, form)
    after = disk_probe(folder)
    print(f"append and fsync of 4 KiB: {before:.2f} ms before, {after:.2f} ms after")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="reporting-bench-") as where:
        run(Path(where), int(sys.argv[1]) if len(sys.argv) > 1 else PATIENTS)
