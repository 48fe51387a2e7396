"""Did it help? Observed over expected after an action against before it, with an exact interval.

Given the total, the events after are binomial: O_after | O ~ B(O, r·E_after/(r·E_after + E_before)), with r the
ratio of the two ratios. Limits by Clopper & Pearson. Przyborowski & Wilenski, Biometrika 1940;31:313-323.
After a signal a rate falls by itself; so answers up to the signal should not be in `before`.
"""

from dataclasses import dataclass

from reporting.evidence.checks import expectations, not_negative
from reporting.evidence.errors import NotEnoughData
from reporting.evidence.exact_tests import binomial_excess
from reporting.evidence.intervals import clopper_pearson


@dataclass(frozen=True)
class BeforeAfter:
    """Ratio of O/E after to O/E before. ratio and upper are None where no finite one exists, see note.

    p_lower: mid-P probability of so few events after, or fewer, if nothing had changed.
    """

    observed_before: float
    expected_before: float
    observed_after: float
    expected_after: float
    ratio: float | None
    lower: float
    upper: float | None
    p_lower: float
    level: float
    note: str = ""

    @property
    def words(self) -> str:
        """What it means, in a sentence."""
        if self.upper is not None and self.upper < 1:
            return "It helped: fewer side effects than before, adjusted for case mix."
        if self.lower > 1:
            return "It got worse: more side effects than before, adjusted for case mix."
        return "Not known yet: the data fit an improvement as well as none."


def compare_before_after(
    observed_before: float, expected_before: float, observed_after: float, expected_after: float, level: float = 0.95
) -> BeforeAfter:
    """Compare two counts with their expectations. Raises NotEnoughData without an expectation or an event at all."""
    o0, o1 = not_negative("observed", [observed_before, observed_after])
    e0, e1 = expectations("expected", [expected_before, expected_after])
    if not (e0 > 0 and e1 > 0):
        raise NotEnoughData("Nothing was expected before or after: there are no answers to compare.")
    if not o0 + o1 > 0:
        raise NotEnoughData("Nobody was affected before or after: there is nothing to compare.")
    share = clopper_pearson(o1, o0 + o1, level)
    upper = None if share.upper >= 1 else float(share.upper / (1 - share.upper) * e0 / e1)
    ratio = float(o1 / e1 * e0 / o0) if o0 else None
    fewer = binomial_excess(int(o0), int(o0 + o1), float(e0 / (e0 + e1)))
    note = "" if o0 else "nobody was affected before"
    return BeforeAfter(
        float(o0), float(e0), float(o1), float(e1), ratio, float(share.lower / (1 - share.lower) * e0 / e1), upper,
        fewer.mid_p_greater, level, note,
    )  # fmt: skip
