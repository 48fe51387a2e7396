"""How long to wait before a message is tried again, and when to give up."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Patience:
    """``first``: wait after the first failure; it doubles up to ``longest``. ``useful_for``: after that it is dead."""

    first: timedelta
    longest: timedelta
    most_attempts: int
    useful_for: timedelta | None = None


USUAL = Patience(timedelta(minutes=1), timedelta(hours=2), 10)
"""Ten tries in about six hours."""
BY_KIND = {
    "second_factor_code": Patience(timedelta(seconds=5), timedelta(seconds=60), 10, timedelta(minutes=10)),
    "case_escalation": Patience(timedelta(minutes=1), timedelta(minutes=30), 20, timedelta(days=1)),
}
"""A code is of no use once it has expired; news that a case is overdue is none a day later."""
STUCK_AFTER = timedelta(minutes=10)
"""Longer than any hand-over can take with its timeouts: what still says ``sending`` then was interrupted."""


def patience(kind: str) -> Patience:
    return BY_KIND.get(kind, USUAL)


def retry_after(kind: str, attempts: int, draw: float, *, at_least_s: float = 0.0) -> timedelta | None:
    """Wait before the next try after ``attempts`` failed ones (1 or more); None: give up.

    Exponential with jitter: ``draw`` in [0, 1) spreads it over half to the whole of the doubled wait, so that
    messages that failed together do not come back together. ``at_least_s``: what the other side asked for.
    """
    of = patience(kind)
    if attempts >= of.most_attempts:
        return None
    whole = min(of.first * (1 << (attempts - 1)), of.longest)
    return max(whole * (0.5 + draw / 2), timedelta(seconds=at_least_s))
