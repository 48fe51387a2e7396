"""A look over the data as of a day: the charts' signals and the scan's, each with everything its card shows.

Negative controls of the scan: groupings that no setting can have caused, looked over in the same way.

Each control deals the treatments of a clinic into groups that have nothing to do with how they were treated, and
runs through the same tests under the same false discovery rate. What alarms here alarms for no reason: chance, or an
expectation that does not fit (Lipsitch, Tchetgen Tchetgen & Cohen, Epidemiology 2010;21:383-388).

Could we have seen a doubling by now? For each operator, device and clinic, from how much it treats.

Worked out beside the nightly look, from its limit under the stated budget of false signals, and kept with the run.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reporting.domain.actors import Actor
from reporting.domain.packed import distinct
from reporting.domain.signal_work import Card, Excess, Finding, Look
from reporting.errors import NothingToReplay
from reporting.evidence.beside import beside
from reporting.evidence.checks import NotEnoughData
from reporting.evidence.detector import Detection, detecting
from reporting.evidence.drift import placed
from reporting.evidence.limits import Budget
from reporting.evidence.multiplicity import scan
from reporting.evidence.power import DetectionPower, RisenCharts, risen_charts
from reporting.evidence.signals import Signal
from reporting.evidence.surveillance import Schedule, Tables
from reporting.evidence.trials import AreaExpectation, excess_p_values, expected_events
from reporting.records import access, signals
from reporting.records.columns import most_areas
from reporting.records.engine import reading
from reporting.records.evidence_frames import EngineFrames, engine_frames
from reporting.security.permissions import may, require
from reporting.security.scope import Scope
from reporting.shell.read_scope import check_come, today
from reporting.signals.read_backtest import BASELINE_DAYS, watched
from reporting.signals.read_cards import Courses, chart_card, scan_card
from reporting.signals.read_scan import FALSE_DISCOVERY_RATE, Cell, Scan, scan_cells

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
        "ratio": power.ratio,
        "symptoms": list(symptoms),
        "units": units,
        "grid": power.weekly_expected.tolist(),
        "found": {str(w): np.round(power.found[:, w - 1], 3).tolist() for w in (SOONER_WEEKS, WEEKS)},
    }


def doubling(actor: Actor, symptom: str) -> Doubling | None:
    """The chances of the newest look for the actor's clinic (the system: of all); None where there are none.

    Operators are shown to those who may compare them, and each to themselves. Raises NotAllowed.
    """
    require(actor, "signals.read")
    scope = Scope.of(actor)
    with reading() as session:
        run = signals.newest_run(session)
        codes = {code for code, key in signals.clinic_ids(session).items() if scope.holds(key)}
        own = "" if may(actor, "operators.compare") else access.operator_code(session, actor.key)
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


YEAR_DAYS = 364
"""Charts run over the last year, judged every week; what came before is their baseline."""
STEP_DAYS = 7
SAME_WITHIN_DAYS = 120
MOST_PATTERNS = 20
KIND_ORDER = {"outcome": 0, "settings": 1, "scan": 2}


def look(by: Actor, as_of: date | None = None) -> Look:
    """What the evidence says as of a day (today), from what was known that day. Writes nothing.

    Raises NotAllowed, NothingToReplay, and InvalidInput for a day to come. With less than BASELINE_DAYS of history
    there is nothing to compare with: the look is then empty and says so.
    """
    require(by, "signals.work")
    marks = {"": time.perf_counter()}
    day = as_of or today(by)
    check_come("as-of", day)
    risen = beside(lambda: risen_charts(weeks=WEEKS), rows=most_areas())
    frames = engine_frames(day)
    if frames is None:
        raise NothingToReplay(f"There are no treatments up to {day} in this database.")
    marks["read"] = time.perf_counter()
    schedule = _schedule(frames, day)
    if schedule is None or not (symptoms := watched(frames, schedule.from_day)):
        note = f"charts begin after {BASELINE_DAYS} days with at least one unexpected report"
        return _made(day, (), 0, marks, {"note": note})
    work = detecting(frames.areas, frames.answers, symptoms, schedule)
    marks["counted"] = time.perf_counter()
    tables = _tables(frames, symptoms, work.tables)
    checks = beside(lambda: controls(frames, tables), rows=len(frames.areas))
    cells = scan_cells(frames, tables)
    patterns = _patterns(frames, cells, tables, day)
    marks["scanned"] = time.perf_counter()
    detection = work.finish()
    marks["limit"] = time.perf_counter()
    found, courses = _placed(frames, detection, symptoms)
    charts = [_of_card(chart_card(chain, courses, cells.tested, day), day) for chain in chains(found)]
    details = (
        _details(frames, detection, symptoms)
        | _silence(frames, schedule)
        | {
            "controls": checks().as_json(),
            "doubling": for_the_record(detection, symptoms, risen()),
        }
    )
    marks["cards"] = time.perf_counter()
    return _made(day, tuple(sorted([*charts, *patterns], key=_order)), cells.tested, marks, details)


def _details(frames: EngineFrames, detection: Detection, symptoms: Sequence[str]) -> dict[str, Any]:
    return {
        "symptoms": list(symptoms),
        "areas": len(frames.areas),
        "answers": len(frames.answers),
        "outcome_limit": detection.outcome_limit.limit,
        "false_per_clinic_year_in_simulated_clinics": detection.outcome_limit.false_per_clinic_year,
    }


def _silence(frames: EngineFrames, schedule: Schedule) -> dict[str, Any]:
    """A note where nobody has answered since the charts begin: they are then empty, and the patterns of old answers."""
    last = int(frames.answers.answered_day.max(initial=0))
    if last >= schedule.from_day:
        return {}
    return {"note": f"nobody answered in the last year; the last answer is of {frames.date(last)}"}


def _made(
    day: date, findings: tuple[Finding, ...], tested: int, marks: Mapping[str, float], details: dict[str, Any]
) -> Look:
    """The look, with the seconds up to each mark from the one before."""
    phases = {name: round(end - begin, 2) for (_, begin), (name, end) in pairwise(marks.items())}
    seconds = time.perf_counter() - marks[""]
    return Look(day, findings, tested, Budget().per_clinic_year, seconds, details | {"phases": phases})


def _schedule(frames: EngineFrames, day: date) -> Schedule | None:
    last = frames.day(day)
    first = max(BASELINE_DAYS, last - YEAR_DAYS)
    weeks = (last - first) // STEP_DAYS
    return Schedule(last - weeks * STEP_DAYS, last, STEP_DAYS) if weeks >= 0 else None


def _tables(frames: EngineFrames, symptoms: Sequence[str], charts: Tables) -> list[AreaExpectation]:
    """Expectations from all that is known; the charts have laid out the trials of the same areas already."""
    found = []
    for symptom, laid in zip(symptoms, charts.trials, strict=True):
        try:
            found.append(
                expected_events(frames.areas, frames.answers, symptom, known_trials=laid, known_mix=charts.mix)
            )
        except NotEnoughData:
            continue
    return found


def _placed(frames: EngineFrames, detection: Detection, symptoms: Sequence[str]) -> tuple[list[Signal], Courses]:
    """Shifts of settings that lie on one device are about the device, whoever noticed them."""
    signals, scores = list(detection.signals), detection.scores
    if scores is not None:
        signals = placed(signals, frames.areas, scores)
    return signals, Courses(frames, detection, tuple(symptoms), scores)


def chains(signals: Sequence[Signal]) -> list[list[Signal]]:
    """Signals of one unit and kind that follow one another within SAME_WITHIN_DAYS are one finding."""
    found: list[list[Signal]] = []
    newest: dict[tuple[str, str, str, str], list[Signal]] = {}
    for signal in sorted(signals, key=lambda s: s.day):
        key = (signal.kind, signal.clinic, signal.unit_type, signal.unit_id)
        chain = newest.get(key)
        if chain is None or signal.day - chain[-1].day > SAME_WITHIN_DAYS:
            chain = newest[key] = []
            found.append(chain)
        chain.append(signal)
    return found


def _of_card(card: Card, day: date) -> Finding:
    """What the card is about, as it is kept; a pattern is flagged on the day of the look."""
    place = card.place
    return Finding(
        place.clinic,
        card.kind,
        place.unit_type,
        place.unit.removeprefix(f"{place.clinic}/"),
        place.symptom,
        place.skin_group,
        card.since or day,
        card.first_flagged or day,
        card.last_flagged or day,
        card,
    )


def _patterns(frames: EngineFrames, cells: Scan, tables: Sequence[AreaExpectation], day: date) -> list[Finding]:
    """Significant bands, best first; charts judge units, so those are not raised here."""
    order = np.argsort(cells.q_values, kind="stable")
    chosen: list[tuple[Cell, float]] = []
    seen: set[tuple[str, str, str]] = set()
    for at in order:
        cell = cells.cells[at]
        key = (cell.unit_id.split(",")[0], cell.symptom, cell.skin_group)
        if cells.signal[at] and cell.unit_type == "setting_band" and key not in seen:
            seen.add(key)
            chosen.append((cell, float(cells.q_values[at])))
    of = {table.symptom: table for table in tables}
    return [
        _of_card(scan_card(frames, cell, cells.rows_of(cell), of[cell.symptom], q, cells.tested, day), day)
        for cell, q in chosen[:MOST_PATTERNS]
    ]


def _order(finding: Finding) -> tuple[int, float, float, str]:
    """Outcomes first, then settings, then patterns; the surest first."""
    sure, numbers = finding.card.sure.probability or 0.0, finding.card.numbers
    excess = numbers.excess if isinstance(numbers, Excess) else 0.0
    return KIND_ORDER[finding.kind], -round(sure, 6), -excess, finding.unit_id
