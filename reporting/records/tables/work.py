"""Triage cases, messages, imports, the audit chain and the revision counter.

Signals that the evidence engine raised, what people did about them, and the runs that looked.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from reporting.clock import now
from reporting.records.tables.base import (
    UtcDateTime,
    json_object,
    json_with_words,
    key,
    moment,
    one_of,
    ref,
    sealed,
    sealed_json,
)

CASE_STATES = ("new", "acknowledged", "contacted", "outcome", "closed")
REFUSED_STATES = ("waiting", "mended", "there", "dismissed", "replaced", "over")
_LONG_AGO = "1970-01-01 00:00:00"
CASE_LEVELS = ("one_week", "one_day", "same_day", "emergency")


class TriageCase(SQLModel, table=True):
    __tablename__ = "triage_case"
    __table_args__ = (
        one_of("state", *CASE_STATES, name="ck_case_state"),
        one_of("level", *CASE_LEVELS, name="ck_case_level"),
        one_of("confirmation", "confirmed", "not_confirmed", "expected_course", name="ck_case_confirmation"),
        Index("ix_case_closed", "clinic_id", "closed_at"),
        Index(
            "ix_case_open",
            "clinic_id",
            "due_at",
            sqlite_where=text("state <> 'closed'"),
            postgresql_where=text("state <> 'closed'"),
        ),
    )

    id: int | None = key()
    clinic_id: int = ref("clinic")
    patient_id: int = ref("patient", index=True)
    treatment_id: int = ref("treatment")
    check_in_id: int = ref("check_in")
    level: str
    rules: list[str] = json_object(list)
    """Codes of the rules that fired."""
    reasons: list[str] = json_object(list)
    """The same rules in words, as they were when they fired."""
    state: str = "new"
    owner_id: int | None = ref("staff_account", nullable=True)
    opened_at: datetime = moment(nullable=False)
    due_at: datetime = moment(nullable=False)
    """By when somebody must have taken it; counts while it is ``new``."""
    contact_due_at: datetime = Field(
        default_factory=now, sa_type=UtcDateTime, nullable=False, sa_column_kwargs={"server_default": _LONG_AGO}
    )
    """By when somebody must have spoken to the patient; counts while ``contacted_at`` is empty."""
    promised_at: datetime | None = moment()
    """By when the patient was told that a person reads it; empty where nothing was said."""
    acknowledged_at: datetime | None = moment()
    """The first time that somebody took it and did not give it back; later reports leave it as it is."""
    contacted_at: datetime | None = moment()
    """When the contact was recorded that answers the newest report; empty: none yet."""
    action_taken: str | None = None
    """``advice``, ``call``, ``visit``, ``prescription``, ``referral`` or ``none_needed``."""
    confirmation: str | None = None
    complication_term: str | None = sealed(None)
    complication_grade: int | None = None
    closed_at: datetime | None = moment()
    escalations: int = 0
    """How often it was passed on because nobody took it in time."""
    escalated_at: datetime | None = moment()
    notices: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    """How many people on call were told, one after the other."""
    next_notice_at: datetime | None = moment()
    """When the next person on call is told unless somebody has taken it; empty: nobody is to be told."""
    version: int = 1
    """Counts changes, so that two people on one case notice each other."""
    package_version: str | None = Field(default=None, max_length=64)
    """Version of the clinical content that opened it; empty: it was not kept."""
    package_hash: str | None = Field(default=None, max_length=64)


class OnCallEntry(SQLModel, table=True):
    """Whom an urgent case is told at once: a person or a number, at some times of the week, one after the other."""

    __tablename__ = "on_call_entry"

    id: int | None = key()
    clinic_id: int = ref("clinic", index=True)
    place: int
    """Their order, from 1."""
    name: str = Field(max_length=120)
    phone_encrypted: str | None = None
    email_encrypted: str | None = None
    hours: dict[str, list[str]] = json_object()
    """Weekday to times of day in turn, as the clinic's opening hours; empty: always."""
    wait_minutes: int
    """So long after this one was told the next person is told."""
    created_at: datetime = moment(nullable=False)


class CaseEvent(SQLModel, table=True):
    __tablename__ = "case_event"

    id: int | None = key()
    clinic_id: int = ref("clinic")
    case_id: int = ref("triage_case", index=True)
    at: datetime = moment(nullable=False)
    staff_id: int | None = ref("staff_account", nullable=True)
    kind: str
    """``opened``, ``new_report``, ``acknowledged``, ``contacted``, ``note``, ``outcome``, ``closed``, ``reopened``."""
    note: str = sealed()
    details: dict[str, Any] = json_with_words("term")


class PatientNote(SQLModel, table=True):
    """What somebody of the clinic wrote down about a patient, outside of any case. Never changed afterwards."""

    __tablename__ = "patient_note"

    id: int | None = key()
    clinic_id: int = ref("clinic")
    patient_id: int = ref("patient", index=True)
    staff_id: int | None = ref("staff_account", nullable=True)
    written_at: datetime = moment(nullable=False)
    happened_on: date
    """The day it is about, in the clinic's time zone."""
    note_encrypted: str


