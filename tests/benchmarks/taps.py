"""``python -m tests.benchmarks.taps``: what each tap of a whole report costs on the Streamlit page.

The report is of two symptoms with follow-ups. Printed are the median time of each tap, from the frame sent to
the script's end, and the server's processor time, which other work on the machine hardly changes.
"""

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Awaitable
from pathlib import Path

from tests.benchmarks.streamlit_client import Tab
from tests.benchmarks.submits import patients
from tests.server import application

REPORT = (
    "Burning",
    "Swelling",
    "Continue",
    "Moderate",
    "None of these",
    "Severe",
    "An eye is swollen",
    "Continue",
    "It can wait. But",
    "Send",
)


def server_cpu_ms() -> float:
    """Processor time of the processes that this one has started, milliseconds."""
    ticks = 0
    for child in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split():
        fields = Path(f"/proc/{child}/stat").read_text().rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return 1e3 * ticks / os.sysconf("SC_CLK_TCK")


async def _step(name: str, tabs: list[Tab], todo: list[Awaitable[object]]) -> tuple[float, float]:
    """Do the same in every tab, one after the other; prints and returns median and processor time a tap."""
    before, times = server_cpu_ms(), []
    for each in todo:
        began = time.perf_counter()
        await each
        times.append(1e3 * (time.perf_counter() - began))
    median, cpu = statistics.median(times), (server_cpu_ms() - before) / len(tabs)
    print(f"{name:20} {median:8.1f} {cpu:8.1f}", flush=True)
    return median, cpu


async def _reports(url: str, cookies: list[str]) -> None:
    tabs = [Tab(url, cookie) for cookie in cookies]
    await _step("open", tabs, [tab.__aenter__() for tab in tabs])
    taps = [await _step(label, tabs, [tab.press(label) for tab in tabs]) for label in REPORT]
    print(f"{f'{len(taps)} taps together':20} {sum(t[0] for t in taps):8.1f} {sum(t[1] for t in taps):8.1f}")
    for tab in tabs:
        if not tab.shows("We have your answers"):
            raise RuntimeError(f"no confirmation on the page: {tab.texts[:6]}")
        await tab.__aexit__(None, None, None)


async def _no_problems(url: str, cookies: list[str]) -> None:
    tabs = [Tab(url, cookie) for cookie in cookies]
    for tab in tabs:
        await tab.__aenter__()
    await _step("No problems today", tabs, [tab.press("No problems") for tab in tabs])
    for tab in tabs:
        await tab.__aexit__(None, None, None)


def main() -> None:
    """Start the application on a synthetic clinic and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=20, help="patients who report, one after the other")
    count = parser.parse_args().patients
    with tempfile.TemporaryDirectory(prefix="reporting-taps-") as folder:
        cookies = patients(Path(folder), 2 * count)
        print(f"{'tap':20} {'p50 ms':>8} {'cpu ms':>8}")
        with application(Path(folder)) as url:
            asyncio.run(_reports(url, cookies[:count]))
            asyncio.run(_no_problems(url, cookies[count:]))


if __name__ == "__main__":
    main()
