"""Model B: case mix and settings. The fit and the risks it predicts.

Two steps. A ridge hazard with every relative setting as a straight line gives each setting's weight, in
equivalents of log dose, with signs held to physics (a setting known to harm never protects). Then Firth's
penalised likelihood (Firth, Biometrika 1993;80:27-38) with a restricted cubic spline of the index, for each
skin group its own (Harrell 2015, section 2.4.5), the check-in intervals' effects as offset.

Restricted cubic splines in Harrell's truncated power basis.

Harrell, Regression Modeling Strategies, 2nd ed. 2015, section 2.4.5: default knot quantiles of table 2.3, the
basis scaled by the squared range of the knots, as rcspline.eval of Hmisc with norm = 2.

Settings relative to the device's reference for that device, area and skin type.

Density and energy stay apart: only ratios to each parameter's own reference are ever compared, so the unit of a
setting cancels. The sign says which way is more aggressive (longer pulses spare the epidermis: Anderson &
Parrish, Science 1983;220:524-527).
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from reporting.domain.vocabulary import DARK, SKIN_GROUPS
from reporting.evidence.checks import Array, ImpossibleData, NotEnoughData, Positions, finite
from reporting.evidence.hazard import CaseMix, hazard_design, interval_shares
from reporting.evidence.logistic import LogisticFit, fit_logistic
from reporting.evidence.penalised import firth, flic, sandwich

KNOT_QUANTILES: dict[int, tuple[float, ...]] = {
    3: (0.10, 0.50, 0.90),
    4: (0.05, 0.35, 0.65, 0.95),
    5: (0.05, 0.275, 0.50, 0.725, 0.95),
    6: (0.05, 0.23, 0.41, 0.59, 0.77, 0.95),
    7: (0.025, 0.1833, 0.3417, 0.50, 0.6583, 0.8167, 0.975),
}
FEWEST_VALUES, MANY_VALUES = 6, 100


def rcs_knots(x: ArrayLike, count: int = 4, weights: ArrayLike | None = None) -> Array:
    """Knots at Harrell's default quantiles of x (k,), optionally of grouped values with whole counts.

    With fewer than 100 values the outer knots are the fifth smallest and fifth largest, as in rms.
    Raises NotEnoughData when knots coincide, ImpossibleData for a count other than 3 to 7.
    """
    if count not in KNOT_QUANTILES:
        raise ImpossibleData("count", count, "3 to 7 knots")
    values = finite("x", x)
    if weights is not None:
        values = np.repeat(values, finite("weights", weights).astype(int))
    if len(values) < FEWEST_VALUES:
        raise NotEnoughData(f"Knots need at least {FEWEST_VALUES} values.")
    knots = np.quantile(values, KNOT_QUANTILES[count])
    if len(values) < MANY_VALUES:
        knots[[0, -1]] = np.sort(values)[[4, -5]]
    knots = np.sort(knots)
    if (np.diff(knots) <= 0).any():
        raise NotEnoughData(f"The values take too few levels for {count} different knots.")
    return np.asarray(knots, dtype=float)


def rcs_basis(x: ArrayLike, knots: ArrayLike) -> Array:
    """Columns x, s_1 … s_(K-2) of a spline that is linear beyond the outer knots; shape (k, K - 1).

    s_k = [(x - t_k)³₊ - (x - t_(K-1))³₊ (t_K - t_k)/(t_K - t_(K-1))
           + (x - t_K)³₊ (t_(K-1) - t_k)/(t_K - t_(K-1))] / (t_K - t_1)²
    """
    values, t = finite("x", x), _checked_knots(knots)
    last, before, span = t[-1], t[-2], t[-1] - t[0]
    end, near_end = _cube(values - last), _cube(values - before)
    columns = [values]
    for knot in t[:-2]:
        term = _cube(values - knot) - near_end * (last - knot) / (last - before)
        columns.append((term + end * (before - knot) / (last - before)) / span**2)
    return np.column_stack(columns)


def _cube(distance: Array) -> Array:
    return np.asarray(np.maximum(distance, 0) ** 3, dtype=float)


def _checked_knots(knots: ArrayLike) -> Array:
    t = finite("knots", knots)
    if len(t) < 3 or (np.diff(t) <= 0).any():
        raise ImpossibleData("knots", t.tolist(), "at least 3 numbers in rising order")
    return t


Scale = Literal["log", "ratio"]

SCALES: dict[str, tuple[Scale, int]] = {
    "fluence_j_cm2": ("log", 1),
    "pulse_energy_mj": ("log", 1),
    "energy_per_pin_mj": ("log", 1),
    "power_w": ("log", 1),
    "density_pct": ("ratio", 1),
    "density_mtz_cm2": ("ratio", 1),
    "passes": ("ratio", 1),
    "pulse_width_ms": ("log", -1),
}
"""Scale of each setting relative to its reference, and the direction that is more aggressive."""

MAIN_SETTINGS = ("fluence_j_cm2", "pulse_energy_mj", "energy_per_pin_mj", "power_w")
"""The dose a device class is turned up by, in the order of preference."""

OTHER_SETTINGS = tuple(name for name in SCALES if name not in MAIN_SETTINGS)


def relative_settings(areas: pd.DataFrame) -> pd.DataFrame:
    """Relative settings of treated areas, 0 at the reference, NaN where setting or reference is not recorded.

    Columns: `dose` (log ratio of the first main setting recorded) and every other setting of SCALES that the
    areas hold with a reference_<setting> column; rows in the order of `areas`, index 0 to n - 1.
    """
    columns = {"dose": np.full(len(areas), np.nan)}
    for name in MAIN_SETTINGS:
        value = relative(areas, name)
        columns["dose"] = np.where(np.isfinite(columns["dose"]), columns["dose"], value)
    for name in OTHER_SETTINGS:
        value = relative(areas, name)
        if np.isfinite(value).any():
            columns[name] = value
    return pd.DataFrame(columns)


def relative(areas: pd.DataFrame, name: str) -> Array:
    """One setting relative to its reference: log ratio, or ratio - 1; NaN where either is missing or not > 0."""
    if name not in areas or f"reference_{name}" not in areas:
        return np.full(len(areas), np.nan)
    value = areas[name].to_numpy(dtype=float)
    reference = areas[f"reference_{name}"].to_numpy(dtype=float)
    usable = np.isfinite(value) & np.isfinite(reference) & (value > 0) & (reference > 0)
    ratio = np.where(usable, value, 1.0) / np.where(usable, reference, 1.0)
    changed = np.log(ratio) if SCALES[name][0] == "log" else ratio - 1
    return np.asarray(np.where(usable, changed, np.nan), dtype=float)


def aggressive_sign(name: str) -> int:
    """1 where a higher value is more aggressive, -1 where a lower one is."""
    return 1 if name == "dose" else SCALES[name][1]


INDEX_BINS = 60
SETTING_SD = 1.0
"""Ridge standard deviation in log odds per standard deviation of a setting: hardly binding."""
LEAST_EVENTS = 20


@dataclass(frozen=True)
class DoseModel:
    """Model B of one symptom. weights per setting in equivalents of log dose; index (areas,)."""

    symptom: str
    weights: dict[str, float]
    opposed: tuple[str, ...]
    """Settings whose data would give a protective weight against physics: held at 0, and said."""
    index: Array
    knots: Array
    fit: LogisticFit
    interval_effects: dict[int, float]
    shares: dict[int, float]
    """How often an area followed to the end answers each interval, of interval_shares."""
    shrinkage: float
    """Van Houwelingen & Le Cessie, Stat Med 1990;9:1303-1325: (chi² - df)/chi² of the fit, for predictions."""
    events: int
    units: tuple[int, int, int]
    design_effect: float
    """Variance with the answers of a patient taken together (sandwich, CR1) to that of independent ones, >= 1."""

    def fitted_hazard(self, answers: pd.DataFrame, mix: CaseMix) -> Array:
        """Expected hazard of every answered check-in, at the area's own settings and case mix."""
        row = answers["row"].to_numpy()
        design, _ = spline_design(mix, row, self.index[row], self.knots)
        effect = np.array([self.interval_effects.get(i, -np.inf) for i in answers["interval"].to_numpy()])
        return self.fit.predict(design, effect)


