"""Patients of a clinic: to find one, and what the record form needs to know.

Devices and operators of a clinic, as the administration keeps them.

The settings of a treated area beside the typical range, the published guideline and the clinic's own protocol.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from reporting import clock
from reporting.domain.actors import Actor
from reporting.domain.clinic_content import ProtocolRange
from reporting.domain.course import classes_of
from reporting.domain.devices import (
    DeviceClass,
    check_setting,
    guideline_maximum,
    parameter_of,
    setting_fields,
)
from reporting.domain.language import ENGLISH
from reporting.domain.treatment_record import AreaRecord, TreatmentRecord, VisitFacts
from reporting.domain.vocabulary import skin_group_of
from reporting.errors import NotFound
from reporting.records import access, clinic_facts, patients
from reporting.records.engine import reading
from reporting.records.tables import Patient, TreatedArea, Treatment, id_of
from reporting.security.permissions import may, require
from reporting.security.scope import Scope, own

SHOWN = 50
"""As many as a list shows; the search finds the others."""


@dataclass(frozen=True)
class PatientRow:
    """One patient in a list. No name: the list works with the clinic's own reference."""

    patient_id: int
    reference: str
    year_of_birth: int | None
    fitzpatrick: int | None
    treatments: int
    last_treated_on: date | None
    open_cases: int | None
    """None for those who may not see the worklist."""


@dataclass(frozen=True)
class DeviceChoice:
    device_id: int
    label: str
    device_class: DeviceClass | None


@dataclass(frozen=True)
class RecordForm:
    """Everything that can be chosen when a treatment is recorded at this clinic."""

    clinic_id: int
    clinic_name: str
    is_synthetic: bool
    today: date
    devices: tuple[DeviceChoice, ...]
    operators: Mapping[int, str]


def find_patients(by: Actor, words: str = "") -> list[PatientRow]:
    """Patients whose reference contains ``words``; without words those treated last. Raises NotAllowed."""
    require(by, "treatment.record")
    sees_cases = may(by, "worklist.read")
    with reading() as session:
        rows = patients.search(session, Scope.of(by).clinic_id, words.strip(), SHOWN)
    return [
        PatientRow(
            patient_id=id_of(row.patient),
            reference=row.patient.reference,
            year_of_birth=row.patient.year_of_birth,
            fitzpatrick=row.patient.fitzpatrick,
            treatments=row.treatments,
            last_treated_on=row.last_on,
            open_cases=row.open_cases if sees_cases else None,
        )
        for row in rows
    ]


def record_form(by: Actor) -> RecordForm:
    """What can be chosen on the record form. Raises NotAllowed, NotFound for an actor without a clinic."""
    require(by, "treatment.record")
    clinic_id = Scope.of(by).clinic_id
    if clinic_id is None:
        raise NotFound("Choose a clinic first: treatments are recorded at one clinic.")
    with reading() as session:
        clinic = patients.clinic(session, clinic_id)
        classes = clinic_facts.known(session, clinic_id)
        devices = tuple(
            DeviceChoice(
                id_of(device),
                " · ".join(part for part in (device.code, device.model, device.handpiece) if part),
                classes.get(device.device_class),
            )
            for device in patients.devices(session, clinic_id)
        )
        operators = {
            id_of(each): " · ".join(part for part in (each.code, each.name) if part)
            for each in patients.operators(session, clinic_id)
        }
    return RecordForm(
        clinic_id=clinic_id,
        clinic_name=clinic.name,
        is_synthetic=clinic.is_synthetic,
        today=clock.today(clinic.timezone),
        devices=devices,
        operators=operators,
    )


def patient_row(by: Actor, patient_id: int) -> PatientRow:
    """One patient as the list shows it. Raises NotAllowed, NotFound (also for another clinic's patient)."""
    with reading() as session:
        found = own(session, Patient, patient_id, by, "treatment.record")
    return PatientRow(
        patient_id=patient_id,
        reference=found.reference,
        year_of_birth=found.year_of_birth,
        fitzpatrick=found.fitzpatrick,
        treatments=0,
        last_treated_on=None,
        open_cases=None,
    )


