"""The result table of the acceptance vignettes: run by the product's own command, kept, and drawn."""

import csv
import hashlib
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from reporting.demo.vignettes import Answered, bar_holds, summary
from tools.safety_file.hazards import ROOT, said, table

RESULTS = ROOT / "docs" / "safety" / "vignettes.csv"
HASHES = RESULTS.with_suffix(".sha256")
FILES = "tests/data/vignettes"
SETS = ("vignettes", "own_vignettes")
TABLES = ("facts", "class_map")
LEFT_OUT = ("asked", "told")
"""Of a result, what is not kept: it is words."""
COLUMNS = ("set", *(field.name for field in fields(Answered) if field.name not in LEFT_OUT))

INTRODUCTION = """\
# What the invented patients were told

<!-- Written by `make safety-file` from `python -m reporting vignettes --json`. -->

**These patients are invented. No licensed clinician has read them, their range of right advice, or the rules.** The
ranges were set before the product was run; afterwards rules were written for what a first run had missed, so it is no
longer a set that the rules have not seen. It is a probe set with rare dangers on purpose, not a sample of practice: its
shares are no rates, and nothing here says how often a real patient is told right. Its patients tick truthfully and all
that is true, which people do not. Clocks are those of the slowest of three moments: the answer's own, a Friday at
17:55, and the eve of a holiday.

**The bar**: no *red* one told too little; at most three *between* ones too little and three *benign* ones too much,
none of them by two steps; no case later than the hours of its row.

`sha256sum -c docs/safety/vignettes.sha256` tells whether these are the files that were run."""


def hashes() -> str:
    """The files of the vignettes as they are now, in the form of ``sha256sum``."""
    paths = [f"{FILES}/{name}.csv" for name in (*SETS, *TABLES)]
    return "".join(f"{hashlib.sha256((ROOT / path).read_bytes()).hexdigest()}  {path}\n" for path in paths)


def _answered(name: str) -> list[dict[str, Any]]:
    facts, classes = (f"{FILES}/{each}.csv" for each in TABLES)
    arguments = ["vignettes", f"{FILES}/{name}.csv", "--facts", facts, "--classes", classes, "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "reporting", *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode > 1:
        raise subprocess.CalledProcessError(done.returncode, arguments)
    found: list[dict[str, Any]] = json.loads(done.stdout)["vignettes"]
    return found


def run() -> None:
    """Run both sets and keep what they were told. Raises CalledProcessError when the files cannot be used."""
    rows = [{"set": name, **one} for name in SETS for one in _answered(name)]
    with RESULTS.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    HASHES.write_text(hashes(), encoding="utf-8")


def _hours(cell: str) -> float | None:
    return float(cell) if cell else None


def kept() -> dict[str, list[Answered]]:
    """Set to the results of the last run, without the words. Raises FileNotFoundError before the first."""
    found: dict[str, list[Answered]] = {name: [] for name in SETS}
    with RESULTS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            name = row.pop("set")
            hours = {each: _hours(row.pop(each)) for each in ("case_due_hours", "contact_due_hours")}
            found[name].append(Answered(**row | hours | {"by": int(row["by"]), "asked": (), "told": ""}))  # type: ignore[arg-type]
    return found


def _shown(one: Answered) -> tuple[str, ...]:
    wrong = f"**{one.verdict} by {one.by}** ({one.cause})"
    taken, contacted = ("" if hours is None else f"{hours:g}" for hours in (one.case_due_hours, one.contact_due_hours))
    clock = {"right": "right", "under": "**late**", "over": "**too soon**"}[one.case_verdict]
    return (one.id, one.band, said(one.level), "right" if one.verdict == "right" else wrong, taken, contacted, clock)


def _section(name: str, results: Sequence[Answered]) -> list[str]:
    late, soon = (
        ", ".join(one.id for one in results if one.case_verdict == verdict) or "none" for verdict in ("under", "over")
    )
    counts = [(band, each["right"], each["under"], each["over"]) for band, each in summary(results).items()]
    return [
        "",
        f"## {name}.csv",
        "",
        f"[The file](../../{FILES}/{name}.csv). The bar {'holds' if bar_holds(results) else '**does not hold**'}.",
        f"Cases late or not opened: {late}; too soon: {soon}.",
        "",
        *table(("Band", "right", "told too little", "told too much"), counts),
        "",
        *table(
            ("", "Band", "Told", "Advice", "Taken by, h", "Contacted by, h", "Clock"), [_shown(one) for one in results]
        ),
    ]


def page() -> str:
    """The result table of the last run."""
    return "\n".join(
        (INTRODUCTION, *(line for name, results in kept().items() for line in _section(name, results)), "")
    )


def path() -> Path:
    """Where the page stands."""
    return RESULTS.with_suffix(".md")
