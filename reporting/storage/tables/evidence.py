"""Signals that the evidence engine raised, what people did about them, and the runs that looked."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from reporting.storage.tables.base import json_object, key, moment, one_of, ref

SIGNAL_STATES = ("new", "reviewing", "explained", "action_taken", "re_measured")


class SignalRun(SQLModel, table=True):
    """One look over the data: what was known that day, how many cells were tested, under which budget."""

    __tablename__ = "signal_run"

    id: int | None = key()
    as_of: date
    ran_at: datetime = moment(nullable=False)
    cells_tested: int = 0
    expected_false_per_clinic_year: float = 0.0
    seconds: float = 0.0
    details: dict[str, Any] = json_object()


class Signal(SQLModel, table=True):
    """Something that hurts more people than it should: where, which symptom, since when, how sure."""

    __tablename__ = "signal"
    __table_args__ = (
        one_of("state", *SIGNAL_STATES, name="ck_signal_state"),
        UniqueConstraint("clinic_id", "code", name="uq_signal_code"),
        Index("ix_signal_clinic_state", "clinic_id", "state"),
    )

    id: int | None = key()
    clinic_id: int = ref("clinic")
    code: str = Field(max_length=200)
    """What makes it the same signal at the next run: kind, unit, symptom, skin group, first day."""
    kind: str
    """``outcome`` (people are hurt) or ``settings`` (settings drift, the leading indicator)."""
    unit_type: str
    unit_id: str
    symptom: str
    skin_group: str = ""
    since: date | None = None
    """Estimated day of the change."""
    first_flagged_on: date
    last_seen_on: date
    rank: int = 0
    state: str = "new"
    card: dict[str, Any] = json_object()
    """Everything that the signal card shows, as the newest run computed it."""
    version: int = 1


class SignalEvent(SQLModel, table=True):
    """A step that somebody took on a signal. An action is dated, and drawn into every chart from then on."""

    __tablename__ = "signal_event"

    id: int | None = key()
    clinic_id: int = ref("clinic")
    signal_id: int = ref("signal", index=True)
    at: datetime = moment(nullable=False)
    staff_id: int | None = ref("staff_account", nullable=True)
    kind: str
    """``raised``, ``reviewing``, ``explained``, ``action_taken``, ``re_measured`` or ``note``."""
    happened_on: date | None = None
    note: str = ""
    details: dict[str, Any] = json_object()
