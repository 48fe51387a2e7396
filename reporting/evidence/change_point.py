"""Has a unit changed, and when: Bayes factors over change points, sizes and shapes, in closed form.

The unit's counts before a change have mean theta·E with theta ~ Gamma(a, a), its harmless difference from the
expectation; after it rho(t)·theta·E. Integrating theta out gives
BF = prod rho(t)^O_t · ((a + E_all)/(a + E_all + sum (rho(t) - 1)·E_t))^(a + O_all),
so a unit is compared with its own past as far as its past says anything. Summed over change points this is the
Shiryaev-Roberts statistic (Pollak, Ann Stat 1985;13:206-227) for a mixture of alternatives; rho(t) may rise
slowly, as the output of a worn or misaligned device does.
"""

from dataclasses import dataclass
from functools import reduce
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


BLOCK = 1 << 15
"""Numbers worked on at a time: so many stay in a core's own memory."""


def log_change_evidence(observed: Array, expected: Array, options: Alternatives, first_week: int = 0) -> Array:
    """Log Bayes factor of "this unit has changed for the worse by now" against "it has not".

    observed (replicates, symptoms, weeks, units) and expected, the same or with one replicate. Returns
    (replicates, weeks, units); the prior puts one change in a year of weeks. Weeks before first_week are -inf.
    """
    replicates, symptoms, weeks, units = observed.shape
    block = max(1, BLOCK // max(1, symptoms * min(weeks, options.weeks_back) * units))
    evidence = np.zeros((weeks, replicates, units))
    by_week = [np.ascontiguousarray(counts.transpose(2, 1, 0, 3)) for counts in (observed, expected)]
    for begin in range(0, replicates, block):
        some = slice(begin, begin + block)
        seen, due = (counts[:, :, some] if counts.shape[2] > 1 else counts for counts in by_week)
        evidence[:, some] = _evidence(seen, due, options, first_week)
    prior = options.weeks_per_step / (52 * len(options.ramp_weeks) * len(options.ratios))
    with np.errstate(divide="ignore"):
        found = np.log(evidence.transpose(1, 0, 2) * prior)
    found[:, :first_week] = -np.inf
    return np.asarray(found, dtype=float)


def _evidence(observed: Array, expected: Array, options: Alternatives, first_week: int) -> Array:
    """Sum of the Bayes factors of every change, size and shape, (weeks, replicates, units).

    observed and expected (weeks, symptoms, replicates, units).
    """
    weeks, symptoms, *rest = observed.shape
    evidence, masks = np.zeros((weeks, *rest)), options.masks(symptoms)
    total_o, total_e = np.cumsum(observed, axis=0), np.cumsum(expected, axis=0)
    shape, per_rate = options.benign_precision + total_o, 1 / (options.benign_precision + total_e)
    for change in range(1, weeks, options.weeks_per_step):
        end = min(weeks, change + options.weeks_back)
        if end <= first_week:
            continue
        use = slice(max(first_week, change), end)
        late_o, late_e = (total[use] - total[change - 1] for total in (total_o, total_e))
        for ramp, ratio in product(options.ramp_weeks, options.ratios):
            times = 1 + (ratio - 1) * np.arange(1, ramp) / ramp
            gain = _less_early(np.log(ratio) * late_o, observed, np.log(ratio / times), change, use.start)
            excess = _less_early((ratio - 1) * late_e, expected, ratio - times, change, use.start)
            excess *= per_rate[use]
            excess += 1  # log(1 + x) is faster than log1p here, and as good: rounding is far below one event
            gain -= np.multiply(shape[use], np.log(excess, out=excess))
            factor = np.exp(np.minimum(gain, LARGEST_LOG / symptoms, out=gain), out=gain)
            for mask, weight in masks:
                evidence[use] += weight * reduce(np.multiply, (factor[:, symptom] for symptom in mask))
    return evidence


def _less_early(sums: Array, counts: Array, lacking: Array, change: int, start: int) -> Array:
    """Sums since a change (weeks from `start`, …) as if it came at once, less what it lacked as it set in.

    counts (weeks, …); lacking (k,): by how much the k weeks from the change on counted too much.
    """
    early = counts[change : change + len(lacking)]
    if len(early):
        early = np.cumsum(early * lacking[: len(early)].reshape(-1, *(1,) * (counts.ndim - 1)), axis=0)
        rising = early[start - change :][: len(sums)]
        sums[: len(rising)] -= rising
        sums[len(rising) :] -= early[-1]
    return sums


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
    total, often = np.cumsum(sums, axis=0), np.cumsum(counts, axis=0)
    per_seen = 1 / (options.benign_precision + often)
    mean = total * per_seen
    for change in range(1, bins):
        now = slice(change, min(bins, change + options.weeks_back * options.bins_per_week))
        for ramp in options.ramp_weeks:
            slow = ramp * options.bins_per_week if ramp > 1 else 1
            growth = np.arange(1, slow) / slow
            moved, squared, gain = (
                _less_early(whole[now] - whole[change - 1], each, 1 - part, change, change)
                for whole, each, part in ((often, counts, growth), (often, counts, growth**2), (total, sums, growth))
            )
            gain -= moved * mean[now]
            spread = squared - moved**2 * per_seen[now]
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
