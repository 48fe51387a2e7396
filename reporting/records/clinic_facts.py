"""What clinics changed of the clinical content: read once per version, however many patients answer.

Which day it is at each clinic: far east it is tomorrow already, far west still yesterday.

Device classes that may be used at a clinic: those of the content tables and those clinics defined.

Statements about devices, their service, operators, and the accounts that operators have.

Statements about the service of devices.

Statements that only the synthetic demo clinic needs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select, text
from sqlmodel import Session, col

from reporting import clock
from reporting.domain.clinic_content import UNCHANGED, Change, ClinicContent
from reporting.domain.content import content
from reporting.domain.content_package import package, pinned_version
from reporting.domain.content_rows import CaseLevel
from reporting.domain.devices import DeviceClass, Parameter, device_classes, setting_fields
from reporting.domain.opening_hours import FACT_COLUMNS, OpenTimes, SafetyFacts, facts_from
from reporting.errors import NotFound
from reporting.records.tables import (
    CheckIn,
    Clinic,
    ContentChange,
    CustomDeviceClass,
    CustomParameter,
    Device,
    Operator,
    Patient,
    ServiceEvent,
    StaffAccount,
    Treatment,
    id_of,
)
from reporting.settings import settings

_READ: dict[tuple[str, int], tuple[int, ClinicContent]] = {}
"""Database and clinic to the version that was read last, and what it says."""
_UNSAVED = "content_changed"


def of(session: Session, clinic: Clinic) -> ClinicContent:
    """The content of a clinic in the version that its row names."""
    return of_version(session, id_of(clinic), clinic.content_version)


def of_clinic(session: Session, clinic_id: int | None) -> ClinicContent:
    """The content of the clinic with that id; that of the files where there is none (the system)."""
    clinic = session.get(Clinic, clinic_id) if clinic_id is not None else None
    return of(session, clinic) if clinic is not None else UNCHANGED


def of_version(session: Session, clinic_id: int, version: int) -> ClinicContent:
    """The first ``version`` changes of a clinic. A version never means anything else, so it is read once."""
    if version == 0:
        return UNCHANGED
    if _UNSAVED in session.info:  # may be rolled back, and its number given to another change
        return _read(session, clinic_id, version)
    place = (settings().url, clinic_id)
    known = _READ.get(place)
    if known is None or known[0] != version:
        known = _READ[place] = (version, _read(session, clinic_id, version))
    return known[1]


def _read(session: Session, clinic_id: int, version: int) -> ClinicContent:
    rows = session.execute(
        select(ContentChange)
        .where(col(ContentChange.clinic_id) == clinic_id)
        .order_by(col(ContentChange.id))
        .limit(version)
    ).scalars()
    return ClinicContent(tuple(_change(row) for row in rows))


def _change(row: ContentChange) -> Change:
    return Change(row.content_table, row.row_key, tuple(sorted(row.cells.items())), row.from_day, row.changed_at)


def is_withdrawn(clinic: Clinic) -> bool:
    """Whether the version of the content in use was withdrawn."""
    return bool(clinic.content_withdrawn) and package().version in clinic.content_withdrawn.split("|")


def pinned(clinic: Clinic) -> tuple[str, str]:
    """Version and hash of the content in use, the clinic's own changes in the version."""
    of = package()
    return pinned_version(of.version, clinic.content_version), of.hash


def open_times(clinic: Clinic) -> OpenTimes:
    """When the clinic is open."""
    return OpenTimes(
        clinic.opening_hours,
        clinic.timezone,
        clinic.country,
        clinic.region,
        clinic.closed_days,
        frozenset(clinic.open_holidays),
    )


def safety(clinic: Clinic) -> SafetyFacts:
    """Whom the clinic's patients call, and when somebody is there."""
    return facts_from({name: getattr(clinic, name) for name in FACT_COLUMNS})


@dataclass(frozen=True)
class Whereabouts:
    """Where a patient is: IANA time zone, the numbers that answer there, and the country (empty: not known)."""

    timezone: str
    emergency_telephone: str
    out_of_hours_name: str
    out_of_hours_telephone: str
    country: str


class Placed(Protocol):
    """Somebody with a place of their own; empty where the clinic is."""

    @property
    def timezone(self) -> str: ...

    @property
    def country(self) -> str: ...


