"""Answered check-ins as trials: a discrete-time hazard of the first unexpected report.

Person-period construction and logistic hazard: Singer & Willett, J Educ Stat 1993;18:155-195. A treated area
is at risk at every answered check-in from the symptom's first day until the outcome is first reported; a
skipped check-in widens the interval that the next answer covers ("since you last answered, have you had"), so
silence is neither a yes nor a no.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reporting.domain.packed import distinct
from reporting.evidence.checks import Array, ImpossibleData, NotEnoughData, Positions
from reporting.evidence.logistic import LogisticFit, fit_logistic

FIRST_DAY: dict[str, int] = {"hyperpigmentation": 14, "scarring": 14}
"""Days before which a symptom cannot be told from normal healing; 1 for the others."""

Whole = NDArray[np.integer[Any]]

BLOCK = 1 << 17

CASE_MIX = ("fitzpatrick", "indication", "device_class", "area")
DAY_SD, CASE_MIX_SD, SEASON_SD, AGE_SD = 2.0, 0.5, 0.3, 0.2
"""Ridge standard deviations in log odds: of an interval, a category, a season's swing, and per decade of age."""

DAYS_PER_YEAR = 365.25
SEASONS = 6


def person_periods(areas: pd.DataFrame, check_ins: pd.DataFrame, symptom: str) -> pd.DataFrame:
    """The trials of a symptom: answered_intervals without those after the first report."""
    columns = _intervals(areas, check_ins, symptom)
    return _by_day(columns, np.flatnonzero(columns.pop("at_risk")))


def answered_intervals(areas: pd.DataFrame, check_ins: pd.DataFrame, symptom: str) -> pd.DataFrame:
    """One row for every answered check-in, sorted by the day it was answered.

    Columns: row (position in `areas`), answered_day, interval (previous * 1000 + scheduled
    day), event (0/1), scheduled_day, treated_day, at_risk (not reported before). A row depends only on
    answers given before it, so cutting off the future changes no row.
    Raises ImpossibleData for a symptom that the check-ins do not hold.
    """
    columns = _intervals(areas, check_ins, symptom)
    return _by_day(columns, np.arange(len(columns["row"])))


def _intervals(areas: pd.DataFrame, check_ins: pd.DataFrame, symptom: str) -> dict[str, NDArray[Any]]:
    """The columns of answered_intervals in order of area and day."""
    if symptom not in check_ins:
        raise ImpossibleData("symptom", symptom, f"one of {sorted(set(map(str, check_ins)) - set(AREA_KEYS))}")
    scheduled = check_ins["scheduled_day"].to_numpy()
    asked = check_ins["answered"].to_numpy().astype(bool) & check_ins[symptom].notna().to_numpy()
    answers = np.flatnonzero(asked & (scheduled >= FIRST_DAY.get(symptom, 1)))
    row = _positions(areas["area_id"], check_ins["area_id"].to_numpy()[answers])
    if (row < 0).any():
        answers, row = answers[row >= 0], row[row >= 0]
    row = row.astype(np.int32)
    day = check_ins["answered_day"].to_numpy()[answers].astype(np.int32)
    order = in_order(row, day, scheduled[answers])
    if order is not None:
        answers, row, day = answers[order], row[order], day[order]
    columns: dict[str, NDArray[Any]] = {
        "row": row,
        "answered_day": day,
        "scheduled_day": scheduled[answers].astype(np.int32),
        "event": check_ins[symptom].to_numpy()[answers].astype(float),
        "treated_day": areas["day"].to_numpy()[row].astype(np.int32),
    }
    return columns | _history(row, columns["scheduled_day"], columns["event"])


def _by_day(columns: dict[str, NDArray[Any]], rows: Positions) -> pd.DataFrame:
    """These rows by the day they were answered. They are in order of area and day, so a stable sort is enough."""
    day = columns["answered_day"][rows]
    span = day - day.min(initial=0)
    brief = span.astype(np.uint16) if span.max(initial=0) <= np.iinfo(np.uint16).max else span
    chosen = rows[np.argsort(brief, kind="stable")]
    return pd.DataFrame({name: values[chosen] for name, values in columns.items()}, copy=False)


def _history(area: Whole, due: Whole, events: Array) -> dict[str, NDArray[Any]]:
    """Interval that each answer covers, and whether nothing was reported before it."""
    first = np.r_[True, area[1:] != area[:-1]] if len(area) else np.zeros(0, dtype=bool)
    total = np.cumsum(events) - events
    before = total - np.repeat(total[first], np.diff(np.r_[np.flatnonzero(first), len(area)]))
    previous = np.where(first, 0, np.r_[0, due[:-1]]) if len(area) else due
    return {"interval": (previous * 1000 + due).astype(np.int32), "at_risk": before == 0}