def fit_dose_model(
    answers: pd.DataFrame, areas: pd.DataFrame, relative: pd.DataFrame, mix: CaseMix, symptom: str
) -> DoseModel:
    """Fit model B to answered_intervals, areas and relative_settings(areas). Raises NotEnoughData."""
    periods = answers[answers["at_risk"]]
    events = int(periods["event"].sum())
    if events < LEAST_EVENTS:
        raise NotEnoughData(f"{events} events: a dose-response needs {LEAST_EVENTS} or more.")
    intervals = tuple(int(i) for i in np.unique(periods["interval"]))
    weights, opposed, offsets = _weights(periods, relative, mix, intervals)
    filled = relative.fillna(0.0)
    index = np.asarray(sum(weights[name] * filled[name].to_numpy() for name in weights), dtype=float)
    row = periods["row"].to_numpy()
    knots = rcs_knots(index[row], 4 if events >= 200 else 3)
    offset = np.array([offsets[i] for i in periods["interval"].to_numpy()])
    fit = _spline_fit(mix, index, knots, row, offset, periods["event"].to_numpy())
    units = tuple(int(areas[name].nunique()) for name in ("clinic", "operator", "device"))
    mature = int(answers["answered_day"].max() - answers["scheduled_day"].max())
    shares = interval_shares(answers, mature) or _full_path(periods)
    shrinkage = _shrinkage(fit, len(weights) - 1)
    patient = areas["patient"].astype(str).to_numpy()[row]
    effect = _design_effect(fit, spline_design(mix, row, index[row], knots)[0], offset, periods, patient)
    whole = (units[0], units[1], units[2])
    return DoseModel(symptom, weights, opposed, index, knots, fit, offsets, shares, shrinkage, events, whole, effect)


