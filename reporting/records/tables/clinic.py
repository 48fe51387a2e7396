"""The clinic, its people and its devices."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from reporting.domain.actors import ROLES
from reporting.records.tables.base import BigKey, between, json_object, key, moment, one_of, ref, sealed


class Clinic(SQLModel, table=True):
    __tablename__ = "clinic"

    id: int | None = key()
    code: str = Field(unique=True, max_length=64)
    name: str
    timezone: str = "UTC"
    """IANA time zone; dates of treatments and quiet hours are in it."""
    country: str = Field(default="", max_length=2)
    """ISO 3166 code, two letters; empty: not told."""
    region: str = Field(default="", max_length=8)
    """Part of ISO 3166-2 after the country, whose public holidays hold; empty: those of the whole country."""
    telephone: str = ""
    other_telephones: list[str] = json_object(list)
    emergency_telephone: str = ""
    """Empty: not told. It is never guessed."""
    out_of_hours_name: str = ""
    """Who answers while the clinic is closed: ``NHS 111``."""
    out_of_hours_telephone: str = ""
    opening_hours: dict[str, list[str]] = json_object()
    """Weekday (``mon`` … ``sun``) to opening and closing times in turn: ``["08:00", "18:00"]``; a missing day is
    closed. None at all: not told."""
    closed_days: dict[str, str] = json_object()
    """ISO date to reason: the clinic's own closed days."""
    open_holidays: list[str] = json_object(list)
    """ISO dates of public holidays on which the clinic is open."""
    second_factor: str = "code"
    """What opens history, photos and own data: ``code`` (short code and year of birth) or ``email``."""
    staff_second_factor: list[str] = json_object(list, server_default="[]")
    """Roles that need a second factor at sign-in; an account that set one up is always asked for it."""
    reminders_from: str = Field(default="08:00", max_length=5)
    reminders_until: str = Field(default="20:00", max_length=5)
    """Reminders go out between these hours of the patient's time zone; the rest is quiet."""
    message_name: str = ""
    """Name in messages, which other people may see: neutral. Empty: the clinic's name where that is neutral."""
    retention: dict[str, int] = json_object()
    """Kind of record (``photos``, ``notes``, ``check_ins``) to the months it is kept; missing: kept."""
    content_version: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    """Grows with every change of ``content_change``; 0: the clinic uses the content tables as they are."""
    content_withdrawn: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """Withdrawn versions of the clinical content, joined by ``|``: here because every check-in reads this row."""
    report_schedule: dict[str, Any] = json_object()
    """``day`` of the month and ``recipients`` (staff ids) of the monthly report's e-mail; empty: none is sent."""
    is_synthetic: bool = False
    created_at: datetime = moment(nullable=False)


class Operator(SQLModel, table=True):
    __tablename__ = "operator"
    __table_args__ = (UniqueConstraint("clinic_id", "code", name="uq_operator_code"),)

    id: int | None = key()
    clinic_id: int = ref("clinic")
    code: str = Field(max_length=64)
    name: str = ""
    is_active: bool = True


class StaffAccount(SQLModel, table=True):
    __tablename__ = "staff_account"
    __table_args__ = (one_of("role", *ROLES, name="ck_staff_role"),)

    id: int | None = key()
    clinic_id: int = ref("clinic", index=True)
    email: str = Field(unique=True, max_length=254)
    """Lower case."""
    display_name: str
    password_hash: str
    """Empty: invited, and no password chosen yet."""
    totp_encrypted: str | None = None
    """Secret of the authenticator application (RFC 6238)."""
    totp_since: datetime | None = moment()
    """When the second factor was set up; empty with a secret: begun and not confirmed."""
    totp_last_step: int = Field(default=0, sa_type=BigKey, sa_column_kwargs={"server_default": "0"})
    """Time step of the last code that was taken: none of it or before is taken again."""
    role: str
    operator_id: int | None = ref("operator", nullable=True)
    """The operator that this person is, so that they may see their own charts."""
    is_active: bool = True
    created_at: datetime = moment(nullable=False)


