"""Devices, operators and service: added, changed, retired. Nothing is deleted, so that old treatments keep theirs."""

from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from reporting import clock
from reporting.domain.actors import Actor
from reporting.errors import Conflict, InvalidInput
from reporting.records import access, audit, clinic_facts
from reporting.records.engine import Session, transaction
from reporting.records.tables import Device, Operator, ServiceEvent, StaffAccount, id_of
from reporting.security.permissions import require
from reporting.security.scope import own

Row = TypeVar("Row", Device, Operator, StaffAccount)
LONGEST_CODE, LONGEST = 64, 120
SERVICE_KINDS = ("calibration", "repair", "handpiece change", "software update", "other")


@dataclass(frozen=True)
class DeviceGiven:
    """What an administrator fills in about a device."""

    code: str
    device_class: str
    manufacturer: str = ""
    model: str = ""
    serial: str = ""
    handpiece: str = ""
    is_active: bool = True


@dataclass(frozen=True)
class OperatorGiven:
    """What an administrator fills in about an operator; ``staff_id``: the account that is theirs, None without."""

    code: str
    name: str = ""
    is_active: bool = True
    staff_id: int | None = None


def _line(field: str, text: str, longest: int = LONGEST, *, required: bool = False) -> str:
    tidy = " ".join(text.split())
    if len(tidy) > longest or not tidy.isprintable() or (required and not tidy):
        raise InvalidInput(field=field, found=text[:60], allowed=f"{int(required)} to {longest} characters in one line")
    return tidy


def _free(session: Session, kind: type[Device] | type[Operator], clinic_id: int, code: str, but: int | None) -> None:
    if clinic_facts.is_taken(session, kind, clinic_id, code, but):
        raise InvalidInput(field="code", found=code, allowed="a code that no other one of the clinic has")


def _put(session: Session, by: Actor, row: Device | Operator, after: dict[str, Any], name: str, is_new: bool) -> bool:
    """The values on the row and both versions in the trail. False when nothing was different."""
    before = {} if is_new else {field: getattr(row, field) for field in after}
    changed = sorted(field for field in after if is_new or before[field] != after[field])
    if not changed:
        return False
    for field in changed:
        setattr(row, field, after[field])
    session.add(row)
    session.flush()
    audit.write(
        session,
        by,
        f"{name}.{'added' if is_new else 'changed'}",
        name,
        row.id,
        before={field: before[field] for field in changed if field in before},
        after={field: after[field] for field in changed},
    )
    return True


def save_device(*, by: Actor, given: DeviceGiven, device_id: int | None = None) -> int:
    """Add a device, or change the one with that id; returns its id.

    The class of a device that treatments were done with stays: their settings would be compared with others.
    Raises InvalidInput, Conflict, NotFound, NotAllowed.
    """
    require(by, "content.manage")
    clinic_id = by.clinic_key
    after: dict[str, Any] = {
        "code": _line("code", given.code, LONGEST_CODE, required=True),
        "device_class": given.device_class,
        "is_active": given.is_active,
        **{name: _line(name, getattr(given, name)) for name in ("manufacturer", "model", "serial", "handpiece")},
    }
    with transaction() as session:
        access.one_at_a_time(session, clinic_id)
        known = clinic_facts.known(session, clinic_id)
        if given.device_class not in known:
            raise InvalidInput(field="device class", found=given.device_class, allowed="one of " + ", ".join(known))
        row = (
            own(session, Device, device_id, by, "content.manage")
            if device_id
            else Device(clinic_id=clinic_id, code=after["code"], device_class=given.device_class)
        )
        _free(session, Device, clinic_id, after["code"], device_id)
        if device_id and row.device_class != given.device_class and clinic_facts.has_treatments(session, device_id):
            raise Conflict(
                "Treatments were done with this device as another class.",
                what_to_do="Retire it and add it again under a new code.",
            )
        _put(session, by, row, after, "device", device_id is None)
        return id_of(row)


def save_operator(*, by: Actor, given: OperatorGiven, operator_id: int | None = None) -> int:
    """Add an operator, or change the one with that id; returns the id. The account sees its own charts.

    Raises InvalidInput, Conflict for an account that is another operator's, NotFound, NotAllowed.
    """
    require(by, "content.manage")
    clinic_id = by.clinic_key
    after = {
        "code": _line("code", given.code, LONGEST_CODE, required=True),
        "name": _line("name", given.name),
        "is_active": given.is_active,
    }
    with transaction() as session:
        access.one_at_a_time(session, clinic_id)
        row = (
            own(session, Operator, operator_id, by, "content.manage")
            if operator_id
            else Operator(clinic_id=clinic_id, code=str(after["code"]))
        )
        _free(session, Operator, clinic_id, str(after["code"]), operator_id)
        _put(session, by, row, after, "operator", operator_id is None)
        _link(session, by, id_of(row), given.staff_id)
        return id_of(row)


def _link(session: Session, by: Actor, operator_id: int, staff_id: int | None) -> None:
    """The account that is this operator, and no other; both versions in the trail."""
    before = [one.id for one in clinic_facts.account_of(session, operator_id)]
    if before == ([staff_id] if staff_id else []):
        return
    if staff_id is not None:
        account = own(session, StaffAccount, staff_id, by, "content.manage")
        if account.operator_id not in (None, operator_id):
            raise Conflict("This account is another operator already.", what_to_do="Take it from that operator first.")
        account.operator_id = operator_id
        session.add(account)
    for one in clinic_facts.account_of(session, operator_id):
        if one.id != staff_id:
            one.operator_id = None
            session.add(one)
    audit.write(
        session,
        by,
        "operator.linked",
        "operator",
        operator_id,
        before={"accounts": before},
        after={"accounts": [staff_id] if staff_id else []},
    )


def add_service(*, by: Actor, device_id: int, happened_on: date, kind: str, note: str = "") -> int:
    """Write down service of a device; it is drawn into its charts. Raises InvalidInput, NotFound, NotAllowed."""
    require(by, "content.manage")
    if kind not in SERVICE_KINDS:
        raise InvalidInput(field="kind", found=kind, allowed="one of " + ", ".join(SERVICE_KINDS))
    tidy = _line("note", note, 200)
    with transaction() as session:
        device = own(session, Device, device_id, by, "content.manage")
        clinic = access.clinic(session, device.clinic_id)
        today = clock.today(clinic.timezone if clinic else "UTC")
        if not date(2000, 1, 1) <= happened_on <= today:
            raise InvalidInput(field="day", found=happened_on.isoformat(), allowed="a day from 2000-01-01 to today")
        event = ServiceEvent(
            clinic_id=device.clinic_id, device_id=device_id, happened_on=happened_on, kind=kind, note=tidy
        )
        session.add(event)
        session.flush()
        audit.write(session, by, "device.serviced", "device", device_id, before={}, after=_told(event))
        return id_of(event)


def remove_service(*, by: Actor, service_id: int) -> None:
    """Take service that was written down by mistake off the charts; the trail keeps it. Raises NotFound, NotAllowed."""
    require(by, "content.manage")
    with transaction() as session:
        event = own(session, ServiceEvent, service_id, by, "content.manage")
        audit.write(session, by, "device.service_removed", "device", event.device_id, before=_told(event), after={})
        session.delete(event)


def _told(event: ServiceEvent) -> dict[str, Any]:
    return {"service": event.id, "day": event.happened_on.isoformat(), "kind": event.kind}
