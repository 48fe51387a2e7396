"""The trials of a symptom in few bytes each, and the cells of the hazard model that they fall into.

The same trials as hazard.person_periods, in the order of areas instead of days: what is counted by cell, week and
model does not ask for an order, and sorting millions of rows costs more than counting them.

Expected events of every treated area: the sum of model A's hazards over the answers that were really given.

Silence and follow-up still to come expect nothing, so that observed and expected are of the same check-ins.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from reporting.domain.packed import Answers
from reporting.evidence.checks import Array, ImpossibleData, Mask, NotEnoughData, Positions
from reporting.evidence.hazard import (
    FIRST_DAY,
    CaseMix,
    blocks,
    case_mix,
    fit_hazard_cells,
    hazard_cells,
    in_order,
    person_periods,
)

Whole = NDArray[np.integer[Any]]
CheckIns = pd.DataFrame | Answers


@dataclass(frozen=True)
class Trials:
    """row (position of the area), day answered and interval of every trial (n,); events: places of those with one."""

    row: Whole
    day: Whole
    interval: Whole
    events: Positions

    def until(self, day: int) -> "Trials":
        """Those answered up to a day."""
        late = self.day > day
        return self.of(~late) if late.any() else self

    def of(self, kept: Mask) -> "Trials":
        """These trials alone."""
        place = np.cumsum(kept) - 1
        return Trials(self.row[kept], self.day[kept], self.interval[kept], place[self.events[kept[self.events]]])


def trials(areas: pd.DataFrame, check_ins: CheckIns, symptom: str) -> Trials:
    """The trials of a symptom; areas and check_ins as for person_periods, or Answers whose rows are those of areas."""
    if isinstance(check_ins, Answers):
        return _of_answers(check_ins, symptom)
    periods = person_periods(areas, check_ins, symptom)
    row, day, interval = (periods[name].to_numpy() for name in ("row", "answered_day", "interval"))
    return Trials(row, day, interval, np.flatnonzero(periods["event"].to_numpy()))


def _of_answers(answers: Answers, symptom: str) -> Trials:
    if symptom not in answers.symptoms:
        raise ImpossibleData("symptom", symptom, f"one of {sorted(answers.symptoms)}")
    bit = answers.bit(symptom)
    wanted = ((answers.asked & bit) != 0) & (answers.scheduled_day >= FIRST_DAY.get(symptom, 1))
    chosen: Any = slice(None) if wanted.all() else np.flatnonzero(wanted)
    row, day, due = answers.row[chosen], answers.answered_day[chosen], answers.scheduled_day[chosen]
    hit = (answers.events[chosen] & bit) != 0
    order = in_order(row, day, due)
    if order is not None:
        row, day, due, hit = row[order], day[order], due[order], hit[order]
    first = np.r_[True, row[1:] != row[:-1]] if len(row) else np.zeros(0, dtype=bool)
    interval = due.astype(np.int32)
    before = interval[:-1] * np.int32(1000)
    before[first[1:]] = 0
    interval[1:] += before
    found = Trials(row, day, interval, np.flatnonzero(hit))
    over = _after_the_first(first, found.events)
    return found.of(~over) if over.any() else found


def _after_the_first(first: Mask, events: Positions) -> Mask:
    """Which answers come after the first event of their area; first (n,): where an area's answers begin."""
    begins = np.flatnonzero(first)
    area = np.searchsorted(begins, events, side="right") - 1
    once = np.r_[True, area[1:] != area[:-1]] if len(area) else np.zeros(0, dtype=bool)
    ends = np.r_[begins, len(first)][area[once] + 1]
    step = np.zeros(len(first) + 1, dtype=np.int8)
    np.add.at(step, events[once] + 1, 1)
    np.subtract.at(step, ends, 1)
    return np.asarray(np.cumsum(step[:-1], dtype=np.int8) != 0)


