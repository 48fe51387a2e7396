"""What a signal's card shows: counts, how sure, who answered, what else it could be, the treatments behind it.

The chart that shows a signal: the unit week by week, as plain numbers kept with its card.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reporting.domain.packed import elapsed, of_each
from reporting.domain.signal_work import (
    Behind,
    Card,
    Course,
    EventCourse,
    Excess,
    Place,
    Response,
    SettingCourse,
    SettingsShare,
    Shift,
    Sureness,
)
from reporting.domain.vocabulary import DARK, SKIN_GROUPS
from reporting.evidence.attribution import attribute
from reporting.evidence.change_point import Alternatives
from reporting.evidence.checks import EvidenceProblem
from reporting.evidence.detector import Detection
from reporting.evidence.dose_model import LEAST_EVENTS
from reporting.evidence.drift import SettingsScores
from reporting.evidence.follow_up import response_bounds, tipping_point
from reporting.evidence.limits import Budget
from reporting.evidence.signals import Signal
from reporting.evidence.surveillance import calibrated_by_others
from reporting.evidence.trials import AreaExpectation, excess_p_values
from reporting.records.evidence_frames import EngineFrames
from reporting.signals.read_scan import Cell, excess

MOST_TREATMENTS = 200
LOOK_BACK_DAYS = 60
"""Treatments behind an outcome signal: those since the change and the ones whose answers were still coming."""

MOST_TO_ATTRIBUTE = 50_000
CLEAR_CHANGE = 0.10
"""Change of a share that is worth a word."""

Rows = NDArray[np.bool_]


def chart_card(chain: Sequence[Signal], courses: "Courses", cells_tested: int, as_of: date) -> Card:
    """Card of a chart's signal: the newest of its chain."""
    newest, frames = chain[-1], courses.frames
    symptoms = courses.symptoms if newest.symptom == "any" else (newest.symptom,)
    day, mine, skin = frames.areas["day"].to_numpy(), unit_rows(frames, newest), _skin_group(newest)
    behind = mine & (day > newest.since_day - LOOK_BACK_DAYS)
    before = mine & ~behind
    if skin == SKIN_GROUPS[1]:
        behind &= frames.areas["fitzpatrick"].to_numpy(dtype=float) >= DARK
    is_outcome = newest.kind == "outcome"
    return Card(
        kind="outcome" if is_outcome else "settings",
        numbers=_excess(newest) if is_outcome else _shift(newest),
        place=Place(newest.clinic, newest.unit_type, newest.unit_id, newest.symptom, symptoms, skin),
        sure=Sureness(
            probability=newest.probability,
            q_value=q_since(newest.observed, newest.expected, cells_tested) if is_outcome else None,
            cells_tested=cells_tested,
            expected_false_per_clinic_year=Budget().per_clinic_year,
            simulated_false_per_clinic_year=courses.detection.outcome_limit.false_per_clinic_year,
        ),
        response=response(frames, behind, symptoms, newest.ratio if is_outcome else None),
        instead=instead(frames, newest, behind, before),
        settings=explained_by_settings(newest, frames, symptoms) if is_outcome else None,
        behind=treatments_behind(frames, behind, symptoms),
        since=frames.date(newest.since_day),
        first_flagged=frames.date(chain[0].day),
        last_flagged=frames.date(newest.day),
        detail=newest.detail,
        as_of=as_of,
        course=courses.of(newest),
    )


def _excess(signal: Signal) -> Excess:
    return Excess(signal.observed, signal.expected, signal.ratio, signal.lower, signal.upper)


def _shift(signal: Signal) -> Shift:
    return Shift(signal.observed, signal.ratio, signal.lower, signal.upper)


CHANGES_TRIED = Alternatives().weeks_back // Alternatives().weeks_per_step


