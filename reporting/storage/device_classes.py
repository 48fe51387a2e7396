"""Device classes that may be used at a clinic: those of the content tables and those clinics defined."""

from sqlalchemy import or_, select
from sqlmodel import Session, col

from reporting.domain.devices import DeviceClass, Parameter, device_classes, setting_fields
from reporting.storage.tables import CustomDeviceClass, CustomParameter


def _parameter(row: CustomParameter) -> Parameter:
    return Parameter(
        field=row.field, unit=setting_fields()[row.field].unit, plausible_min=row.plausible_min,
        plausible_max=row.plausible_max, typical_low=row.typical_low, typical_high=row.typical_high,
        reference=row.reference,
    )  # fmt: skip


def known(session: Session, clinic_id: int | None) -> dict[str, DeviceClass]:
    """Device classes by code; a clinic's own one takes the place of a content one of the same code."""
    found = dict(device_classes())
    mine = or_(col(CustomDeviceClass.clinic_id).is_(None), col(CustomDeviceClass.clinic_id) == clinic_id)
    for row in session.execute(select(CustomDeviceClass).where(mine)).scalars():
        parameters = session.execute(
            select(CustomParameter).where(col(CustomParameter.custom_device_class_id) == row.id)
        ).scalars()
        found[row.code] = DeviceClass(
            code=row.code, name=row.name, procedure_class=row.procedure_class,
            wavelength_nm=row.wavelength_nm, source=row.source,
            parameters={each.field: _parameter(each) for each in parameters},
        )  # fmt: skip
    return found
