"""From the counts that papers print, the engine reaches the papers' conclusions, and says what they hide."""

import pytest

from reporting.evidence import multiplicity
from reporting.evidence.comparisons import (
    fisher,
    mantel_haenszel,
    risk_ratio,
)
from reporting.evidence.intervals import newcombe, wilson


def test_cold_air_cooling_has_the_printed_risk_ratio() -> None:
    """Manuskiatti et al. 2007, Q-switched 1064 nm: 13 v 5 of 21 sides, RR 2.6 (1.13-6.00), P = .03."""
    ratio = risk_ratio(13, 21, 5, 21)
    assert ratio.value == pytest.approx(2.6)
    assert ratio.lower == pytest.approx(1.13, abs=0.005)
    assert ratio.upper == pytest.approx(6.00, abs=0.005)
    result = mantel_haenszel(13, 21, 5, 21)
    assert result.corrected_test.p_value == pytest.approx(0.03, abs=0.005)


def test_five_of_seven_against_three_of_seven_raises_nothing() -> None:
    """Alexis et al. 2016, 1550 nm at two densities, split face: 5/7 v 3/7."""
    assert 0 in newcombe(5, 7, 3, 7)
    assert fisher(5, 7, 3, 7).two_sided > 0.5
    found = multiplicity.scan([fisher(5, 7, 3, 7).mid_p_greater], [5], [7], rate=0.10)
    assert not found.signal.any()


def test_darkening_after_resurfacing_does_not_differ_between_the_lasers() -> None:
    """Tanzi & Alster 2003: 23 of 50 after CO2, 21 of 50 after Er:YAG."""
    assert 0 in newcombe(23, 50, 21, 50)
    assert fisher(23, 50, 21, 50).two_sided > 0.8


def test_no_darkening_in_seven_patients_is_an_upper_limit() -> None:
    """Tan, Kurniawati & Gold 2008: 0 of 7."""
    limits = wilson(0, 7)
    assert limits.lower == 0
    assert limits.upper == pytest.approx(0.354, abs=0.001)


def test_published_rates_lie_in_their_intervals() -> None:
    """Faghihi 2015: 9 of 42 (21.4 %); Graber 2008: 73 of 961 (7.6 %); Clark 2013: 5 of 115 (4 %)."""
    for events, n, printed in ((9, 42, 0.214), (73, 961, 0.076), (5, 115, 0.04)):
        assert events / n == pytest.approx(printed, abs=0.005)
        assert printed in wilson(events, n)
