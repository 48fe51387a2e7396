"""What a signal's card shows: counts, how sure, who answered, what else it could be, the treatments behind it.

The chart that shows a signal: the unit week by week, as plain numbers kept with its card.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reporting.domain.packed import elapsed, of_each
from reporting.domain.signal_work import KIND_WORDS
from reporting.domain.vocabulary import DARK, SKIN_GROUPS
from reporting.evidence.attribution import attribute
from reporting.evidence.change_point import Alternatives
from reporting.evidence.checks import EvidenceProblem
from reporting.evidence.detector import Detection
from reporting.evidence.dose_model import LEAST_EVENTS
from reporting.evidence.drift import SettingsScores
from reporting.evidence.limits import Budget
from reporting.evidence.nonresponse import response_bounds, tipping_point
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


def chart_card(
    frames: EngineFrames,
    chain: Sequence[Signal],
    symptoms: Sequence[str],
    cells_tested: int,
    simulated_false: float,
) -> dict[str, Any]:
    """Card of a chart's signal. Plain JSON; dates in ISO form."""
    newest = chain[-1]
    mine = unit_rows(frames, newest)
    day = frames.areas["day"].to_numpy()
    behind = mine & (day > newest.since_day - LOOK_BACK_DAYS)
    before = mine & ~behind
    skin = _skin_group(newest)
    if skin == SKIN_GROUPS[1]:
        behind &= frames.areas["fitzpatrick"].to_numpy(dtype=float) >= DARK
    card = {
        "what": KIND_WORDS[newest.kind],
        "kind": newest.kind,
        "clinic": newest.clinic,
        "unit_type": newest.unit_type,
        "unit": newest.unit_id,
        "symptom": newest.symptom,
        "symptoms": list(symptoms),
        "skin_group": skin,
        "detail": newest.detail,
        "since": frames.date(newest.since_day).isoformat(),
        "first_flagged": frames.date(chain[0].day).isoformat(),
        "last_flagged": frames.date(newest.day).isoformat(),
        "probability": newest.probability,
        "q_value": None,
        "cells_tested": cells_tested,
        "expected_false_per_clinic_year": Budget().per_clinic_year,
        "simulated_false_per_clinic_year": simulated_false,
    }
    if newest.kind == "outcome":
        card |= {
            "q_value": q_since(newest.observed, newest.expected, cells_tested),
            "observed": newest.observed,
            "expected": newest.expected,
            "excess": newest.observed - newest.expected,
            "ratio": newest.ratio,
            "ratio_lower": newest.lower,
            "ratio_upper": newest.upper,
        }
    else:
        card |= {
            "treatments_since": newest.observed,
            "shift_sd": newest.ratio,
            "shift_lower": newest.lower,
            "shift_upper": newest.upper,
        }
    card |= response(frames, behind, symptoms, newest.ratio if newest.kind == "outcome" else None)
    card["instead"] = instead(frames, newest, behind, before)
    if newest.kind == "outcome":
        card |= explained_by_settings(newest, frames, symptoms)
    return card | treatments_behind(frames, behind, symptoms)


CHANGES_TRIED = Alternatives().weeks_back // Alternatives().weeks_per_step


def q_since(observed: float, expected: float, cells_tested: int) -> float:
    """q-value of an excess since a change, at most: its mid-P as if every cell and every day of change that was tried
    were a test of its own (Bonferroni, which no false discovery rate exceeds)."""
    p = float(excess_p_values(np.array([observed]), np.array([expected]))[0])
    return min(1.0, p * max(cells_tested, 1) * CHANGES_TRIED)


