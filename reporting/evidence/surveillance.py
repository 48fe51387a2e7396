"""Observed and expected events per week and cell: what every outcome chart of a network is drawn from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from reporting.domain.packed import distinct
from reporting.evidence.checks import Array, NotEnoughData, Positions
from reporting.evidence.hazard import CASE_MIX_SD, CaseMix, HazardModel, case_mix, fit_hazard_cells
from reporting.evidence.trials import CheckIns, LaidOut, Trials, laid_out, trials

UNIT_TYPES = ("operator", "device", "clinic")
CALIBRATION_WEEKS = 13
CALIBRATION_PRECISION = 40.0
CLASS_PRECISION = 1 / CASE_MIX_SD**2


@dataclass(frozen=True)
class Schedule:
    """Days judged (every step from the first), bins before them for the history, and days of refitting."""

    from_day: int
    to_day: int
    step_days: int = 7
    refit_days: int = 91

    @property
    def judged(self) -> tuple[int, ...]:
        return tuple(range(self.from_day, self.to_day + 1, self.step_days))

    def history_bins(self, first_day: int) -> int:
        """Bins that end on from_day or earlier, so many that the first holds first_day."""
        return max(1, (self.from_day - first_day) // self.step_days + 1)

    def bins(self, day: ArrayLike, history: int) -> Positions:
        """Bin of a day: history - 1 is the one that ends on from_day."""
        late = np.ceil((np.asarray(day, dtype=float) - self.from_day) / self.step_days)
        return np.asarray(late + history - 1, dtype=np.intp)

    @property
    def fit_days(self) -> tuple[int, ...]:
        return tuple(range(self.from_day, self.to_day + 1, self.refit_days))


@dataclass(frozen=True)
class Network:
    """Cells (operator on a device in a clinic), and how they add up to units.

    cell (areas,) of each treated area; membership (cells, units) of 0 and 1; unit_type and unit_id (units,);
    family (units,) and cell_family (cells,) clinic codes; cell_class (cells,) codes of device classes.
    """

    cell: Positions
    membership: Array
    unit_type: NDArray[np.str_]
    unit_id: NDArray[np.str_]
    family: Positions
    cell_family: Positions
    groups: tuple[Array, ...]
    clinics: tuple[str, ...]
    cell_class: Positions


def build_network(areas: pd.DataFrame) -> Network:
    """Cells and units of the treated areas; an operator or device of two clinics is a unit in each."""
    keys = ["clinic", "operator", "device"]
    first, cell = _distinct(areas, keys)
    cells = areas.iloc[first][keys].astype(str).reset_index(drop=True)
    clinics = tuple(sorted(cells["clinic"].unique()))
    cell_family = np.searchsorted(np.array(clinics), cells["clinic"].to_numpy(dtype=str))
    types, ids, families, columns, groups = [], [], [], [], []
    for kind in UNIT_TYPES:
        pairs = pd.MultiIndex.from_arrays([cells["clinic"], cells[kind]])
        codes, units = pd.factorize(pairs, sort=True)
        groups.append(codes.astype(float))
        for at, unit in enumerate(units):
            types.append(kind)
            ids.append(unit[1])
            families.append(clinics.index(unit[0]))
            columns.append(codes == at)
    membership = np.column_stack(columns).astype(float)
    return Network(
        cell,
        membership,
        np.array(types),
        np.array(ids),
        np.array(families),
        cell_family,
        tuple(groups),
        clinics,
        _classes(areas, cell),
    )


def _distinct(areas: pd.DataFrame, keys: Sequence[str]) -> tuple[Positions, Positions]:
    """First row of every combination of the keys, in their order as words, and the combination of every row."""
    combined = np.zeros(len(areas), dtype=np.int64)
    for name in keys:
        code, found = pd.factorize(areas[name])
        order = np.argsort(np.argsort(np.array([str(value) for value in found])))
        combined = combined * max(len(found), 1) + order[code]
    return distinct(combined)[1:]


def _classes(areas: pd.DataFrame, cell: Positions) -> Positions:
    """Code of the device class of each cell; a device is of one class (the first one recorded, if of several)."""
    first = distinct(cell)[1]
    names = areas["device_class"].iloc[first].astype(str)
    return np.asarray(pd.factorize(names, sort=True)[0], dtype=np.intp)


@dataclass(frozen=True)
class Tables:
    """Observed and expected events (symptoms, weeks, cells), and the models that gave the expectations."""

    observed: Array
    expected: Array
    models: tuple[tuple[HazardModel, ...], ...]
    mix: CaseMix
    trials: tuple[LaidOut, ...] = ()
    """Trials of each symptom behind the counts, for who needs them again."""


def weekly_tables(
    areas: pd.DataFrame,
    check_ins: CheckIns,
    symptoms: Sequence[str],
    schedule: Schedule,
    network: Network,
) -> Tables:
    """Count events by the week they were answered in; each expectation is from a model fitted before it.

    History up to from_day is judged by the model fitted on it, its baseline. Raises NotEnoughData when no
    symptom has an event by from_day.
    """
    mix = case_mix(areas)
    history = schedule.history_bins(int(areas["day"].min()))
    shape = (len(symptoms), history + len(schedule.judged) - 1, len(network.cell_family))
    observed, expected, models, behind = np.zeros(shape), np.zeros(shape), [], []
    for at, symptom in enumerate(symptoms):
        known = trials(areas, check_ins, symptom).until(schedule.judged[-1])
        laid = laid_out(mix, known, schedule.fit_days)
        hazards, fitted = expected_hazards(laid, mix)
        where = _week_and_cell(known, schedule, history, network)
        size = shape[1] * shape[2]
        observed[at] = np.bincount(where(known.events), minlength=size).reshape(shape[1:])
        expected[at] = laid.summed(hazards, where, size).reshape(shape[1:])
        models.append(tuple(fitted))
        behind.append(laid)
    return Tables(observed, expected, tuple(models), mix, tuple(behind))


def _week_and_cell(
    known: Trials, schedule: Schedule, history: int, network: Network
) -> Callable[[slice | Positions], Positions]:
    """Place of some of the trials in a table (weeks, cells), laid out in one row."""
    first = int(known.day.min(initial=schedule.from_day))
    days = np.arange(first, int(known.day.max(initial=schedule.from_day)) + 1)
    week = schedule.bins(days, history) * len(network.cell_family)
    return lambda some: week[known.day[some] - first] + network.cell[known.row[some]]


def expected_hazards(laid: LaidOut, mix: CaseMix) -> tuple[Array, list[HazardModel]]:
    """Hazard of each epoch and cell by the last model fitted before it, (epochs, cells), and the models.

    The trials are laid out by the days of fitting; the first model judges those before it as well.
    """
    seen, events = laid.counts()
    models: list[HazardModel] = []
    for known in range(laid.epochs - 1):
        if not events[known].sum() > 0:
            raise NotEnoughData("Not one event was answered in the baseline: nothing can be expected yet.")
        models.append(fit_hazard_cells(laid.cells, seen[known], events[known], mix, models[-1] if models else None))
    hazards = np.stack([model.of_cells(laid.cells) for model in models])
    return hazards[[0, *range(laid.epochs - 1)]], models


def calibrated_by_others(
    observed: Array,
    expected: Array,
    families: Positions,
    weeks: int = CALIBRATION_WEEKS,
    precision: float = CALIBRATION_PRECISION,
) -> Array:
    """Expectations multiplied by how the other clinics did in the last weeks, shrunken to 1.

    observed (replicates, symptoms, weeks, cells), expected the same or without replicates, families (cells,). Takes
    up seasons and slow changes that all clinics share; a clinic never calibrates itself, a single one is not
    calibrated. Returns the shape of `observed`.
    """
    result = np.empty(observed.shape)
    for family in np.unique(families):
        others = families != family
        seen = _last(observed[..., others].sum(axis=-1), weeks)
        due = _last(expected[..., others].sum(axis=-1), weeks)
        factor = (precision + seen) / (precision + due)
        result[..., ~others] = expected[..., ~others] * factor[..., None]
    return result


def refitted(observed: Array, expected: Array, classes: Positions, fit_weeks: Sequence[int]) -> Array:
    """Expectations as a model would give them that is fitted to `observed` in the weeks fit_weeks.

    observed (replicates, symptoms, weeks, cells), expected (symptoms, weeks, cells), classes (cells,). Each device
    class is scaled to its own events up to the last fit, shrunken as the model's ridge does; the first fit also
    judges the weeks before it. Gives simulated clinics the estimation error of real ones. Shape of `observed`.
    """
    result = np.empty(observed.shape)
    total, due = (np.cumsum(counts, axis=-2) for counts in (observed, np.broadcast_to(expected, observed.shape)))
    stops = [*(week + 1 for week in fit_weeks[1:]), observed.shape[-2]]
    start = 0
    for week, stop in zip(fit_weeks, stops, strict=True):
        for kind in np.unique(classes):
            mine = classes == kind
            seen, thought = total[..., week, mine].sum(axis=-1), due[..., week, mine].sum(axis=-1)
            factor = (CLASS_PRECISION + seen) / (CLASS_PRECISION + thought)
            result[..., start:stop, mine] = expected[..., start:stop, mine] * factor[..., None, None]
        start = stop
    return result


def _last(counts: Array, weeks: int) -> Array:
    """Sums over the last weeks, along the last axis."""
    total = np.cumsum(counts, axis=-1)
    earlier = np.zeros_like(total)
    earlier[..., weeks:] = total[..., :-weeks] if total.shape[-1] > weeks else 0
    return np.asarray(total - earlier, dtype=float)