def _positions(ids: "pd.Series[Any]", wanted: NDArray[np.generic]) -> Positions:
    """Position in `ids` of every wanted id, -1 where there is none; quickest for rising numbers."""
    known = ids.to_numpy()
    if not (len(known) and np.issubdtype(known.dtype, np.integer) and (known[1:] > known[:-1]).all()):
        return np.asarray(pd.Index(known).get_indexer(pd.Index(wanted)), dtype=np.intp)
    at = np.minimum(np.searchsorted(known, wanted) if known[-1] != len(known) - 1 else wanted, len(known) - 1)
    return np.asarray(np.where(known[at] == wanted, at, -1), dtype=np.intp)


def in_order(row: Whole, day: Whole, scheduled: Whole) -> Positions | None:
    """Places by row, day answered and scheduled day, each row and scheduled day once, the first answer of it.

    None where they stand so already.
    """
    if _rises(row, day, scheduled):
        return None
    late = day.astype(np.int64) - int(day.min(initial=0))
    due = scheduled.astype(np.int64)
    order = np.argsort((row.astype(np.int64) << 36) | (late << 16) | due, kind="stable")
    slot = ((row.astype(np.int64) << 16) | due)[order]
    if (slot[1:] > slot[:-1]).all():
        return order
    return order[~pd.Series(slot).duplicated().to_numpy()]


def _rises(row: Whole, day: Whole, scheduled: Whole) -> bool:
    """Whether rows rise, and within a row the scheduled days do and the days answered do not fall."""
    within = (row[1:] == row[:-1]) & (scheduled[1:] > scheduled[:-1]) & (day[1:] >= day[:-1])
    return bool((within | (row[1:] > row[:-1])).all())


def interval_shares(periods_of: pd.DataFrame, mature_until: int) -> dict[int, float]:
    """Mean number of times each interval is answered by an area followed to the end, from all its answers.

    periods_of: answered_intervals of a symptom. Areas count when treated by mature_until and answered at the last
    or last but one scheduled day. Averaging the risk over the paths people really took, skipped check-ins
    included, keeps most of it right when the affected answer more; the path with every check-in answered
    would add that excess up at each of them.
    """
    days = np.unique(periods_of["scheduled_day"])
    last = periods_of.groupby("row")["scheduled_day"].max()
    rows = last.index[last >= days[-2:][0]]
    mature = periods_of[periods_of["row"].isin(rows) & (periods_of["treated_day"] <= mature_until)]
    if not len(mature):
        return {}
    counts = mature["interval"].value_counts() / mature["row"].nunique()
    return dict(zip(counts.index.tolist(), counts.tolist(), strict=True))


AREA_KEYS = ("area_id", "scheduled_day", "due_day", "answered", "answered_day")


@dataclass(frozen=True)
class CaseMix:
    """Integer codes of the case mix of every treated area; what the hazard of model A may depend on."""

    levels: dict[str, tuple[object, ...]]
    codes: dict[str, Array]
    decade: Array
    season: Array
    """Part of the year, 0 to 5."""

    @cached_property
    def kinds(self) -> tuple[Positions, Array]:
        """Kind of each area (areas,), and the columns of the kinds: CASE_MIX, decade, season (kinds, columns)."""
        columns = [*(self.codes[name] for name in CASE_MIX), self.decade, self.season]
        key = np.zeros(len(self.decade), dtype=np.int64)
        for column in columns:
            values, _, code = distinct(column.astype(np.int64))
            key = key * max(len(values), 1) + code
        _, first, back = distinct(key)
        return back, np.column_stack(columns)[first]


def case_mix(areas: pd.DataFrame) -> CaseMix:
    """Codes of the categories; age in decades from 40, in bands of 20 years; sixth of the year of treatment."""
    levels: dict[str, tuple[object, ...]] = {}
    codes: dict[str, Array] = {}
    for name in CASE_MIX:
        code, found = pd.factorize(areas[name])
        named = [*found.tolist(), "not_recorded"]
        kinds = sorted({named[k] for k in distinct(code)[0].tolist()}, key=str)
        place = np.array([kinds.index(value) if value in kinds else -1 for value in named])
        levels[name] = tuple(kinds)
        codes[name] = place[code].astype(float)
    age = areas["age"].to_numpy(dtype=float)
    decade = np.where(np.isfinite(age), np.round((age - 40) / 20) * 2, 0.0)
    season = np.floor((areas["day"].to_numpy(dtype=float) % DAYS_PER_YEAR) / DAYS_PER_YEAR * SEASONS)
    return CaseMix(levels, codes, decade, season)


@dataclass(frozen=True)
class HazardModel:
    """Model A of one symptom: ridge logistic hazard, calibrated in the large by its free intercept."""

    fit: LogisticFit
    intervals: tuple[int, ...]
    mix: CaseMix

    def expected(self, rows: Whole, intervals: Whole) -> Array:
        """Expected hazard of check-ins: positions of their areas, their intervals; an unseen one is average."""
        cells, back = hazard_cells(self.mix, rows, intervals)
        return self.of_cells(cells)[back]

    def of_cells(self, cells: Array) -> Array:
        """Expected hazard of each cell of hazard_cells."""
        return np.asarray(self.fit.predict(_design(cells, self.intervals, self.mix)), dtype=float)


