"""Observed and expected events of every treated area, worked out once for each state of the data.

Every page and command that adjusts for case mix reads this one table, so that no two of them can differ.

Since when treatments have had time enough for a symptom to show and be answered.
"""

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reporting.clock import now
from reporting.domain.vocabulary import SYMPTOMS, symptom
from reporting.evidence.checks import Array, EvidenceProblem
from reporting.evidence.trials import expected_events
from reporting.records.columns import are_many_treatments
from reporting.records.evidence_frames import EngineFrames, engine_frames
from reporting.records.outcome_frame import newest_revision
from reporting.settings import settings

HAZARD_MODEL = "hazard model of the answers, case mix"
STANDARDISED = "indirect standardisation"
KEPT = 12
"""Tables kept in memory: two dashboards of six symptoms."""
RENEW_AFTER_S = 600.0
"""At a million treatments an answer arrives every few seconds, and moves no expectation that anybody could see."""


@dataclass(frozen=True)
class Expectations:
    """``table``: one row per treated area with an answer: treated_area_id, clinic, operator, device, device_class,
    fitzpatrick, day (date), treatment_id, trials (answered check-ins at risk), events (0/1), expected. Empty with
    ``why_not`` in words where the data does not carry a case-mix model."""

    table: pd.DataFrame
    why_not: str = ""
    as_of: datetime | None = None
    """When it was read, where newer answers may not be in it yet."""

    def of_areas(self, treated_area_ids: NDArray[np.int64]) -> tuple[Array, Array] | None:
        """(events, expected events) of these treated areas, shape (areas,), 0 where nothing was answered.

        None without a model.
        """
        if self.why_not or self.table.empty:
            return None
        ids, events, expected = self._by_id
        at = np.minimum(np.searchsorted(ids, treated_area_ids), len(ids) - 1)
        known = ids[at] == treated_area_ids
        return np.where(known, events[at], 0.0), np.where(known, expected[at], 0.0)

    @cached_property
    def _by_id(self) -> tuple[NDArray[np.int64], Array, Array]:
        ids = self.table["treated_area_id"].to_numpy()
        order = np.argsort(ids)
        return tuple(self.table[name].to_numpy()[order] for name in ("treated_area_id", "events", "expected"))  # type: ignore[return-value]


_COLUMNS = ["treated_area_id", "clinic", "operator", "device", "device_class", "fitzpatrick", "treatment_id"]
_lock = threading.Lock()
_changed = threading.Condition(_lock)
_frames: tuple[tuple[str, int], EngineFrames | None] | None = None
_tables: OrderedDict[tuple[str, int, str], Expectations] = OrderedDict()
_of_many: dict[tuple[str, str], tuple[int, float, Expectations]] = {}
"""Of large databases, by address and symptom: revision, when it was worked out, and the table."""
_renewing: threading.Thread | None = None
_at_work: set[str] = set()
"""Addresses whose symptoms are being worked out one after the other."""


def expectations(symptom: str) -> Expectations:
    """The table for a symptom over every clinic of this database, as it stands. Treat it as read-only.

    One model serves all clinics, so that each is compared with all; what a person may see of the table is
    decided by the query that calls. Where there are so many treatments that it takes seconds, the table is the
    one of up to RENEW_AFTER_S ago, and a newer one is worked out while this one is shown.
    """
    global _frames
    key = (settings().url, newest_revision())
    if are_many_treatments():
        return _kept(*key, symptom)
    with _lock:
        if (*key, symptom) in _tables:
            _tables.move_to_end((*key, symptom))
            return _tables[*key, symptom]
        if _frames is None or _frames[0] != key:
            _frames = (key, engine_frames())
        found = _tables[*key, symptom] = _made(_frames[1], symptom)
        while len(_tables) > KEPT:
            _tables.popitem(last=False)
        return found


def read_ahead() -> None:
    """Work out every symptom of a large database, one after the other; who wants one waits for that one alone."""
    _work_out_all(settings().url, newest_revision())


def _kept(url: str, revision: int, symptom: str) -> Expectations:
    """A symptom's table of a large database; the first reader waits, later ones never do."""
    global _renewing
    with _changed:
        _changed.wait_for(lambda: (url, symptom) in _of_many or url not in _at_work)
        if (url, symptom) not in _of_many:
            _of_many[url, symptom] = (revision, time.monotonic(), _made(engine_frames(), symptom, now()))
        known, made_at, table = _of_many[url, symptom]
        is_old = known != revision and time.monotonic() - made_at > RENEW_AFTER_S
        if is_old and (_renewing is None or not _renewing.is_alive()):
            _renewing = threading.Thread(target=_work_out_all, args=(url, revision), name="expectations", daemon=True)
            _renewing.start()
        return table


def _work_out_all(url: str, revision: int) -> None:
    with _changed:
        _at_work.add(url)
    try:
        moment, frames = now(), engine_frames()
        for symptom in SYMPTOMS:
            made = _made(frames, symptom, moment)
            with _changed:
                _of_many[url, symptom] = (revision, time.monotonic(), made)
                _changed.notify_all()
    finally:
        with _changed:
            _at_work.discard(url)
            _changed.notify_all()


def _made(frames: EngineFrames | None, symptom: str, as_of: datetime | None = None) -> Expectations:
    if frames is None:
        return Expectations(pd.DataFrame(), "There are no treatments yet.", as_of)
    try:
        found = expected_events(frames.areas, frames.answers, symptom)
    except EvidenceProblem as problem:
        return Expectations(pd.DataFrame(), problem.message, as_of)
    table = frames.areas[_COLUMNS].assign(
        day=np.datetime64(frames.start, "s") + frames.areas["day"].to_numpy().astype("timedelta64[D]"),
        trials=found.trials,
        events=found.events,
        expected=found.expected,
    )
    table = table[found.trials > 0].sort_values(["day", "treatment_id"]).reset_index(drop=True)
    return Expectations(table, as_of=as_of)


LATE_FROM_DAY = 14
LATE_DAYS = 56
"""Late symptoms (pigment, scars): eight weeks, as the pigment studies follow up."""
EARLY_DAYS = 14


def mature_after_days(code: str) -> int:
    """Days from a treatment until most of what will be reported of a symptom has been reported."""
    return LATE_DAYS if symptom(code).risk_from_day >= LATE_FROM_DAY else EARLY_DAYS


def last_mature_day(code: str, today: date) -> date:
    """Treatments after this day are still immature for the symptom: their rate will rise."""
    return today - timedelta(days=mature_after_days(code))
