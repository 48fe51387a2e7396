"""Treatments with their settings, check-ins, photos, and the outcome row per treated area."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary, SmallInteger, UniqueConstraint
from sqlmodel import Field, SQLModel

from reporting.domain.course import of_visit
from reporting.domain.vocabulary import SYMPTOMS
from reporting.records.tables.base import AfterCode, between, json_object, key, moment, one_of, ref


class Treatment(SQLModel, table=True):
    __tablename__ = "treatment"
    __table_args__ = (
        UniqueConstraint("clinic_id", "reference", name="uq_treatment_reference"),
        Index("ix_treatment_clinic_day", "clinic_id", "performed_on"),
    )

    id: int | None = key()
    clinic_id: int = ref("clinic")
    patient_id: int = ref("patient", index=True)
    reference: str = Field(max_length=96)
    """The clinic's own number of the treatment, or one made from its content on import."""
    performed_on: date
    """Date in the clinic's time zone."""
    operator_id: int | None = ref("operator", nullable=True)
    device_id: int | None = ref("device", nullable=True)
    procedure_class: str
    also_classes: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """Procedure classes of what else was done in the same visit, joined by ``+``."""
    session_number: int | None = None
    age_years: int | None = Field(default=None, sa_type=SmallInteger)
    """Age at the treatment where a log gives it."""
    is_immunosuppressed: bool | None = None
    """This and the next seven: known before this treatment; None where it was not asked."""
    herpes_history: bool | None = None
    keloid_history: bool | None = None
    eczema_history: bool | None = None
    lives_alone: bool | None = None
    is_tanned: bool | None = None
    is_pregnant: bool | None = None
    isotretinoin_months_ago: int | None = None
    """Months from the last isotretinoin to the treatment; 0 = taking it."""
    source: str = "form"
    """``form``, ``import`` or ``demo``."""
    created_at: datetime = moment(nullable=False)

    @property
    def course(self) -> str:
        """How the visit is expected to heal: its class with those of what else was done."""
        return of_visit(self.procedure_class, self.also_classes)


class TreatedArea(SQLModel, table=True):
    """One area and pass group of a treatment, with the settings used there."""

    __tablename__ = "treated_area"
    __table_args__ = (
        UniqueConstraint("treatment_id", "area", "pass_group", name="uq_treated_area"),
        CheckConstraint("fluence_j_cm2 > 0", name="ck_fluence_positive"),
        CheckConstraint("pulse_energy_mj > 0", name="ck_pulse_energy_positive"),
        CheckConstraint("density_pct > 0 AND density_pct <= 100", name="ck_density_pct"),
        CheckConstraint("passes > 0", name="ck_passes_positive"),
    )

    id: int | None = key()
    treatment_id: int = ref("treatment")
    clinic_id: int = ref("clinic")
    area: str = "not_recorded"
    pass_group: int = Field(default=1, sa_type=SmallInteger)
    indication: str = "not_recorded"
    fluence_j_cm2: float | None = None
    pulse_energy_mj: float | None = None
    """mJ per pulse or per microscopic treatment zone, as the device shows it."""
    energy_per_pin_mj: float | None = None
    density_pct: float | None = None
    density_mtz_cm2: float | None = None
    """Microscopic treatment zones per cm², per pass."""
    pulse_width_ms: float | None = None
    spot_size_mm: float | None = None
    passes: float | None = None
    stacks: float | None = None
    power_w: float | None = None
    dwell_time_us: float | None = None
    spacing_um: float | None = None
    needle_depth_mm: float | None = None
    ablation_depth_um: float | None = None
    treatment_level: float | None = None
    repetition_rate_hz: float | None = None
    cutoff_filter_nm: float | None = None
    pulse_delay_ms: float | None = None
    sub_pulses: float | None = None
    overlap_pct: float | None = None
    contact_temp_c: float | None = None
    cryogen_spray_ms: float | None = None
    cryogen_delay_ms: float | None = None
    total_energy_kj: float | None = None
    total_shots: float | None = None
    treated_area_cm2: float | None = None
    cooling: str | None = None
    immediate_endpoint: str | None = None
    test_spot_done: bool | None = None
    outside_typical: list[str] = json_object(list)
    """Setting fields whose value lies outside the typical range of the device class."""


