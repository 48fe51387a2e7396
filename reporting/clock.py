"""The one source of the present moment, so that tests and deadlines can use a chosen one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def _system_now() -> datetime:
    return datetime.now(UTC)


_source: Callable[[], datetime] = _system_now


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return _source()


def today(timezone: str) -> date:
    """Today's date in an IANA time zone such as ``Europe/Madrid``."""
    return now().astimezone(ZoneInfo(timezone)).date()


@contextmanager
def fixed(moment: datetime) -> Iterator[None]:
    """Stop the clock of the whole process at ``moment`` (aware)."""
    global _source
    previous, aware = _source, moment.astimezone(UTC)

    def stopped() -> datetime:
        return aware

    _source = stopped
    try:
        yield
    finally:
        _source = previous
