"""Observed and expected events of every treated area, worked out once for each state of the data."""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import date

import pandas as pd

from reporting import clock
from reporting.evidence.errors import NotEnoughData
from reporting.evidence.expectations import expected_events
from reporting.settings import settings
from reporting.storage.evidence_frames import EngineFrames, engine_frames
from reporting.storage.outcome_frame import newest_revision

KEPT = 12
"""Tables kept in memory: two dashboards of six symptoms."""


@dataclass(frozen=True)
class Expectations:
    """``table``: one row per treated area with an answer: clinic, operator, device, device_class, fitzpatrick, day
    (date), treatment_id, patient_id, trials (answered check-ins at risk), events (0/1), expected. Empty with
    ``why_not`` in words where the data does not carry a case-mix model."""

    table: pd.DataFrame
    why_not: str = ""


_COLUMNS = ["clinic", "operator", "device", "device_class", "fitzpatrick", "treatment_id"]
_lock = threading.Lock()
_frames: tuple[tuple[str, int, date], EngineFrames | None] | None = None
_tables: OrderedDict[tuple[str, int, date, str], Expectations] = OrderedDict()


def expectations(symptom: str) -> Expectations:
    """The table for a symptom over every clinic of this database, as of now. Treat it as read-only.

    One model serves all clinics, so that each is compared with all; what a person may see of the table is
    decided by the query that calls.
    """
    global _frames
    key = (settings().url, newest_revision(), clock.now().date())
    with _lock:
        if (*key, symptom) in _tables:
            _tables.move_to_end((*key, symptom))
            return _tables[*key, symptom]
        if _frames is None or _frames[0] != key:
            _frames = (key, engine_frames(key[2]))
        found = _tables[*key, symptom] = _made(_frames[1], symptom)
        while len(_tables) > KEPT:
            _tables.popitem(last=False)
        return found


def _made(frames: EngineFrames | None, symptom: str) -> Expectations:
    if frames is None:
        return Expectations(pd.DataFrame(), "There are no treatments yet.")
    try:
        found = expected_events(frames.areas, frames.check_ins, symptom)
    except NotEnoughData as problem:
        return Expectations(pd.DataFrame(), problem.message)
    table = frames.areas[_COLUMNS].assign(
        day=pd.to_datetime([frames.start]).repeat(len(frames.areas)) + pd.to_timedelta(frames.areas["day"], unit="D"),
        trials=found.trials, events=found.events, expected=found.expected,
    )  # fmt: skip
    return Expectations(table[found.trials > 0].sort_values(["day", "treatment_id"]).reset_index(drop=True))
