"""Negative controls of the scan: groupings that no setting can have caused, looked over in the same way.

Each control deals the treatments of a clinic into groups that have nothing to do with how they were treated, and
runs through the same tests under the same false discovery rate. What alarms here alarms for no reason: chance, or an
expectation that does not fit (Lipsitch, Tchetgen Tchetgen & Cohen, Epidemiology 2010;21:383-388).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reporting.domain.distinct import distinct
from reporting.evidence.expectations import AreaExpectation, excess_p_values
from reporting.evidence.multiplicity import scan
from reporting.queries.signal_scan import FALSE_DISCOVERY_RATE
from reporting.storage.evidence_frames import EngineFrames

GROUPS = 7
PATIENT_CONTROLS, SHUFFLED_CONTROLS = 5, 3
Places = NDArray[np.int64]


@dataclass(frozen=True)
class Controls:
    """How many controls were looked over and which alarmed; by chance alone at most ``by_chance`` would."""

    tested: int
    alarmed: tuple[str, ...]
    by_chance: float

    def as_json(self) -> dict[str, object]:
        """For the record of the run."""
        return {"tested": self.tested, "alarmed": list(self.alarmed), "by_chance": round(self.by_chance, 2)}


def controls(frames: EngineFrames, tables: Sequence[AreaExpectation], seed: int = 0) -> Controls:
    """Scan the twelve controls; tables are the expectations of each watched symptom. Deterministic."""
    if not tables:
        return Controls(0, (), 0.0)
    named = list(_groupings(frames, np.random.default_rng(seed)))
    alarmed = tuple(name for name, groups in named if _alarms(groups, tables))
    return Controls(len(named), alarmed, FALSE_DISCOVERY_RATE * len(named))


def _groupings(frames: EngineFrames, rng: np.random.Generator) -> Iterator[tuple[str, Places]]:
    """Name and group of every treated area (areas,): the weekday, the patient's number, shuffled units."""
    areas = frames.areas
    clinic = distinct(areas["clinic"].cat.codes.to_numpy())[2]
    day = areas["day"].to_numpy().astype(np.int64) + frames.start.toordinal()
    yield "weekday of the treatment", clinic * GROUPS + day % GROUPS
    _, first, patient = distinct(areas["patient"].to_numpy())
    for number in range(PATIENT_CONTROLS):
        drawn = rng.integers(0, GROUPS, max(len(first), 1))
        yield f"patients dealt at random ({number + 1})", clinic * GROUPS + drawn[patient]
    for kind in ("device", "operator"):
        codes = areas[kind].cat.codes.to_numpy().astype(np.int64)
        for number in range(SHUFFLED_CONTROLS):
            yield f"{kind}s shuffled ({number + 1})", _shuffled(codes[first], clinic[first], rng)[patient]


def _shuffled(codes: Places, clinic: Places, rng: np.random.Generator) -> Places:
    """The units of other patients of the clinic, from the unit and clinic of each (patients,).

    A patient who came three times has one skin three times: dealt out one by one they would hide that answers of
    one patient are alike, and the control would be too kind.
    """
    dealt = np.empty_like(codes)
    for one in np.unique(clinic):
        members = np.flatnonzero(clinic == one)
        dealt[members] = codes[rng.permutation(members)]
    return dealt


def _alarms(groups: Places, tables: Sequence[AreaExpectation]) -> bool:
    size = int(groups.max(initial=0)) + 1
    counts = [
        (
            np.bincount(groups[table.with_event], minlength=size),
            np.bincount(groups, weights=table.expected, minlength=size),
            np.bincount(groups[table.answered], minlength=size),
        )
        for table in tables
    ]
    observed, expected, answered = (np.concatenate(parts) for parts in zip(*counts, strict=True))
    p = excess_p_values(observed, expected)
    return bool(scan(p, observed, answered, rate=FALSE_DISCOVERY_RATE).signal.any())
