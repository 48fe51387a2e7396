"""Dose-response curve and ceiling of model B, with intervals.

Intervals are of draws from the fit's normal approximation (Steyerberg 2019, chapter 5), widened by harmless
differences between units and by what silence may hide; "none within the range of the data" is an answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from reporting.domain.vocabulary import SKIN_GROUPS
from reporting.evidence.checks import Array, NotEnoughData, Positions
from reporting.evidence.dose_model import DoseModel, cumulative_risk, dark_skin, spline_design
from reporting.evidence.hazard import CaseMix

DRAWS = 400
BENIGN_SD = 0.12
COVARIANCE_INFLATION = 2.0
"""For the knots and the weights of the index, which the fit takes as known; repeated treatments come on top."""
SUPPORTED_QUANTILE = 0.95
"""Of the doses used: beyond it the curve is drawn straight on, and says nothing about where a ceiling is not."""
RESPONSE_SD = 0.07
"""Log risk: how far answering more, or less, when affected may move a risk (odds ratio of answering 1 to 1.5)."""


@dataclass(frozen=True)
class Curve:
    """Risk by dose relative to the reference, for the reference patient of a skin group; arrays (grid,)."""

    symptom: str
    skin_group: str
    dose: Array
    risk: Array
    lower: Array
    upper: Array
    highest_dose_used: float


@dataclass(frozen=True)
class Ceiling:
    """Largest relative dose with risk under `factor` times that at the reference; None: not within the data."""

    symptom: str
    skin_group: str
    factor: float
    dose: float | None
    lower: float | None
    upper: float | None
    note: str = ""


def curve_and_ceiling(
    model: DoseModel,
    mix: CaseMix,
    relative: pd.DataFrame,
    skin_group: str,
    grid: Array,
    rng: np.random.Generator,
    patient: Mapping[str, object] | None = None,
    factor: float = 1.5,
    level: float = 0.95,
) -> tuple[Curve, Ceiling]:
    """Curve over `grid` (dose as a multiple of the reference, other settings at theirs) and the ceiling.

    The reference patient is the mix of skin types of the group, 40 years, mean season; `patient` fixes
    categories such as the indication, and device classes follow in the mix used for it.
    """
    rows, share = _reference_rows(mix, skin_group, patient or {})
    fine = np.unique(np.concatenate([grid, np.geomspace(0.95, 1.7 * grid.max(), 90), [1.0]]))
    draws = _draws(model, rng)
    risk = _average_risk(model, mix, rows, share, np.log(fine), draws)
    tail = (1 - level) / 2
    at = np.searchsorted(fine, grid)
    lower, upper = np.quantile(risk[1:], [tail, 1 - tail], axis=0)
    used = relative["dose"].to_numpy()[dark_skin(mix, np.arange(len(relative))) == (skin_group == SKIN_GROUPS[1])]
    highest, supported = np.exp(np.nanquantile(used, [0.995, SUPPORTED_QUANTILE])).tolist()
    curve = Curve(model.symptom, skin_group, grid, risk[0][at], lower[at], upper[at], highest)
    return curve, _ceiling(curve, fine, risk, factor, tail, supported)


def _crossings(fine: Array, risk: Array, factor: float) -> Array:
    """Dose above the reference at which each row's risk first reaches factor times its own there; inf: never."""
    reference = int(np.searchsorted(fine, 1.0))
    excess = risk / risk[:, [reference]] - factor
    over = (excess >= 0) & (np.arange(len(fine)) > reference)
    at, rows = over.argmax(axis=1), np.arange(len(risk))
    before = np.maximum(at - 1, 0)
    rise = np.maximum(excess[rows, at] - excess[rows, before], 1e-12)
    between = fine[before] + (fine[at] - fine[before]) * np.clip(-excess[rows, before] / rise, 0, 1)
    return np.where(over.any(axis=1), between, np.inf)


def _ceiling(curve: Curve, fine: Array, risk: Array, factor: float, tail: float, supported: float) -> Ceiling:
    crossing = _crossings(fine, risk, factor)
    low, high = np.quantile(crossing[1:], [tail, 1 - tail], method="nearest")
    name, group = curve.symptom, curve.skin_group
    lower = float(low) if np.isfinite(low) else curve.highest_dose_used
    upper = float(high) if np.isfinite(high) else None
    if crossing[0] > curve.highest_dose_used:
        lower = min(lower, supported)
        return Ceiling(name, group, factor, None, lower, None, "none within the range of the data")
    return Ceiling(name, group, factor, float(crossing[0]), lower, upper)


def _reference_rows(mix: CaseMix, skin_group: str, patient: Mapping[str, object]) -> tuple[Positions, Array]:
    """One area for each combination of skin type and device class of the group, and their shares."""
    dark = dark_skin(mix, np.arange(len(mix.decade))) == (skin_group == SKIN_GROUPS[1])
    fits = dark.copy()
    for name, value in patient.items():
        if value in mix.levels.get(name, ()):
            fits &= mix.codes[name] == mix.levels[name].index(value)
    if not fits.any():
        raise NotEnoughData(f"No treatment of skin group {skin_group} fits the reference patient.")
    keys = np.column_stack([mix.codes[name] for name in mix.codes])
    skin = mix.codes["fitzpatrick"]
    _, first, count = np.unique(keys[fits], axis=0, return_index=True, return_counts=True)
    rows = np.flatnonzero(fits)[first]
    share = count.astype(float)
    for kind in np.unique(skin[rows]):
        inside = skin[rows] == kind
        share[inside] *= (skin[dark] == kind).mean() / share[inside].sum()
    return rows, share / share.sum()


def _draws(model: DoseModel, rng: np.random.Generator) -> Array:
    """Coefficients: the estimate first, then draws, their intercepts widened; (1 + DRAWS, columns)."""
    mean = model.fit.coefficients
    inflation = COVARIANCE_INFLATION * model.design_effect
    root = np.linalg.cholesky(inflation * model.fit.covariance + 1e-12 * np.eye(len(mean)))
    drawn = mean + rng.standard_normal((DRAWS, len(mean))) @ root.T
    spread = np.hypot(BENIGN_SD * np.sqrt(sum(1 / n for n in model.units)), RESPONSE_SD)
    drawn[:, 0] += rng.normal(0, spread, DRAWS)
    return np.vstack([mean, drawn])


def _average_risk(
    model: DoseModel, mix: CaseMix, rows: Positions, share: Array, log_dose: Array, draws: Array
) -> Array:
    """Risk by draw and dose, averaged over the reference rows, (draws, doses)."""
    total = np.zeros((len(draws), len(log_dose)))
    for row, weight in zip(rows, share, strict=True):
        design, names = spline_design(mix, np.full(len(log_dose), row), log_dose, model.knots)
        for name in ("decade", "sin", "cos"):
            design[:, names.index(name)] = 0.0
        total += weight * cumulative_risk(model, draws @ design.T)
    return total
