"""The detector finds what is guilty, is quiet when nothing is, and never looks ahead."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from reporting.evidence.attribution import attribute, explained
from reporting.evidence.backtest import Replay, replay, to_alarms
from reporting.evidence.change_point import (
    Alternatives,
    Shifts,
    log_change_evidence,
    log_shift_evidence,
    odds_within_family,
)
from reporting.evidence.detector import Detection, detect
from reporting.evidence.errors import NotEnoughData
from reporting.evidence.limits import Odds, family_limit, null_counts, signal_weeks
from reporting.evidence.signals import Signal
from reporting.evidence.surveillance import Schedule, calibrated_by_others
from reporting.simulation.clinics import simulate
from reporting.simulation.files import SYMPTOM_WORDS, Network, network

SYMPTOMS = tuple(SYMPTOM_WORDS)
FROM, TO = 180, 560


@cache
def clinics(scenario: str, seed: int = 3, per_week: float = 20.0) -> tuple[Network, dict]:
    drawn = simulate(seed, scenario, clinics=3, per_week=per_week)
    files = drawn.files
    read = network(files["treatments"], files["checkins"], files["devices"], pd.Timestamp(drawn.truth["start"]))
    return read, drawn.truth


def run(areas: pd.DataFrame, check_ins: pd.DataFrame, to_day: int = TO) -> Detection:
    return detect(areas, check_ins, SYMPTOMS, Schedule(FROM, to_day))


@cache
def detected(scenario: str) -> Detection:
    read, _ = clinics(scenario)
    return run(read.areas, read.check_ins)


@cache
def replayed() -> Replay:
    read, _ = clinics("op_settings")
    return replay(read.areas, read.check_ins, FROM, TO, patient={"indication": "pigment"})


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


def test_clinics_without_a_fault_stay_within_the_budget() -> None:
    found = detected("null_stable")
    years = 3 * (TO - FROM) / 365.25
    assert len(found.signals) <= 0.5 * years + 3


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
        signal = Signal(
            700, clinic, "operator", unit, "any", "outcome", 0.9, truth["t0_day"], 0, 0, 1, 1, 1
        )  # fmt: skip
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