def place_of(clinic: Clinic, patient: Placed | None) -> Whereabouts:
    """Where a patient of the clinic is: abroad if that was told, else where the clinic is. The one place that says
    so, for days, lateness and numbers alike.

    Abroad the clinic's own out-of-hours line is given only with its country code: a short number of the clinic's
    country would ring somebody else there.
    """
    zone = zone_of(clinic.timezone, patient.timezone if patient else "")
    country = patient.country if patient else ""
    if country in ("", clinic.country):
        line = clinic.out_of_hours_name, clinic.out_of_hours_telephone
        return Whereabouts(zone, clinic.emergency_telephone, *line, clinic.country)
    row = content().countries.get(country)
    if row is not None and row.out_of_hours_number:
        line = row.out_of_hours_name, row.out_of_hours_number
    elif clinic.out_of_hours_telephone.startswith("+"):
        line = clinic.out_of_hours_name, clinic.out_of_hours_telephone
    else:
        line = "", ""
    return Whereabouts(zone, row.emergency_number if row else "", *line, country)


def zone_of(clinic_zone: str, patient_zone: str) -> str:
    """The time zone in which a patient's days are counted: their own where it was told, else the clinic's."""
    return patient_zone or clinic_zone


def zone_column() -> Any:
    """``zone_of`` inside a statement that reads patients and clinics."""
    return func.coalesce(func.nullif(col(Patient.timezone), ""), col(Clinic.timezone))


def levels_at(session: Session, clinic: Clinic, at: datetime) -> Mapping[str, CaseLevel]:
    """The case levels of a clinic, for a case raised at that moment."""
    return of(session, clinic).case_levels(at.astimezone(ZoneInfo(clinic.timezone)).date())


def all_changed(session: Session) -> list[ClinicContent]:
    """The content of every clinic that changed something."""
    rows = session.execute(
        select(col(Clinic.id), col(Clinic.content_version)).where(col(Clinic.content_version) > 0)
    ).all()
    return [of_version(session, int(key or 0), version) for key, version in rows]


def add(session: Session, clinic: Clinic, change: Change, staff_id: int | None, reason: str) -> None:
    """Write a version; the clinic's row, which the caller holds, names it from the commit on."""
    session.add(
        ContentChange(
            clinic_id=id_of(clinic),
            content_table=change.table,
            row_key=change.row,
            cells=dict(change.cells),
            from_day=change.from_day,
            staff_id=staff_id,
            reason=reason,
        )
    )
    clinic.content_version += 1
    session.info[_UNSAVED] = True
    session.add(clinic)
    session.flush()


def history(session: Session, clinic_id: int, table: str, row: str) -> list[tuple[ContentChange, str]]:
    """Versions of one row, newest first, each with the name of who made it."""
    statement = (
        select(ContentChange, col(StaffAccount.display_name))
        .outerjoin(StaffAccount, col(StaffAccount.id) == ContentChange.staff_id)
        .where(
            col(ContentChange.clinic_id) == clinic_id,
            col(ContentChange.content_table) == table,
            col(ContentChange.row_key) == row,
        )
        .order_by(col(ContentChange.id).desc())
    )
    return [(version, name or "") for version, name in session.execute(statement)]


_ZONES = text("SELECT id, timezone FROM clinic")
_EPOCH = date(1970, 1, 1)


def clinic_days(session: Session) -> dict[int, int]:
    """Clinic id to the number of its own day now, counted from 1970-01-01."""
    return {int(key): (clock.today(zone) - _EPOCH).days for key, zone in session.connection().execute(_ZONES)}


def clinic_zones(session: Session) -> set[str]:
    """The clinics' IANA time zones."""
    return {str(zone) for _, zone in session.connection().execute(_ZONES)}


def _parameter(row: CustomParameter) -> Parameter:
    return Parameter(
        field=row.field,
        unit=setting_fields()[row.field].unit,
        plausible_min=row.plausible_min,
        plausible_max=row.plausible_max,
        typical_low=row.typical_low,
        typical_high=row.typical_high,
        reference=row.reference,
    )


def known(session: Session, clinic_id: int | None) -> dict[str, DeviceClass]:
    """Device classes by code; a clinic's own one takes the place of a content one of the same code."""
    found = dict(device_classes())
    mine = or_(col(CustomDeviceClass.clinic_id).is_(None), col(CustomDeviceClass.clinic_id) == clinic_id)
    for row in session.execute(select(CustomDeviceClass).where(mine)).scalars():
        parameters = session.execute(
            select(CustomParameter).where(col(CustomParameter.custom_device_class_id) == row.id)
        ).scalars()
        found[row.code] = DeviceClass(
            code=row.code,
            name=row.name,
            procedure_class=row.procedure_class,
            wavelength_nm=row.wavelength_nm,
            source=row.source,
            parameters={each.field: _parameter(each) for each in parameters},
        )
    return found


