"""Devices, who works with them, and their service, which is drawn into the charts."""

from typing import Any

import streamlit as st

from reporting.actions.equipment import add_service, remove_service, save_device, save_operator
from reporting.queries.equipment import Equipment, clinic_equipment
from reporting.ui import equipment_parts as parts
from reporting.ui.identity import current_actor
from reporting.ui.states import attempt, empty, show_notice, shows_problems

PLACE = "equipment"


def _added(kind: str, is_new: bool) -> None:
    if is_new:
        st.session_state[f"{kind}_added"] = st.session_state.get(f"{kind}_added", 0) + 1


def _save_device(key: str, device_id: int | None) -> None:
    given = parts.device_given(key)
    if attempt(PLACE, "The device is saved.", lambda by: save_device(by=by, given=given, device_id=device_id)):
        _added("device", device_id is None)


def _save_operator(key: str, operator_id: int | None) -> None:
    given = parts.operator_given(key)
    if attempt(PLACE, "The operator is saved.", lambda by: save_operator(by=by, given=given, operator_id=operator_id)):
        _added("operator", operator_id is None)


def _form(kind: str, found: Equipment, lines: dict[int, Any]) -> None:
    """The one form of devices and operators: choose one, or add one."""
    fields, saved = {
        "device": (parts.device_fields, _save_device), "operator": (parts.operator_fields, _save_operator),
    }[kind]  # fmt: skip
    codes = {each: one.code for each, one in lines.items()}
    chosen = parts.which(f"Change or add {kind}", codes, f"{kind}_chosen", f"Add {kind}")
    one = lines.get(chosen or 0)
    key = parts.stamp(kind, one)
    with st.form(f"{kind}_form", enter_to_submit=False):
        fields(found, one, key)  # type: ignore[operator]
        st.form_submit_button(f"Save the {kind}", key=f"save_{kind}", on_click=saved, args=(key, chosen))


def _add_service() -> None:
    state = st.session_state
    given = {"device_id": state["service_device"], "happened_on": state["service_day"], "kind": state["service_kind"],
             "note": state["service_note"]}  # fmt: skip
    attempt(PLACE, "The service is written down.", lambda by: add_service(by=by, **given))


def _remove_service() -> None:
    service_id = st.session_state["service_gone"]
    attempt(PLACE, "It is off the list and the charts.", lambda by: remove_service(by=by, service_id=service_id))


def _service(found: Equipment) -> None:
    st.header("Service", anchor=False)
    st.markdown("Each one is a line in the charts over time: a change of rates after it may come from it.")
    if found.services:
        parts.services(found)
    else:
        empty("No service written down.", "Calibration, repair or another handpiece can explain a change of rates.")
    if not found.may_change or not found.devices:
        return
    with st.form("service_form", clear_on_submit=True, enter_to_submit=False):
        parts.service_fields(found)
        st.form_submit_button("Write it down", key="save_service", on_click=_add_service)
    if found.services:
        with st.expander("Take off a service that was written down by mistake"):
            parts.service_choice(found)
            st.button("Take it off", key="remove_service", on_click=_remove_service)


@shows_problems
def page() -> None:
    st.title("Devices and operators")
    found = clinic_equipment(current_actor())
    show_notice(PLACE)
    st.header("Devices", anchor=False)
    if found.devices:
        parts.devices(found)
    else:
        empty("No devices yet.", "Add one here, or import a list of devices.")
    if found.may_change:
        _form("device", found, {one.device_id: one for one in found.devices})
    st.header("Operators", anchor=False)
    if found.operators:
        parts.operators(found)
    else:
        empty("No operators yet.", "Add those who treat. Treatments are recorded with their code.")
    if found.may_change:
        _form("operator", found, {one.operator_id: one for one in found.operators})
    _service(found)


if __name__ == "__main__":
    page()
