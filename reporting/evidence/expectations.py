"""Expected events of every treated area: the sum of model A's hazards over the answers that were really given.

Silence and follow-up still to come expect nothing, so that observed and expected are of the same check-ins.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy import special

from reporting.evidence.checks import Array, Positions
from reporting.evidence.errors import NotEnoughData
from reporting.evidence.hazard import CaseMix, case_mix, fit_hazard_cells
from reporting.evidence.trials import CheckIns, LaidOut, laid_out, trials

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
    """One-sided mid-P of each Poisson count against its expectation, as poisson_excess gives one, for (cells,).

    Nothing expected and nothing observed gives 1/2.
    """
    at_least = np.where(observed > 0, special.gammainc(np.maximum(observed, 1), expected), 1.0)
    here = np.exp(special.xlogy(observed, expected) - expected - special.gammaln(observed + 1))
    return np.asarray(np.clip(at_least - here / 2, 0.0, 1.0), dtype=float)
