"""Expected events of every treated area: the sum of model A's hazards over the answers that were really given.

Silence and follow-up still to come expect nothing, so that observed and expected are of the same check-ins.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from reporting.evidence.checks import Array
from reporting.evidence.errors import NotEnoughData
from reporting.evidence.hazard import CaseMix, case_mix, fit_hazard_cells, hazard_cells, person_periods

LEAST_EVENTS = 20
"""Fewer events than this carry no case-mix model worth adjusting by."""


@dataclass(frozen=True)
class AreaExpectation:
    """Per treated area (areas,): answered check-ins at risk, events 0/1, expected events."""

    symptom: str
    trials: Array
    events: Array
    expected: Array


def expected_events(
    areas: pd.DataFrame,
    check_ins: pd.DataFrame,
    symptom: str,
    *,
    fit_until_day: int | None = None,
    counted: tuple[int, int] | None = None,
    least_events: int = LEAST_EVENTS,
    known_periods: pd.DataFrame | None = None,
    known_mix: CaseMix | None = None,
) -> AreaExpectation:
    """Events and expectations of areas and check_ins as for person_periods.

    fit_until_day: answers up to that day make the model (all by default). counted: only answers after the first
    and up to the second day are summed. known_periods and known_mix: person_periods and case_mix of the same
    frames where they are at hand. Raises NotEnoughData with fewer than least_events events to fit.
    """
    periods = person_periods(areas, check_ins, symptom) if known_periods is None else known_periods
    day = periods["answered_day"].to_numpy()
    known = periods if fit_until_day is None else periods[day <= fit_until_day]
    events = int(known["event"].sum())
    if events < least_events:
        raise NotEnoughData(f"{events} events of {symptom}: a case-mix model needs {least_events} or more.")
    mix = case_mix(areas) if known_mix is None else known_mix
    row, event = periods["row"].to_numpy(), periods["event"].to_numpy()
    cells, back = hazard_cells(mix, row, periods["interval"].to_numpy())
    learnt = slice(None) if fit_until_day is None else np.flatnonzero(day <= fit_until_day)
    model = fit_hazard_cells(cells, back[learnt], event[learnt], mix)
    hazard = model.of_cells(cells)[back]
    if counted is not None:
        use = (day > counted[0]) & (day <= counted[1])
        row, event, hazard = row[use], event[use], hazard[use]
    return AreaExpectation(
        symptom, _summed(row, None, len(areas)), _summed(row, event, len(areas)),
        _summed(row, hazard, len(areas)),
    )  # fmt: skip


def excess_p_values(observed: Array, expected: Array) -> Array:
    """One-sided mid-P of each Poisson count against its expectation, as poisson_excess gives one, for (cells,).

    Nothing expected and nothing observed gives 1/2.
    """
    at_least = np.where(observed > 0, special.gammainc(np.maximum(observed, 1), expected), 1.0)
    here = np.exp(special.xlogy(observed, expected) - expected - special.gammaln(observed + 1))
    return np.asarray(np.clip(at_least - here / 2, 0.0, 1.0), dtype=float)


def _summed(row: NDArray[np.int64], values: Array | None, size: int) -> Array:
    return np.bincount(row, weights=values, minlength=size).astype(float)
