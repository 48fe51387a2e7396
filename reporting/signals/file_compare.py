"""The file of a comparison: which columns there are, and its rows as groups, pairs and follow-up.

Rows are counts (``group, events, n``) or subjects (``group, event``), with ``stratum``, ``order`` and, for subjects,
``pair`` or ``day`` where there are some.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from reporting.errors import InvalidInput
from reporting.imports.file_csv import CsvFile, open_csv

COLUMNS: Mapping[str, str] = {
    "group": "what is compared; the first group of the file is the reference",
    "events": "how many had the event (a row of counts)",
    "n": "of how many (a row of counts)",
    "event": "1 had the event, 0 had not (a row of one subject)",
    "stratum": "compare within these, pooled by Mantel-Haenszel",
    "order": "a number per group, such as the dose: adds a test of trend",
    "pair": "who the two sides belong to, for subjects in two groups: adds the paired comparison",
    "day": "day of the event or of the last look, for subjects: adds the risk by a day (Kaplan-Meier)",
}
"""Columns that a file may have; others are refused."""


MOST = 1_000_000
"""In one group: more is a slip of the keyboard, and an exact test lists every table that the margins allow."""


@dataclass
class Group:
    """Events of n; per stratum too; and of subjects the day and whether it ended in the event."""

    events: int = 0
    n: int = 0
    order: float | None = None
    strata: dict[str, tuple[int, int]] = field(default_factory=dict)
    days: list[float] = field(default_factory=list)
    ended: list[int] = field(default_factory=list)

    def add(self, events: int, n: int, stratum: str) -> None:
        """Count a row."""
        self.events, self.n = self.events + events, self.n + n
        before = self.strata.get(stratum, (0, 0))
        self.strata[stratum] = (before[0] + events, before[1] + n)


@dataclass
class Comparison:
    """Groups in the order of the file; pairs by name, each with the event of each group it was seen in."""

    columns: tuple[str, ...]
    groups: dict[str, Group] = field(default_factory=dict)
    pairs: dict[str, dict[str, int]] = field(default_factory=dict)


def read_comparison(path: Path) -> Comparison:
    """Read the file. Raises UnreadableFile, or InvalidInput naming row and column."""
    file = open_csv(path)
    _check_columns(file)
    found = Comparison(file.header)
    for row, cells in file.records():
        if len(cells) != len(file.header):
            raise InvalidInput(field="row", found=f"{len(cells)} cells", allowed=f"{len(file.header)} cells", row=row)
        _take(found, row, {name: cell.strip() for name, cell in zip(file.header, cells, strict=True)})
    if len(found.groups) < 2:
        raise InvalidInput(field="group", found=list(found.groups), allowed="two groups or more")
    _check_pairs(found)
    return found


def _check_columns(file: CsvFile) -> None:
    have = set(file.header)
    for name in file.header:
        if name not in COLUMNS:
            raise InvalidInput(field=name, found="a column of this name", allowed=", ".join(COLUMNS))
    if "group" not in have:
        raise InvalidInput(field="group", found="no such column", allowed="a column that names each row's group")
    if have & {"events", "n", "event"} not in ({"events", "n"}, {"event"}):
        what = sorted(have & {"events", "n", "event"})
        raise InvalidInput(field="events", found=what, allowed="events and n (counts), or event (one row a subject)")
    for name in sorted(have & {"pair", "day"}):
        if "event" not in have:
            raise InvalidInput(field=name, found="rows of counts", allowed="event, one row a subject")


def _take(found: Comparison, row: int, cells: Mapping[str, str]) -> None:
    name = cells.get("group", "")
    if not name:
        raise InvalidInput(field="group", found="", allowed="the name of a group", row=row)
    events, n = _counts(row, cells)
    group = found.groups.setdefault(name, Group())
    group.add(events, n, cells.get("stratum", ""))
    if group.n > MOST:
        raise InvalidInput(field="n", found=group.n, allowed=f"at most {MOST} in a group", row=row)
    if "order" in cells:
        _take_order(group, row, _number("order", cells["order"], row))
    if "day" in cells:
        day = _number("day", cells["day"], row)
        if day < 0:
            raise InvalidInput(field="day", found=cells["day"], allowed="0 or more", row=row)
        group.days.append(day)
        group.ended.append(events)
    if "pair" in cells:
        _take_pair(found.pairs, row, cells["pair"], name, events)


def _take_order(group: Group, row: int, order: float) -> None:
    if group.order not in (None, order):
        raise InvalidInput(field="order", found=order, allowed=f"{group.order:g}, as before in this group", row=row)
    group.order = order


def _take_pair(pairs: dict[str, dict[str, int]], row: int, pair: str, group: str, event: int) -> None:
    sides = pairs.setdefault(pair, {})
    if not pair or group in sides:
        raise InvalidInput(field="pair", found=pair, allowed="a name, once in each group", row=row)
    sides[group] = event


def _check_pairs(found: Comparison) -> None:
    if "pair" not in found.columns:
        return
    if len(found.groups) != 2:
        raise InvalidInput(field="pair", found=f"{len(found.groups)} groups", allowed="exactly two groups")
    for pair, sides in found.pairs.items():
        if len(sides) != 2:
            raise InvalidInput(field="pair", found=pair, allowed="a row in each of the two groups")


def _counts(row: int, cells: Mapping[str, str]) -> tuple[int, int]:
    if "event" in cells:
        if cells["event"] not in ("0", "1"):
            raise InvalidInput(field="event", found=cells["event"], allowed="0 or 1", row=row)
        return int(cells["event"]), 1
    events, n = (_whole(name, cells.get(name, ""), row) for name in ("events", "n"))
    if events > n:
        raise InvalidInput(field="events", found=events, allowed=f"at most n = {n}", row=row)
    return events, n


def _whole(name: str, text: str, row: int) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 7 or int(text) > MOST:
        raise InvalidInput(field=name, found=text, allowed=f"a whole number from 0 to {MOST}", row=row)
    return int(text)


def _number(name: str, text: str, row: int) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InvalidInput(field=name, found=text, allowed="a number", row=row)
    return value
