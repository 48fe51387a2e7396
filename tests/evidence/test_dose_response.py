"""Relative doses, model B, its curve and its ceiling."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from reporting.domain.vocabulary import SKIN_GROUPS
from reporting.evidence.checks import NotEnoughData
from reporting.evidence.dose_model import DoseModel, fit_dose_model, predicted_risks, relative_settings
from reporting.evidence.dose_response import Ceiling, Curve, curve_and_ceiling
from reporting.evidence.hazard import CaseMix, answered_intervals, case_mix
from tools.simulation.clinics import simulate
from tools.simulation.files import Network, network
from tools.simulation.truth import reference_risk

pytestmark = pytest.mark.xdist_group("dose response")  # what is calculated once is kept

GRID = np.round(np.arange(0.7, 1.51, 0.05), 2)


@cache
def clinics() -> tuple[Network, pd.DataFrame]:
    files = simulate(11, "null_stable").files
    return network(files["treatments"], files["checkins"], files["devices"]), files["truth_treatments"]


def fitted(areas: pd.DataFrame) -> tuple[DoseModel, CaseMix, pd.DataFrame]:
    mix, relative = case_mix(areas), relative_settings(areas)
    answers = answered_intervals(areas, clinics()[0].check_ins, "hyperpigmentation")
    return fit_dose_model(answers, areas, relative, mix, "hyperpigmentation"), mix, relative


def judged(areas: pd.DataFrame, group: str) -> tuple[Curve, Ceiling]:
    model, mix, relative = fitted(areas)
    rng = np.random.default_rng(0)
    return curve_and_ceiling(model, mix, relative, group, GRID, rng, {"indication": "pigment"})


def test_the_truth_lies_inside_most_of_the_curves_interval() -> None:
    for group in SKIN_GROUPS:
        curve, _ = judged(clinics()[0].areas, group)
        true = reference_risk("pih", group, GRID)
        middle = (GRID >= 0.75) & (GRID <= 1.35)
        assert ((curve.lower <= true) & (true <= curve.upper))[middle].mean() >= 0.75
        assert np.abs(np.log(curve.risk / true))[middle].mean() < 0.35


def test_the_ceiling_is_near_the_true_one_and_inside_its_interval() -> None:
    fine = np.linspace(1, 2, 2001)
    for group in SKIN_GROUPS:
        _, ceiling = judged(clinics()[0].areas, group)
        risk = reference_risk("pih", group, fine)
        true = fine[np.argmax(risk >= 1.5 * risk[0])]
        assert ceiling.dose is not None
        assert ceiling.dose == pytest.approx(true, rel=0.15)


def test_predictions_average_right_and_scaling_a_unit_changes_nothing() -> None:
    areas, truth = clinics()[0].areas, clinics()[1]
    model, mix, _ = fitted(areas)
    risk = predicted_risks(model, mix)
    assert risk.mean() == pytest.approx(truth["p_pih"].mean(), rel=0.15)
    scaled = areas.assign(
        pulse_width_ms=areas["pulse_width_ms"] / 1000, reference_pulse_width_ms=areas["reference_pulse_width_ms"] / 1000
    )
    again, mix_again, _ = fitted(scaled)
    assert predicted_risks(again, mix_again) == pytest.approx(risk, rel=1e-6)


def test_answers_that_repeat_each_other_widen_the_curve() -> None:
    """Every treatment twice under one patient is no more evidence: the design effect is 2, under two patients 1."""
    areas, check_ins = clinics()[0].areas, clinics()[0].check_ins
    copy = areas.assign(area_id=areas["area_id"] + "b")
    answers = check_ins.assign(area_id=check_ins["area_id"] + "b")
    effects = []
    for patients in (areas["area_id"], copy["area_id"]):
        doubled = pd.concat([areas.assign(patient=areas["area_id"]), copy.assign(patient=patients)], ignore_index=True)
        found = answered_intervals(doubled, pd.concat([check_ins, answers]), "hyperpigmentation")
        model = fit_dose_model(found, doubled, relative_settings(doubled), case_mix(doubled), "hyperpigmentation")
        effects.append(model.design_effect)
    assert effects == pytest.approx([2.0, 1.0], abs=0.1)


def test_no_setting_that_harms_gets_a_protective_weight() -> None:
    model, _, _ = fitted(clinics()[0].areas)
    assert model.weights["dose"] == 1
    assert model.weights["density_pct"] >= 0 >= model.weights["pulse_width_ms"]
    for name in model.opposed:
        assert model.weights[name] == 0


def test_too_few_events_are_refused_in_words() -> None:
    areas = clinics()[0].areas
    answers = answered_intervals(areas, clinics()[0].check_ins, "hyperpigmentation").head(40)
    with pytest.raises(NotEnoughData, match="20"):
        fit_dose_model(answers, areas, relative_settings(areas), case_mix(areas), "hyperpigmentation")


def test_a_missing_or_impossible_setting_is_unknown_and_not_a_number_that_misleads() -> None:
    areas = pd.DataFrame(
        {
            "fluence_j_cm2": [20.0, 0.0, np.nan, 10.0],
            "reference_fluence_j_cm2": [10.0, 10.0, 10.0, np.nan],
            "passes": [3.0, 2.0, 1.0, 2.0],
            "reference_passes": 2.0,
        }
    )
    relative = relative_settings(areas)
    assert relative["dose"].iloc[0] == pytest.approx(np.log(2))
    assert relative["dose"].iloc[1:].isna().all()
    assert relative["passes"].tolist() == [0.5, 0.0, -0.5, 0.0]