def known_before(by: Actor, patient_id: int) -> VisitFacts:
    """What to propose for a patient's next treatment, as it was known at the last. Raises NotAllowed, NotFound."""
    with reading() as session:
        own(session, Patient, patient_id, by, "treatment.record")
        return patients.last_facts(session, patient_id).for_the_next()


def recorded_treatment(by: Actor, treatment_id: int) -> TreatmentRecord:
    """A treatment as it was recorded, to correct it. Raises NotAllowed, NotFound."""
    with reading() as session:
        found = own(session, Treatment, treatment_id, by, "treatment.record")
        treated = patients.areas(session, [treatment_id])[treatment_id]
    return TreatmentRecord(
        patient=found.patient_id,
        performed_on=found.performed_on,
        device_id=found.device_id or 0,
        operator_id=found.operator_id or 0,
        session_number=found.session_number,
        procedure_class=found.procedure_class,
        also_classes=classes_of(found.course)[1:],
        known=patients.facts_of(found),
        areas=tuple(_area_record(area) for area in treated),
    )


def _area_record(area: TreatedArea) -> AreaRecord:
    settings = {name: value for name in setting_fields() if (value := getattr(area, name)) is not None}
    return AreaRecord(
        area=area.area,
        settings=settings,
        indication=area.indication,
        cooling=area.cooling,
        immediate_endpoint=area.immediate_endpoint,
        test_spot_done=area.test_spot_done,
        pass_group=area.pass_group,
    )


@dataclass(frozen=True)
class CardSubject:
    """Whose card it is, and what is printed on it beside the link."""

    treatment_id: int
    patient_id: int
    patient_reference: str
    performed_on: date
    timezone: str
    clinic_name: str
    clinic_telephone: str
    emergency_telephone: str
    other_telephones: tuple[str, ...]
    out_of_hours_name: str
    out_of_hours_telephone: str
    opening_hours: dict[str, list[str]]
    is_synthetic: bool
    language: str
    """Of the patient, for what is printed."""


def card_subject(by: Actor, treatment_id: int) -> CardSubject:
    """The treatment a card is for. Raises NotAllowed, NotFound (also for another clinic's treatment)."""
    with reading() as session:
        found = own(session, Treatment, treatment_id, by, "invitation.issue")
        patient = patients.by_id(session, found.patient_id)
        clinic = patients.clinic(session, found.clinic_id)
    where = clinic_facts.place_of(clinic, patient)
    return CardSubject(
        treatment_id=treatment_id,
        patient_id=found.patient_id,
        patient_reference=patient.reference if patient else "",
        performed_on=found.performed_on,
        timezone=clinic.timezone,
        clinic_name=clinic.name,
        clinic_telephone=clinic.telephone,
        emergency_telephone=where.emergency_telephone,
        other_telephones=tuple(clinic.other_telephones),
        out_of_hours_name=where.out_of_hours_name,
        out_of_hours_telephone=where.out_of_hours_telephone,
        opening_hours=clinic.opening_hours,
        is_synthetic=clinic.is_synthetic,
        language=patient.language if patient else ENGLISH,
    )


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
    key = by.clinic_key
    with reading() as session:
        clinic = access.clinic(session, key)
        classes = {code: one.name for code, one in clinic_facts.known(session, Scope.of(by).clinic_id).items()}
        devices, operators = clinic_facts.devices(session, key), clinic_facts.operators(session, key)
        services = clinic_facts.services(session, key)
        accounts = {id_of(one): one.display_name for one in access.accounts_of(session, key) if one.is_active}
    return Equipment(
        devices=tuple(
            DeviceLine(
                id_of(one),
                one.code,
                one.device_class,
                classes.get(one.device_class, one.device_class),
                one.manufacturer,
                one.model,
                one.serial,
                one.handpiece,
                one.is_active,
                count,
            )
            for one, count in devices
        ),
        operators=tuple(
            OperatorLine(
                id_of(one),
                one.code,
                one.name,
                one.is_active,
                account.id if account else None,
                account.display_name if account else "",
            )
            for one, account in operators
        ),
        services=tuple(ServiceLine(id_of(one), code, one.happened_on, one.kind, one.note) for one, code in services),
        classes=classes,
        accounts=accounts,
        may_change=may(by, "content.manage"),
        today=clock.today(clinic.timezone if clinic else "UTC"),
    )


