"""Dates, moments and numbers as people at the clinic read them."""

import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from reporting.domain.devices import printed

_SIGNS = re.compile(r"[\\`*~\[\]<>$&|]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|:(?=[A-Za-z_+\-\u2060])|^[#+=-](?=[\s#=-]|$)")
"""What Markdown, and Streamlit on top of it, reads as something else than itself."""
_FOUND = re.compile(
    r"(?<=:)(?=[/A-Za-z_+\-])|(?<!\d:)(?<=:)(?=\d+[a-z_]*:)|(?<=@)(?=\w)|(?<=www)(?=\.)|(?<!\S)(?=[<>=~!-]{2,3}(?!\S))",
    re.I,
)
"""Where addresses, icons, emoji and arrows are found in plain text too, whatever is escaped."""
_NUMBERED = re.compile(r"^(\d+)([.)])(?=\s|$)")
_JOINER = "\u2060"
"""Word joiner: nobody sees it, and nothing is found across it."""


def as_text(data: str) -> str:
    """A name, code, reference or free text as Markdown that shows exactly these signs, in one line.

    Whatever came from people or files goes through here on its way into ``st.markdown``, a label, a heading, a help or
    a message: ``12*34*56`` would be shown as another patient's number, and a link in a name could be pressed.
    """
    cut = _FOUND.sub(_JOINER, " ".join(data.splitlines()))
    return _NUMBERED.sub(r"\1\\\2", _SIGNS.sub(r"\\\g<0>", cut))


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