def fit_hazard(periods: pd.DataFrame, mix: CaseMix, earlier: HazardModel | None = None) -> HazardModel:
    """Fit model A to person-periods (of person_periods), grouped to the cells of their covariates.

    earlier: a model of the same case mix to start the steps from; it changes the time, not the result.

    Raises NotEnoughData without an answered check-in or without any event.
    """
    cells, back = hazard_cells(mix, periods["row"].to_numpy(), periods["interval"].to_numpy())
    weights = (None, periods["event"].to_numpy(dtype=float))
    trials, events = (np.bincount(back, weights=w, minlength=len(cells)).astype(float) for w in weights)
    return fit_hazard_cells(cells, trials, events, mix, earlier)


def fit_hazard_cells(
    cells: Array, trials: Array, events: Array, mix: CaseMix, earlier: HazardModel | None = None
) -> HazardModel:
    """fit_hazard for check-ins that are counted: cells of hazard_cells, trials and events of each (k,)."""
    if not events.sum() > 0:
        raise NotEnoughData("No event has been answered yet: there is nothing to expect from.")
    seen = trials > 0
    cells, trials, events = cells[seen], trials[seen], events[seen]
    intervals = tuple(int(i) for i in np.unique(cells[:, 0]))
    design = _design(cells, intervals, mix)
    sd = np.concatenate([[np.inf], *(np.full(n, s) for n, s in _widths(intervals, mix))])
    initial = _start(intervals, earlier) if earlier else None
    fit = fit_logistic(design, events, trials, penalty="ridge", ridge_sd=sd, start=initial)
    return HazardModel(fit, intervals, mix)


def _start(intervals: Sequence[int], earlier: HazardModel) -> Array:
    """Coefficients of an earlier fit in the order of the new columns: the maximum is the same, found sooner."""
    known = dict(zip(earlier.intervals, earlier.fit.coefficients[1:], strict=False))
    rest = earlier.fit.coefficients[1 + len(earlier.intervals) :]
    start = np.r_[earlier.fit.coefficients[0], [known.get(i, 0.0) for i in intervals], rest]
    return np.asarray(start, dtype=float)


def hazard_cells(mix: CaseMix, rows: Whole, intervals: Whole) -> tuple[Array, Whole]:
    """Distinct covariate cells (k, columns) of check-ins, and the cell of each check-in."""
    kind, table = mix.kinds
    present, code = _coded(intervals)
    of_kind = kind * max(len(present), 1)
    used = np.zeros(len(table) * len(present), dtype=bool)
    back = np.empty(len(rows), dtype=np.int32)
    for some in blocks(len(back)):
        key = code[intervals[some]] + of_kind[rows[some]]
        used[key] = True
        back[some] = key
    number = np.cumsum(used) - 1
    for some in blocks(len(back)):
        back[some] = number[back[some]]
    cells = np.flatnonzero(used)
    return np.column_stack([present[cells % len(present)], table[cells // len(present)]]), back


def _coded(intervals: Whole) -> tuple[Positions, Positions]:
    """The intervals there are, rising, and the place among them of every number up to the largest."""
    seen = np.zeros(int(intervals.max(initial=0)) + 1, dtype=bool)
    for some in blocks(len(intervals)):
        seen[intervals[some]] = True
    return np.flatnonzero(seen), np.cumsum(seen) - 1


def blocks(size: int) -> Iterator[slice]:
    """Parts of a long column: what is worked out between two columns then stays small, and in a core's memory."""
    return (slice(begin, begin + BLOCK) for begin in range(0, size, BLOCK))


def hazard_design(mix: CaseMix, rows: Array, intervals: Array, known: Sequence[int]) -> tuple[Array, Array]:
    """Model A's columns of single check-ins (k, p), and the ridge standard deviation of each (p,)."""
    at = np.asarray(rows, dtype=int)
    columns = [np.asarray(intervals, dtype=float), *(mix.codes[name][at] for name in CASE_MIX)]
    cells = np.column_stack([*columns, mix.decade[at], mix.season[at]])
    sd = np.concatenate([[np.inf], *(np.full(n, s) for n, s in _widths(known, mix))])
    return _design(cells, known, mix), sd


def _widths(intervals: Sequence[int], mix: CaseMix) -> list[tuple[int, float]]:
    mixed = [(len(mix.levels[name]), CASE_MIX_SD) for name in CASE_MIX]
    return [(len(intervals), DAY_SD), *mixed, (1, AGE_SD), (2, SEASON_SD)]


def _design(cells: Array, intervals: Sequence[int], mix: CaseMix) -> Array:
    """Columns of the cells: 1, each interval, each category, decades of age, sine and cosine of the year."""
    blocks = [np.ones((len(cells), 1)), (cells[:, [0]] == np.asarray(intervals, dtype=float)).astype(float)]
    for at, name in enumerate(CASE_MIX, start=1):
        blocks.append((cells[:, [at]] == np.arange(len(mix.levels[name]))).astype(float))
    angle = 2 * np.pi * (cells[:, -1] + 0.5) / SEASONS
    blocks.append(np.column_stack([cells[:, -2], np.sin(angle), np.cos(angle)]))
    return np.hstack(blocks)
