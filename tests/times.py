"""What each test costs in processor time, its children included: ``make test-times``.

``pytest -p tests.times`` writes one line for each test to ``build/test-times.tsv``; ``python -m tests.times`` adds them
up by folder and file. Seconds of processor, unlike seconds of the clock, say the same on a busy machine.
"""

import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres import SERVERS

WRITTEN = Path("build/test-times.tsv")
TICKS = os.sysconf("SC_CLK_TCK")
TOP = 40


def _children() -> float:
    """Processor seconds of this process's descendants and servers, those that have ended included."""
    known: dict[int, tuple[int, int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            known[int(folder.name)] = (int(fields[1]), sum(map(int, fields[11:15])))
    family, here = {os.getpid()} | SERVERS & known.keys(), 0
    while len(family) != here:
        here = len(family)
        family |= {child for child, (parent, _) in known.items() if parent in family}
    ended = os.times()
    family.discard(os.getpid())
    return sum(known[child][1] for child in family) / TICKS + ended.children_user + ended.children_system


def spent() -> float:
    """Processor seconds of this process and its descendants up to now."""
    return time.process_time() + _children()


def _write(name: str, cpu: float, wall: float) -> None:
    with WRITTEN.open("a", encoding="utf-8") as file:
        file.write(f"{name}\t{cpu:.3f}\t{wall:.3f}\n")


def pytest_configure(config: pytest.Config) -> None:
    WRITTEN.parent.mkdir(exist_ok=True)
    if not hasattr(config, "workerinput"):
        WRITTEN.unlink(missing_ok=True)


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Iterator[object]:
    result = yield
    _write("(start and collection)", spent(), 0)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[object]:
    before, began = spent(), time.monotonic()
    result = yield
    _write(item.nodeid, max(0.0, spent() - before), time.monotonic() - began)
    return result


def _print(title: str, sums: Counter[str], top: int = TOP) -> None:
    print(f"\n{title}")
    for name, seconds in sums.most_common(top):
        print(f"{seconds:9.1f}  {name}")


def main() -> None:
    """Print the sums of the last measured run, the dearest first."""
    rows = [line.split("\t") for line in WRITTEN.read_text(encoding="utf-8").splitlines()]
    folders, files, tests = Counter[str](), Counter[str](), Counter[str]()
    for name, cpu, _ in rows:
        path = name.partition("::")[0]
        folders[path.rpartition("/")[0] or path] += float(cpu)
        files[path] += float(cpu)
        tests[name] += float(cpu)
    _print("seconds of processor by folder", folders)
    _print("by file", files)
    _print("by test", tests)
    print(f"\n{sum(folders.values()) / 60:.1f} minutes of processor, {len(rows)} tests")


if __name__ == "__main__":
    sys.exit(main())
