"""Has a unit changed, and when: Bayes factors over change points, sizes and shapes, in closed form.

The unit's counts before a change have mean theta·E with theta ~ Gamma(a, a), its harmless difference from the
expectation; after it rho(t)·theta·E. Integrating theta out gives
BF = prod rho(t)^O_t · ((a + E_all)/(a + E_all + sum (rho(t) - 1)·E_t))^(a + O_all),
so a unit is compared with its own past as far as its past says anything. Summed over change points this is the
Shiryaev-Roberts statistic (Pollak, Ann Stat 1985;13:206-227) for a mixture of alternatives; rho(t) may rise
slowly, as the output of a worn or misaligned device does.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np

from reporting.evidence.checks import Array, Positions

LARGEST_LOG = 600.0
"""Evidence is capped here: beyond every doubt, and far from overflow."""


@dataclass(frozen=True)
class Alternatives:
    """What a harmful change may look like. Ratios of the odds, weeks until the full size, weeks looked back."""

    ratios: tuple[float, ...] = (1.5, 2.0, 3.0)
    ramp_weeks: tuple[int, ...] = (1, 8)
    weeks_back: int = 60
    joint_weight: float = 0.6
    """Prior share of changes that raise every symptom alike; the rest falls on one symptom each."""
    benign_precision: float = 40.0
    """a of the Gamma(a, a) of harmless differences: 1/sd², 40 for a standard deviation of 0.16."""
    weeks_per_step: int = 2
    """Change points are tried every so many weeks."""

    def masks(self, symptoms: int) -> tuple[tuple[tuple[int, ...], float], ...]:
        """Sets of symptoms that rise together, with their prior shares."""
        everything = tuple(range(symptoms))
        if symptoms == 1:
            return ((everything, 1.0),)
        single = (1 - self.joint_weight) / symptoms
        return ((everything, self.joint_weight), *(((k,), single) for k in everything))


def log_change_evidence(observed: Array, expected: Array, options: Alternatives, first_week: int = 0) -> Array:
    """Log Bayes factor of "this unit has changed for the worse by now" against "it has not".

    observed (replicates, symptoms, weeks, units) and expected, the same or with one replicate. Returns
    (replicates, weeks, units); the prior puts one change in a year of weeks. Weeks before first_week are -inf.
    """
    replicates, symptoms, weeks, units = observed.shape
    total_o, total_e = np.cumsum(observed, axis=2), np.cumsum(expected, axis=2)
    evidence = np.zeros((replicates, weeks, units))
    precision, masks = options.benign_precision, options.masks(symptoms)
    for change in range(1, weeks, options.weeks_per_step):
        end = min(weeks, change + options.weeks_back)
        if end <= first_week:
            continue
        use = slice(max(first_week, change), end)
        shape, rate = precision + total_o[:, :, use], precision + total_e[:, :, use]
        for ramp, ratio in product(options.ramp_weeks, options.ratios):
            gain, excess = _since(observed, expected, total_o, total_e, change, use, ramp, ratio)
            # log(1 + x) is faster than log1p here, and as good: rounding of 1 + x is far below one event.
            factor = np.exp(np.minimum(gain - shape * np.log(1 + excess / rate), LARGEST_LOG / symptoms))
            for mask, weight in masks:
                evidence[:, use] += weight * factor[:, list(mask)].prod(axis=1)
    prior = options.weeks_per_step / (52 * len(options.ramp_weeks) * len(options.ratios))
    with np.errstate(divide="ignore"):
        found = np.log(evidence * prior)
    found[:, :first_week] = -np.inf
    return np.asarray(found, dtype=float)


def _since(
    observed: Array,
    expected: Array,
    total_o: Array,
    total_e: Array,
    change: int,
    use: slice,
    ramp: int,
    ratio: float,
) -> tuple[Array, Array]:
    """Sums from the change to each week of `use`: log rho(t)·O_t, and (rho(t) - 1)·E_t. A step needs totals only."""
    if ramp <= 1:
        events, due = (total[:, :, use] - total[:, :, change - 1 : change] for total in (total_o, total_e))
        return np.log(ratio) * events, (ratio - 1) * due
    now = slice(change, use.stop)
    times = 1 + (ratio - 1) * np.minimum((np.arange(use.stop - change) + 1) / ramp, 1)
    gain = np.cumsum(observed[:, :, now] * np.log(times)[:, None], axis=2)
    excess = np.cumsum(expected[:, :, now] * (times - 1)[:, None], axis=2)
    return gain[:, :, use.start - change :], excess[:, :, use.start - change :]


@dataclass(frozen=True)
class Shifts:
    """What a shift of habit may look like: sizes in standard deviations, weeks until the full size."""

    sizes: tuple[float, ...] = (0.75, 1.5, 3.0)
    ramp_weeks: tuple[int, ...] = (1, 12)
    weeks_back: int = 60
    bins_per_week: int = 2
    benign_precision: float = 4.0
    """1/sd² of harmless differences between units' habits, in the unit of the values' own deviation."""


def log_shift_evidence(sums: Array, counts: Array, options: Shifts) -> Array:
    """Log Bayes factor of "the mean has risen by now" against "it has not", for values of unit variance.

    sums and counts (bins, charts), options.bins_per_week bins to the week. The unit's own mean is normal with
    benign_precision around 0 and is integrated out, so that a shift is judged against the unit's own
    past. Same prior as log_change_evidence.
    """
    bins, charts = sums.shape
    evidence = np.zeros((bins, charts))
    total, seen = np.cumsum(sums, axis=0), options.benign_precision + np.cumsum(counts, axis=0)
    for change in range(1, bins):
        now = slice(change, min(bins, change + options.weeks_back * options.bins_per_week))
        for ramp in options.ramp_weeks:
            rising = (np.arange(now.stop - change) + 1) / max(ramp * options.bins_per_week, 1)
            growth = np.minimum(rising if ramp > 1 else 1.0 + 0 * rising, 1)[:, None]
            moved = np.cumsum(growth * counts[now], axis=0)
            gain = np.cumsum(growth * sums[now], axis=0) - moved * total[now] / seen[now]
            spread = np.cumsum(growth**2 * counts[now], axis=0) - moved**2 / seen[now]
            for size in options.sizes:
                evidence[now] += np.exp(np.minimum(size * gain - 0.5 * size**2 * spread, LARGEST_LOG))
    tried = 52 * options.bins_per_week * len(options.sizes) * len(options.ramp_weeks)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(evidence / tried), dtype=float)


def odds_within_family(log_evidence: Array, families: Positions, prior: Array) -> Array:
    """Log posterior odds that a unit has changed, against "nothing" and every other unit of its family.

    log_evidence (..., units), families (units,) labels (the clinic), prior (units,) weights. Units that share
    treatments compete, so the one that explains the excess best is named and the others are not.
    """
    mass = np.exp(np.minimum(log_evidence, LARGEST_LOG)) * prior
    odds = np.empty_like(mass)
    for family in np.unique(families):
        members = families == family
        rest = 1 + mass[..., members].sum(axis=-1, keepdims=True) - mass[..., members]
        with np.errstate(divide="ignore"):
            odds[..., members] = np.log(mass[..., members]) - np.log(np.maximum(rest, 1.0))
    return odds
