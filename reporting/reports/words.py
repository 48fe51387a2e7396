"""How the monthly report puts days, counts and rates, and what it keeps from readers outside the clinic."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from reporting.charts.words import percent
from reporting.queries.small_cells import coarse
from reporting.settings import settings

NOTHING = "–"


@dataclass(frozen=True)
class Reader:
    """Whom the report is for.

    To be handed on outside the clinic, counts of 1 to ``threshold`` - 1 are hidden and the others made coarse, so that
    the reports of two months do not give a small one away.
    """

    hand_on: bool
    threshold: int

    def count(self, number: int) -> str:
        """``1,204``, or ``fewer than 5``."""
        return f"fewer than {self.threshold}" if self.hides(number) else f"{self.shown(number):,}"

    def shown(self, number: int) -> int:
        """The count as this reader may see it, where it is not hidden."""
        return int(coarse(number, self.threshold)) if self.hand_on else number

    def hides(self, number: int) -> bool:
        return self.hand_on and 0 < number < self.threshold

    def of(self, part: int, whole: int) -> str:
        """``9 of 62 (15 %)``, or ``hidden (< 5)``, without what would give a hidden count away."""
        if not whole:
            return NOTHING
        if self.hides(part) or self.hides(whole) or self.hides(whole - part):
            return self.hidden
        part, whole = self.shown(part), self.shown(whole)
        return f"{part:,} of {whole:,} ({percent(part / whole)})"

    @property
    def hidden(self) -> str:
        return f"hidden (< {self.threshold})"


def reader(*, hand_on: bool) -> Reader:
    return Reader(hand_on, settings().small_cell_threshold)


def day(value: date) -> str:
    """``7 Mar 2026``."""
    return f"{value.day} {value:%b %Y}"


def share(value: float | None) -> str:
    """``67 %``, or a dash where there is none."""
    return NOTHING if value is None or value != value else percent(value)


def interval(row: Any) -> str:
    """95 % limits of a rate; only the upper one where nobody had the event."""
    if not row.is_enough:
        return "too few answers"
    return f"up to {percent(row.upper)}" if row.events == 0 else f"{percent(row.lower)} to {percent(row.upper)}"


def together(table: pd.DataFrame, sums: list[str], threshold: int) -> pd.DataFrame:
    """Groups of fewer than ``threshold`` treatments put into one, so that no total gives a person away.

    Where they are still too few together, the next smallest group joins them. ``table``: group, n_treatments
    and the columns of ``sums``.
    """
    ordered = table.sort_values("n_treatments", kind="stable")
    counts = ordered["n_treatments"].to_numpy()
    few = int((counts < threshold).sum())
    while 0 < few < len(ordered) and counts[:few].sum() < threshold:
        few += 1
    if few == 0:
        return table
    kept = table.loc[sorted(ordered.index[few:])]
    rest = ordered.iloc[:few][sums].sum()
    name = f"Others (small groups: {few})" if few > 1 else f"Others (fewer than {threshold})"
    return pd.concat([kept, pd.DataFrame([{"group": name, **rest}])], ignore_index=True)
