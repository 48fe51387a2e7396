"""Devices, operators and service: added, changed, retired, each with a trail, each at its own clinic."""

from datetime import date

import pytest
from sqlmodel import select
from streamlit.testing.v1 import AppTest

from reporting.errors import Conflict, InvalidInput, NotAllowed, NotFound
from reporting.records.engine import reading
from reporting.records.tables import AuditEvent, StaffAccount
from reporting.treatments.act_equipment import (
    DeviceGiven,
    OperatorGiven,
    add_service,
    remove_service,
    save_device,
    save_operator,
)
from reporting.treatments.read_treatments import clinic_equipment
from tests.accounts import trail
from tests.cast import House, house
from tests.pages.staff import open_page, text


def opened(monkeypatch: pytest.MonkeyPatch, clinic: House, role: str = "administrator") -> AppTest:
    return open_page(monkeypatch, "treatments/page_equipment", clinic.staff[role])  # type: ignore[index]


def press(page: AppTest, key: str) -> AppTest:
    page.button(key=key).click().run()
    assert not page.exception, page.exception
    return page


def fill(page: AppTest, label: str, value: str, place: int = 0) -> None:
    [one for one in page.text_input if one.label.startswith(label)][place].set_value(value)


def details(action: str) -> dict[str, object]:
    with reading() as session:
        return dict(session.exec(select(AuditEvent).where(AuditEvent.action == action)).one().details)


def test_a_device_is_added_renamed_and_retired(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = opened(monkeypatch, clinic)
    fill(page, "Code (", "IPL-9")
    page.selectbox[1].set_value("ipl")
    fill(page, "Serial number", "SYN-9")
    press(page, "save_device")
    assert page.success[0].value == "The device is saved."
    fill(page, "Code (", "D1")
    press(page, "save_device")
    assert "code that no other one of the clinic has" in page.error[0].value
    page.selectbox(key="device_chosen").set_value(clinic.device_id).run()
    fill(page, "Code (", "CO2-new")
    page.toggle[0].set_value(False)
    press(page, "save_device")
    found = {one.code: one for one in clinic_equipment(clinic.staff["safety_lead"]).devices}
    assert set(found) == {"IPL-9", "CO2-new"}
    assert (found["CO2-new"].is_active, found["CO2-new"].treatments) == (False, 1)
    assert details("device.changed") == {
        "before": {"code": "D1", "is_active": True},
        "after": {"code": "CO2-new", "is_active": False},
    }


def test_an_operator_gets_an_account_and_loses_it(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    staff = clinic.staff["clinician"].id
    page = opened(monkeypatch, clinic)
    page.selectbox(key="operator_chosen").set_value(clinic.operator_id).run()
    next(one for one in page.selectbox if one.label.startswith("Account")).set_value(staff)
    press(page, "save_operator")
    assert [one.staff_id for one in clinic_equipment(clinic.staff["administrator"]).operators] == [staff]
    assert details("operator.linked") == {"before": {"accounts": []}, "after": {"accounts": [staff]}}
    other = save_operator(by=clinic.staff["administrator"], given=OperatorGiven("O2"))
    with pytest.raises(Conflict, match="another operator already"):
        save_operator(by=clinic.staff["administrator"], given=OperatorGiven("O2", staff_id=staff), operator_id=other)
    save_operator(by=clinic.staff["administrator"], given=OperatorGiven("O1"), operator_id=clinic.operator_id)
    with reading() as session:
        assert session.get_one(StaffAccount, staff).operator_id is None


def test_service_is_written_down_and_taken_off(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = opened(monkeypatch, clinic)
    assert "No service written down." in text(page)
    page.date_input(key="service_day").set_value(date(2026, 2, 1))
    page.selectbox(key="service_kind").set_value("handpiece change")
    press(page, "save_service")
    [one] = clinic_equipment(clinic.staff["administrator"]).services
    assert (one.device, one.happened_on, one.kind) == ("D1", date(2026, 2, 1), "handpiece change")
    press(page, "remove_service")
    assert clinic_equipment(clinic.staff["administrator"]).services == ()
    assert [action for action, _, _ in trail("device.")] == ["device.serviced", "device.service_removed"]


def test_what_cannot_be_is_refused(clinic: House) -> None:
    by, other = clinic.staff["administrator"], house("B")
    with pytest.raises(Conflict, match="another class"):
        save_device(by=by, given=DeviceGiven("D1", "ipl"), device_id=clinic.device_id)
    with pytest.raises(InvalidInput, match="device class"):
        save_device(by=by, given=DeviceGiven("D3", "toaster"))
    with pytest.raises(InvalidInput, match="code"):
        save_device(by=by, given=DeviceGiven("  ", "ipl"))
    with pytest.raises(InvalidInput, match="serial"):
        save_device(by=by, given=DeviceGiven("D3", "ipl", serial="a\x00b"))
    with pytest.raises(InvalidInput, match="day"):
        add_service(by=by, device_id=clinic.device_id, happened_on=date(2026, 3, 11), kind="repair")
    with pytest.raises(InvalidInput, match="kind"):
        add_service(by=by, device_id=clinic.device_id, happened_on=date(2026, 3, 1), kind="dance")
    for try_it in (
        lambda: save_device(by=by, given=DeviceGiven("D1", "ipl"), device_id=other.device_id),
        lambda: save_operator(by=by, given=OperatorGiven("O1"), operator_id=other.operator_id),
        lambda: save_operator(by=by, given=OperatorGiven("O9", staff_id=other.staff["clinician"].id)),
        lambda: add_service(by=by, device_id=other.device_id, happened_on=date(2026, 3, 1), kind="repair"),
        lambda: remove_service(by=by, service_id=99),
    ):
        with pytest.raises(NotFound):
            try_it()
    with pytest.raises(NotAllowed):
        save_device(by=clinic.staff["safety_lead"], given=DeviceGiven("D3", "ipl"))
    assert trail("device.", "operator.") == []


def test_the_same_code_may_be_in_two_clinics(clinic: House) -> None:
    other = house("B")
    assert save_device(by=other.staff["administrator"], given=DeviceGiven("D9", "ipl")) != save_device(
        by=clinic.staff["administrator"], given=DeviceGiven("D9", "ipl")
    )


def test_the_safety_lead_reads(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = opened(monkeypatch, clinic, "safety_lead")
    assert len(page.dataframe) == 2
    assert not page.button
