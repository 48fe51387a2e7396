"""The detector finds what is guilty, is quiet when nothing is, and never looks ahead."""

from collections.abc import Callable
from functools import cache

import numpy as np
import pandas as pd
import pytest

from reporting.evidence.attribution import attribute, explained
from reporting.evidence.backtest import Replay, operator_rates, replay, to_alarms
from reporting.evidence.change_point import (
    Alternatives,
    Shifts,
    log_change_evidence,
    log_shift_evidence,
    odds_within_family,
)
from reporting.evidence.checks import NotEnoughData
from reporting.evidence.detector import (
    BASELINE_WEEKS,
    Detection,
    Detector,
    _baseline,
    detect,
    settings_odds,
    with_frailty,
)
from reporting.evidence.limits import Budget, Odds, family_limit, null_counts, signal_weeks
from reporting.evidence.signals import Signal
from reporting.evidence.surveillance import Schedule, calibrated_by_others, refitted
from tools.simulation.clinics import simulate
from tools.simulation.files import SYMPTOM_WORDS, Network, network

pytestmark = pytest.mark.xdist_group("detector")  # what is calculated once is kept

SYMPTOMS = tuple(SYMPTOM_WORDS)
FROM, TO = 180, 560
QUICK = Detector(budget=Budget(replications=10))
"""A rougher limit than the product's, in a third of the time."""


@cache
def clinics(scenario: str, seed: int = 3, per_week: float = 20.0) -> tuple[Network, dict]:
    drawn = simulate(seed, scenario, clinics=3, per_week=per_week)
    files = drawn.files
    read = network(files["treatments"], files["checkins"], files["devices"], pd.Timestamp(drawn.truth["start"]))
    return read, drawn.truth


def run(areas: pd.DataFrame, check_ins: pd.DataFrame, to_day: int = TO) -> Detection:
    return detect(areas, check_ins, SYMPTOMS, Schedule(FROM, to_day), QUICK)


@cache
def detected(scenario: str) -> Detection:
    read, _ = clinics(scenario)
    return run(read.areas, read.check_ins)


@cache
def replayed() -> Replay:
    read, _ = clinics("op_settings")
    return replay(read.areas, read.check_ins, FROM, TO, patient={"indication": "pigment"}, detector=QUICK)


def said(found: Detection) -> list[tuple]:
    return [(s.day, s.unit_type, s.unit_id, s.kind, round(s.probability, 9)) for s in found.signals]


def test_an_operator_whose_settings_creep_up_is_named_as_a_matter_of_settings() -> None:
    _, truth = clinics("op_settings")
    guilty = truth["injections"][0]["unit_id"]
    hits = [s for s in detected("op_settings").signals if s.unit_id == guilty and s.day >= truth["t0_day"]]
    assert hits
    assert hits[0].kind == "settings"
    assert hits[0].day - truth["t0_day"] <= 70
    assert hits[0].detail.startswith(("dose", "index", "density"))


def test_a_change_of_technique_is_found_by_its_outcomes() -> None:
    """Settings unchanged, odds 2.5 times, at 60 treatments a week so that the data can tell."""
    read, truth = clinics("op_technique", per_week=60.0)
    guilty = truth["injections"][0]["unit_id"]
    found = [s for s in run(read.areas, read.check_ins).signals if s.day >= truth["t0_day"]]
    hits = [s for s in found if s.unit_id == guilty]
    assert hits[0].kind == "outcome"
    assert hits[0].day - truth["t0_day"] <= 120
    assert hits[0].observed > 1.4 * hits[0].expected
    assert hits[0].lower < hits[0].ratio < hits[0].upper


@pytest.mark.parametrize("scenario", ["null_stable", "null_nuisance"])
def test_clinics_without_a_fault_stay_within_the_budget(scenario: str) -> None:
    """0.5 a clinic-year would be 1.6 in these three clinics; five or more has a chance of 2 %."""
    years = 3 * (TO - FROM) / 365.25
    assert 0.5 * years == pytest.approx(1.6, abs=0.1)
    assert len(detected(scenario).signals) <= 4


def test_what_comes_later_changes_nothing_said_earlier() -> None:
    read, _ = clinics("op_settings")
    early = 400
    known = read.check_ins[read.check_ins["answered_day"] <= early]
    cut = run(read.areas[read.areas["day"] <= early], known, early)
    last = max(cut.schedule.judged)
    whole = [s for s in said(detected("op_settings")) if s[0] <= last]
    assert said(cut) == whole
    assert cut.outcome_limit == detected("op_settings").outcome_limit