def q_since(observed: float, expected: float, cells_tested: int) -> float:
    """q-value of an excess since a change, at most: its mid-P as if every cell and every day of change that was tried
    were a test of its own (Bonferroni, which no false discovery rate exceeds)."""
    p = float(excess_p_values(np.array([observed]), np.array([expected]))[0])
    return min(1.0, p * max(cells_tested, 1) * CHANGES_TRIED)


def scan_card(
    frames: EngineFrames, cell: Cell, rows: Rows, table: AreaExpectation, q_value: float, cells_tested: int, as_of: date
) -> Card:
    """Card of a pattern that the scan found in these rows; table is the expectation of its symptom."""
    ratio, lower, upper = excess(cell)
    return Card(
        kind="scan",
        numbers=Excess(cell.observed, cell.expected, ratio, lower, upper),
        place=Place(cell.clinic, cell.unit_type, cell.unit_id, cell.symptom, (cell.symptom,), cell.skin_group),
        sure=Sureness(q_value=q_value, cells_tested=cells_tested),
        response=response(frames, rows, [cell.symptom], ratio),
        instead=(
            f"Chance: one of {cells_tested:,} cells that were looked at, so its excess is likely smaller.",
            "Case mix: stronger settings are chosen for other skin and scars; what is recorded is adjusted for.",
            "More reporting: see how many answered, and what the silent could change.",
        ),
        behind=treatments_behind(frames, rows, [cell.symptom]),
        since=frames.date(int(frames.areas["day"].to_numpy()[rows].min())),
        as_of=as_of,
        course=pattern_weeks(frames, table, rows),
    )


def unit_rows(frames: EngineFrames, signal: Signal) -> Rows:
    """Treated areas of the signal's unit."""
    own = (frames.areas["clinic"] == signal.clinic).to_numpy()
    return np.asarray(own & (frames.areas[signal.unit_type] == signal.unit_id).to_numpy())


def _skin_group(signal: Signal) -> str:
    return SKIN_GROUPS[1] if signal.detail.endswith(SKIN_GROUPS[1]) else ""


def _events(frames: EngineFrames, symptoms: Sequence[str]) -> Rows:
    """Whether any answer of a treated area was unexpected for one of the symptoms."""
    found = np.zeros(len(frames.areas), dtype=bool)
    for symptom in symptoms:
        found |= frames.with_event(symptom)
    return found


