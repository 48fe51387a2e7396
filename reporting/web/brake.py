"""Slows down who tries links, by where they come from. In memory: looking at a link must write nothing.

A link that works is looked up first and never braked, so nobody is locked out by what others try.
"""

import threading
import time

LIMIT = 10
WINDOW_S = 900.0
MOST_SOURCES = 10_000

_lock = threading.Lock()
_failures: dict[str, tuple[float, int]] = {}
"""Source to when its window began and how many links failed since."""


def failed(source: str) -> bool:
    """Count one link that does not work; whether that source has tried too many by now."""
    moment = time.monotonic()
    with _lock:
        began, count = _failures.get(source, (moment, 0))
        if moment - began > WINDOW_S:
            began, count = moment, 0
        if source not in _failures and len(_failures) >= MOST_SOURCES:
            del _failures[next(iter(_failures))]
        _failures[source] = began, count + 1
        return count + 1 > LIMIT


def forget() -> None:
    """Begin anew."""
    with _lock:
        _failures.clear()
