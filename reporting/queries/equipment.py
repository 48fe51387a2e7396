"""Devices and operators of a clinic, as the administration keeps them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from reporting import clock
from reporting.domain.actors import Actor
from reporting.security.permissions import may, require
from reporting.storage import device_classes, equipment, sessions
from reporting.storage.engine import reading


@dataclass(frozen=True)
class DeviceLine:
    """A device; ``class_name`` in words; ``treatments`` so far."""

    device_id: int
    code: str
    device_class: str
    class_name: str
    manufacturer: str
    model: str
    serial: str
    handpiece: str
    is_active: bool
    treatments: int


@dataclass(frozen=True)
class OperatorLine:
    """An operator; ``staff_id`` and ``staff_name`` of the account that is theirs, None and empty without one."""

    operator_id: int
    code: str
    name: str
    is_active: bool
    staff_id: int | None
    staff_name: str


@dataclass(frozen=True)
class ServiceLine:
    service_id: int
    device: str
    happened_on: date
    kind: str
    note: str


@dataclass(frozen=True)
class Equipment:
    """``classes``: device class to its name; ``accounts``: staff id to name of those who may sign in."""

    devices: tuple[DeviceLine, ...]
    operators: tuple[OperatorLine, ...]
    services: tuple[ServiceLine, ...]
    classes: Mapping[str, str]
    accounts: Mapping[int, str]
    may_change: bool
    today: date


def clinic_equipment(by: Actor) -> Equipment:
    """Everything of the actor's clinic. Raises NotAllowed."""
    require(by, "content.read")
    key = by.clinic_id or 0
    with reading() as session:
        clinic = sessions.clinic(session, key)
        classes = {code: one.name for code, one in device_classes.known(session, by.clinic_id).items()}
        devices, operators = equipment.devices(session, key), equipment.operators(session, key)
        services = equipment.services(session, key)
        accounts = {one.id or 0: one.display_name for one in sessions.accounts_of(session, key) if one.is_active}
    return Equipment(
        devices=tuple(
            DeviceLine(
                one.id or 0, one.code, one.device_class, classes.get(one.device_class, one.device_class),
                one.manufacturer, one.model, one.serial, one.handpiece, one.is_active, count,
            )
            for one, count in devices
        ),
        operators=tuple(
            OperatorLine(
                one.id or 0, one.code, one.name, one.is_active, account.id if account else None,
                account.display_name if account else "",
            )
            for one, account in operators
        ),
        services=tuple(ServiceLine(one.id or 0, code, one.happened_on, one.kind, one.note) for one, code in services),
        classes=classes, accounts=accounts, may_change=may(by, "content.manage"),
        today=clock.today(clinic.timezone if clinic else "UTC"),
    )  # fmt: skip