class CustomDeviceClass(SQLModel, table=True):
    """A device class that a clinic defined beside those of the content tables."""

    __tablename__ = "custom_device_class"
    __table_args__ = (UniqueConstraint("clinic_id", "code", name="uq_custom_device_class_code"),)

    id: int | None = key()
    clinic_id: int | None = ref("clinic", nullable=True)
    """Empty: for every clinic of this database."""
    code: str = Field(max_length=64)
    name: str
    procedure_class: str
    wavelength_nm: str = ""
    source: str = "defined by the clinic"


class CustomParameter(SQLModel, table=True):
    """A setting of a clinic-defined device class, in the unit that the field name carries."""

    __tablename__ = "custom_parameter"
    __table_args__ = (UniqueConstraint("custom_device_class_id", "field", name="uq_custom_parameter_field"),)

    id: int | None = key()
    custom_device_class_id: int = ref("custom_device_class")
    field: str
    reference: float | None = None
    plausible_min: float | None = None
    plausible_max: float | None = None
    typical_low: float | None = None
    typical_high: float | None = None


class Device(SQLModel, table=True):
    __tablename__ = "device"
    __table_args__ = (UniqueConstraint("clinic_id", "code", name="uq_device_code"),)

    id: int | None = key()
    clinic_id: int = ref("clinic")
    code: str = Field(max_length=64)
    """The clinic's own name of the machine."""
    device_class: str
    """Code of a device class: of the content tables, or a clinic-defined one."""
    model: str = ""
    manufacturer: str = ""
    serial: str = ""
    handpiece: str = ""
    is_active: bool = True


class ServiceEvent(SQLModel, table=True):
    __tablename__ = "service_event"

    id: int | None = key()
    clinic_id: int = ref("clinic")
    device_id: int = ref("device", index=True)
    happened_on: date
    kind: str
    """For example ``calibration``, ``repair``, ``handpiece change``."""
    note: str = sealed()


class ContentChange(SQLModel, table=True):
    """What a clinic changed of the clinical content. Rows are added, never changed: the last one of a row holds."""

    __tablename__ = "content_change"
    __table_args__ = (Index("ix_content_change_clinic", "clinic_id", "id"),)

    id: int | None = key()
    clinic_id: int = ref("clinic")
    content_table: str = Field(max_length=32)
    row_key: str = Field(max_length=200)
    cells: dict[str, str] = json_object()
    """Column to its new text, as it would stand in the file; none: as the files have it."""
    from_day: date
    """First day (of treatments, for schedules) on which it holds, in the clinic's time zone."""
    changed_at: datetime = moment(nullable=False)
    staff_id: int | None = ref("staff_account", nullable=True)
    reason: str = sealed()


class Patient(SQLModel, table=True):
    __tablename__ = "patient"
    __table_args__ = (
        UniqueConstraint("clinic_id", "reference", name="uq_patient_reference"),
        between("fitzpatrick", 1, 6, name="ck_patient_fitzpatrick"),
        between("year_of_birth", 1900, 2100, name="ck_patient_year_of_birth"),
    )

    id: int | None = key()
    clinic_id: int = ref("clinic")
    reference: str = Field(max_length=64)
    """The clinic's own patient number."""
    year_of_birth: int | None = None
    fitzpatrick: int | None = None
    """Fitzpatrick skin type, 1 to 6."""
    pigmentation_history: bool | None = None
    """Melasma or earlier post-inflammatory hyperpigmentation."""
    name_encrypted: str | None = None
    email_encrypted: str | None = None
    phone_encrypted: str | None = None
    phone_hash: str | None = Field(default=None, index=True, max_length=64)
    """Keyed hash of the number, so that an incoming STOP finds whose it is."""
    language: str = "en"
    timezone: str = ""
    """IANA time zone; empty: the clinic's."""
    country: str = Field(default="", max_length=2)
    """Where the patient is, ISO 3166 code of two letters; empty: the clinic's."""
    erased_at: datetime | None = moment()
    """Set when everything that names the person was removed; treatments and answers stay, nameless."""
    created_at: datetime = moment(nullable=False)
