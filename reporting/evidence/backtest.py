"""Replay the detector over history: on every day only what was known that day, then the estimates at the end.

Did it help? Observed over expected after an action against before it, with an exact interval.

Given the total, the events after are binomial: O_after | O ~ B(O, r·E_after/(r·E_after + E_before)), with r the
ratio of the two ratios. Limits by Clopper & Pearson. Przyborowski & Wilenski, Biometrika 1940;31:313-323.
After a signal a rate falls by itself; so answers up to the signal should not be in `before`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from reporting.domain.vocabulary import SKIN_GROUPS
from reporting.evidence.checks import Array, EvidenceProblem, NotEnoughData, expectations, not_negative
from reporting.evidence.comparisons import binomial_excess
from reporting.evidence.detector import Detection, Detector, detect
from reporting.evidence.dose_model import fit_dose_model, predicted_risks, relative_settings
from reporting.evidence.dose_response import Ceiling, Curve, curve_and_ceiling
from reporting.evidence.hazard import answered_intervals, case_mix
from reporting.evidence.intervals import clopper_pearson
from reporting.evidence.signals import estimate_tau2, gamma_poisson
from reporting.evidence.surveillance import Schedule

GRID = np.round(np.arange(0.70, 1.5001, 0.05), 2)
SYMPTOMS = ("burning", "bumps", "swelling", "infection", "scarring", "hyperpigmentation")
RATE_PRECISION = 30.0
"""Largest a of the Gamma(a, a) of operators' ratios, 1/sd²; less where operators are seen to differ more."""
RATE_MODEL_SE = 0.05
MATURE_DAYS = (240, 60)
"""Operators' rates are of treatments from so many to so many days before the end: followed up."""


@dataclass(frozen=True)
class OperatorRate:
    """An operator's risk among the treatments done from_day to to_day (excluded), with 95 % limits."""

    operator: str
    symptom: str
    from_day: int
    to_day: int
    treatments: int
    observed: float
    expected: float
    rate: float
    lower: float
    upper: float


@dataclass(frozen=True)
class Replay:
    """What the detector would have said. predictions: risk by symptom (areas,), in the order of area_id."""

    detection: Detection
    rates: tuple[OperatorRate, ...]
    curves: tuple[Curve, ...]
    ceilings: tuple[Ceiling, ...]
    area_id: tuple[str, ...]
    predictions: dict[str, Array]
    not_estimated: dict[str, str] = field(default_factory=dict)


def replay(
    areas: pd.DataFrame,
    check_ins: pd.DataFrame,
    from_day: int,
    to_day: int,
    step_days: int = 7,
    *,
    symptoms: Sequence[str] | None = None,
    detector: Detector | None = None,
    patient: Mapping[str, object] | None = None,
) -> Replay:
    """Judge every step_days from from_day to to_day; estimates are as of to_day. Order of rows is irrelevant.

    areas: area_id, clinic, operator, device, device_class, day, patient, fitzpatrick, age, indication, area,
    settings and reference_<setting>. check_ins: area_id, scheduled_day, due_day, answered, answered_day and 0/1
    per symptom (those with no event by from_day are left out). patient: the reference patient's indication.
    """
    schedule = Schedule(from_day, to_day, step_days)
    known = check_ins[check_ins["answered"].astype(bool) & (check_ins["answered_day"] <= to_day)]
    treated = areas[areas["day"] <= to_day].sort_values(["day", "area_id"], ignore_index=True)
    watched = tuple(s for s in symptoms or SYMPTOMS if s in known and _has_baseline(known, s, from_day))
    detection = detect(treated, known, watched, schedule, detector)
    rates, curves, ceilings = list[OperatorRate](), list[Curve](), list[Ceiling]()
    predictions, missing = dict[str, Array](), dict[str, str]()
    mix, relative = case_mix(treated), relative_settings(treated)
    for symptom in watched:
        answers = answered_intervals(treated, known, symptom)
        try:
            model = fit_dose_model(answers, treated, relative, mix, symptom)
        except EvidenceProblem as problem:
            missing[symptom] = str(problem)
            continue
        predictions[symptom] = predicted_risks(model, mix)
        rates += operator_rates(
            answers, treated, predictions[symptom], model.fitted_hazard(answers, mix), symptom, to_day
        )
        for group in SKIN_GROUPS:
            rng = np.random.default_rng([0, len(curves)])
            try:
                curve, ceiling = curve_and_ceiling(model, mix, relative, group, GRID, rng, patient)
            except EvidenceProblem as problem:
                missing[f"{symptom}, {group}"] = str(problem)
                continue
            curves.append(curve)
            ceilings.append(ceiling)
    ids = tuple(str(a) for a in treated["area_id"])
    return Replay(detection, tuple(rates), tuple(curves), tuple(ceilings), ids, predictions, missing)


