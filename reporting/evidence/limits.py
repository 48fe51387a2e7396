"""Limits of a family of charts for a stated budget of false signals, from baseline data and simulation only.

All units of a clinic are one family that spends one budget a year. Limits are set so that simulated clinics in
which nothing is wrong, with the baseline's own volumes and harmless differences between units, signal as often
as the budget says (horizon instead of run length: Gombay, Hussein & Steiner, Stat Med 2011;30:2815-2826).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from reporting.evidence.checks import Array, ImpossibleData

HOLD_DAYS = 60
"""A unit that signalled is not signalled again for so long: it is the same finding."""
WEEKS_PER_YEAR = 365.25 / 7


def hold_weeks(step_days: int) -> int:
    """HOLD_DAYS in steps between judged days."""
    return -(-HOLD_DAYS // step_days)


@dataclass(frozen=True)
class Budget:
    """False signals allowed per clinic and year, over all charts, and how they are shared."""

    per_clinic_year: float = 0.5
    settings_share: float = 0.25
    reserve_share: float = 0.05
    """Kept back: the simulated clinics are simpler than real ones."""
    replications: int = 32
    seed: int = 0

    @property
    def settings(self) -> float:
        return self.per_clinic_year * self.settings_share

    @property
    def outcomes(self) -> float:
        return self.per_clinic_year * (1 - self.settings_share - self.reserve_share)


@dataclass(frozen=True)
class FamilyLimit:
    """Log posterior odds above which a unit signals, and the false signals per clinic-year it gave."""

    limit: float
    false_per_clinic_year: float
    clinic_years: float


CONFIRMING_RATIO = 1.4
"""A finding is raised again only when answers since it was last raised have at least so many times the events."""


@dataclass(frozen=True)
class Odds:
    """Log posterior odds, and events and expectations so far, all (weeks, units) or with replicates first."""

    log_odds: Array
    observed: Array
    expected: Array


def signal_weeks(odds: Odds, limit: float, hold_weeks: int, first_week: int = 0) -> list[tuple[int, int]]:
    """Weeks and units (w, u) with odds above the limit, a unit once in hold_weeks and again only if confirmed.

    Confirmed: observed since the unit's last signal is CONFIRMING_RATIO times the expected; a chance finding
    regresses to the mean, a fault goes on.
    """
    found: list[tuple[int, int]] = []
    last: dict[int, int] = {}
    weeks, units = np.nonzero(odds.log_odds[first_week:] > limit)
    for week, unit in zip((weeks + first_week).tolist(), units.tolist(), strict=True):
        before = last.get(unit)
        if before is not None and (week - before < hold_weeks or not _goes_on(odds, unit, before, week)):
            continue
        found.append((week, unit))
        last[unit] = week
    return found


def _goes_on(odds: Odds, unit: int, before: int, week: int) -> bool:
    observed = odds.observed[week, unit] - odds.observed[before, unit]
    expected = odds.expected[week, unit] - odds.expected[before, unit]
    return bool(observed >= CONFIRMING_RATIO * expected)


def null_counts(
    expected: Array, groups: Sequence[Array], benign_sd: float, replications: int, rng: np.random.Generator
) -> Array:
    """Counts when nothing is wrong: (replications, symptoms, weeks, cells) from expected (symptoms, weeks, cells).

    groups: for every level (operators, devices, clinics) the group of each cell (cells,); each group's log
    rate of each symptom is off by a normal with benign_sd.
    """
    symptoms = expected.shape[0]
    shift = np.zeros((replications, symptoms, expected.shape[2]))
    for codes in groups:
        effects = rng.normal(0, benign_sd, (replications, symptoms, int(codes.max()) + 1))
        shift += effects[:, :, codes.astype(int)]
    return np.asarray(rng.poisson(expected[None] * np.exp(shift)[:, :, None, :]), dtype=float)


def family_limit(
    odds_of: Callable[[Array], Odds],
    counts: Array,
    clinics: int,
    allowed: float,
    *,
    first_week: int,
    hold_weeks: int,
) -> FamilyLimit:
    """Lowest limit at which `counts` of null_counts signal at most `allowed` times per clinic-year.

    odds_of turns counts into log posterior odds (replications, weeks, units). Raises ImpossibleData for a
    budget that is not positive.
    """
    if not allowed > 0:
        raise ImpossibleData("allowed", allowed, "more than 0 false signals per clinic-year")
    odds = odds_of(counts)
    replicates = [Odds(*one) for one in zip(odds.log_odds, odds.observed, odds.expected, strict=True)]
    years = len(replicates) * clinics * (odds.log_odds.shape[1] - first_week) / WEEKS_PER_YEAR

    def false_rate(limit: float) -> float:
        signals = sum(len(signal_weeks(one, limit, hold_weeks, first_week)) for one in replicates)
        return float(signals / years)

    low, high = -8.0, 12.0
    for _ in range(14):
        middle = (low + high) / 2
        low, high = (middle, high) if false_rate(middle) > allowed else (low, middle)
    return FamilyLimit(high, false_rate(high), years)
