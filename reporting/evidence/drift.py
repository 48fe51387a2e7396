"""Settings drift: are a unit's settings rising, given its patients, against its own past?

The leading indicator: it needs no outcome and no answered check-in. A signal here says that settings shifted,
not that anybody was harmed.

Where settings have shifted: on one device that several people use, or with a person on every device.

An operator whose treatments on one device have become stronger shows as an operator, and so does everybody else
who uses the device, and the clinic. The finding is then one finding, about the device. Where the others who use the
device have not moved, it is the person's.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from reporting.domain.packed import distinct
from reporting.domain.vocabulary import DARK
from reporting.evidence.change_point import Shifts, log_shift_evidence
from reporting.evidence.checks import Array, Mask, Positions
from reporting.evidence.dose_model import aggressive_sign, relative_settings
from reporting.evidence.limits import HOLD_DAYS
from reporting.evidence.signals import Signal

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


MOSTLY = 2 / 3
"""Share of a unit's shift that lies on one device, from which the device is named."""
HALF = 0.5
LEAST_TREATMENTS_AT_PLACE = 3
"""Of a unit on a device on each side, before their mean says anything."""


def placed(signals: Sequence[Signal], areas: pd.DataFrame, scores: SettingsScores) -> list[Signal]:
    """The signals, those about settings named after the device that holds most of the shift, where one does.

    areas and scores as for settings_scores. Signals about outcomes stay as they are. Named after a device, the
    numbers are the device's own: its treatments of the last HOLD_DAYS against those before the shift. Once a
    device is named, half of a unit's shift is enough to belong to it. Whether the others who use the device moved too
    is judged by all that is known by now.
    """
    found = [_placed(each, areas, scores, lambda _device: MOSTLY) for each in signals]
    named = {each.unit_id for before, each in zip(signals, found, strict=True) if each is not before}
    return [
        _placed(each, areas, scores, lambda device: HALF if device in named else MOSTLY) if each is before else each
        for before, each in zip(signals, found, strict=True)
    ]


def _placed(signal: Signal, areas: pd.DataFrame, scores: SettingsScores, least: Callable[[str], float]) -> Signal:
    if signal.kind != "settings":
        return signal
    parameter, group = signal.detail.rsplit(", ", 1)
    z = scores.values[:, scores.names.index(parameter)]
    known = np.isfinite(z) & (areas["clinic"] == signal.clinic).to_numpy()
    if group != "all":
        known &= areas["fitzpatrick"].to_numpy(dtype=float) >= DARK
    use = known & (areas["day"].to_numpy() <= signal.day)
    late = areas["day"].to_numpy() > signal.day - HOLD_DAYS
    unit = (areas[signal.unit_type].astype(str) == signal.unit_id).to_numpy()
    mine = use & unit
    device = areas["device"].astype(str).to_numpy()
    rises = {str(name): max(_moved(z, mine & (device == name), late), 0.0) for name in np.unique(device[mine])}
    total = sum(rises.values())
    if len(rises) < 2 or not total > 0:
        return signal
    most = max(rises, key=lambda name: rises[name])
    there = use & (device == most)
    others = known & (device == most) & ~unit
    if rises[most] < least(most) * total or (others.any() and not _rose(z, others, late)):
        return signal
    return _of_device(signal, areas, z, there, late, most)


def _moved(z: Array, rows: Mask, late: Mask) -> float:
    """How far the late treatments are above the earlier ones, all together; 0 with too few of either."""
    now, before = z[rows & late], z[rows & ~late]
    if min(len(now), len(before)) < LEAST_TREATMENTS_AT_PLACE:
        return 0.0
    return float(len(now) * (now.mean() - before.mean()))


def _rose(z: Array, rows: Mask, late: Mask) -> bool:
    """Whether the late treatments are above the earlier ones beyond chance (one-sided 97.5 %)."""
    now, before = int((rows & late).sum()), int((rows & ~late).sum())
    if min(now, before) < LEAST_TREATMENTS_AT_PLACE:
        return False
    return _moved(z, rows, late) / now > 1.96 * float(np.sqrt(1 / now + 1 / before))


def _of_device(signal: Signal, areas: pd.DataFrame, z: Array, rows: Mask, late: Mask, device: str) -> Signal:
    day = areas["day"].to_numpy()
    since = min(_split_day(day[rows], z[rows]), signal.day - HOLD_DAYS + 1)
    now, before = z[rows & late], z[rows & (day < since)]
    if min(len(now), len(before)) < LEAST_TREATMENTS_AT_PLACE:
        return signal
    shift, error = float(now.mean() - before.mean()), float(np.sqrt(1 / len(now) + 1 / len(before)))
    if shift <= 1.96 * error:
        return signal
    return replace(
        signal,
        unit_type="device",
        unit_id=device,
        observed=float(len(now)),
        ratio=shift,
        lower=shift - 1.96 * error,
        upper=shift + 1.96 * error,
        since_day=since,
    )


def _split_day(day: Array, z: Array) -> int:
    """Day that parts the values best into two means (least squares)."""
    order = np.argsort(day, kind="stable")
    total, n = np.cumsum(z[order]), np.arange(1, len(z) + 1)
    left, right = n[:-1], len(z) - n[:-1]
    gap = total[:-1] / left - (total[-1] - total[:-1]) / right
    return int(day[order][1:][np.argmax(gap**2 * left * right)])