class CheckIn(SQLModel, table=True):
    """One due check-in: answered, or kept as not answered. Severities 0 to 4, empty where not asked.

    A symptom's own column is the worst since the last answer, ``now_*`` how it was at the answer: empty in check-ins
    that asked for one severity only, and in imported ones.
    """

    __tablename__ = "check_in"
    __table_args__ = (
        *(between(symptom, 0, 4, name=f"ck_check_in_{symptom}") for symptom in SYMPTOMS),
        *(between(f"now_{symptom}", 0, 4, name=f"ck_check_in_now_{symptom}") for symptom in SYMPTOMS),
        one_of("source", "patient", "proxy", "import", "demo", name="ck_check_in_source"),
        Index("ix_check_in_treatment", "treatment_id"),
        Index("ix_check_in_clinic_answered", "clinic_id", "answered_at"),
        UniqueConstraint("submission_key", name="uq_check_in_submission_key"),
    )

    id: int | None = key()
    clinic_id: int = ref("clinic")
    patient_id: int = ref("patient")
    treatment_id: int = ref("treatment")
    scheduled_day: int = Field(sa_type=SmallInteger)
    """Recovery day for which it was due (day of the schedule)."""
    due_on: date
    answered_at: datetime | None = moment()
    """Empty: due and not answered, or not sent yet (``begun_at``)."""
    begun_at: datetime | None = moment()
    """When an answer was kept that needs the clinic at once, before the report was sent; empty where there was none."""
    recovery_day: int | None = Field(default=None, sa_type=SmallInteger)
    """Days from the treatment to the answer, in the clinic's time zone."""
    burning: int | None = Field(default=None, sa_type=SmallInteger)
    bumps: int | None = Field(default=None, sa_type=SmallInteger)
    swelling: int | None = Field(default=None, sa_type=SmallInteger)
    infection: int | None = Field(default=None, sa_type=SmallInteger)
    scarring: int | None = Field(default=None, sa_type=SmallInteger)
    hyperpigmentation: int | None = Field(default=None, sa_type=SmallInteger)
    now_burning: int | None = Field(default=None, sa_type=SmallInteger)
    now_bumps: int | None = Field(default=None, sa_type=SmallInteger)
    now_swelling: int | None = Field(default=None, sa_type=SmallInteger)
    now_infection: int | None = Field(default=None, sa_type=SmallInteger)
    now_scarring: int | None = Field(default=None, sa_type=SmallInteger)
    now_hyperpigmentation: int | None = Field(default=None, sa_type=SmallInteger)
    areas: dict[str, list[int]] = json_object()
    """Symptom to the ids of the treated areas where it is; a missing symptom means all of them."""
    follow_up: dict[str, str] = json_object()
    worried: bool = False
    can_wait: bool | None = None
    note_encrypted: str | None = None
    judged_by_source: bool = False
    """The sending system had judged the values: 1 or more already means unexpected there."""
    advice: str | None = None
    """``expected``, ``unusual``, ``contact_today`` or ``emergency``, as the patient was told."""
    source: str = "patient"
    entered_by: int | None = ref("staff_account", nullable=True)
    """Staff member who entered it for the patient."""
    answered_by: str = ""
    """``carer`` when somebody else used the link; ``telephone`` or ``desk`` when staff asked."""
    language: str = "en"
    """The language in which the questions were asked."""
    submission_key: str | None = Field(default=None, max_length=96)
    corrects_id: int | None = ref("check_in", nullable=True)
    replaced_at: datetime | None = moment()
    """Set when a correction took its place or it was withdrawn; old values stay."""
    replaced_reason: str = Field(default="", sa_type=AfterCode)
    created_at: datetime = moment(nullable=False)
    package_version: str | None = Field(default=None, max_length=64)
    """Version of the clinical content that judged it, with the clinic's own changes as ``+clinic.3``; empty: not
    kept."""
    package_hash: str | None = Field(default=None, max_length=64)
    unexpected: int | None = Field(default=None, sa_type=SmallInteger)
    """Bits over SYMPTOMS: more than expected by that content. Empty: by the content of today."""
    words_encrypted: str | None = None
    """What the patient read after sending, word for word (``domain.kept_words``); empty: it was not kept."""


