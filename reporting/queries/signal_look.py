"""A look over the data as of a day: the charts' signals and the scan's, each with everything its card shows."""

import time
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np

from reporting.domain.actors import Actor
from reporting.domain.signal_work import Finding, Look
from reporting.errors import NothingToReplay
from reporting.evidence.beside import beside
from reporting.evidence.detector import Detection, detecting
from reporting.evidence.errors import NotEnoughData
from reporting.evidence.expectations import AreaExpectation, expected_events
from reporting.evidence.limits import Budget
from reporting.evidence.power import risen_charts
from reporting.evidence.shift_place import placed
from reporting.evidence.signals import Signal
from reporting.evidence.surveillance import Schedule, Tables
from reporting.queries.backtest import BASELINE_DAYS, watched
from reporting.queries.days import check_come, today
from reporting.queries.doubling import WEEKS, for_the_record
from reporting.queries.signal_cards import chart_card, scan_card
from reporting.queries.signal_controls import controls
from reporting.queries.signal_course import Courses, pattern_weeks
from reporting.queries.signal_scan import Cell, Scan, scan_cells
from reporting.security.permissions import require
from reporting.storage.columns import most_areas
from reporting.storage.evidence_frames import EngineFrames, engine_frames

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
    charts = [_finding(frames, chain, cells, courses, day) for chain in chains(found)]
    details = _details(frames, detection, symptoms) | _silence(frames, schedule) | {
        "controls": checks().as_json(), "doubling": for_the_record(detection, symptoms, risen()),
    }  # fmt: skip
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
) -> Look:  # fmt: skip
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
            found.append(expected_events(
                frames.areas, frames.answers, symptom, known_trials=laid, known_mix=charts.mix
            ))  # fmt: skip
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


def _finding(frames: EngineFrames, chain: Sequence[Signal], cells: Scan, courses: Courses, day: date) -> Finding:
    newest, symptoms = chain[-1], courses.symptoms
    asked = symptoms if newest.symptom == "any" else (newest.symptom,)
    limit = courses.detection.outcome_limit
    card = chart_card(frames, chain, asked, cells.tested, limit.false_per_clinic_year) | {
        "as_of": day.isoformat(), "course": courses.of(newest),
    }  # fmt: skip
    return Finding(
        newest.clinic, "outcome" if newest.kind == "outcome" else "settings", newest.unit_type,
        newest.unit_id.removeprefix(f"{newest.clinic}/"), newest.symptom, str(card["skin_group"]),
        frames.date(newest.since_day), frames.date(chain[0].day), frames.date(newest.day), card,
    )  # fmt: skip


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
    return [_pattern(frames, cells, cell, q, of[cell.symptom], day) for cell, q in chosen[:MOST_PATTERNS]]


def _pattern(
    frames: EngineFrames, cells: Scan, cell: Cell, q: float, table: AreaExpectation, day: date
) -> Finding:  # fmt: skip
    rows = cells.rows_of(cell)
    card = scan_card(frames, cell, rows, q, cells.tested) | {
        "as_of": day.isoformat(), "course": pattern_weeks(frames, table, rows),
    }  # fmt: skip
    return Finding(
        cell.clinic, "scan", cell.unit_type, cell.unit_id.removeprefix(f"{cell.clinic}/"), cell.symptom,
        cell.skin_group, date.fromisoformat(str(card["since"])), day, day, card,
    )  # fmt: skip


def _order(finding: Finding) -> tuple[int, float, float, str]:
    """Outcomes first, then settings, then patterns; the surest first."""
    sure = float(finding.card.get("probability") or 0.0)
    return KIND_ORDER[finding.kind], -round(sure, 6), -float(finding.card.get("excess") or 0.0), finding.unit_id
