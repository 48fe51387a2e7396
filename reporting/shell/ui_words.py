"""Dates, moments and numbers as people at the clinic read them."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from reporting.domain.devices import printed


def day(value: date) -> str:
    """``7 Mar 2026``."""
    return f"{value.day} {value:%b %Y}"


def moment(value: datetime, timezone: str) -> str:
    """``10 Mar 2026, 10:30`` in the clinic's time zone."""
    here = value.astimezone(ZoneInfo(timezone))
    return f"{day(here.date())}, {here:%H:%M}"


def number(value: float) -> str:
    """Without needless decimals: ``30``, ``0.5``, ``12.25``."""
    return f"{value:.4g}" if abs(value) < 10_000 else f"{value:,.0f}"


def span(length: timedelta) -> str:
    """A length of time in its largest unit, rounded down: ``45 min``, ``3 h``, ``2 days``."""
    minutes = int(abs(length).total_seconds() // 60)
    if minutes < 60:
        return f"{max(minutes, 1)} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h"
    return f"{minutes // (24 * 60)} days"


def due(due_at: datetime, now: datetime) -> str:
    """Time left, or how long it is overdue, in words."""
    if due_at >= now:
        return f"Due in {span(due_at - now)}"
    return f"Overdue by {span(now - due_at)}"


def quantity(value: float, code: str) -> str:
    """A value with its unit: ``30 mJ``, or ``3`` for a plain count."""
    return f"{number(value)} {printed(code)}".strip()