@dataclass(frozen=True)
class LaidOut:
    """Trials by epoch and covariate cell. An epoch begins after each of the days that a model is fitted on.

    cells: of hazard_cells, (k, columns); place (n,) epoch * k + cell of every trial; epochs: one more than fits.
    """

    trials: Trials
    cells: Array
    place: Whole
    epochs: int

    def between(self, after: int, until: int) -> "LaidOut":
        """The trials answered after the one day and up to the other."""
        use = (self.trials.day > after) & (self.trials.day <= until)
        return LaidOut(self.trials.of(use), self.cells, self.place[use], self.epochs)

    def counts(self) -> tuple[Array, Array]:
        """(trials, events) of each cell up to the end of each epoch, (epochs, k)."""
        shape = (self.epochs, len(self.cells))
        size = self.epochs * len(self.cells)
        seen = np.zeros(size, dtype=np.intp)
        for some in blocks(len(self.place)):
            seen += np.bincount(self.place[some], minlength=size)
        events = np.bincount(self.place[self.trials.events], minlength=size)
        all_seen, all_events = (np.cumsum(each.reshape(shape), axis=0).astype(float) for each in (seen, events))
        return all_seen, all_events

    def summed(self, hazards: Array, places: Callable[[slice], Whole], size: int) -> Array:
        """Sums (size,) of the trials' hazards by place; hazards (epochs, k), places of a part of the trials."""
        found, flat = np.zeros(size), hazards.ravel()
        for some in blocks(len(self.place)):
            at = places(some)
            low, high = (int(at.min()), int(at.max()) + 1) if len(at) else (0, 0)
            found[low:high] += np.bincount(at - low, weights=flat[self.place[some]], minlength=high - low)
        return found


def laid_out(mix: CaseMix, of: Trials, fit_days: tuple[int, ...]) -> LaidOut:
    """Put trials into the cells of the case mix, by epochs between the days of fitting."""
    cells, back = hazard_cells(mix, of.row, of.interval)
    if len(of.day) and len(fit_days):
        first = int(of.day.min())
        days = np.arange(first, int(of.day.max()) + 1)
        epoch = np.searchsorted(np.asarray(fit_days), days, side="left") * len(cells)
        for some in blocks(len(back)):
            back[some] += epoch[of.day[some] - first]
    return LaidOut(of, cells, back, len(fit_days) + 1)


LEAST_EVENTS = 20
"""Fewer events than this carry no case-mix model worth adjusting by."""


@dataclass(frozen=True)
class AreaExpectation:
    """Per treated area (areas,): answered check-ins at risk, events 0/1, expected events."""

    symptom: str
    trials: Array
    events: Array
    expected: Array

    @cached_property
    def answered(self) -> Positions:
        """Areas with an answered check-in at risk."""
        return np.flatnonzero(self.trials)

    @cached_property
    def with_event(self) -> Positions:
        """Areas with the event."""
        return np.flatnonzero(self.events)


def expected_events(
    areas: pd.DataFrame,
    check_ins: CheckIns,
    symptom: str,
    *,
    fit_until_day: int | None = None,
    counted: tuple[int, int] | None = None,
    least_events: int = LEAST_EVENTS,
    known_trials: LaidOut | None = None,
    known_mix: CaseMix | None = None,
) -> AreaExpectation:
    """Events and expectations of areas and check_ins as for person_periods, or Answers.

    fit_until_day: answers up to that day make the model (all by default). counted: only answers after the first
    and up to the second day are summed. known_trials and known_mix: trials and case_mix of the same frames where
    they are at hand, for a model of all answers. Raises NotEnoughData with fewer than least_events events to fit.
    """
    mix = case_mix(areas) if known_mix is None else known_mix
    days = () if fit_until_day is None else (fit_until_day,)
    laid = laid_out(mix, trials(areas, check_ins, symptom), days) if known_trials is None else known_trials
    seen, events = laid.counts()
    fitted = 0 if fit_until_day is not None else -1
    if events[fitted].sum() < least_events:
        told = int(events[fitted].sum())
        raise NotEnoughData(f"{told} events of {symptom}: a case-mix model needs {least_events} or more.")
    model = fit_hazard_cells(laid.cells, seen[fitted], events[fitted], mix)
    hazards = np.broadcast_to(model.of_cells(laid.cells), seen.shape)
    return _summed(symptom, laid if counted is None else laid.between(*counted), hazards, len(areas))


def _summed(symptom: str, laid: LaidOut, hazards: Array, size: int) -> AreaExpectation:
    """Sums by treated area."""
    row = laid.trials.row
    tried, affected = (np.bincount(at, minlength=size).astype(float) for at in (row, row[laid.trials.events]))
    return AreaExpectation(symptom, tried, affected, laid.summed(hazards, lambda some: row[some], size))


def excess_p_values(observed: Array, expected: Array) -> Array:
    """One-sided mid-P of each Poisson count against its expectation: P(X > o) + P(X = o)/2, for (cells,).

    Nothing expected and nothing observed gives 1/2.
    """
    at_least = np.where(observed > 0, special.gammainc(np.maximum(observed, 1), expected), 1.0)
    here = np.exp(special.xlogy(observed, expected) - expected - special.gammaln(observed + 1))
    return np.asarray(np.clip(at_least - here / 2, 0.0, 1.0), dtype=float)