def test_the_order_of_rows_does_not_matter() -> None:
    read, _ = clinics("op_settings")
    shuffled = run(read.areas.sample(frac=1, random_state=1), read.check_ins.sample(frac=1, random_state=2))
    assert said(shuffled) == said(detected("op_settings"))


def test_the_unit_of_a_setting_does_not_matter() -> None:
    read, _ = clinics("op_settings")
    scaled = read.areas.copy()
    for name in ("fluence_j_cm2", "reference_fluence_j_cm2"):
        scaled[name] = scaled[name] * 10_000
    assert said(run(scaled, read.check_ins)) == said(detected("op_settings"))


def test_replay_gives_estimates_that_are_finite_and_ordered() -> None:
    found = replayed()
    assert len(found.curves) == len(found.ceilings) == 4
    for curve in found.curves:
        assert np.isfinite([curve.risk, curve.lower, curve.upper]).all()
        assert (curve.lower <= curve.upper).all()
        assert ((curve.risk > 0) & (curve.risk < 1)).all()
    for rate in found.rates:
        assert 0 <= rate.lower <= rate.rate <= rate.upper <= 1
    assert not found.not_estimated


def test_replay_writes_what_scorers_read() -> None:
    read, _ = clinics("op_settings")
    answer = to_alarms(replayed(), read.start, SYMPTOM_WORDS)
    assert {a["symptom"] for a in answer["alarms"]} <= {"burn", "pih", "any"}
    assert {a["kind"] for a in answer["alarms"]} <= {"outcome", "settings"}
    assert set(answer["predictions"]) == {"treatment_id", "burn", "pih"}
    assert len(answer["predictions"]["burn"]) == len(answer["predictions"]["treatment_id"])


def test_without_an_event_in_the_baseline_nothing_can_be_expected() -> None:
    read, _ = clinics("null_stable")
    quiet = read.check_ins.assign(burning=0.0)
    with pytest.raises(NotEnoughData):
        detect(read.areas, quiet, ["burning"], Schedule(FROM, TO))


def test_after_a_pause_the_limit_is_set_by_the_weeks_before_it() -> None:
    """A log that ended long ago, or a clinic that starts again: nobody answered right before the charts begin."""
    week = np.arange(60, dtype=float)[None, :, None] + 1
    assert _baseline(week).item() == week[0, -BASELINE_WEEKS:].mean()
    paused = np.concatenate([week, np.zeros((1, 40, 1))], axis=1)
    assert _baseline(paused).item() == week[0, -BASELINE_WEEKS:].mean()
    with pytest.raises(NotEnoughData):
        _baseline(np.zeros((1, 40, 1)))


def counts(late: int) -> np.ndarray:
    observed = np.full((1, 1, 40, 1), 1.0)
    observed[..., 30:, :] = late
    return observed


def test_more_events_never_lower_the_evidence_after_a_change() -> None:
    expected = np.ones((1, 1, 40, 1))
    strengths = [log_change_evidence(counts(k), expected, Alternatives())[0, -1, 0] for k in range(1, 7)]
    assert np.all(np.diff(strengths) > 0)


def test_a_unit_is_judged_against_its_own_past() -> None:
    always = np.full((1, 1, 40, 1), 1.5)
    expected = np.ones((1, 1, 40, 1))
    risen = np.concatenate([np.full((1, 1, 30, 1), 1.0), np.full((1, 1, 10, 1), 3.0)], axis=2)
    evidence = [log_change_evidence(o, expected, Alternatives())[0, -1, 0] for o in (always, risen)]
    assert always.sum() == risen.sum()
    assert evidence[1] > evidence[0] + 1


def test_evidence_equals_the_integral_over_the_units_harmless_difference() -> None:
    """One change point, one ratio: the closed form against numerical integration of the gamma prior."""
    from scipy import integrate, stats

    observed, expected = np.array([2.0, 5.0]), np.array([2.5, 2.0])
    options = Alternatives(ratios=(2.0,), ramp_weeks=(1,), weeks_back=5, weeks_per_step=1)
    closed = log_change_evidence(observed.reshape(1, 1, 2, 1), expected.reshape(1, 1, 2, 1), options)[0, 1, 0]

    def marginal(times: np.ndarray) -> float:
        def integrand(theta: float) -> float:
            likelihood = stats.poisson.pmf(observed, theta * times * expected).prod()
            return likelihood * stats.gamma.pdf(theta, 40, scale=1 / 40)

        return integrate.quad(integrand, 0, 4)[0]

    factor = marginal(np.array([1.0, 2.0])) / marginal(np.array([1.0, 1.0]))
    assert closed == pytest.approx(np.log(factor / 52), abs=1e-7)


