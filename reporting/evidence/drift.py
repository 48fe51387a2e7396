"""Settings drift: are a unit's settings rising, given its patients, against its own past?

The leading indicator: it needs no outcome and no answered check-in. A signal here says that settings shifted,
not that anybody was harmed.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from reporting.domain.distinct import distinct
from reporting.domain.skin import DARK
from reporting.evidence.change_point import Shifts, log_shift_evidence
from reporting.evidence.checks import Array, Mask, Positions
from reporting.evidence.relative_dose import aggressive_sign, relative_settings

WINSOR = 4.0
"""Standard deviations beyond which one treatment's settings say no more."""
LEAST_TREATMENTS = 60
SMALLEST_SPREAD = 1e-13
"""Share of the squares below which a variance is rounding."""


@dataclass(frozen=True)
class SettingsScores:
    """Standardised settings (n, parameters), rising = more aggressive than expected for such a patient.

    The last parameter is `index`, the mean of the others on their common scale. NaN: not recorded, or treated
    before there was a model to expect from.
    """

    names: tuple[str, ...]
    values: Array


def settings_scores(areas: pd.DataFrame, fit_days: tuple[int, ...]) -> SettingsScores:
    """Residuals of relative settings given skin type, indication, area and device class, in their own sd.

    For each fit day the expectation is fitted to treatments up to that day and applied to those after it (the
    first one to those before it as well: they are the baseline).
    """
    relative = relative_settings(areas)
    kind, design = _kinds(areas)
    day = areas["day"].to_numpy()
    epoch = np.searchsorted(np.asarray(fit_days), day, side="left")
    columns = {}
    for name in relative:
        signed = relative[name].to_numpy() * aggressive_sign(str(name))
        known = np.flatnonzero(np.isfinite(signed))
        scores = np.full(len(areas), np.nan)
        scores[known] = _standardised(design, kind[known], signed[known], epoch[known], len(fit_days))
        columns[str(name)] = scores
    stacked = np.column_stack(list(columns.values()))
    index = _index(stacked, day <= fit_days[0])
    return SettingsScores((*columns, "index"), np.column_stack([stacked, index]))


def _standardised(design: Array, kind: Positions, values: Array, epoch: Positions, fits: int) -> Array:
    """Residuals in standard deviations of the rows that the fit knew, winsorised; ridge keeps it solvable.

    design (kinds, columns), kind (n,) the kind of patient of each row, epoch (n,) how many fit days were before it:
    least squares on rows that repeat, by their counts, sums and squares.
    """
    place, shape = epoch * len(design) + kind, (fits + 1, len(design))
    often, total, squared = (
        np.cumsum(np.bincount(place, weights=w, minlength=shape[0] * shape[1]).reshape(shape), axis=0)
        for w in (None, values, values**2)
    )
    fitted, spread = np.zeros((fits, len(design))), np.full(fits, np.nan)
    for at in range(fits):
        if often[at].sum() >= LEAST_TREATMENTS:
            fitted[at], spread[at] = _fitted(design, often[at], total[at], float(squared[at].sum()))
    judge = np.maximum(epoch - 1, 0)
    residual = (values - fitted.ravel()[judge * len(design) + kind]) / spread[judge]
    return np.asarray(np.clip(residual, -WINSOR, WINSOR), dtype=float)


def _fitted(design: Array, often: Array, total: Array, squared: float) -> tuple[Array, float]:
    """Fitted value of each kind (kinds,) and the standard deviation around them, NaN where there is none."""
    curvature = (design * often[:, None]).T @ design + 0.5 * np.eye(design.shape[1])
    fitted = design @ np.linalg.solve(curvature, design.T @ total)
    mean = (total - fitted * often).sum() / often.sum()
    variance = (squared - 2 * fitted @ total + fitted**2 @ often) / often.sum() - mean**2
    is_spread = variance > SMALLEST_SPREAD * max(squared / often.sum(), SMALLEST_SPREAD)
    return fitted, float(np.sqrt(variance)) if is_spread else float("nan")


