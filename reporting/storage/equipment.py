"""Statements about devices, their service, operators, and the accounts that operators have."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlmodel import Session, col

from reporting.storage.tables import Device, Operator, ServiceEvent, StaffAccount, Treatment


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