def test_shift_evidence_equals_the_ratio_of_normal_likelihoods() -> None:
    from scipy import stats

    z = np.array([0.2, -0.3, 1.6, 2.1])
    options = Shifts(sizes=(1.5,), ramp_weeks=(1,), bins_per_week=1, benign_precision=4.0)
    found = log_shift_evidence(z[:, None], np.ones((4, 1)), options)[-1, 0]
    cov = np.eye(4) + 0.25
    factors = [
        stats.multivariate_normal.pdf(z, 1.5 * (np.arange(4) >= change), cov)
        / stats.multivariate_normal.pdf(z, np.zeros(4), cov)
        for change in (1, 2, 3)
    ]
    assert found == pytest.approx(np.log(sum(factors) / 52), abs=1e-9)


def test_units_that_explain_the_same_excess_compete() -> None:
    evidence = np.array([5.0, 3.0, 5.0])
    odds = odds_within_family(evidence, np.array([0, 0, 1]), np.ones(3))
    assert odds[2] == pytest.approx(5.0)
    assert odds[0] == pytest.approx(5.0 - np.log(1 + np.exp(3.0)))
    assert odds[1] < 0 < odds[0]


def test_a_signal_is_held_and_raised_again_only_when_it_goes_on() -> None:
    log_odds = np.full((30, 1), 2.0)
    steady = np.cumsum(np.ones((30, 1)), axis=0)
    assert signal_weeks(Odds(log_odds, steady, steady), 1.0, 9) == [(0, 0)]
    assert signal_weeks(Odds(log_odds, 2 * steady, steady), 1.0, 9) == [(0, 0), (9, 0), (18, 0), (27, 0)]


def test_a_limit_keeps_its_budget_in_simulated_clinics() -> None:
    rng = np.random.default_rng(1)
    expected = np.full((1, 60, 4), 0.3)
    drawn = null_counts(expected, [np.arange(4.0)], 0.1, 60, rng)

    def odds_of(observed: np.ndarray) -> Odds:
        evidence = log_change_evidence(observed, expected[None], Alternatives(), 10)
        log_odds = odds_within_family(evidence, np.zeros(4, dtype=np.intp), np.full(4, 0.15))
        total = np.cumsum(observed.sum(axis=1), axis=1)
        return Odds(log_odds, total, np.broadcast_to(np.cumsum(expected.sum(axis=0), axis=0), total.shape))

    strict, loose = (family_limit(odds_of, drawn, 1, allowed, first_week=10, hold_weeks=9) for allowed in (0.1, 0.6))
    assert strict.false_per_clinic_year <= 0.1 < loose.false_per_clinic_year <= 0.6
    assert strict.limit > loose.limit


def test_an_operators_settings_compete_with_nobody_and_a_clinics_with_its_operators() -> None:
    families, pooled = np.zeros(3, dtype=np.intp), np.array([False, False, True])
    alone, both, shared = (
        settings_odds(np.array([e]), families, pooled)[0] for e in ([9.0, 0, 6], [9.0, 9, 6], [9.0, 9, 14])
    )
    assert alone[0] == both[0] == shared[0] == pytest.approx(9 - np.log(3))
    assert alone[2] < both[2] + 2 < 0 < shared[2]


def test_simulated_clinics_have_the_estimation_error_of_a_fitted_model() -> None:
    """Each device class follows its own events, those before the fit are judged by it too, later ones never."""
    expected = np.full((1, 30, 3), 2.0)
    observed = np.array([3.0, 2.0, 2.0]) * np.ones((1, 1, 30, 1))
    observed[..., 20:, :] = 50.0
    fitted = refitted(observed, expected, np.array([0, 1, 1]), [9, 19])[0, 0]
    assert fitted[:10, 0] == pytest.approx(2 * (4 + 30) / (4 + 20))
    assert fitted[25, 0] == pytest.approx(2 * (4 + 60) / (4 + 40))
    assert fitted[:, 1:] == pytest.approx(2.0)


def test_what_a_device_owes_to_its_operator_is_not_held_against_it() -> None:
    """Operator 0 always had twice the events, on both devices: the devices' ratios stay near 1."""
    operators, devices = np.eye(2)[[0, 0, 1, 1]], np.eye(2)[[0, 1, 0, 1]]
    expected = np.full((1, 40, 4), 3.0)
    observed = np.array([6.0, 6, 3, 3]) * np.ones((1, 1, 40, 1))
    ratio = with_frailty(observed, expected, [operators, devices], [29])[0, 0, 35] / 3
    assert ratio[0] == pytest.approx(ratio[1]) == pytest.approx(1.8, abs=0.1)
    assert ratio[2] == pytest.approx(1.0, abs=0.1)


