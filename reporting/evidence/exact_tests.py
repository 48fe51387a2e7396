"""Exact and mid-P tests of a 2 x 2 table, of pairs, and of a count against its expectation.

Fisher, J R Stat Soc 1935;98:39-82; mid-P: Lancaster, J Am Stat Assoc 1961;56:223-234; pairs: McNemar,
Psychometrika 1947;12:153-157 and Fagerland, Lydersen & Laake, BMC Med Res Methodol 2013;13:91.
"""

from dataclasses import dataclass

import numpy as np
import scipy

from reporting.evidence.checks import counts_within, expectations, not_negative
from reporting.evidence.errors import ImpossibleData


@dataclass(frozen=True)
class ExactTest:
    """p-values: exact two-sided, mid-P two-sided, and one-sided towards more events (exact and mid-P)."""

    two_sided: float
    mid_p: float
    greater: float
    mid_p_greater: float


def fisher(events: int, n: int, other_events: int, other_n: int) -> ExactTest:
    """Events of n against other_events of other_n, given the margins.

    Two-sided exact: all tables no likelier than this one; two-sided mid-P: twice the smaller mid-P tail.
    An empty group or no event gives 1 throughout.
    """
    counts_within([events, other_events], [n, other_n])
    if n + other_n == 0:
        return _with_tails(1.0, 1.0, 1.0, 1.0)
    law = scipy.stats.hypergeom(n + other_n, events + other_events, n)
    support = np.arange(max(0, events + other_events - other_n), min(n, events + other_events) + 1)
    mass = law.pmf(support)
    here = float(law.pmf(events))
    two_sided = float(mass[mass <= here * (1 + 1e-7)].sum())
    return _with_tails(two_sided, float(law.sf(events - 1)), float(law.cdf(events)), here)


def poisson_excess(observed: int, expected: float) -> ExactTest:
    """A count against a Poisson expectation; `greater` is P(X >= observed); 1 if nothing is seen."""
    not_negative("observed", observed)
    hoped = float(expectations("expected", expected)[0])
    if hoped == 0 and observed > 0:
        raise ImpossibleData("expected", expected, "more than 0 when events were observed")
    law = scipy.stats.poisson(hoped)
    above, below, here = float(law.sf(observed - 1)), float(law.cdf(observed)), float(law.pmf(observed))
    return _with_tails(min(1.0, 2 * min(above, below)), above, below, here)


def binomial_excess(events: int, n: int, probability: float) -> ExactTest:
    """A count of n against a probability; two-sided exact: all outcomes no likelier than this one."""
    counts_within(events, n)
    if not 0 <= probability <= 1:
        raise ImpossibleData("probability", probability, "0 to 1")
    law = scipy.stats.binom(n, probability)
    mass, here = law.pmf(np.arange(n + 1)), float(law.pmf(events))
    two_sided = float(mass[mass <= here * (1 + 1e-7)].sum())
    return _with_tails(two_sided, float(law.sf(events - 1)), float(law.cdf(events)), here)


def mcnemar(first_only: int, second_only: int) -> ExactTest:
    """Discordant pairs: exact binomial test at ½. `greater`: the first harms more. No pair gives 1."""
    not_negative("pairs", [first_only, second_only])
    return binomial_excess(first_only, first_only + second_only, 0.5)


def _with_tails(two_sided: float, above: float, below: float, here: float) -> ExactTest:
    mid_above, mid_below = above - here / 2, below - here / 2
    return ExactTest(
        two_sided=min(two_sided, 1.0),
        mid_p=float(np.clip(2 * min(mid_above, mid_below), 0, 1)),
        greater=float(np.clip(above, 0, 1)),
        mid_p_greater=float(np.clip(mid_above, 0, 1)),
    )