Limits = tuple[float | None, float | None]


@dataclass(frozen=True)
class SettingLine:
    """One setting as used. ``verdict``: ``ok``, ``outside_typical``, ``above_`` or ``below_guideline``; where the
    guideline is kept or there is none, ``above_`` or ``below_protocol``."""

    field: str
    label: str
    unit: str
    value: float
    typical: tuple[float | None, float | None]
    guideline_minimum: float | None
    guideline_maximum: float | None
    guideline_source: str
    verdict: str
    protocol: Limits = (None, None)
    """Lowest and highest value of the clinic's own protocol for this skin."""

    @property
    def is_above_guideline(self) -> bool:
        return self.verdict == "above_guideline"

    @property
    def is_above_protocol(self) -> bool:
        return self.protocol[1] is not None and self.value > self.protocol[1]


def _verdict(value: float, guideline: Limits, protocol: Limits, is_untypical: bool) -> str:
    for name, (low, high) in (("guideline", guideline), ("protocol", protocol)):
        if high is not None and value > high:
            return f"above_{name}"
        if low is not None and value < low:
            return f"below_{name}"
    return "outside_typical" if is_untypical else "ok"


def _protocol(own: Sequence[ProtocolRange], device_class: DeviceClass | None, field: str, skin: int | None) -> Limits:
    """The clinic's range of a setting: the one of the skin group where there is one, else that of every skin."""
    found = {
        one.skin_group: (one.minimum, one.maximum)
        for one in own
        if device_class is not None and (one.device_class, one.field) == (device_class.code, field)
    }
    return found.get(skin_group_of(skin)) or found.get("") or (None, None)


def _is_untypical(area: TreatedArea, of: DeviceClass | None, field: str, value: float) -> bool:
    """By the typical range as it is now; by the mark kept with the record where the class is not known."""
    if of is None or parameter_of(of, field) is None:
        return field in area.outside_typical
    return check_setting(of, field, value) != "ok"


def setting_lines(
    area: TreatedArea, device_class: DeviceClass | None, fitzpatrick: int | None, own: Sequence[ProtocolRange] = ()
) -> tuple[SettingLine, ...]:
    """Every setting recorded for ``area``, in column order, beside what holds for its own device class. ``own``: the
    clinic's protocol."""
    lines = []
    for field, of in setting_fields().items():
        value = getattr(area, field)
        if value is None:
            continue
        parameter = parameter_of(device_class, field) if device_class else None
        guide = (
            guideline_maximum(device_class, field, fitzpatrick, area.spot_size_mm, area.area) if device_class else None
        )
        minimum, maximum = (guide.minimum, guide.maximum) if guide else (None, None)
        protocol = _protocol(own, device_class, field, fitzpatrick)
        lines.append(
            SettingLine(
                field=field,
                label=of.label,
                unit=of.unit,
                value=value,
                typical=(parameter.typical_low, parameter.typical_high) if parameter else (None, None),
                guideline_minimum=minimum,
                guideline_maximum=maximum,
                guideline_source=guide.source if guide else "",
                verdict=_verdict(value, (minimum, maximum), protocol, _is_untypical(area, device_class, field, value)),
                protocol=protocol,
            )
        )
    return tuple(lines)


def above_guideline(
    areas: list[TreatedArea],
    classes: Mapping[str, DeviceClass],
    device_class: str | None,
    fitzpatrick: int | None,
    own: Sequence[ProtocolRange] = (),
) -> tuple[SettingLine, ...]:
    """The settings of these areas that are above the published maximum or the clinic's own."""
    lines = [line for area in areas for line in setting_lines(area, classes.get(device_class or ""), fitzpatrick, own)]
    return tuple(line for line in lines if line.is_above_guideline or line.is_above_protocol)