def scan_card(frames: EngineFrames, cell: Cell, rows: Rows, q_value: float, cells_tested: int) -> dict[str, Any]:
    """Card of a pattern that the scan found."""
    ratio, lower, upper = excess(cell)
    first = int(frames.areas["day"].to_numpy()[rows].min())
    card = {
        "what": KIND_WORDS["scan"],
        "kind": "scan",
        "clinic": cell.clinic,
        "unit_type": cell.unit_type,
        "unit": cell.unit_id,
        "symptom": cell.symptom,
        "symptoms": [cell.symptom],
        "skin_group": cell.skin_group,
        "since": frames.date(first).isoformat(),
        "observed": cell.observed,
        "expected": cell.expected,
        "excess": cell.observed - cell.expected,
        "ratio": ratio,
        "ratio_lower": lower,
        "ratio_upper": upper,
        "probability": None,
        "q_value": q_value,
        "cells_tested": cells_tested,
        "expected_false_per_clinic_year": None,
        "instead": [
            f"Chance: one of {cells_tested:,} cells that were looked at, so its excess is likely smaller.",
            "Case mix: stronger settings are chosen for other skin and scars; what is recorded is adjusted for.",
            "More reporting: see how many answered, and what the silent could change.",
        ],
    }
    return card | response(frames, rows, [cell.symptom], ratio) | treatments_behind(frames, rows, [cell.symptom])


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


def response(frames: EngineFrames, rows: Rows, symptoms: Sequence[str], ratio: float | None) -> dict[str, Any]:
    """Who answered, and what those who did not could change."""
    due, answered = _masks(frames, rows)
    asked, heard = int((due != 0).sum()), int((answered != 0).sum())
    events = int((_events(frames, symptoms)[rows] & (answered != 0)).sum())
    found: dict[str, Any] = {
        "n_asked": asked,
        "n_answered": heard,
        "n_with_event": events,
        "response_rate": response_rate(frames, rows),
        "if_none_of_the_silent": None,
        "if_all_of_the_silent": None,
        "tipping_point": None,
    }
    if asked:
        bounds = response_bounds(events, heard, asked)
        found |= {"if_none_of_the_silent": bounds.if_none, "if_all_of_the_silent": bounds.if_all}
    if ratio and ratio > 1 and heard and events:
        usual = events / heard / ratio
        found["tipping_point"] = _tipping(events, heard, asked, usual)
    return found


def _tipping(events: int, heard: int, asked: int, usual: float) -> str:
    """How the silent would have to have fared for the rate to be as expected."""
    found = tipping_point(events, heard, asked, usual)
    if found.silent_rate is None and events / asked > usual:
        return f"Even if none of the silent were affected, it would be more than the expected {_percent(usual)}."
    return f"To be as expected: {found.sentence}"


def _percent(share: float) -> str:
    """``72 %``; a certainty is never claimed."""
    return "more than 99 %" if share > 0.99 else f"{share * 100:.0f} %"


def instead(frames: EngineFrames, signal: Signal, behind: Rows, before: Rows) -> list[str]:
    """What else it could be: chance, another unit, who came, who answered. Each is said, also where it is unlikely."""
    found = [_chance(signal)]
    found += [
        f"Another unit: it could be {kind} {unit} instead, probability {_percent(p)}."
        for kind, unit, p in signal.also_likely
    ]
    if not behind.any() or not before.any():
        return [*found, "Case mix and reporting: there is no time before to compare with."]
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
    return found


def _chance(signal: Signal) -> str:
    if signal.kind == "settings":
        return f"Chance: unlikely, probability of a shift {_percent(signal.probability)}. A shift is not harm."
    return (
        f"Chance: the probability that this one has changed is {_percent(signal.probability)}, against nothing "
        "and every other unit of the clinic. Right after a first signal the excess looks larger than it is."
    )


def explained_by_settings(signal: Signal, frames: EngineFrames, symptoms: Sequence[str]) -> dict[str, Any]:
    """How much of an outcome signal the settings explain; says why where it cannot be told."""
    if len(frames.areas) > MOST_TO_ATTRIBUTE:
        words = f"not calculated beyond {MOST_TO_ATTRIBUTE} treated areas: use the backtest of one clinic"
        return {"settings_share": None, "settings_words": words}
    told = [code for code in symptoms if int(frames.answers.unexpected([code]).sum()) >= LEAST_EVENTS]
    if not told:
        words = f"cannot be told: no symptom has been reported {LEAST_EVENTS} times or more"
        return {"settings_share": None, "settings_words": words}
    try:
        found = attribute(signal, frames.areas, frames.check_ins, told)
    except EvidenceProblem as problem:
        return {"settings_share": None, "settings_words": problem.message}
    return {"settings_share": found.share, "settings_words": found.words}


