"""Devices, who works with them, and their service, which is drawn into the charts.

Parts of the page of devices and operators: lists, and the forms to add or change one.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from reporting.shell import ui_words as words
from reporting.shell.ui_identity import current_actor
from reporting.shell.ui_states import attempt, empty, show_notice, shows_problems
from reporting.treatments.act_equipment import (
    LONGEST,
    LONGEST_CODE,
    SERVICE_KINDS,
    DeviceGiven,
    OperatorGiven,
    add_service,
    remove_service,
    save_device,
    save_operator,
)
from reporting.treatments.read_treatments import DeviceLine, Equipment, OperatorLine, clinic_equipment

NEW = "new"
_TEXTS = {"manufacturer": "Manufacturer", "model": "Model", "serial": "Serial number", "handpiece": "Handpiece"}


def devices(found: Equipment) -> None:
    """Every device; those retired stand last."""
    st.dataframe(
        pd.DataFrame(
            {
                "Device": [one.code for one in found.devices],
                "Class": [one.class_name for one in found.devices],
                "Make and model": [f"{one.manufacturer} {one.model}".strip() for one in found.devices],
                "Serial number": [one.serial for one in found.devices],
                "Handpiece": [one.handpiece for one in found.devices],
                "Treatments": [one.treatments for one in found.devices],
                "State": ["in use" if one.is_active else "retired" for one in found.devices],
            }
        ),
        hide_index=True,
        key="devices_table",
        alt="Devices of the clinic",
    )


def operators(found: Equipment) -> None:
    """Every operator with the account that is theirs."""
    st.dataframe(
        pd.DataFrame(
            {
                "Operator": [one.code for one in found.operators],
                "Name": [one.name for one in found.operators],
                "Account": [one.staff_name or "none" for one in found.operators],
                "State": ["at work" if one.is_active else "retired" for one in found.operators],
            }
        ),
        hide_index=True,
        key="operators_table",
        alt="Operators of the clinic",
    )


def services(found: Equipment) -> None:
    """Service, newest first."""
    st.dataframe(
        pd.DataFrame(
            {
                "Day": [words.day(one.happened_on) for one in found.services],
                "Device": [one.device for one in found.services],
                "What": [one.kind for one in found.services],
                "Note": [one.note for one in found.services],
            }
        ),
        hide_index=True,
        key="services_table",
        alt="Service of devices",
    )


def service_fields(found: Equipment) -> None:
    """The fields of a service."""
    codes = {one.device_id: one.code for one in found.devices}
    st.selectbox("Device", list(codes), format_func=codes.__getitem__, key="service_device")
    st.date_input("Day", found.today, max_value=found.today, key="service_day", format="YYYY-MM-DD")
    st.selectbox("What", SERVICE_KINDS, key="service_kind")
    st.text_input("Note", key="service_note", max_chars=200)


def service_choice(found: Equipment) -> None:
    """Which service is meant."""
    known = {one.service_id: f"{words.day(one.happened_on)}, {one.device}, {one.kind}" for one in found.services}
    st.selectbox("Service", list(known), format_func=known.__getitem__, key="service_gone")


def which(label: str, codes: Mapping[int, str], key: str, add: str) -> int | None:
    """Draw the choice of one to change, or of adding one (None)."""
    options = [0, *codes]
    chosen = st.selectbox(label, options, key=key, format_func=lambda each: codes.get(each, add))
    return chosen or None


def stamp(kind: str, one: DeviceLine | OperatorLine | None) -> str:
    """Names the fields of a form, so that another one, or another version, fills them anew."""
    if one is None:
        return f"{kind}_{NEW}_{st.session_state.get(f'{kind}_added', 0)}"
    return f"{kind}_{hash(one)}"


def device_fields(found: Equipment, one: DeviceLine | None, key: str) -> None:
    """The fields of a device."""
    left, right = st.columns(2)
    with left:
        st.text_input(
            "Code (the clinic's own name)", one.code if one else "", key=f"code_{key}", max_chars=LONGEST_CODE
        )
        classes = list(found.classes)
        st.selectbox(
            "Class",
            classes,
            classes.index(one.device_class) if one and one.device_class in classes else 0,
            format_func=found.classes.__getitem__,
            key=f"class_{key}",
        )
        st.toggle("In use", one.is_active if one else True, key=f"active_{key}")
    with right:
        for name, label in _TEXTS.items():
            st.text_input(label, getattr(one, name) if one else "", key=f"{name}_{key}", max_chars=LONGEST)


def device_given(key: str) -> DeviceGiven:
    """What stands in the fields of a device."""
    state = st.session_state
    texts = {name: state[f"{name}_{key}"] for name in _TEXTS}
    return DeviceGiven(state[f"code_{key}"], state[f"class_{key}"], is_active=state[f"active_{key}"], **texts)


def operator_fields(found: Equipment, one: OperatorLine | None, key: str) -> None:
    """The fields of an operator."""
    st.text_input("Code", one.code if one else "", key=f"code_{key}", max_chars=LONGEST_CODE)
    st.text_input("Name", one.name if one else "", key=f"name_{key}", max_chars=LONGEST)
    accounts = [0, *found.accounts]
    mine = one.staff_id if one and one.staff_id in found.accounts else 0
    st.selectbox(
        "Account (who may see the own charts)",
        accounts,
        accounts.index(mine or 0),
        key=f"account_{key}",
        format_func=lambda each: found.accounts.get(each, "No account"),
    )
    st.toggle("At work", one.is_active if one else True, key=f"active_{key}")


def operator_given(key: str) -> OperatorGiven:
    """What stands in the fields of an operator."""
    state = st.session_state
    return OperatorGiven(
        state[f"code_{key}"],
        state[f"name_{key}"],
        is_active=state[f"active_{key}"],
        staff_id=state[f"account_{key}"] or None,
    )


PLACE = "equipment"


def _added(kind: str, is_new: bool) -> None:
    if is_new:
        st.session_state[f"{kind}_added"] = st.session_state.get(f"{kind}_added", 0) + 1


def _save_device(key: str, device_id: int | None) -> None:
    given = device_given(key)
    if attempt(PLACE, "The device is saved.", lambda by: save_device(by=by, given=given, device_id=device_id)):
        _added("device", device_id is None)


def _save_operator(key: str, operator_id: int | None) -> None:
    given = operator_given(key)
    if attempt(PLACE, "The operator is saved.", lambda by: save_operator(by=by, given=given, operator_id=operator_id)):
        _added("operator", operator_id is None)


def _form(kind: str, found: Equipment, lines: dict[int, Any]) -> None:
    """The one form of devices and operators: choose one, or add one."""
    fields, saved = {
        "device": (device_fields, _save_device),
        "operator": (operator_fields, _save_operator),
    }[kind]
    codes = {each: one.code for each, one in lines.items()}
    chosen = which(f"Change or add {kind}", codes, f"{kind}_chosen", f"Add {kind}")
    one = lines.get(chosen or 0)
    key = stamp(kind, one)
    with st.form(f"{kind}_form", enter_to_submit=False):
        fields(found, one, key)  # type: ignore[operator]
        st.form_submit_button(f"Save the {kind}", key=f"save_{kind}", on_click=saved, args=(key, chosen))


def _add_service() -> None:
    state = st.session_state
    given = {
        "device_id": state["service_device"],
        "happened_on": state["service_day"],
        "kind": state["service_kind"],
        "note": state["service_note"],
    }
    attempt(PLACE, "The service is written down.", lambda by: add_service(by=by, **given))


def _remove_service() -> None:
    service_id = st.session_state["service_gone"]
    attempt(PLACE, "It is off the list and the charts.", lambda by: remove_service(by=by, service_id=service_id))


def _service(found: Equipment) -> None:
    st.header("Service", anchor=False)
    st.markdown("Each one is a line in the charts over time: a change of rates after it may come from it.")
    if found.services:
        services(found)
    else:
        empty("No service written down.", "Calibration, repair or another handpiece can explain a change of rates.")
    if not found.may_change or not found.devices:
        return
    with st.form("service_form", clear_on_submit=True, enter_to_submit=False):
        service_fields(found)
        st.form_submit_button("Write it down", key="save_service", on_click=_add_service)
    if found.services:
        with st.expander("Take off a service that was written down by mistake"):
            service_choice(found)
            st.button("Take it off", key="remove_service", on_click=_remove_service)


@shows_problems
def page() -> None:
    st.title("Devices and operators")
    found = clinic_equipment(current_actor())
    show_notice(PLACE)
    st.header("Devices", anchor=False)
    if found.devices:
        devices(found)
    else:
        empty("No devices yet.", "Add one here, or import a list of devices.")
    if found.may_change:
        _form("device", found, {one.device_id: one for one in found.devices})
    st.header("Operators", anchor=False)
    if found.operators:
        operators(found)
    else:
        empty("No operators yet.", "Add those who treat. Treatments are recorded with their code.")
    if found.may_change:
        _form("operator", found, {one.operator_id: one for one in found.operators})
    _service(found)


if __name__ == "__main__":
    page()