def _index(scores: Array, baseline: Mask) -> Array:
    seen = np.isfinite(scores)
    total = np.where(seen, scores, 0).sum(axis=1) / np.sqrt(np.maximum(seen.sum(axis=1), 1))
    spread = float(np.std(total[baseline])) if baseline.sum() > 1 else 1.0
    return np.asarray(np.where(seen.any(axis=1), total / (spread or 1.0), np.nan), dtype=float)


def _kinds(areas: pd.DataFrame) -> tuple[Positions, Array]:
    """Kind of patient and treatment of every row (n,), and the design of the kinds (kinds, columns)."""
    combined = np.zeros(len(areas), dtype=np.int64)
    for name in KINDS:
        code, found = pd.factorize(areas[name], use_na_sentinel=False)
        combined = combined * max(len(found), 1) + code
    _, first, kind = distinct(combined)
    return kind, _design(areas.iloc[first])


KINDS = ("fitzpatrick", "indication", "area", "device_class")


def _design(areas: pd.DataFrame) -> Array:
    blocks = [np.ones((len(areas), 1))]
    dark = areas["fitzpatrick"].to_numpy(dtype=float) >= DARK
    for name in KINDS:
        values = areas[name].astype(str).to_numpy()
        dummies = (values[:, None] == np.unique(values)).astype(float)
        blocks.append(dummies)
    blocks.append(blocks[-1] * dark[:, None])
    return np.hstack(blocks)


@dataclass(frozen=True)
class DriftCharts:
    """Evidence of a shift per bin and unit, the best chart of each: (bins, units); and its name."""

    log_evidence: Array
    best: Positions
    """Position in `charts` of the chart with most evidence, (weeks, units)."""
    charts: tuple[str, ...]


def drift_charts(
    scores: SettingsScores,
    areas: pd.DataFrame,
    week: Positions,
    weeks: int,
    cell: Positions,
    membership: Array,
    pooled: Mask,
    options: Shifts | None = None,
) -> DriftCharts:
    """Evidence that a unit's settings rose, over parameters and skin groups; their weighted mean is the unit's.

    week (n,) bins of the treatments, 0 to weeks - 1, others are left out; cell (n,) of each treatment, membership
    (cells, units) of 0 and 1; pooled (units,): clinics, whose protocols for the darker skin group are watched too.
    """
    dark = areas["fitzpatrick"].to_numpy(dtype=float) >= DARK
    inside = (week >= 0) & (week < weeks)
    place = week * len(membership) + cell
    columns, labels, shares = [], [], []
    for at, name in enumerate(scores.names):
        z = scores.values[:, at]
        known = np.isfinite(z) & inside
        for label, use in (("all", known), ("IV-VI", known & dark)):
            units = membership if label == "all" else membership[:, pooled]
            columns.append(_by_bin(place[use], z[use], (weeks, len(membership))) @ units)
            labels.append(f"{name}, {label}")
            shares.append(np.log(_chart_share(name, len(scores.names)) * np.where(pooled, 0.5, 1.0)))
    counts, sums = np.concatenate(columns, axis=2)
    evidence = log_shift_evidence(sums, counts, options or Shifts())
    stacked = np.full((len(labels), weeks, len(pooled)), -np.inf)
    ends = np.cumsum([part.shape[2] for part in columns])[:-1]
    for at, own in enumerate(np.split(evidence, ends, axis=1)):
        stacked[at][:, slice(None) if labels[at].endswith("all") else pooled] = own
    mean = np.logaddexp.reduce(stacked + np.stack(shares)[:, None, :], axis=0)
    return DriftCharts(np.asarray(mean), stacked.argmax(axis=0), tuple(labels))


def _by_bin(place: Positions, values: Array, shape: tuple[int, int]) -> Array:
    """(counts, sums) of values by their place in a table of bins and cells, (2, bins, cells)."""
    size = shape[0] * shape[1]
    return np.stack([np.bincount(place, weights=w, minlength=size).reshape(shape) for w in (None, values)])


def _chart_share(name: str, parameters: int) -> float:
    """Prior share of a parameter: the dose devices are turned up by, then the index, then the others alike."""
    others = max(parameters - 2, 1)
    return {"dose": 0.35, "index": 0.25}.get(name, 0.40 / others)
