"""Says whether two states of the project say the same, seen from outside: pages, commands and the database's shape.

``python -m tools.compare_words take OUT_DIR [--repo DIR]`` fills the synthetic demo in a fresh folder under a stopped
clock, runs the commands, starts the application and opens its pages in a browser; it writes one text file per thing.
``python -m tools.compare_words compare DIR_A DIR_B`` prints what differs; exit code 0: nothing, 1: something.
It knows no module of the application, so ``--repo`` may be any checkout that has its virtual environment in ``.venv``.
"""

import argparse
import difflib
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tools.words import pages, schema
from tools.words.commands import Commands
from tools.words.kept import Shelf, steady
from tools.words.started import Checkout

ROOT = Path(__file__).resolve().parent.parent
LINES = 40
"""So many lines of a difference are printed unless more are asked for."""


def set_up_page(repo: Path, shelf: Shelf, data: Path) -> None:
    """The page that makes the first administrator, of an application without a clinic."""
    data.mkdir()
    empty = Checkout(repo, data)
    with empty.serving() as address:
        pages.alone(address, Shelf(shelf.folder, empty), "/", "set-up")


def take(out: Path, repo: Path) -> None:
    """Write what the checkout ``repo`` says to the folder ``out``, which is emptied first."""
    shutil.rmtree(out, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="words-") as folder:
        checkout = Checkout(repo.resolve(), Path(folder) / "data")
        with checkout.forks() as forks:
            _take(Commands(checkout, Shelf(out, checkout), forks), Path(folder) / "empty")
    print(f"{len(list(out.rglob('*.txt')))} files in {out}")


def _take(commands: Commands, empty: Path) -> None:
    checkout, shelf = commands.checkout, commands.shelf
    _step("filling", commands.fill)
    schema.check_clock(checkout.data / "reporting.db")
    _step("bringing in", commands.write)
    schema.take(shelf, checkout.data / "reporting.db")
    link = commands.patient_link()
    _step("commands", commands.read)
    with checkout.serving() as address:
        _step("pages", lambda: pages.take(address, shelf, link))
    _step("last commands", commands.end)
    _step("set-up", lambda: set_up_page(checkout.repo, shelf, empty))


def _step(name: str, do: Callable[[], None]) -> None:
    began = time.monotonic()
    do()
    print(f"{name}: {time.monotonic() - began:.0f} s", flush=True)


def _read(path: Path) -> list[str]:
    return steady(path.read_text(encoding="utf-8")).splitlines() if path.exists() else ["(there is no such file)"]


def compare(first: Path, second: Path, lines: int = LINES) -> int:
    """Print what differs between two folders; returns the number of files that do."""
    names = sorted({path.relative_to(side) for side in (first, second) for path in side.rglob("*.txt")})
    differ = 0
    for name in names:
        said, says = _read(first / name), _read(second / name)
        if said == says:
            continue
        differ += 1
        found = list(difflib.unified_diff(said, says, str(first / name), str(second / name), lineterm="", n=1))
        print("\n".join(found[:lines]))
        if len(found) > lines:
            print(f"… and {len(found) - lines} more lines")
    print(f"{len(names)} files, {differ} differ" if differ else f"{len(names)} files, all the same")
    return differ


def main() -> None:
    """Entry of ``python -m tools.compare_words``."""
    parser = argparse.ArgumentParser(prog="python -m tools.compare_words", description=__doc__.partition("\n")[0])
    ways = parser.add_subparsers(dest="way", required=True)
    taking = ways.add_parser("take", help="write what a checkout says to a folder")
    taking.add_argument("out", type=Path)
    taking.add_argument("--repo", type=Path, default=ROOT, help="the checkout; this one")
    comparing = ways.add_parser("compare", help="print what differs between two folders")
    comparing.add_argument("first", type=Path)
    comparing.add_argument("second", type=Path)
    comparing.add_argument("--lines", type=int, default=LINES, help="lines printed of each difference")
    given = parser.parse_args()
    if given.way == "take":
        take(given.out, given.repo)
    else:
        sys.exit(1 if compare(given.first, given.second, given.lines) else 0)


if __name__ == "__main__":
    main()