class OutboxMessage(SQLModel, table=True):
    """A message that is to leave the house, written in the transaction that gives cause for it."""

    __tablename__ = "outbox_message"
    __table_args__ = (
        UniqueConstraint("idempotency_key", name="uq_outbox_key"),
        one_of("status", "waiting", "sending", "sent", "dead", "unsure", "cancelled", name="ck_outbox_status"),
        Index(
            "ix_outbox_waiting",
            "next_attempt_at",
            sqlite_where=text("status = 'waiting'"),
            postgresql_where=text("status = 'waiting'"),
        ),
    )

    id: int | None = key()
    clinic_id: int = ref("clinic")
    patient_id: int | None = ref("patient", nullable=True)
    staff_id: int | None = ref("staff_account", nullable=True)
    case_id: int | None = ref("triage_case", nullable=True)
    """The case it is about; its trouble is shown there."""
    channel: str
    kind: str
    due_on: date | None = None
    payload: dict[str, Any] = sealed_json()
    idempotency_key: str = Field(max_length=128)
    status: str = "waiting"
    """``unsure``: the sender stopped between handing over and noting it, so it may have arrived or not."""
    attempts: int = 0
    claimed_at: datetime | None = moment()
    provider_id: str = ""
    next_attempt_at: datetime = moment(nullable=False)
    sent_at: datetime | None = moment()
    last_error: str = ""
    """A code of ``notify`` with the other side's number; never its words."""
    created_at: datetime = moment(nullable=False)


class InboundMessage(SQLModel, table=True):
    """A text message that came in, kept so that a repeated delivery changes nothing."""

    __tablename__ = "inbound_message"

    id: int | None = key()
    provider_id: str = Field(unique=True, max_length=128)
    phone_hash: str = Field(max_length=64)
    word: str = Field(max_length=16)
    received_at: datetime = moment(nullable=False)


class ImportRun(SQLModel, table=True):
    __tablename__ = "import_run"

    id: int | None = key()
    clinic_id: int | None = ref("clinic", nullable=True)
    """Empty when one file named several clinics."""
    kind: str
    file_name: str = sealed(...)
    file_sha256: str
    rows_read: int
    rows_imported: int
    rows_unchanged: int
    rows_refused: int
    details: dict[str, Any] = sealed_json()
    created_at: datetime = moment(nullable=False)
    created_by: int | None = ref("staff_account", nullable=True)


class RefusedRow(SQLModel, table=True):
    """A row that an import refused, kept so that it can be mended here. It may name a patient, so it is encrypted."""

    __tablename__ = "refused_row"
    __table_args__ = (
        one_of("state", *REFUSED_STATES, name="ck_refused_state"),
        UniqueConstraint("run_id", "line", name="uq_refused_line"),
        Index(
            "ix_refused_waiting",
            "clinic_id",
            "run_id",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
    )

    id: int | None = key()
    clinic_id: int | None = ref("clinic", nullable=True)
    run_id: int = ref("import_run")
    line: int
    """Number of the row as a spreadsheet shows it; the header is 1."""
    kind: str
    content_encrypted: str | None = None
    """Cells and problems; gone once the row no longer waits."""
    state: str = "waiting"
    """``mended`` (it went in), ``there`` (the same was there already), ``dismissed``, ``replaced`` (the file was
    imported again), ``over`` (kept as long as the clinic wants, or the patient was erased)."""
    reason_encrypted: str | None = None
    worked_by: int | None = ref("staff_account", nullable=True)
    worked_at: datetime | None = moment()
    created_at: datetime = moment(nullable=False)


class AuditEvent(SQLModel, table=True):
    """Who did what, when, on which record. No foreign keys, so that nothing here blocks an erasure."""

    __tablename__ = "audit_event"
    __table_args__ = (
        Index("ix_audit_record", "record_kind", "record_id"),
        Index("ix_audit_clinic", "clinic_id", "at", "sequence"),
    )

    sequence: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    at: datetime = moment(nullable=False)
    clinic_id: int | None = Field(default=None, sa_type=BigInteger)
    actor_kind: str
    actor_id: int | None = Field(default=None, sa_type=BigInteger)
    actor_label: str
    action: str
    record_kind: str
    record_id: str
    details: dict[str, Any] = json_object()
    previous_hash: str = Field(max_length=64)
    hash: str = Field(max_length=64)
    sealed_with: str = Field(default="", max_length=16, sa_column_kwargs={"server_default": ""})
    """Which key made the hash, by the name the key goes by; empty in a row of before hashes had keys."""


class AuditHead(SQLModel, table=True):
    """The newest link of the audit chain: one row, locked by whoever appends."""

    __tablename__ = "audit_head"
    __table_args__ = (CheckConstraint("id = 1", name="ck_audit_head_single"),)

    id: int = Field(default=1, primary_key=True, sa_column_kwargs={"autoincrement": False})
    sequence: int = Field(default=0, sa_type=BigInteger)
    hash: str = Field(default="0" * 64, max_length=64)


class Revision(SQLModel, table=True):
    """The counter behind ``outcome.revision``: one row, locked until its transaction ends."""

    __tablename__ = "revision"
    __table_args__ = (CheckConstraint("id = 1", name="ck_revision_single"),)

    id: int = Field(default=1, primary_key=True, sa_column_kwargs={"autoincrement": False})
    value: int = Field(default=0, sa_type=BigInteger)


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
    note: str = sealed()
    details: dict[str, Any] = json_object()