def test_frailty_knows_only_what_was_known_at_the_fit() -> None:
    cells = [np.eye(2), np.ones((2, 1))]
    observed = np.random.default_rng(2).poisson(1.0, (1, 1, 40, 2)).astype(float)
    later = observed.copy()
    later[..., 30:, :] += 20
    before, after = (with_frailty(o, np.ones((1, 40, 2)), cells, [9, 29]) for o in (observed, later))
    assert np.array_equal(before, after)


def test_the_limit_allows_for_the_estimation_error() -> None:
    """Judged by refitted expectations the same chance finds more: the limit for the same budget is higher."""
    expected = np.full((1, 80, 6), 0.15)
    drawn = null_counts(expected, [np.arange(6.0)], 0.1, 60, np.random.default_rng(3))
    classes = np.repeat([0, 1], 3)

    def odds_of(observed: np.ndarray, judged_by: np.ndarray) -> Odds:
        evidence = log_change_evidence(observed, judged_by, Alternatives(), 26)
        log_odds = odds_within_family(evidence, np.zeros(6, dtype=np.intp), np.full(6, 0.15))
        total = np.cumsum(observed.sum(axis=1), axis=1)
        return Odds(log_odds, total, np.broadcast_to(np.cumsum(judged_by.sum(axis=1), axis=1), total.shape))

    def limit(judge: Callable[[np.ndarray], np.ndarray]) -> float:
        return family_limit(lambda o: odds_of(o, judge(o)), drawn, 1, 0.4, first_week=26, hold_weeks=9).limit

    known, estimated = limit(lambda o: expected[None]), limit(lambda o: refitted(o, expected, classes, [25]))
    assert estimated > known


def test_operators_who_differ_much_are_shrunken_less() -> None:
    """Six operators; one with three times the expected is far from 1, and its interval further."""
    n = 200
    areas = pd.DataFrame({"day": 400, "operator": np.repeat(list("ABCDEF"), n)})
    event = np.zeros(6 * n)
    for at, events in enumerate([60, 20, 21, 19, 20, 22]):
        event[at * n : at * n + events] = 1
    answers = pd.DataFrame({"row": np.arange(6 * n), "at_risk": True, "event": event})
    risk = np.full(6 * n, 0.1)
    rates = {r.operator: r for r in operator_rates(answers, areas, risk, risk, "burning", 560)}
    assert rates["A"].rate > 0.24
    assert rates["A"].lower < 0.3 < rates["A"].upper
    assert rates["B"].lower < 0.1 < rates["B"].upper


def test_a_clinic_never_calibrates_itself() -> None:
    expected = np.ones((1, 30, 2))
    observed = np.ones((1, 1, 30, 2))
    observed[..., 1] = 3.0
    result = calibrated_by_others(observed, expected, np.array([0, 1]))
    assert result[0, 0, -1, 0] > 1.4
    assert result[0, 0, -1, 1] == pytest.approx(1.0)
    single = calibrated_by_others(observed[..., :1], expected[..., :1], np.array([0]))
    assert single == pytest.approx(1.0)


def test_settings_explain_a_settings_fault_and_not_a_fault_of_technique() -> None:
    shares = {}
    for scenario in ("op_settings", "op_technique"):
        read, truth = clinics(scenario)
        unit = truth["injections"][0]["unit_id"]
        clinic = read.areas.loc[read.areas["operator"] == unit, "clinic"].iloc[0]
        signal = Signal(700, clinic, "operator", unit, "any", "outcome", 0.9, truth["t0_day"], 0, 0, 1, 1, 1)
        found = attribute(signal, read.areas, read.check_ins, SYMPTOMS)
        assert found.observed > found.expected_by_case_mix
        shares[scenario] = found.share
    assert shares["op_settings"] > 0.5 > shares["op_technique"] + 0.2


def test_the_words_of_an_attribution_follow_its_share() -> None:
    assert explained(5, 6, 7).share is None
    assert explained(10, 4, 10).share == 1.0
    assert explained(10, 4, 9).words == "the settings explain most of it"
    assert explained(10, 4, 7).words == "the settings explain part of it"
    assert "technique" in explained(10, 4, 3).words
    assert explained(10, 4, 3).share == 0.0
