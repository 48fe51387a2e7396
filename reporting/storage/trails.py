"""The trail of a treated area: its answered check-ins in six bytes each, so that millions are read at once."""

import struct
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa

from reporting.domain.answered import Answers
from reporting.domain.symptoms import SYMPTOMS

_ANSWER = struct.Struct("<HHBB")
_RECORD = np.dtype([("scheduled_day", "<u2"), ("recovery_day", "<u2"), ("asked", "u1"), ("events", "u1")])
_LARGEST_DAY = 0xFFFF


def packed(scheduled_day: int, recovery_day: int | None, asked: int, events: int) -> bytes:
    """One answered check-in. asked and events are masks over SYMPTOMS: was asked, was unexpected here."""
    answered = scheduled_day if recovery_day is None else recovery_day
    return _ANSWER.pack(min(scheduled_day, _LARGEST_DAY), min(answered, _LARGEST_DAY), asked, events)


def answers_of(trails: Sequence[bytes] | pa.Array, treated_on: np.ndarray) -> Answers:
    """Answered check-ins of the trails in their order; treated_on (trails,) day numbers."""
    sizes, answers = _laid_out(trails if isinstance(trails, pa.Array) else pa.array(trails, pa.binary()))
    answered_day = np.repeat(np.asarray(treated_on, dtype=np.int32), sizes)
    answered_day += answers["recovery_day"]
    return Answers(
        np.repeat(np.arange(len(trails), dtype=np.int32), sizes), answers["scheduled_day"].copy(), answered_day,
        answers["asked"].copy(), answers["events"].copy(), SYMPTOMS,
    )  # fmt: skip


def unpacked(
    trails: Sequence[bytes] | pa.Array, treated_on: np.ndarray, symptoms: Iterable[str] = SYMPTOMS
) -> pd.DataFrame:
    """answers_of as a table (as_frame)."""
    return as_frame(answers_of(trails, treated_on), treated_on, symptoms)


def as_frame(answers: Answers, treated_on: np.ndarray, symptoms: Iterable[str] = SYMPTOMS) -> pd.DataFrame:
    """The answers as a table, shape (answers,); treated_on as for answers_of.

    Columns: area_id (position of the trail), scheduled_day, due_day, answered (true), answered_day, and per symptom
    1 unexpected, 0 not, NaN not asked (16-bit floats).
    """
    columns: dict[str, object] = {
        "area_id": answers.row,
        "scheduled_day": answers.scheduled_day.astype(np.int16),
        "due_day": np.asarray(treated_on, dtype=np.int32)[answers.row] + answers.scheduled_day.astype(np.int32),
        "answered": np.ones(len(answers), dtype=bool),
        "answered_day": answers.answered_day,
    }
    return pd.DataFrame(columns | {symptom: _values(answers, answers.bit(symptom)) for symptom in symptoms})


def _laid_out(trails: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """(answers of each trail, all answers), shapes (trails,) and (answers,)."""
    _, ends, data = trails.buffers()
    at = np.frombuffer(ends, dtype=np.int32)[trails.offset : trails.offset + len(trails) + 1] if len(trails) else [0, 0]
    whole = np.frombuffer(data, dtype=np.uint8)[at[0] : at[-1]] if data is not None else np.zeros(0, np.uint8)
    return np.diff(at)[: len(trails)] // _RECORD.itemsize, whole.view(_RECORD)


def _values(answers: Answers, bit: int) -> np.ndarray:
    unexpected: np.ndarray = ((answers.events & bit) != 0).astype(np.float16)
    unexpected[(answers.asked & bit) == 0] = np.nan
    return unexpected