def _design_effect(
    fit: LogisticFit, design: Array, offset: Array, periods: pd.DataFrame, patient: NDArray[np.str_]
) -> float:
    """Mean ratio of the clustered to the plain sandwich over the dose columns: what repeated treatments add."""
    residual = periods["event"].to_numpy() - fit.predict(design, offset)
    scores = design * residual[:, None]
    if len(np.unique(patient)) < 2:
        return 1.0
    clustered = np.diag(sandwich(scores, fit.covariance, patient).covariance)
    apart = np.diag(sandwich(scores, fit.covariance, np.arange(len(scores))).covariance)
    dose = np.array([name.startswith(SKIN_GROUPS) for name in fit.names]) & (apart > 0)
    return max(1.0, float(np.mean(clustered[dose] / apart[dose]))) if dose.any() else 1.0


def _shrinkage(fit: LogisticFit, first_step: int) -> float:
    """1 - df/chi² against the fit with the intercept only, 0.2 to 1; df counts the first step's weights too."""
    data = fit.data
    alone = fit_logistic(np.ones((len(data.events), 1)), data.events, data.trials, penalty="none", offset=data.offset)
    used = int((np.diag(fit.covariance) > 0).sum()) + first_step
    chi2 = 2 * (fit.log_likelihood - alone.log_likelihood)
    return float(np.clip(1 - (used - 1) / max(chi2, 1e-9), 0.2, 1.0))


def _weights(
    periods: pd.DataFrame, relative: pd.DataFrame, mix: CaseMix, intervals: tuple[int, ...]
) -> tuple[dict[str, float], tuple[str, ...], dict[int, float]]:
    row = periods["row"].to_numpy()
    base, sd = hazard_design(mix, row, periods["interval"].to_numpy(), intervals)
    filled = relative.fillna(0.0)
    scale = filled.std(ddof=0).replace(0, 1.0)
    settings = (filled / scale).to_numpy()[row]
    design = np.hstack([base, settings])
    ridge = np.concatenate([sd, np.full(settings.shape[1], SETTING_SD)])
    fit = fit_logistic(design, periods["event"].to_numpy(), penalty="ridge", ridge_sd=ridge)
    slopes = dict(zip(filled, fit.coefficients[base.shape[1] :] / scale.to_numpy(), strict=True))
    dose = slopes["dose"] if slopes["dose"] > 0.1 else 0.1
    weights, opposed = {"dose": 1.0}, []
    for name, slope in slopes.items():
        if name == "dose":
            continue
        right_way = slope * aggressive_sign(str(name)) > 0
        weights[str(name)] = float(slope / dose) if right_way else 0.0
        if not right_way:
            opposed.append(str(name))
    return weights, tuple(opposed), dict(zip(intervals, fit.coefficients[1:].tolist(), strict=False))


def _full_path(periods: pd.DataFrame) -> dict[int, float]:
    """Every check-in answered once: what is assumed while nobody has been followed to the end."""
    days = sorted(int(day) for day in np.unique(periods["scheduled_day"]))
    return {1000 * before + day: 1.0 for before, day in zip([0, *days], days, strict=False)}


def _spline_fit(mix: CaseMix, index: Array, knots: Array, row: Positions, offset: Array, events: Array) -> LogisticFit:
    edges = np.unique(np.quantile(index[row], np.linspace(0, 1, INDEX_BINS + 1)[1:-1]))
    bins = np.searchsorted(edges, index[row])
    keys = pd.DataFrame({"index": bins, "offset": np.round(offset, 9), "season": mix.season[row]})
    for name, codes in mix.codes.items():
        keys[name] = codes[row]
    keys["decade"] = mix.decade[row]
    grouped = keys.groupby(list(keys.columns), sort=True)
    cell = grouped.ngroup().to_numpy()
    size = np.bincount(cell).astype(float)
    first = np.zeros(len(size), dtype=np.intp)
    first[cell] = row
    mean_index = np.bincount(cell, weights=index[row]) / size
    mean_offset = np.bincount(cell, weights=offset) / size
    design, names = spline_design(mix, first, mean_index, knots)
    kept = _independent(design)
    fit = firth(design[:, kept], np.bincount(cell, weights=events), size, offset=mean_offset)
    return _with_dropped(flic(fit, intercept=0), kept, names)