def _has_baseline(known: pd.DataFrame, symptom: str, from_day: int) -> bool:
    return bool(known.loc[known["answered_day"] <= from_day, symptom].sum() > 0)


def operator_rates(
    answers: pd.DataFrame, areas: pd.DataFrame, risk: Array, hazard: Array, symptom: str, to_day: int
) -> list[OperatorRate]:
    """Each operator's risk in the last followed-up half-year: predicted risk times the shrunken ratio O/E.

    risk (areas,) and hazard (answers,) are model B's, so that settings and case mix are the operator's own and
    only the rest is shrunken. An interval holds the ratio's and the model's error.
    """
    first, last = to_day + 1 - MATURE_DAYS[0], to_day + 1 - MATURE_DAYS[1]
    day, operator = areas["day"].to_numpy(), areas["operator"].astype(str).to_numpy()
    mature = (day >= first) & (day < last)
    names = sorted(set(operator[mature]))
    row = answers["row"].to_numpy()
    use = answers["at_risk"].to_numpy() & mature[row]
    event = answers["event"].to_numpy()
    trials = [use & (operator[row] == name) for name in names]
    counts = np.array([[event[own].sum(), hazard[own].sum()] for own in trials]).reshape(-1, 2)
    answered = counts[counts[:, 1] > 0]
    seen = estimate_tau2(*answered.T) if len(answered) > 1 else 0.0
    found = []
    for name, (observed, expected) in zip(names, counts.tolist(), strict=True):
        mine = mature & (operator == name)
        spread = max(seen, 1 / RATE_PRECISION)
        shrunken = gamma_poisson([observed], [expected], spread, model_log_se=RATE_MODEL_SE)
        base = float(risk[mine].mean())
        mean, low, high = (float(v[0]) for v in (shrunken.mean, shrunken.lower, shrunken.upper))
        found.append(
            OperatorRate(
                name,
                symptom,
                first,
                last,
                int(mine.sum()),
                observed,
                expected,
                min(base * mean, 1.0),
                min(base * low, 1.0),
                min(base * high, 1.0),
            )
        )
    return found


def to_alarms(result: Replay, start: pd.Timestamp, words: Mapping[str, str], name: str = "reporting") -> dict[str, Any]:
    """The replay as the JSON object scorers read; words maps symptom codes to the scorer's."""
    alarms = [
        {
            "date": str((start + pd.Timedelta(days=s.day)).date()),
            "unit_type": s.unit_type,
            "unit_id": s.unit_id,
            "symptom": words.get(s.symptom, "any"),
            "kind": s.kind,
        }
        for s in result.detection.signals
    ]
    rates = [
        {
            "unit_type": "operator",
            "unit_id": r.operator,
            "symptom": words[r.symptom],
            "from_day": r.from_day,
            "to_day": r.to_day,
            "estimate": r.rate,
            "lower": r.lower,
            "upper": r.upper,
        }
        for r in result.rates
        if r.symptom in words
    ]
    curves = [
        {
            "symptom": words[c.symptom],
            "skin": c.skin_group,
            "fluence_multiple": c.dose.tolist(),
            "risk": c.risk.tolist(),
            "lower": c.lower.tolist(),
            "upper": c.upper.tolist(),
        }
        for c in result.curves
        if c.symptom in words
    ]
    thresholds = [
        {
            "symptom": words[c.symptom],
            "skin": c.skin_group,
            "fluence_multiple": c.dose,
            "lower": c.lower,
            "upper": c.upper,
        }
        for c in result.ceilings
        if c.symptom in words
    ]
    answer: dict[str, Any] = {
        "detector": name,
        "alarms": alarms,
        "rates": rates,
        "curve": curves,
        "thresholds": thresholds,
    }
    predicted = {words[s]: risk.tolist() for s, risk in result.predictions.items() if s in words}
    if set(predicted) == set(words.values()):
        answer["predictions"] = {"treatment_id": list(result.area_id), **predicted}
    return answer


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
        float(o0),
        float(e0),
        float(o1),
        float(e1),
        ratio,
        float(share.lower / (1 - share.lower) * e0 / e1),
        upper,
        fewer.mid_p_greater,
        level,
        note,
    )