def treatments_behind(frames: EngineFrames, rows: Rows, symptoms: Sequence[str]) -> dict[str, Any]:
    """Ids of the treatments behind a signal, those with an event first, then the newest; at most MOST_TREATMENTS."""
    at = np.flatnonzero(rows)
    event = _events(frames, symptoms)[at]
    day = frames.areas["day"].to_numpy()[at]
    order = np.lexsort((-day, ~event))
    ids = frames.areas["treatment_id"].to_numpy()[at][order]
    patients = len(np.unique(frames.areas["patient"].to_numpy()[at]))
    return {
        "n_treatments": len(np.unique(ids)),
        "n_patients": patients,
        "treatments": list(dict.fromkeys(ids.tolist()))[:MOST_TREATMENTS],
    }


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

    def of(self, signal: Signal) -> dict[str, Any]:
        """The signal's weeks (see ``outcome_weeks`` and ``settings_weeks``)."""
        if signal.kind == "settings" and self.scores is not None:
            return settings_weeks(self.frames, self.scores, signal)
        return outcome_weeks(self.frames, self.detection, signal, self.symptoms)


def outcome_weeks(
    frames: EngineFrames, detection: Detection, signal: Signal, symptoms: Sequence[str]
) -> dict[str, Any]:
    """``weeks`` (day they end on), ``observed`` and ``expected`` events of the unit by the week of the answer."""
    network, tables, schedule = detection.network, detection.tables, detection.schedule
    unit = np.flatnonzero((network.unit_type == signal.unit_type) & (network.unit_id == signal.unit_id))
    mine = [k for k in unit if network.clinics[network.family[k]] == signal.clinic]
    if not mine:
        return {}
    rows = [at for at, code in enumerate(symptoms) if signal.symptom in ("any", code)]
    expected = calibrated_by_others(tables.observed[None], tables.expected, network.cell_family)[0]
    seen, due = ((each[rows].sum(axis=0) @ network.membership[:, mine[0]]) for each in (tables.observed, expected))
    last = schedule.judged[-1]
    days = last - schedule.step_days * np.arange(len(seen))[::-1]
    return {"kind": "events"} | _kept(frames, days, observed=seen, expected=due)


def settings_weeks(frames: EngineFrames, scores: SettingsScores, signal: Signal) -> dict[str, Any]:
    """``weeks`` (day they end on), ``mean`` of the standardised setting of the unit's treatments and their ``n``."""
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
    return {"kind": "settings", "setting": parameter} | _kept(frames, days[some], mean=mean[some], n=n[some])


def pattern_weeks(frames: EngineFrames, table: AreaExpectation, rows: NDArray[np.bool_]) -> dict[str, Any]:
    """As outcome_weeks for the treated areas of a pattern, by the week of the treatment."""
    use = rows & (table.trials > 0)
    if not use.any():
        return {}
    week, days = _weeks(frames.areas["day"].to_numpy()[use])
    seen, due = (np.bincount(week, weights=each[use], minlength=len(days)) for each in (table.events, table.expected))
    return {"kind": "events"} | _kept(frames, days, observed=seen, expected=due)


def _weeks(day: NDArray[np.integer[Any]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Week of each day, and the day each week ends on, the last with the last day."""
    if not len(day):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    last = int(day.max())
    size = (last - int(day.min())) // 7 + 1
    return size - 1 - (last - day.astype(np.int64)) // 7, last - 7 * np.arange(size)[::-1]


def _kept(frames: EngineFrames, days: NDArray[np.integer[Any]], **columns: NDArray[Any]) -> dict[str, Any]:
    shown = slice(max(0, len(days) - MOST_WEEKS), None)
    kept: dict[str, Any] = {"weeks": [frames.date(int(day)).isoformat() for day in days[shown]]}
    return kept | {name: np.round(values[shown], 3).tolist() for name, values in columns.items()}