def _independent(design: Array) -> Positions:
    """Columns that earlier ones do not determine, in order (an indication treated by one device class only)."""
    scale = np.sqrt((design**2).mean(axis=0))
    scaled = design / np.where(scale > 0, scale, 1)
    kept: list[int] = []
    residual = scaled.copy()
    for k in range(design.shape[1]):
        left = float((residual[:, k] ** 2).mean())
        if left > 1e-6:
            direction = residual[:, k] / np.sqrt((residual[:, k] ** 2).sum())
            residual -= np.outer(direction, direction @ residual)
            kept.append(k)
    return np.array(kept, dtype=np.intp)


def _with_dropped(fit: LogisticFit, kept: Positions, names: tuple[str, ...]) -> LogisticFit:
    """The fit in all columns, 0 for those left out."""
    coefficients, covariance = np.zeros(len(names)), np.zeros((len(names), len(names)))
    coefficients[kept] = fit.coefficients
    covariance[np.ix_(kept, kept)] = fit.covariance
    return replace(fit, coefficients=coefficients, covariance=covariance, names=names)


def spline_design(mix: CaseMix, row: Positions, index: Array, knots: Array) -> tuple[Array, tuple[str, ...]]:
    """Columns of the second step: 1, case mix against each category's commonest level, splines by skin group."""
    at = np.asarray(row, dtype=int)
    blocks, names = [np.ones((len(at), 1))], ["1"]
    for name, levels in mix.levels.items():
        common = int(np.bincount(mix.codes[name].astype(int)).argmax())
        others = [k for k in range(len(levels)) if k != common]
        blocks.append((mix.codes[name][at][:, None] == np.array(others, dtype=float)).astype(float))
        names += [f"{name} {levels[k]}" for k in others]
    angle = 2 * np.pi * (mix.season[at] + 0.5) / 6
    blocks.append(np.column_stack([mix.decade[at], np.sin(angle), np.cos(angle)]))
    dark = dark_skin(mix, at)
    basis = rcs_basis(index, knots)
    blocks += [basis * (1 - dark)[:, None], basis * dark[:, None]]
    names += ["decade", "sin", "cos", *(f"{g} s{k}" for g in SKIN_GROUPS for k in range(basis.shape[1]))]
    return np.hstack(blocks), tuple(names)


def dark_skin(mix: CaseMix, row: Positions) -> Array:
    types = np.array([float(str(level)) if _is_number(level) else 0.0 for level in mix.levels["fitzpatrick"]])
    return np.asarray(types[mix.codes["fitzpatrick"][row].astype(int)] >= DARK, dtype=float)


def _is_number(level: object) -> bool:
    return str(level).replace(".", "", 1).isdigit()


CERTAIN = 300.0
"""Log odds beyond which a risk is 1 to the last digit, and well before its exponential has no number."""


def cumulative_risk(model: DoseModel, linear: Array) -> Array:
    """Risk of a first report over the follow-up people give, from linear predictors without interval.

    1 - exp(sum over intervals of share · log(1 - h)): the product of 1 - h along a mean path of answers.
    """
    steps = [(model.interval_effects[i], share) for i, share in model.shares.items() if i in model.interval_effects]
    odds = np.exp(np.minimum(linear, CERTAIN))
    survival = np.zeros(np.shape(linear))
    for effect, share in steps:
        survival -= share * np.log1p(odds * np.exp(effect))
    return np.asarray(-np.expm1(survival), dtype=float)


def predicted_risks(model: DoseModel, mix: CaseMix) -> Array:
    """Risk of every treated area at its own settings and case mix, shape (areas,), shrunken to average right."""
    rows = np.arange(len(model.index))
    design, _ = spline_design(mix, rows, model.index, model.knots)
    linear = design @ model.fit.coefficients
    whole = cumulative_risk(model, linear)
    centre = float(np.average(linear, weights=whole))
    shrunken = centre + model.shrinkage * (linear - centre)
    risk = cumulative_risk(model, shrunken)
    for _ in range(4):
        shrunken += np.log(whole.mean() / risk.mean())
        risk = cumulative_risk(model, shrunken)
    return risk
