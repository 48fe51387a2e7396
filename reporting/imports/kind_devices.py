"""Import of devices: classes that a clinic defines, with reference settings and limits, and its machines."""

from collections.abc import Sequence
from typing import Any

from reporting.domain.devices import DeviceClass, Parameter, device_classes, setting_fields
from reporting.imports.kind import (
    ChunkResult,
    Field,
    Found,
    Importer,
    Row,
    Run,
    Values,
    decide_each,
    differences,
    procedure_classes,
    settings_columns,
)
from reporting.records import bulk
from reporting.records import clinic_facts as kept
from reporting.records.bulk import ClinicEntry, DeviceEntry, Session

LIMITS = {
    "ref_": "reference",
    "plausible_min_": "plausible_min",
    "plausible_max_": "plausible_max",
    "typical_low_": "typical_low",
    "typical_high_": "typical_high",
}
MACHINE = ("device_class", "model", "manufacturer", "serial", "handpiece")


def parameters_of(values: Values) -> dict[str, Parameter]:
    """The settings that a row gives a reference or a limit for."""
    found = {}
    for name, setting in setting_fields().items():
        given: dict[str, Any] = {attribute: values.get(prefix + name) for prefix, attribute in LIMITS.items()}
        if any(value is not None for value in given.values()):
            found[name] = Parameter(field=name, unit=setting.unit, **given)
    return found


def _facts(of: DeviceClass) -> dict[str, object]:
    """What a class says, flat, to compare two of them."""
    flat: dict[str, object] = {"procedure_class": of.procedure_class}
    for name, parameter in of.parameters.items():
        flat |= {prefix + name: getattr(parameter, attribute) for prefix, attribute in LIMITS.items()}
    return {name: value for name, value in flat.items() if value is not None}


class _Chunk:
    def __init__(self, session: Session, run: Run) -> None:
        self.session, self.run = session, run
        self.shared = kept.known(session, None)
        """Classes for every clinic, those of the content tables among them."""
        self.made: list[tuple[ClinicEntry | None, DeviceClass]] = []
        self.machines: list[tuple[ClinicEntry, str]] = []

    def decide(self, row: Row) -> bool:
        """Whether the row adds a class or a machine. Raises Refused."""
        clinic = self._clinic(row)
        fresh = self._new_class(row, clinic)
        machine = self._new_machine(row, clinic)
        if fresh is not None:
            self.made.append((clinic, fresh))
            (clinic.classes if clinic else self.shared)[fresh.code] = fresh
        if machine is not None and clinic is not None:
            clinic.devices[row.values["device"]] = machine
            self.machines.append((clinic, row.values["device"]))
        return fresh is not None or machine is not None

    def _clinic(self, row: Row) -> ClinicEntry | None:
        """The clinic of the row; none means that the class is for every clinic."""
        if row.values.get("clinic") or self.run.clinic:
            return self.run.clinic_of(self.session, row)
        if "device" in row.values:
            raise self.run.refuse(row, "clinic", "", "the code of the clinic that the machine is at")
        return None

    def _new_class(self, row: Row, clinic: ClinicEntry | None) -> DeviceClass | None:
        values, code = row.values, row.values["device_class"]
        known = (clinic.classes if clinic else self.shared).get(code)
        parameters = parameters_of(values)
        if known is not None and not parameters:
            return None
        if known is not None and code in device_classes() and known == device_classes()[code]:
            allowed = "a code of your own: the limits of this class stay those of the content tables"
            raise self.run.refuse(row, "device_class", code, allowed)
        procedure_class = values.get("procedure_class") or (known.procedure_class if known else None)
        if procedure_class is None:
            allowed = self.run.reader.allowed("procedure_class")
            raise self.run.refuse(row, "procedure_class", "", f"{allowed}, because the device class is new")
        made = DeviceClass(
            code=code,
            name=values.get("device_class_name") or code,
            procedure_class=procedure_class,
            parameters=parameters,
            wavelength_nm=values.get("wavelength_nm", ""),
        )
        if known is None:
            return made
        self._refuse_changed(row, known, made)
        return None

    def _refuse_changed(self, row: Row, known: DeviceClass, made: DeviceClass) -> None:
        before, after = _facts(known), _facts(made)
        if before != after:
            names = sorted({*before, *after})
            what = differences([before.get(n) for n in names], [after.get(n) for n in names], names)
            allowed = f"a class that is new, or the same as before: it is there already with {what}"
            raise self.run.refuse(row, "device_class", known.code, allowed)

    def _new_machine(self, row: Row, clinic: ClinicEntry | None) -> DeviceEntry | None:
        code = row.values.get("device")
        if code is None or clinic is None:
            return None
        entry = DeviceEntry(**{name: row.values.get(name, "") for name in MACHINE})
        known = clinic.devices.get(code)
        if known is None:
            return entry
        before, after = ([getattr(each, name) for name in MACHINE] for each in (known, entry))
        if before != after:
            what = differences(before, after, MACHINE)
            allowed = f"a machine that is new, or the same as before: it is there already with {what}"
            raise self.run.refuse(row, "device", code, allowed)
        return None

    def write(self, result: ChunkResult) -> None:
        """Make the classes and machines that were decided on."""
        for clinic in {id(c): c for c, _ in (*self.made, *self.machines) if c is not None}.values():
            result.created["clinics"] += clinic.id is None
            result.clinic_ids.add(bulk.make_clinic(self.session, clinic))
        for owner, fresh in self.made:
            bulk.make_device_class(self.session, owner.id if owner else None, fresh)
        for place, code in self.machines:
            bulk.make_device(self.session, place, code)
        result.created["device classes"] += len(self.made)
        result.created["devices"] += len(self.machines)


class DevicesFile(Importer):
    """Files of device classes and machines."""

    def fields(self) -> Sequence[Field]:
        return [
            Field("device_class", "text", "code of the device class; a new one is defined here", needed=True),
            Field("device_class_name", "text", "its name for people", longest=120),
            Field("procedure_class", "code", "needed for a new class", codes=procedure_classes()),
            Field("wavelength_nm", "text", "its wavelength", unit="nm"),
            Field("clinic", "text", "code of the clinic"),
            Field("device", "text", "the clinic's name of one machine of this class"),
            Field("model", "text", "its model", longest=120),
            Field("manufacturer", "text", "its manufacturer", longest=120),
            Field("serial", "text", "its serial number", longest=120),
            Field("handpiece", "text", "its handpiece", longest=120),
            *(field for prefix in LIMITS for field in settings_columns(prefix)),
        ]

    def contradictions(self, values: Values) -> list[Found]:
        faults: list[Found] = []
        for low, high in (
            ("plausible_min_", "plausible_max_"),
            ("typical_low_", "typical_high_"),
            ("plausible_min_", "ref_"),
            ("ref_", "plausible_max_"),
            ("plausible_min_", "typical_low_"),
            ("typical_high_", "plausible_max_"),
        ):
            for name, value in values.items():
                below = values.get(low + name.removeprefix(high)) if name.startswith(high) else None
                if below is not None and below > value:
                    faults.append((name, value, f"{below:g} or more, which is its {low.strip('_')}"))
        return faults

    def take_in(self, session: Session, run: Run, rows: Sequence[Row]) -> ChunkResult:
        """Take in a chunk of devices, in the caller's transaction."""
        result = ChunkResult()
        chunk = _Chunk(session, run)
        result.imported = len(decide_each(rows, chunk.decide, result))
        chunk.write(result)
        return result