def _masks(frames: EngineFrames, rows: Rows) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(due by the clinic's own day or the earlier one that was asked for, answered) masks of the rows."""
    at = np.flatnonzero(rows)
    of = {name: frames.areas[name].to_numpy()[at] for name in ("clinic_id", "day", "due_mask", "answered_mask")}
    come = elapsed(of_each(of["clinic_id"], frames.until) - of["day"])
    answered = np.asarray(of["answered_mask"] & come, dtype=np.int64)
    return np.asarray(of["due_mask"] & come | answered, dtype=np.int64), answered


def response_rate(frames: EngineFrames, rows: Rows) -> float | None:
    """Answered due check-ins over due check-ins of the rows."""
    due, answered = _masks(frames, rows)
    asked = int(np.bitwise_count(due).sum())
    return int(np.bitwise_count(answered).sum()) / asked if asked else None


def response(frames: EngineFrames, rows: Rows, symptoms: Sequence[str], ratio: float | None) -> Response:
    """Who answered, and what those who did not could change."""
    due, answered = _masks(frames, rows)
    asked, heard = int((due != 0).sum()), int((answered != 0).sum())
    events = int((_events(frames, symptoms)[rows] & (answered != 0)).sum())
    bounds = response_bounds(events, heard, asked) if asked else None
    usual = events / heard / ratio if ratio and ratio > 1 and heard and events else None
    return Response(
        n_asked=asked,
        n_answered=heard,
        n_with_event=events,
        response_rate=response_rate(frames, rows),
        if_none_of_the_silent=bounds.if_none if bounds else None,
        if_all_of_the_silent=bounds.if_all if bounds else None,
        tipping_point=None if usual is None else _tipping(events, heard, asked, usual),
    )


def _tipping(events: int, heard: int, asked: int, usual: float) -> str:
    """How the silent would have to have fared for the rate to be as expected."""
    found = tipping_point(events, heard, asked, usual)
    if found.silent_rate is None and events / asked > usual:
        return f"Even if none of the silent were affected, it would be more than the expected {_percent(usual)}."
    return f"To be as expected: {found.sentence}"


def _percent(share: float) -> str:
    """``72 %``; a certainty is never claimed."""
    return "more than 99 %" if share > 0.99 else f"{share * 100:.0f} %"


def instead(frames: EngineFrames, signal: Signal, behind: Rows, before: Rows) -> tuple[str, ...]:
    """What else it could be: chance, another unit, who came, who answered. Each is said, also where it is unlikely."""
    found = [_chance(signal)]
    found += [
        f"Another unit: it could be {kind} {unit} instead, probability {_percent(p)}."
        for kind, unit, p in signal.also_likely
    ]
    if not behind.any() or not before.any():
        return (*found, "Case mix and reporting: there is no time before to compare with.")
    skin = frames.areas["fitzpatrick"].to_numpy(dtype=float) >= DARK
    dark, usual = float(skin[behind].mean()), float(skin[before].mean())
    same = "much as before" if abs(dark - usual) < CLEAR_CHANGE else "another mix than before"
    found.append(
        f"Case mix: {same}; skin types IV to VI are {_percent(dark)} of these treatments, {_percent(usual)} before. "
        "What is recorded is adjusted for; what is not recorded cannot be."
    )
    now, then = response_rate(frames, behind), response_rate(frames, before)
    if signal.kind == "outcome" and now is not None and then is not None:
        more = now - then >= CLEAR_CHANGE
        verdict = "more people answer than before, so more is heard" if more else "not likely from this"
        found.append(
            f"More reporting: {verdict}; {_percent(now)} of due check-ins were answered, {_percent(then)} before."
        )
    return tuple(found)


def _chance(signal: Signal) -> str:
    if signal.kind == "settings":
        return f"Chance: unlikely, probability of a shift {_percent(signal.probability)}. A shift is not harm."
    return (
        f"Chance: the probability that this one has changed is {_percent(signal.probability)}, against nothing "
        "and every other unit of the clinic. Right after a first signal the excess looks larger than it is."
    )


def explained_by_settings(signal: Signal, frames: EngineFrames, symptoms: Sequence[str]) -> SettingsShare:
    """How much of an outcome signal the settings explain; says why where it cannot be told."""
    if len(frames.areas) > MOST_TO_ATTRIBUTE:
        words = f"not calculated beyond {MOST_TO_ATTRIBUTE} treated areas: use the backtest of one clinic"
        return SettingsShare(None, words)
    told = [code for code in symptoms if int(frames.answers.unexpected([code]).sum()) >= LEAST_EVENTS]
    if not told:
        words = f"cannot be told: no symptom has been reported {LEAST_EVENTS} times or more"
        return SettingsShare(None, words)
    try:
        found = attribute(signal, frames.areas, frames.check_ins, told)
    except EvidenceProblem as problem:
        return SettingsShare(None, problem.message)
    return SettingsShare(found.share, found.words)


def treatments_behind(frames: EngineFrames, rows: Rows, symptoms: Sequence[str]) -> Behind:
    """Ids of the treatments behind a signal, those with an event first, then the newest; at most MOST_TREATMENTS."""
    at = np.flatnonzero(rows)
    event = _events(frames, symptoms)[at]
    day = frames.areas["day"].to_numpy()[at]
    order = np.lexsort((-day, ~event))
    ids = frames.areas["treatment_id"].to_numpy()[at][order]
    patients = len(np.unique(frames.areas["patient"].to_numpy()[at]))
    return Behind(len(np.unique(ids)), patients, tuple(dict.fromkeys(ids.tolist()))[:MOST_TREATMENTS])


MOST_WEEKS = 104
LEAST_A_WEEK = 1


@dataclass(frozen=True)
class Courses:
    """What the courses of a look's signals are drawn from."""

    frames: EngineFrames
    detection: Detection
    symptoms: tuple[str, ...]
    scores: SettingsScores | None
    """Standardised settings, None where no signal is about settings."""

    def of(self, signal: Signal) -> Course | None:
        """The signal's weeks (see ``outcome_weeks`` and ``settings_weeks``)."""
        if signal.kind == "settings" and self.scores is not None:
            return settings_weeks(self.frames, self.scores, signal)
        return outcome_weeks(self.frames, self.detection, signal, self.symptoms)


def outcome_weeks(
    frames: EngineFrames, detection: Detection, signal: Signal, symptoms: Sequence[str]
) -> EventCourse | None:
    """Events of the unit by the week of the answer."""
    network, tables, schedule = detection.network, detection.tables, detection.schedule
    unit = np.flatnonzero((network.unit_type == signal.unit_type) & (network.unit_id == signal.unit_id))
    mine = [k for k in unit if network.clinics[network.family[k]] == signal.clinic]
    if not mine:
        return None
    rows = [at for at, code in enumerate(symptoms) if signal.symptom in ("any", code)]
    expected = calibrated_by_others(tables.observed[None], tables.expected, network.cell_family)[0]
    seen, due = ((each[rows].sum(axis=0) @ network.membership[:, mine[0]]) for each in (tables.observed, expected))
    last = schedule.judged[-1]
    days = last - schedule.step_days * np.arange(len(seen))[::-1]
    return EventCourse(_shown_days(frames, days), _shown(seen), _shown(due))


def settings_weeks(frames: EngineFrames, scores: SettingsScores, signal: Signal) -> SettingCourse:
    """The standardised setting of the unit's treatments by their week."""
    parameter, group = signal.detail.rsplit(", ", 1)
    z = scores.values[:, scores.names.index(parameter)]
    areas = frames.areas
    use = np.isfinite(z) & (areas[signal.unit_type].astype(str) == signal.unit_id).to_numpy()
    use &= (areas["clinic"] == signal.clinic).to_numpy()
    if group != "all":
        use &= areas["fitzpatrick"].to_numpy(dtype=float) >= DARK
    week, days = _weeks(areas["day"].to_numpy()[use])
    n = np.bincount(week, minlength=len(days))
    mean = np.bincount(week, weights=z[use], minlength=len(days)) / np.maximum(n, 1)
    some = n >= LEAST_A_WEEK
    return SettingCourse(parameter, _shown_days(frames, days[some]), _shown(mean[some]), _shown(n[some]))


def pattern_weeks(frames: EngineFrames, table: AreaExpectation, rows: NDArray[np.bool_]) -> EventCourse | None:
    """As outcome_weeks for the treated areas of a pattern, by the week of the treatment."""
    use = rows & (table.trials > 0)
    if not use.any():
        return None
    week, days = _weeks(frames.areas["day"].to_numpy()[use])
    seen, due = (np.bincount(week, weights=each[use], minlength=len(days)) for each in (table.events, table.expected))
    return EventCourse(_shown_days(frames, days), _shown(seen), _shown(due))


def _weeks(day: NDArray[np.integer[Any]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Week of each day, and the day each week ends on, the last with the last day."""
    if not len(day):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    last = int(day.max())
    size = (last - int(day.min())) // 7 + 1
    return size - 1 - (last - day.astype(np.int64)) // 7, last - 7 * np.arange(size)[::-1]


def _shown(values: NDArray[Any]) -> tuple[Any, ...]:
    """The newest weeks, to a thousandth."""
    return tuple(np.round(values[-MOST_WEEKS:], 3).tolist())


def _shown_days(frames: EngineFrames, days: NDArray[np.integer[Any]]) -> tuple[date, ...]:
    return tuple(frames.date(int(day)) for day in days[-MOST_WEEKS:])
