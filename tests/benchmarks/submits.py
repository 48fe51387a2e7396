"""How long a patient waits after the tap: one session at full speed, and many that think, beside a bare page."""

import asyncio
import os
import random
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

from reporting import clock
from reporting.domain.actors import SYSTEM
from reporting.records import engine as storage
from reporting.records.columns import add_one
from reporting.records.engine import transaction
from reporting.records.migrate import migrate
from reporting.records.outcomes import recompute
from reporting.records.tables import Clinic
from reporting.settings import settings
from reporting.treatments.act_invitations import issue_invitation, open_link
from tests.benchmarks.bare import bare_page
from tests.benchmarks.streamlit_client import Tab
from tests.cast import FACTS
from tests.people import treated
from tests.server import application

THINK_S = 5.0
RAMP_S = 10.0
FSYNCS = 200

Press = Callable[[Tab], Awaitable[float]]


def patients(folder: Path, count: int) -> list[str]:
    """Write a synthetic clinic with ``count`` patients treated three days ago; returns their cookies."""
    os.environ |= {"REPORTING_DATA_DIR": str(folder), "REPORTING_DATABASE_URL": "", "REPORTING_DEMO": "0"}
    settings.cache_clear()
    storage.forget_engine()
    migrate()
    now = clock.now()
    performed = (now - timedelta(days=3)).date()
    with transaction() as session:
        clinic = add_one(
            session,
            Clinic,
            code="BENCH",
            name="Benchmark (synthetic)",
            is_synthetic=True,
            created_at=now,
            **FACTS,
        )
        _people, treatments = treated(
            session,
            clinic,
            count,
            performed_on=performed,
            at=now,
            code="B",
            areas=["cheeks"],
            year_of_birth=1980,
            fitzpatrick=3,
        )
        recompute(session, treatments)
    cookies = [open_link(issue_invitation(by=SYSTEM, treatment_id=key).token) for key in treatments]
    storage.forget_engine()
    return [f"{cookie.name}={cookie.value}" for cookie in cookies]


async def _ours(tab: Tab) -> float:
    """One check-in: to the first question (not timed), then the time of the tap on *no problems today*."""
    if not any(shown.label.startswith("No problems") for shown in tab.buttons.values()):
        await tab.press("Report something else")
    took = await tab.press("No problems")
    if not tab.shows("We have your answers"):
        raise RuntimeError(f"no confirmation on the page: {tab.texts[:6]}")
    return took


async def _bare(tab: Tab) -> float:
    took = await tab.press("Send")
    if not tab.shows("Thank you"):
        raise RuntimeError("no thanks on the toy page")
    return took


async def _one(url: str, cookie: str, page: str, press: Press, until: float, think: float, delay: float) -> list[float]:
    await asyncio.sleep(delay)
    times = []
    async with Tab(url, cookie, page) as tab:
        while time.perf_counter() < until:
            began = time.perf_counter()
            took = await press(tab)
            times.append((began, took))
            if think:
                await asyncio.sleep(min(random.expovariate(1 / think), max(0.0, until - time.perf_counter())))
    return [took for began, took in times if began >= until - _window]


_window = 20.0


async def _many(url: str, cookies: list[str], page: str, press: Press, seconds: float, think: float) -> list[float]:
    global _window
    _window = seconds
    ramp = RAMP_S if len(cookies) > 1 else 0.5
    until = time.perf_counter() + ramp + seconds
    tabs = [_one(url, cookie, page, press, until, think, ramp * i / len(cookies)) for i, cookie in enumerate(cookies)]
    return [took for times in await asyncio.gather(*tabs) for took in times]


def _row(name: str, times: list[float], seconds: float) -> None:
    ordered = sorted(times)
    at = [1e3 * ordered[min(len(ordered) - 1, int(q * len(ordered)))] for q in (0.5, 0.95, 0.99)]
    print(
        f"{name:44} {len(ordered):7} {len(ordered) / seconds:8.1f} {at[0]:8.1f} {at[1]:8.1f} {at[2]:8.1f}",
        flush=True,
    )


def disk_probe(folder: Path) -> float:
    """Median milliseconds to append 4 KiB and have the disk keep it: the floor of every durable write."""
    times = []
    with (folder / "probe").open("ab") as handle:
        for _ in range(FSYNCS):
            began = time.perf_counter()
            handle.write(b"x" * 4096)
            handle.flush()
            os.fsync(handle.fileno())
            times.append(time.perf_counter() - began)
    return 1e3 * sorted(times)[FSYNCS // 2]


def run(folder: Path, seconds: float, sessions: int) -> None:
    """Print the table of submit times: ours and the toy's, one session and ``sessions`` that think."""
    ours, toy = folder / "ours", folder / "toy"
    ours.mkdir()
    toy.mkdir()
    cookies = patients(ours, sessions)
    before = disk_probe(folder)
    print(f"{'submit':44} {'n':>7} {'per s':>8} {'p50 ms':>8} {'p95 ms':>8} {'p99 ms':>8}")
    with application(ours) as address:
        _row(
            "check-in, 1 session",
            asyncio.run(_many(address, cookies[:1], "", _ours, seconds, 0)),
            seconds,
        )
        times = asyncio.run(_many(address, cookies, "", _ours, seconds, THINK_S))
        _row(f"check-in, {sessions} sessions, {THINK_S:.0f} s think time", times, seconds)
    with bare_page(toy) as url:
        _row("bare Streamlit page, 1 session", asyncio.run(_many(url, [""], "", _bare, seconds, 0)), seconds)
        times = asyncio.run(_many(url, [""] * sessions, "", _bare, seconds, THINK_S))
        _row(f"bare Streamlit page, {sessions} sessions, {THINK_S:.0f} s", times, seconds)
    after = disk_probe(folder)
    print(f"append and fsync of 4 KiB: {before:.2f} ms before, {after:.2f} ms after")
    if max(before, after) > 2 * min(before, after):
        print("The disk changed by more than a factor of two meanwhile: do not quote these figures.")
