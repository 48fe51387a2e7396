"""Could we have seen a doubling by now? For each operator, device and clinic, from how much it treats.

Worked out beside the nightly look, from its limit under the stated budget of false signals, and kept with the run.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from reporting.domain.actors import Actor
from reporting.evidence.detector import Detection
from reporting.evidence.power import DetectionPower, RisenCharts
from reporting.security.permissions import may, require
from reporting.storage import sessions, signals
from reporting.storage.engine import reading

WEEKS = 26
SOONER_WEEKS = 13
RECENT_WEEKS = 26
"""What a unit treats is taken from so many weeks."""
_ORDER = {"device": 0, "operator": 1, "clinic": 2}


@dataclass(frozen=True)
class Chance:
    """Of one unit and symptom: expected events in WEEKS, and the chance that a doubling is found by then."""

    unit_type: str
    unit: str
    expected: float
    within_3_months: float
    within_6_months: float


@dataclass(frozen=True)
class Doubling:
    """``chances`` of a symptom by kind of unit and name; ``symptoms`` are those that the look watched."""

    symptom: str
    symptoms: tuple[str, ...]
    chances: tuple[Chance, ...]


def for_the_record(detection: Detection, symptoms: Sequence[str], risen: RisenCharts) -> dict[str, Any]:
    """Plain JSON for the run: the power curve at the look's limit, and expected events a week of every unit.

    risen: simulated charts over WEEKS.
    """
    power = risen.power(detection.outcome_limit.limit, len(symptoms))
    network, recent = detection.network, detection.tables.expected[:, -RECENT_WEEKS:]
    weekly = (recent.sum(axis=1) / max(recent.shape[1], 1)) @ network.membership
    units: dict[str, list[Any]] = {clinic: [] for clinic in network.clinics}
    for at, kind in enumerate(network.unit_type):
        clinic = network.clinics[network.family[at]]
        units[clinic].append([str(kind), str(network.unit_id[at]), [round(float(e), 4) for e in weekly[:, at]]])
    return {
        "ratio": power.ratio, "symptoms": list(symptoms), "units": units, "grid": power.weekly_expected.tolist(),
        "found": {str(w): np.round(power.found[:, w - 1], 3).tolist() for w in (SOONER_WEEKS, WEEKS)},
    }  # fmt: skip


def doubling(actor: Actor, symptom: str) -> Doubling | None:
    """The chances of the newest look for the actor's clinic (the system: of all); None where there are none.

    Operators are shown to those who may compare them, and each to themselves. Raises NotAllowed.
    """
    require(actor, "signals.read")
    with reading() as session:
        run = signals.newest_run(session)
        codes = {code for code, key in signals.clinic_ids(session).items() if actor.clinic_id in (None, key)}
        own = "" if may(actor, "operators.compare") else sessions.operator_code(session, actor.id or 0)
    kept: Mapping[str, Any] = (run.details if run else {}).get("doubling") or {}
    if not kept or symptom not in kept["symptoms"]:
        return None
    at = kept["symptoms"].index(symptom)
    rows = [unit for code in sorted(codes) for unit in kept["units"].get(code, ())]
    if not may(actor, "operators.compare"):
        rows = [unit for unit in rows if unit[0] != "operator" or unit[1] == own]
    chances = [_chance(kept, kind, unit, weekly[at]) for kind, unit, weekly in rows if "not_recorded" not in unit]
    order = {"device": 0, "operator": 1, "clinic": 2}
    return Doubling(
        symptom, tuple(kept["symptoms"]), tuple(sorted(chances, key=lambda c: (order[c.unit_type], c.unit)))
    )


def _chance(kept: Mapping[str, Any], kind: str, unit: str, weekly: float) -> Chance:
    curves = np.column_stack([kept["found"][str(w)] for w in (SOONER_WEEKS, WEEKS)])
    power = DetectionPower(np.asarray(kept["grid"]), np.asarray(curves), kept["ratio"])
    sooner, later = (float(power.within(column, [weekly])[0]) for column in (1, 2))
    return Chance(kind, unit.partition("/")[2] or unit, weekly * WEEKS, sooner, later)
