"""Two sides of one face: paired proportions, and what margins printed without the pairs leave open.

Papers on split-face treatments print how many sides were affected, rarely how many people on one side only.
The pairs decide the paired test, so the result is a range over all pairings that the margins allow.
"""

from dataclasses import dataclass

import numpy as np

from reporting.evidence.checks import counts_within, normal_quantile, not_negative
from reporting.evidence.errors import NotEnoughData
from reporting.evidence.exact_tests import ExactTest, mcnemar
from reporting.evidence.intervals import Estimate, Interval, newcombe_paired
from reporting.evidence.stratified import ZERO_CELL


@dataclass(frozen=True)
class PairedComparison:
    """Four kinds of pairs with the ratio and difference of the paired risks and McNemar's exact test."""

    both: int
    first_only: int
    second_only: int
    neither: int
    risk_ratio: Estimate
    difference: Interval
    test: ExactTest


def compare_pairs(both: int, first_only: int, second_only: int, neither: int, level: float = 0.95) -> PairedComparison:
    """Paired ratio with log limits: variance (b + c)/((a + b)(a + c)) of the log ratio.

    Nam & Blackwelder, Stat Med 2002;21:689-699 (their Wald interval); difference by Newcombe's paired method.
    """
    cells = not_negative("pairs", [both, first_only, second_only, neither])
    if cells.sum() == 0:
        raise NotEnoughData("There is not one pair to compare.")
    return PairedComparison(
        both,
        first_only,
        second_only,
        neither,
        risk_ratio=_paired_ratio(both, first_only, second_only, level),
        difference=newcombe_paired(both, first_only, second_only, neither, level),
        test=mcnemar(first_only, second_only),
    )


def _paired_ratio(both: int, first_only: int, second_only: int, level: float) -> Estimate:
    z = normal_quantile(level)
    one, two = both + first_only, both + second_only
    if one == 0 or two == 0:
        return Estimate(None, None, None, level, ZERO_CELL)
    spread = z * np.sqrt((first_only + second_only) / (one * two))
    return Estimate(one / two, float(one / two * np.exp(-spread)), float(one / two * np.exp(spread)), level)


@dataclass(frozen=True)
class PairedRange:
    """Every pairing that the margins allow, from most to fewest pairs affected on both sides."""

    pairings: tuple[PairedComparison, ...]

    @property
    def p_values(self) -> tuple[float, float]:
        """Smallest and largest exact p-value over the pairings."""
        values = [pairing.test.two_sided for pairing in self.pairings]
        return min(values), max(values)

    def decided(self, alpha: float = 0.05) -> bool:
        """Whether all pairings lead to the same decision at alpha, so that the pairs need not be known."""
        low, high = self.p_values
        return high < alpha or low >= alpha


def pairings_from_margins(affected_first: int, affected_second: int, pairs: int) -> PairedRange:
    """All 2 x 2 tables of pairs with these margins."""
    counts_within([affected_first, affected_second], [pairs, pairs])
    if pairs == 0:
        raise NotEnoughData("There is not one pair to compare.")
    most, least = min(affected_first, affected_second), max(0, affected_first + affected_second - pairs)
    return PairedRange(
        tuple(
            compare_pairs(
                both,
                affected_first - both,
                affected_second - both,
                pairs - affected_first - affected_second + both,
            )
            for both in range(most, least - 1, -1)
        )
    )
