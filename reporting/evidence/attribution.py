"""What explains a signal: do the settings, or is it the device or the technique?

Model A knows the case mix only, model B the settings as well. Share explained = 1 - (O - E_B)/(O - E_A) over
the answers since the change: near 1, the settings explain it; near 0, look at the device and the technique.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from reporting.evidence.dose_model import fit_dose_model, relative_settings
from reporting.evidence.hazard import answered_intervals, case_mix, fit_hazard
from reporting.evidence.signals import Signal

MOSTLY = 2 / 3


@dataclass(frozen=True)
class Attribution:
    """Events since the change, what case mix expects (A), what case mix and settings expect (B), in words."""

    observed: float
    expected_by_case_mix: float
    expected_with_settings: float
    share: float | None
    """0 to 1; None when there is no excess to explain."""
    words: str


def attribute(signal: Signal, areas: pd.DataFrame, check_ins: pd.DataFrame, symptoms: Sequence[str]) -> Attribution:
    """Explain an outcome signal from what was known on its day. Raises NotEnoughData as the models do."""
    treated = areas[areas["day"] <= signal.day].sort_values(["day", "area_id"], ignore_index=True)
    known = check_ins[check_ins["answered"].astype(bool) & (check_ins["answered_day"] <= signal.day)]
    mix, relative = case_mix(treated), relative_settings(treated)
    mine = (
        (treated[signal.unit_type].astype(str) == signal.unit_id) & (treated["clinic"].astype(str) == signal.clinic)
    ).to_numpy()
    totals = np.zeros(3)
    for symptom in symptoms if signal.symptom == "any" else [signal.symptom]:
        answers = answered_intervals(treated, known, symptom)
        answers = answers[answers["at_risk"]].reset_index(drop=True)
        row = answers["row"].to_numpy()
        since = mine[row] & (answers["answered_day"].to_numpy() > signal.since_day)
        before = answers[answers["answered_day"] <= signal.since_day]
        by_mix = fit_hazard(before if before["event"].sum() > 0 else answers, mix)
        with_settings = fit_dose_model(answers, treated, relative, mix, symptom).fitted_hazard(answers, mix)
        expected = by_mix.expected(row[since], answers["interval"].to_numpy()[since])
        totals += (answers["event"].to_numpy()[since].sum(), expected.sum(), with_settings[since].sum())
    return explained(*totals.tolist())


def explained(observed: float, by_case_mix: float, with_settings: float) -> Attribution:
    """The share of an excess that the settings explain, held to 0 … 1, and what to look at first."""
    excess = observed - by_case_mix
    if excess <= 0:
        words = "there is no excess over the case mix"
        return Attribution(observed, by_case_mix, with_settings, None, words)
    share = float(np.clip(1 - (observed - with_settings) / excess, 0, 1))
    if share > MOSTLY:
        words = "the settings explain most of it"
    elif share > 1 - MOSTLY:
        words = "the settings explain part of it"
    else:
        words = "the settings explain little of it: look at the device and the technique"
    return Attribution(observed, by_case_mix, with_settings, share, words)
