"""Statements about the service of devices."""

from datetime import date

from sqlalchemy import select
from sqlmodel import Session, col

from reporting.storage.tables import Clinic, Device, ServiceEvent


def events_of(session: Session, device: str) -> list[tuple[date, str]]:
    """(day, words) of the service of a device that is named ``CLINIC/CODE``, oldest first."""
    clinic, _, code = device.partition("/")
    rows = session.execute(
        select(col(ServiceEvent.happened_on), col(ServiceEvent.kind))
        .join(Device, col(Device.id) == col(ServiceEvent.device_id))
        .join(Clinic, col(Clinic.id) == col(Device.clinic_id))
        .where(col(Clinic.code) == clinic, col(Device.code) == code)
        .order_by(col(ServiceEvent.happened_on))
    )
    return [(day, kind) for day, kind in rows]
