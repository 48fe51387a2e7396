"""The administrator works on requests to be forgotten: two steps to erase, a reason to refuse."""

import pytest
from streamlit.testing.v1 import AppTest

from reporting.domain.actors import Actor
from reporting.patient.act_check_ins import submit_check_in
from reporting.patient.act_erasure import request_erasure
from reporting.records.engine import reading
from reporting.records.tables import ErasureRequest, Patient
from tests.accounts import trail
from tests.answers import filled
from tests.cast import House, house
from tests.pages.staff import open_page, text


def opened(monkeypatch: pytest.MonkeyPatch, actor: Actor | None) -> AppTest:
    return open_page(monkeypatch, "patient/page_requests", actor)


def is_erased(clinic: House) -> bool:
    with reading() as session:
        return session.get_one(Patient, clinic.patient_id).erased_at is not None


def state(request_id: int) -> str:
    with reading() as session:
        return session.get_one(ErasureRequest, request_id).state


def test_without_requests_it_says_so(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    assert "No open requests." in text(opened(monkeypatch, clinic.staff["administrator"]))


def test_erasing_takes_two_steps_and_says_what_stays(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    key = request_erasure(by=clinic.patient)
    page = opened(monkeypatch, clinic.staff["administrator"])
    assert "P-0001" in text(page)
    page.button(key=f"request_choose_{key}").click().run()
    assert "Stays:" in page.warning[0].value
    assert not is_erased(clinic)
    page.button(key=f"request_back_{key}").click().run()
    assert not page.warning
    page.button(key=f"request_choose_{key}").click().run()
    page.button(key=f"request_erase_{key}").click().run()
    assert is_erased(clinic)
    assert "erased" in page.success[0].value
    assert "No open requests." in text(page)
    assert [row[:2] for row in trail("erasure.")][1] == ("erasure.done", clinic.staff["administrator"].label)


def test_refusing_needs_a_reason(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    key = request_erasure(by=clinic.patient)
    page = opened(monkeypatch, clinic.staff["administrator"])
    page.button(key=f"request_refuse_{key}").click().run()
    assert "Reason is missing" in page.error[0].value
    page.text_area(key=f"request_reason_{key}").set_value("The law asks us to keep it.")
    page.button(key=f"request_refuse_{key}").click().run()
    assert state(key) == "refused"
    assert "The law asks us to keep it." in text(page)


def test_an_open_case_is_told_and_stops_it(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    answers = filled(clinic.treatment_id, symptoms=["swelling"], severity_swelling="4")
    submit_check_in(by=clinic.patient, treatment_id=clinic.treatment_id, answers=answers, submission_key="k")
    key = request_erasure(by=clinic.patient)
    page = opened(monkeypatch, clinic.staff["administrator"])
    assert "open case" in page.info[0].value
    page.button(key=f"request_choose_{key}").click().run()
    page.button(key=f"request_erase_{key}").click().run()
    assert "open case" in page.error[0].value
    assert not is_erased(clinic)


def test_one_by_telephone_is_written_down(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = opened(monkeypatch, clinic.staff["administrator"])
    page.text_input(key="request_reference").set_value("nobody")
    page.button(key="request_record").click().run()
    assert "No patient has this reference." in page.error[0].value
    page.text_input(key="request_reference").set_value("P-0001")
    page.button(key="request_record").click().run()
    assert "P-0001" in text(page)


def test_another_clinics_requests_are_not_there(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    request_erasure(by=clinic.patient)
    assert "P-0001" not in text(opened(monkeypatch, house("B").staff["administrator"]))


@pytest.mark.parametrize("role", ["safety_lead", "clinician", "front_desk", "patient", None])
def test_others_are_told_and_shown_nothing(monkeypatch: pytest.MonkeyPatch, clinic: House, role: str | None) -> None:
    request_erasure(by=clinic.patient)
    actor = None if role is None else clinic.patient if role == "patient" else clinic.staff[role]  # type: ignore[index]
    page = opened(monkeypatch, actor)
    assert page.error
    assert "P-0001" not in text(page)
    assert not page.button
