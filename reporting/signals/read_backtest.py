"""The detector replayed over the database's own history: on every day only what was known that day."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from reporting.domain.actors import Actor
from reporting.domain.vocabulary import SYMPTOMS
from reporting.errors import InvalidInput, NothingToReplay
from reporting.evidence.backtest import Replay, replay, to_alarms
from reporting.evidence.detector import detect
from reporting.evidence.limits import HOLD_DAYS
from reporting.evidence.signals import Signal
from reporting.evidence.surveillance import Schedule
from reporting.records import evidence_frames
from reporting.records.evidence_frames import EngineFrames, engine_frames
from reporting.security.permissions import require
from reporting.security.scope import Scope
from reporting.shell.read_scope import check_come

DETECTOR = "reporting"
SCORER_WORDS = {"burning": "burn", "hyperpigmentation": "pih"}
"""Words of alarms.json for our symptoms where no mapping file gives others; the rest is ``any``."""
BASELINE_DAYS = 180
REFIT_DAYS = 91
MOST_RELOADS = 6
"""With corrections on more days than this, they are taken up every REFIT_DAYS days and not at once."""


@dataclass(frozen=True)
class Backtest:
    """A replay and the frames it ended with. ``alarms`` is the object that scorers read."""

    replay: Replay
    frames: EngineFrames
    symptoms: tuple[str, ...]
    alarms: dict[str, Any]


def backtest(
    by: Actor,
    first: date,
    last: date,
    step_days: int = 7,
    *,
    words: Mapping[str, str] | None = None,
    patient: Mapping[str, str] | None = None,
) -> Backtest:
    """Judge every ``step_days`` from ``first`` to ``last``; estimates are as of ``last``.

    ``words`` are the scorer's names of symptoms, ``patient`` the categories of the patient whose dose-response
    is drawn. Staff replay their own clinic, the system all. Raises NotAllowed, NothingToReplay, InvalidInput,
    and NotEnoughData when nothing was answered before ``first``.
    """
    require(by, "rates.read")
    _check(first, last, step_days)
    groups = _groups(by, first, last, step_days)
    frames = engine_frames(last, corrected_until=groups[-1][0], clinic_id=Scope.of(by).clinic_id)
    if frames is None:
        raise NothingToReplay(f"There are no treatments up to {last} in this database.")
    if first <= frames.start:
        raise InvalidInput(field="from", found=str(first), allowed=f"a day after the first treatment, {frames.start}")
    symptoms = watched(frames, frames.day(first))
    found = replay(
        frames.areas,
        frames.check_ins,
        frames.day(first),
        frames.day(last),
        step_days,
        symptoms=symptoms,
        patient=patient,
    )
    if len(groups) > 1:
        found = _with_earlier(by, found, frames, groups, (first, step_days), symptoms)
    alarms = to_alarms(_short(found, frames.areas), pd.Timestamp(frames.start), words or SCORER_WORDS, DETECTOR)
    return Backtest(found, frames, symptoms, _by_treatment(alarms, frames))


def _check(first: date, last: date, step_days: int) -> None:
    if first >= last:
        raise InvalidInput(field="from", found=str(first), allowed=f"a day before the last one, {last}")
    if not 1 <= step_days <= 91:
        raise InvalidInput(field="step-days", found=step_days, allowed="1 to 91 days")
    check_come("to", last)


def watched(frames: EngineFrames, until_day: int) -> tuple[str, ...]:
    """Symptoms that were reported as unexpected at least once by that day: the others have no baseline."""
    early = frames.answers.answered_day <= until_day
    return tuple(s for s in SYMPTOMS if (frames.answers.unexpected([s]) & early).any())


def _groups(by: Actor, first: date, last: date, step_days: int) -> list[tuple[date, date]]:
    """Judged days (first and last of each group) between which no correction is taken up."""
    judged = [first + timedelta(days=k) for k in range(0, (last - first).days + 1, step_days)]
    changes = evidence_frames.correction_days(first, judged[-1], Scope.of(by).clinic_id)
    starts = {next(day for day in judged if day >= change) for change in changes}
    if len(starts) > MOST_RELOADS:
        starts = {day for day in judged if (day - first).days % REFIT_DAYS < step_days and day > first}
    edges = [first, *sorted(starts - {first}), judged[-1] + timedelta(days=1)]
    return [(start, end - timedelta(days=1)) for start, end in pairwise(edges)]


def _with_earlier(
    by: Actor,
    newest: Replay,
    frames: EngineFrames,
    groups: list[tuple[date, date]],
    plan: tuple[date, int],
    symptoms: tuple[str, ...],
) -> Replay:
    """The replay with the signals of each group of days from the answers as they stood then."""
    first, step_days = plan
    signals: list[Signal] = []
    for start, end in groups[:-1]:
        then = engine_frames(end, corrected_until=start, clinic_id=Scope.of(by).clinic_id)
        if then is None:
            continue
        schedule = Schedule(then.day(first), then.day(end), step_days)
        found = detect(then.areas, then.check_ins, symptoms, schedule)
        signals = _joined(signals, [s for s in found.signals if s.day >= then.day(start)])
    late = [s for s in newest.detection.signals if s.day >= frames.day(groups[-1][0])]
    return replace(newest, detection=replace(newest.detection, signals=tuple(_joined(signals, late))))


def _joined(earlier: list[Signal], later: list[Signal]) -> list[Signal]:
    """Later signals behind earlier ones; one raised within HOLD_DAYS of the same unit's last is the same finding."""
    last = {(s.kind, s.clinic, s.unit_type, s.unit_id): s.day for s in earlier}
    kept = list(earlier)
    for signal in later:
        key = (signal.kind, signal.clinic, signal.unit_type, signal.unit_id)
        if key not in last or signal.day - last[key] >= HOLD_DAYS:
            kept.append(signal)
    return kept