class Outcome(SQLModel, table=True):
    """What a treated area's check-ins say, recomputed from them in every transaction that touches one.

    Check-in days are bits: bit *i* is the *i*-th day of ``domain.schedule.SLOTS``. ``first_*`` is the
    scheduled day of the first answered check-in at which the symptom was unexpected for that day and
    procedure, empty if none; ``worst_*`` the highest severity answered, empty if never asked.
    """

    __tablename__ = "outcome"
    __table_args__ = (Index("ix_outcome_revision", "revision"),)

    treated_area_id: int = Field(primary_key=True, foreign_key="treated_area.id", sa_type=BigInteger)
    treatment_id: int = ref("treatment")
    clinic_id: int = ref("clinic")
    due_mask: int = Field(default=0, sa_type=BigInteger)
    """Every scheduled day, days still to come included; the outcome frame leaves those out."""
    answered_mask: int = Field(default=0, sa_type=BigInteger)
    trail: bytes | None = Field(default=None, sa_type=LargeBinary, nullable=True)
    """The answered check-ins, packed by ``storage.trails``: what the evidence engine reads."""
    first_burning: int | None = Field(default=None, sa_type=SmallInteger)
    first_bumps: int | None = Field(default=None, sa_type=SmallInteger)
    first_swelling: int | None = Field(default=None, sa_type=SmallInteger)
    first_infection: int | None = Field(default=None, sa_type=SmallInteger)
    first_scarring: int | None = Field(default=None, sa_type=SmallInteger)
    first_hyperpigmentation: int | None = Field(default=None, sa_type=SmallInteger)
    worst_burning: int | None = Field(default=None, sa_type=SmallInteger)
    worst_bumps: int | None = Field(default=None, sa_type=SmallInteger)
    worst_swelling: int | None = Field(default=None, sa_type=SmallInteger)
    worst_infection: int | None = Field(default=None, sa_type=SmallInteger)
    worst_scarring: int | None = Field(default=None, sa_type=SmallInteger)
    worst_hyperpigmentation: int | None = Field(default=None, sa_type=SmallInteger)
    revision: int = Field(sa_type=BigInteger)
    """Grows with every transaction; readers ask for rows above the last one they have seen."""
    package_version: str | None = Field(default=None, max_length=64)
    """Of the newest answer in it; empty: it was not kept."""
    package_hash: str | None = Field(default=None, max_length=64)


class Photo(SQLModel, table=True):
    __tablename__ = "photo"
    __table_args__ = (Index("uq_photo_submission_key", "submission_key", unique=True),)

    id: int | None = key()
    clinic_id: int = ref("clinic")
    patient_id: int = ref("patient", index=True)
    treatment_id: int = ref("treatment")
    check_in_id: int | None = ref("check_in", nullable=True)
    stored_name: str = Field(unique=True)
    """Name of the encrypted file in the data folder."""
    sha256: str
    width_px: int
    height_px: int
    size_bytes: int = 0
    taken_at: datetime = moment(nullable=False)
    submission_key: str | None = Field(default=None, max_length=96)
    removed_at: datetime | None = moment()
    """Set when the patient or a retention period removed it; the file is gone then."""
    details: dict[str, Any] = json_object()
