"""From the counts that papers print, the engine reaches the papers' conclusions, and says what they hide."""

import pytest

from reporting.evidence import multiplicity
from reporting.evidence.checks import NotComparable
from reporting.evidence.comparisons import (
    fisher,
    mantel_haenszel,
    pairings_from_margins,
    require_one_device,
    risk_ratio,
)
from reporting.evidence.intervals import newcombe, wilson
from reporting.evidence.rates import rate


def test_cold_air_cooling_has_the_printed_risk_ratio() -> None:
    """Manuskiatti et al. 2007, Q-switched 1064 nm: 13 v 5 of 21 sides, RR 2.6 (1.13-6.00), P = .03."""
    ratio = risk_ratio(13, 21, 5, 21)
    assert ratio.value == pytest.approx(2.6)
    assert ratio.lower == pytest.approx(1.13, abs=0.005)
    assert ratio.upper == pytest.approx(6.00, abs=0.005)
    result = mantel_haenszel(13, 21, 5, 21)
    assert result.corrected_test.p_value == pytest.approx(0.03, abs=0.005)


def test_cold_air_cooling_analysed_as_the_pairs_it_is_stays_open() -> None:
    """The sides are of the same faces. Without the pairs the exact p lies between 0.008 and 0.096, and the
    ratio's lower limit on either side of 1: the unpaired analysis hides that the pairs decide."""
    pairings = pairings_from_margins(13, 5, 21)
    low, high = pairings.p_values
    assert (round(low, 4), round(high, 4)) == (0.0078, 0.0963)
    assert not pairings.decided(0.05)
    limits = [pairing.risk_ratio.lower for pairing in pairings.pairings]
    assert max(limits) > 1.13 > 1 > min(limits)
    assert all(pairing.risk_ratio.value == pytest.approx(2.6) for pairing in pairings.pairings)


def test_five_of_seven_against_three_of_seven_raises_nothing() -> None:
    """Alexis et al. 2016, 1550 nm at two densities, split face: 5/7 v 3/7."""
    assert 0 in newcombe(5, 7, 3, 7)
    assert fisher(5, 7, 3, 7).two_sided > 0.5
    pairings = pairings_from_margins(5, 3, 7)
    assert pairings.decided(0.05)
    assert pairings.p_values[0] >= 0.5
    found = multiplicity.scan([fisher(5, 7, 3, 7).mid_p_greater], [5], [7], rate=0.10)
    assert not found.signal.any()


def test_the_weaker_light_that_harmed_more_may_not_be_pooled() -> None:
    """Radmanesh et al. 2008: 75 of 1000 at 16-30 J/cm² of one device, 28 of 1541 at 33-42 J/cm² of another.
    Pooled, more fluence would look protective (four times less harm)."""
    assert risk_ratio(75, 1000, 28, 1541).value == pytest.approx(4.1, abs=0.05)
    devices = ["Lumina", "Lumina", "Vasculight", "Vasculight"]
    with pytest.raises(NotComparable) as refusal:
        require_one_device(devices, "fluence_j_cm2", [16, 30, 33, 42])
    assert refusal.value.message == (
        "fluence_j_cm2 of different devices is not one dose: Lumina 16 to 30, Vasculight 33 to 42."
    )
    assert "Compare within one device" in refusal.value.what_to_do


def test_darkening_after_resurfacing_does_not_differ_between_the_lasers() -> None:
    """Tanzi & Alster 2003: 23 of 50 after CO2, 21 of 50 after Er:YAG."""
    assert 0 in newcombe(23, 50, 21, 50)
    assert fisher(23, 50, 21, 50).two_sided > 0.8


def test_one_of_twenty_sides_against_six() -> None:
    """Picosecond against Q-switched 532 nm, 1 v 6 of 20 sides: no pairing makes it significant."""
    pairings = pairings_from_margins(6, 1, 20)
    assert not any(pairing.test.two_sided < 0.05 for pairing in pairings.pairings)


def test_no_darkening_in_seven_patients_is_an_upper_limit() -> None:
    """Tan, Kurniawati & Gold 2008: 0 of 7."""
    estimate = rate(0, 7)
    assert estimate.value == 0
    assert estimate.upper == pytest.approx(0.354, abs=0.001)
    assert wilson(0, 7).upper == estimate.upper


def test_published_rates_lie_in_their_intervals() -> None:
    """Faghihi 2015: 9 of 42 (21.4 %); Graber 2008: 73 of 961 (7.6 %); Clark 2013: 5 of 115 (4 %)."""
    for events, n, printed in ((9, 42, 0.214), (73, 961, 0.076), (5, 115, 0.04)):
        assert rate(events, n).value == pytest.approx(printed, abs=0.005)
        assert printed in wilson(events, n)
