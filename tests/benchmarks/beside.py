"""The first question of this checkout beside that of another: ``python -m tests.benchmarks.beside FOLDER [PAIRS]``.

    git worktree add --detach /tmp/before 48db1e6 && ln -s "$PWD/.venv" /tmp/before/.venv
    python -m tests.benchmarks.beside /tmp/before 15

Both applications run at once, and the slow phone opens them and a bare form in turn: what else the machine does meets
all three alike. The other checkout is asked through its own ``tests.server`` and ``tests.e2e.patients``.
"""

import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.benchmarks.light import BITS_PER_S, CPU_SLOWDOWN, LATENCY_MS, Load, bare_form, load
from tests.benchmarks.submits import patients
from tests.browser import find
from tests.e2e.conftest import ARGUMENTS
from tests.guard import guarded
from tests.server import ROOT

PAIRS = 15
OURS, OTHER, BARE = "this checkout", "the other", "bare Starlette form"
SERVE = """
import sys
from pathlib import Path
from tests.e2e.patients import links
from tests.server import application
folder = Path(sys.argv[1])
with application(folder) as address:
    print(links(folder, address, 1, "cheeks")[0], flush=True)
    sys.stdin.read()
"""
"""Runs a checkout's application until its input ends."""


@contextmanager
def served(checkout: Path, folder: Path) -> Iterator[str]:
    """The application of a checkout with one patient treated on the cheeks; yields the patient's link."""
    folder.mkdir()
    own = checkout / ".venv" / "bin" / "python"
    started = subprocess.Popen(
        [str(own) if own.exists() else sys.executable, "-c", SERVE, str(folder)],
        cwd=checkout,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with guarded("kill", "-KILL", "--", f"-{started.pid}"):
        assert started.stdout is not None
        try:
            link = started.stdout.readline().strip()
            if not link:
                raise RuntimeError(f"the application of {checkout} did not start")
            yield link
        finally:
            started.communicate()


def table(found: Mapping[str, Sequence[Load]]) -> list[str]:
    """One line a page: median and quartiles of the seconds, then medians; and the differences within the pairs."""
    lines = [
        f"{'':24} {'seconds':>8} {'quartiles':>15} {'phone ms':>9} {'kB':>7} {'requests':>9}",
    ]
    for name, loads in found.items():
        low, middle, high = statistics.quantiles([each.seconds for each in loads], n=4, method="inclusive")
        work, size, requests = (
            statistics.median(getattr(each, part) for each in loads) for part in ("work_ms", "kilobytes", "requests")
        )
        spread = f"{low:.2f} to {high:.2f}"
        lines.append(f"{name:24} {middle:8.2f} {spread:>15} {work:9.0f} {size:7.1f} {requests:9.0f}")
    pairs = list(zip(found[OURS], found[OTHER], strict=True))
    apart = statistics.median(ours.seconds - other.seconds for ours, other in pairs)
    sooner = sum(ours.seconds < other.seconds for ours, other in pairs)
    lines.append(
        f"this checkout less the other, median of the pairs: {apart:+.2f} s; sooner in {sooner} of {len(pairs)}"
    )
    return lines


def run(other: Path, folder: Path, count: int = PAIRS) -> None:
    """Print how soon each of the three draws its first question."""
    toy = folder / "toy"
    toy.mkdir()
    patients(toy, 1)
    print(f"first question, phone 390x844, {CPU_SLOWDOWN}x CPU, {BITS_PER_S / 1e6} Mbit/s, {LATENCY_MS} ms, cold cache")
    print(f"in turn, {count} times; phone ms: processor time of the page's main thread on the slowed phone")
    with (
        served(ROOT, folder / "ours") as ours,
        served(other, folder / "other") as theirs,
        bare_form(toy) as form,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=find(), args=ARGUMENTS)
        addresses = {OURS: ours, OTHER: theirs, BARE: f"{form}1"}
        found: dict[str, list[Load]] = {name: [] for name in addresses}
        for address in addresses.values():
            load(browser, address)  # the first of an application reads its tables
        for turn in range(count):
            for name in list(addresses)[:: 1 if turn % 2 else -1]:
                found[name].append(load(browser, addresses[name]))
        browser.close()
    print("\n".join(table(found)))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="reporting-bench-") as where:
        run(Path(sys.argv[1]).resolve(), Path(where), int(sys.argv[2]) if len(sys.argv) > 2 else PAIRS)