def devices(session: Session, clinic_id: int) -> Sequence[tuple[Device, int]]:
    """Every device of a clinic with its number of treatments, those in use first, by code."""
    counted = (
        select(col(Treatment.device_id), func.count())
        .where(col(Treatment.clinic_id) == clinic_id)
        .group_by(col(Treatment.device_id))
    )
    treatments = {key: int(count) for key, count in session.execute(counted)}
    rows = session.execute(
        select(Device)
        .where(col(Device.clinic_id) == clinic_id)
        .order_by(col(Device.is_active).desc(), col(Device.code))
    ).scalars()
    return [(device, treatments.get(device.id, 0)) for device in rows]


def operators(session: Session, clinic_id: int) -> Sequence[tuple[Operator, StaffAccount | None]]:
    """Every operator of a clinic with the account that is theirs, those at work first, by code."""
    rows = session.execute(
        select(Operator, StaffAccount)
        .outerjoin(StaffAccount, col(StaffAccount.operator_id) == Operator.id)
        .where(col(Operator.clinic_id) == clinic_id)
        .order_by(col(Operator.is_active).desc(), col(Operator.code), col(StaffAccount.id))
    )
    return [(operator, account) for operator, account in rows]


def services(session: Session, clinic_id: int) -> Sequence[tuple[ServiceEvent, str]]:
    """Service of every device of a clinic, newest first, each with the device's code."""
    rows = session.execute(
        select(ServiceEvent, col(Device.code))
        .join(Device, col(Device.id) == ServiceEvent.device_id)
        .where(col(ServiceEvent.clinic_id) == clinic_id)
        .order_by(col(ServiceEvent.happened_on).desc(), col(ServiceEvent.id).desc())
    )
    return [(event, code) for event, code in rows]


def is_taken(session: Session, kind: type[Device] | type[Operator], clinic_id: int, code: str, but: int | None) -> bool:
    """Whether another device (or operator) of the clinic has this code."""
    ids = session.execute(
        select(col(kind.id)).where(col(kind.clinic_id) == clinic_id, col(kind.code) == code)
    ).scalars()
    return any(found != but for found in ids)


def has_treatments(session: Session, device_id: int) -> bool:
    """Whether anybody was treated with this device."""
    found = session.execute(select(col(Treatment.id)).where(col(Treatment.device_id) == device_id).limit(1))
    return found.first() is not None


def account_of(session: Session, operator_id: int) -> Sequence[StaffAccount]:
    """The accounts that say they are this operator."""
    rows = session.execute(select(StaffAccount).where(col(StaffAccount.operator_id) == operator_id))
    return list(rows.scalars())


def events_of(session: Session, device: str, clinic_id: int | None) -> list[tuple[date, str]]:
    """(day, words) of the service of a device that is named ``CLINIC/CODE``, oldest first; none for a device of
    another clinic than ``clinic_id`` (None: of every clinic)."""
    clinic, _, code = device.partition("/")
    statement = (
        select(col(ServiceEvent.happened_on), col(ServiceEvent.kind))
        .join(Device, col(Device.id) == col(ServiceEvent.device_id))
        .join(Clinic, col(Clinic.id) == col(Device.clinic_id))
        .where(col(Clinic.code) == clinic, col(Device.code) == code)
        .order_by(col(ServiceEvent.happened_on))
    )
    if clinic_id is not None:
        statement = statement.where(col(Device.clinic_id) == clinic_id)
    return [(day, kind) for day, kind in session.execute(statement)]


def demo_staff(session: Session) -> list[StaffAccount]:
    """Active accounts of synthetic clinics, in the order they were made."""
    return list(
        session.execute(
            select(StaffAccount)
            .join(Clinic, col(Clinic.id) == StaffAccount.clinic_id)
            .where(col(Clinic.is_synthetic), col(StaffAccount.is_active))
            .order_by(col(StaffAccount.id))
        ).scalars()
    )


def set_password(session: Session, account: StaffAccount, password_hash: str) -> None:
    """Replace the password hash of an account."""
    account.password_hash = password_hash
    session.add(account)


def first_open_treatment(session: Session) -> int:
    """The newest demo treatment without a check-in of today's kind: the one to try as a patient."""
    answered = select(col(CheckIn.treatment_id)).where(col(CheckIn.source) != "demo")
    found = session.execute(
        select(col(Treatment.id))
        .where(col(Treatment.source) == "demo", col(Treatment.reference).like("DEMO-NOW-%"))
        .order_by(col(Treatment.id).in_(answered), col(Treatment.id))
        .limit(1)
    ).scalar()
    if found is None:
        raise NotFound("There is no demo treatment in this database.", what_to_do="Run `python -m reporting demo`.")
    return int(found)
