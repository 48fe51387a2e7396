"""A row's settings against the device class of its machine."""

from collections.abc import Sequence
from difflib import get_close_matches

from reporting.domain.devices import DeviceClass, check_setting, parameter_of, setting_fields
from reporting.imports.kind import Row, Run, Values
from reporting.records.bulk import ClinicEntry
from reporting.shell.file_csv import Refused


def class_code(values: Values) -> str | None:
    """The device class that a row names: by its code, else by its model."""
    code: str | None = values.get("device_class") or values.get("model")
    return code


def class_of(values: Values, clinic: ClinicEntry) -> DeviceClass | None:
    """Device class of a row: that of the known machine, else the one that the row names."""
    device = clinic.devices.get(values.get("device", ""))
    code = device.device_class if device else class_code(values)
    return clinic.classes.get(code or "")


def check_device(run: Run, row: Row, clinic: ClinicEntry) -> None:
    """Raises Refused for a machine or class that is not known, or not of the class on record."""
    values = row.values
    known = clinic.devices.get(values.get("device", ""))
    code = values.get("device_class")
    if known is not None:
        if code is not None and code != known.device_class:
            allowed = f"{known.device_class}, which is on record for device {values['device']}"
            raise run.refuse(row, "device_class", code, allowed)
        return
    code = class_code(values)
    if code is None and "device" not in values:
        return
    if code not in clinic.classes:
        column = "device_class" if "device_class" in values or "model" not in values else "model"
        nearest = get_close_matches(code or "", clinic.classes, n=3, cutoff=0.3) or list(clinic.classes)[:3]
        allowed = f"a device class that is known, such as {', '.join(nearest)}; or import the devices first"
        raise run.refuse(row, column, code or "", allowed)


def check_settings(run: Run, row: Row, of: DeviceClass | None, settings: Sequence[str]) -> list[str]:
    """Names of the settings outside the typical range. Raises Refused for implausible ones."""
    faults, outside = [], []
    for name in settings:
        value = row.values.get(name)
        if value is None:
            continue
        verdict = check_setting(of, name, value) if of else "not_a_setting"
        if verdict == "outside_typical":
            outside.append(name)
        elif verdict != "ok":
            faults.append(run.reader.fault(row.number, name, f"{value:g}", _allowed(of, name)))
    if faults:
        raise Refused(*faults)
    return outside


def _allowed(of: DeviceClass | None, name: str) -> str:
    if of is None:
        return "empty where the row names no device: settings are compared within one device class"
    parameter = parameter_of(of, name)
    if parameter is None:
        return f"empty: {of.name} has no such setting"
    low = "any" if parameter.plausible_min is None else f"{parameter.plausible_min:g}"
    high = "any" if parameter.plausible_max is None else f"{parameter.plausible_max:g}"
    return f"from {low} to {high} {setting_fields()[name].unit} for {of.name}"
