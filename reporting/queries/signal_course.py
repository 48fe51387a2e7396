"""The chart that shows a signal: the unit week by week, as plain numbers kept with its card."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reporting.domain.skin import DARK
from reporting.evidence.detector import Detection
from reporting.evidence.drift import SettingsScores
from reporting.evidence.expectations import AreaExpectation
from reporting.evidence.signals import Signal
from reporting.evidence.surveillance import calibrated_by_others
from reporting.storage.evidence_frames import EngineFrames

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
