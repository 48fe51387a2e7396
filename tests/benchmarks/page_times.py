"""How long the application takes for a page: a clinician alone, and twenty at work at the same time."""

import asyncio
import os
import random
import time
import urllib.parse
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks.streamlit_client import Tab

CHARTS = ("arrow_vega_lite_chart", "vega_lite_chart")
THINK_S = 5.0
"""A clinician at work asks for something this often."""


@dataclass(frozen=True)
class Shown:
    """A page in one of its views: what the table calls it, its address and the query behind it."""

    name: str
    page: str
    query: str = ""

    @staticmethod
    def of(page: str, words: str = "", **query: object) -> "Shown":
        name = page or "worklist"
        return Shown(f"{name}: {words}" if words else name, page, urllib.parse.urlencode(query))


@dataclass
class Row:
    """What was measured of a page: seconds of the first view in a session and of those after it, and bytes."""

    cold: list[float] = field(default_factory=list)
    warm: list[float] = field(default_factory=list)
    cpu_s: float = 0.0
    """Processor time of the server for one warm rerun."""
    charts: int = 0
    sent: int = 0

    def keep_sizes(self, tab: Tab) -> None:
        self.charts = max(self.charts, sum(size for kind, size in tab.sizes if kind in CHARTS))
        self.sent = max(self.sent, sum(size for _, size in tab.sizes))


def cpu_seconds(process: int) -> float:
    """Processor time that a process has used, its ended children's included."""
    cells = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(map(int, cells[11:15])) / os.sysconf("SC_CLK_TCK")


def most_memory_mb(process: int) -> float:
    """The most memory that a process has held since it began."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


async def first_view(url: str, cookie: str, page: str) -> float:
    """Seconds until somebody who just came sees a page."""
    began = time.perf_counter()
    async with Tab(url, cookie) as tab:
        if page:
            await tab.open(page)
    return time.perf_counter() - began


async def pages_of(url: str, cookie: str) -> list[str]:
    """The addresses of the pages that somebody may open."""
    async with Tab(url, cookie) as tab:
        return list(tab.pages)


async def alone(
    url: str, cookies: Sequence[str], shown: Shown, process: int, answer: Callable[[], None], samples: int
) -> Row:
    """A clinician alone: so many sessions that are new, each after a new answer but the first, and reruns."""
    row = Row()
    for number in range(samples):
        if number:
            await asyncio.to_thread(answer)
        async with Tab(url, cookies[number % len(cookies)]) as tab:
            row.cold.append(await tab.open(shown.page, shown.query))
            row.keep_sizes(tab)
            if number == samples - 1:
                before = cpu_seconds(process)
                row.warm += [await tab.run() for _ in range(samples)]
                row.cpu_s = (cpu_seconds(process) - before) / samples
                row.keep_sizes(tab)
    return row


async def at_work(
    url: str,
    cookies: Sequence[str],
    pages: Sequence[Shown],
    answer: Callable[[], None],
    answer_every_s: float,
    share: float,
) -> dict[str, Row]:
    """As many clinicians as cookies, each with something new every THINK_S seconds: open a page, rerun it, the next.

    Everybody looks at ``share`` of the pages, in an order of their own; an answer comes in every so many seconds.
    """
    found: dict[str, Row] = defaultdict(Row)

    async def clinician(number: int, cookie: str) -> None:
        mine = random.Random(number).sample(list(pages), max(1, round(share * len(pages))))
        async with Tab(url, cookie) as tab:
            next_at = began + THINK_S * number / len(cookies)
            for shown in mine:
                for times, ask in ((found[shown.name].cold, True), (found[shown.name].warm, False)):
                    await asyncio.sleep(max(0.0, next_at - time.perf_counter()))
                    next_at = max(next_at, time.perf_counter()) + THINK_S
                    times.append(await (tab.open(shown.page, shown.query) if ask else tab.run()))
                found[shown.name].keep_sizes(tab)

    async def answers() -> None:
        while True:
            await asyncio.sleep(answer_every_s)
            await asyncio.to_thread(answer)

    began = time.perf_counter() + THINK_S
    coming = asyncio.create_task(answers())
    try:
        await asyncio.gather(*(clinician(number, cookie) for number, cookie in enumerate(cookies)))
    finally:
        coming.cancel()
    return {shown.name: found[shown.name] for shown in pages}
