"""Events and expectations of model A for every treated area, kept for the state of the database they came from."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from reporting.evidence.checks import Array
from reporting.evidence.errors import EvidenceProblem
from reporting.evidence.expectations import expected_events
from reporting.storage import evidence_frames
from reporting.storage.evidence_frames import engine_frames

HAZARD_MODEL = "hazard model of the answers, case mix"
STANDARDISED = "indirect standardisation"


def of_areas(symptom: str, clinic_id: int | None, treated_area_ids: NDArray[np.int64]) -> tuple[Array, Array] | None:
    """(events, expected events) of these treated areas, shape (areas,); None where no model can be fitted.

    The model is fitted to all that the reader may see, whatever is filtered.
    """
    found = _table(evidence_frames.address(), evidence_frames.revision(), symptom, clinic_id)
    if found is None:
        return None
    ids, events, expected = found
    at = np.minimum(np.searchsorted(ids, treated_area_ids), len(ids) - 1)
    known = ids[at] == treated_area_ids
    return np.where(known, events[at], 0.0), np.where(known, expected[at], 0.0)


@lru_cache(maxsize=12)
def _table(
    _address: str, _revision: int, symptom: str, clinic_id: int | None
) -> tuple[NDArray[np.int64], Array, Array] | None:
    frames = engine_frames(clinic_id=clinic_id, symptoms=[symptom])
    if frames is None:
        return None
    try:
        table = expected_events(frames.areas, frames.check_ins, symptom)
    except EvidenceProblem:
        return None
    ids = frames.areas["treated_area_id"].to_numpy()
    order = np.argsort(ids)
    return ids[order], table.events[order], table.expected[order]