def short_names(units: pd.Categorical, clinics: Iterable[str]) -> dict[str, str]:
    """CLINIC/CODE of operators or devices to the code alone where only one clinic uses it."""
    longest = sorted(clinics, key=len, reverse=True)
    codes = {str(name): _code(str(name), longest) for name in units.categories}
    often = Counter(codes.values())
    return {name: code if often[code] == 1 else name for name, code in codes.items()}


def _code(name: str, clinics: Sequence[str]) -> str:
    return next((name.removeprefix(f"{c}/") for c in clinics if name.startswith(f"{c}/")), name)


def _short(found: Replay, areas: pd.DataFrame) -> Replay:
    clinics = list(map(str, areas["clinic"].cat.categories))
    names = {kind: short_names(areas[kind].array, clinics) for kind in ("operator", "device")}
    signals = tuple(
        replace(s, unit_id=names.get(s.unit_type, {}).get(s.unit_id, s.unit_id)) for s in found.detection.signals
    )
    rates = tuple(replace(r, operator=names["operator"].get(r.operator, r.operator)) for r in found.rates)
    return replace(found, detection=replace(found.detection, signals=signals), rates=rates)


def _by_treatment(alarms: dict[str, Any], frames: EngineFrames) -> dict[str, Any]:
    """Predictions by the clinics' numbers of treatments; the risk of several areas is that of any of them."""
    given = alarms.pop("predictions", None)
    if given is None:
        return alarms
    treatment = frames.areas["treatment_id"].to_numpy()[np.array(given["treatment_id"], dtype=np.int64)]
    ids, first, place = np.unique(treatment, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    references = evidence_frames.treatment_references(ids.tolist())
    predictions: dict[str, Any] = {"treatment_id": [references[int(key)] for key in ids[order]]}
    for word in (name for name in given if name != "treatment_id"):
        spared = np.ones(len(ids))
        np.multiply.at(spared, place, 1 - np.array(given[word]))
        predictions[word] = (1 - spared[order]).tolist()
    return alarms | {"predictions": predictions}
