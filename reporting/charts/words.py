"""How counts, rates and limits are put into words beside every chart."""

from typing import Any

from reporting.domain.units import printed


def with_unit(label: str, unit: str) -> str:
    """The title of an axis: ``Fluence, J/cm²``, or ``Passes`` for a plain count."""
    return f"{label}, {printed(unit)}" if printed(unit) else label


def after_value(unit: str) -> str:
    """What stands behind a value: `` J/cm²`` with its space, empty for a plain count."""
    return f" {printed(unit)}" if printed(unit) else ""


def percent(share: float) -> str:
    """``3.2 %``, ``15 %``."""
    value = share * 100
    return f"{value:.1f} %" if 0 < value < 9.95 else f"{value:.0f} %"


def rate_words(row: Any) -> str:
    """A rate with its counts first: ``9 of 62 who answered (15 %, 95 % interval 8.1 % to 25 %)``.

    ``row`` has events, n_answered, rate, lower, upper, is_enough, and is_hidden where small cells are hidden.
    """
    if getattr(row, "is_hidden", False):
        return "too few to show beyond the treating clinic"
    counts = f"{int(row.events):,} of {int(row.n_answered):,} who answered"
    if not row.is_enough:
        return f"{counts} (not enough data)" if row.n_answered else "nobody answered yet"
    if row.events == 0:
        return f"{counts} (at most {percent(row.upper)}, 95 % limit)"
    return f"{counts} ({percent(row.rate)}, 95 % interval {percent(row.lower)} to {percent(row.upper)})"


def response_words(answered: int, due: int) -> str:
    """``1,204 of 1,800 due check-ins answered (67 %)``."""
    if not due:
        return "no check-in was due"
    return f"{answered:,} of {due:,} due check-ins answered ({percent(answered / due)})"


def as_percent(share: float) -> float | None:
    """A share for a table: percent with one decimal, empty where there is none."""
    return None if share != share else round(share * 100, 1)
