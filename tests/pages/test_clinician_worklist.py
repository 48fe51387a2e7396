"""The worklist page: what stands there, what one tap does, and what happens when somebody was faster."""

import pytest
from sqlalchemy import select, update
from streamlit.testing.v1 import AppTest

from reporting.cases import act_cases, read_worklist
from reporting.clinic.act_on_call import add_on_call
from reporting.domain.actors import Actor
from reporting.records.engine import transaction
from reporting.records.tables import CheckIn, OutboxMessage, Patient
from reporting.security.encryption import encrypt
from tests.accounts import trail
from tests.cast import House, house
from tests.pages.staff import open_page, text
from tests.reports import eyes_closing, send


def opened(monkeypatch: pytest.MonkeyPatch, actor: Actor | None) -> AppTest:
    return open_page(monkeypatch, "cases/page_worklist", actor)


def test_a_case_says_who_what_why_and_how_soon(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    eyes_closing(clinic)
    words = text(opened(monkeypatch, clinic.staff["clinician"]))
    for expected in (
        "P-0001",
        "reported on day 3",
        "Swelling: severe",
        "Same day",
        "To be taken: due in 2 h",
        "To be contacted: due in 4 h",
        "Nobody has taken it yet",
        "1 open, 1 not yet acknowledged, 0 overdue",
        "10 Mar 2026, 10:30",
    ):
        assert expected in words


def test_one_tap_acknowledges(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    case_id, by = eyes_closing(clinic), clinic.staff["clinician"]
    page = opened(monkeypatch, by)
    page.button(key=f"acknowledge_{case_id}").click().run()
    assert read_worklist.case(by, case_id).owner == by.label
    assert "You have acknowledged" in page.success[0].value
    assert f"Owner: {by.label}" in text(page)
    assert "To be taken" not in text(page)
    assert "To be contacted: due in 4 h" in text(page), "only the first clock has stopped"
    send(clinic, "again", symptoms=["infection"], severity_infection="2", infection_fever="yes")
    assert "New report, to be taken: due in" in text(page.run())


def test_the_second_of_two_sees_who_was_first(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    case_id = eyes_closing(clinic)
    page = opened(monkeypatch, clinic.staff["clinician"])
    act_cases.acknowledge(by=clinic.staff["safety_lead"], case_id=case_id, version=1)
    page.button(key=f"acknowledge_{case_id}").click().run()
    assert clinic.staff["safety_lead"].label in page.error[0].value
    assert read_worklist.case(clinic.staff["clinician"], case_id).owner == clinic.staff["safety_lead"].label


def test_a_case_is_worked_to_its_end_in_the_window(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    case_id, by = eyes_closing(clinic), clinic.staff["clinician"]
    page = opened(monkeypatch, by)
    page.button(key=f"open_{case_id}").click().run()
    page.button(key=f"take_{case_id}").click().run()
    page.text_area(key=f"note_{case_id}").set_value("Comes at noon.").run()
    page.button_group(key=f"action_{case_id}").set_value("visit").run()
    page.button(key=f"contact_{case_id}").click().run()
    assert read_worklist.case(by, case_id).action_taken == "visit"
    page.button_group(key=f"confirmation_{case_id}").set_value("confirmed").run()
    page.button(key=f"record_outcome_{case_id}").click().run()
    assert "Grade is missing" in page.error[0].value
    page.selectbox(key=f"term_{case_id}").select_index(0).run()
    page.button_group(key=f"grade_{case_id}").set_value(2).run()
    page.button(key=f"record_outcome_{case_id}").click().run()
    page.button(key=f"close_{case_id}").click().run()
    case = read_worklist.case(by, case_id)
    assert (case.state, case.confirmation, case.complication_grade) == ("closed", "confirmed", 2)
    assert "Contacted (Visit at the clinic)" in text(page)
    assert "Comes at noon." in text(page)
    assert not page.exception


def test_what_was_typed_survives_a_refused_step(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    case_id, by = eyes_closing(clinic), clinic.staff["clinician"]
    version = act_cases.acknowledge(by=by, case_id=case_id, version=1)
    page = opened(monkeypatch, by)
    page.button(key=f"open_{case_id}").click().run()
    page.text_area(key=f"note_{case_id}").set_value("A long note.").run()
    page.button_group(key=f"action_{case_id}").set_value("call").run()
    act_cases.take_over(by=clinic.staff["safety_lead"], case_id=case_id, version=version)
    page.button(key=f"contact_{case_id}").click().run()
    assert clinic.staff["safety_lead"].label in page.error[0].value
    assert page.text_area(key=f"note_{case_id}").value == "A long note."
    page.button(key=f"contact_{case_id}").click().run()
    assert read_worklist.case(by, case_id).state == "contacted"


def test_closed_cases_are_shown_on_demand(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = opened(monkeypatch, clinic.staff["clinician"])
    page.segmented_control(key="show").set_value("Closed").run()
    assert "No closed cases yet." in text(page)


def test_nothing_to_do_is_said_calmly(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    assert "No open cases." in text(opened(monkeypatch, clinic.staff["clinician"]))


@pytest.mark.parametrize("role", ["front_desk", "patient", None])
def test_others_are_told_and_shown_nothing(monkeypatch: pytest.MonkeyPatch, clinic: House, role: str | None) -> None:
    eyes_closing(clinic)
    actor = {"front_desk": clinic.staff["front_desk"], "patient": clinic.patient, None: None}[role]
    page = opened(monkeypatch, actor)
    assert page.error
    assert "P-0001" not in text(page)


def test_another_clinic_sees_none_of_it(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    eyes_closing(clinic)
    assert "No open cases." in text(opened(monkeypatch, house("B").staff["administrator"]))


def test_silence_and_the_alert_budget_are_views_of_their_own(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = open_page(monkeypatch, "cases/page_worklist", clinic.staff["clinician"])
    page.segmented_control(key="show").set_value("Due and silent").run()
    assert not page.exception
    assert "silent" in text(page)
    page.segmented_control(key="show").set_value("Alert budget").run()
    assert not page.exception
    assert [one.label for one in page.metric][:2] == ["Alerts per 100 check-ins", "Acted on"]
    assert "R1" in set(page.dataframe[0].value["Rule"])


def test_the_window_has_all_that_is_needed_to_call(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    case_id, by = eyes_closing(clinic), clinic.staff["clinician"]
    with transaction() as session:
        session.get_one(Patient, clinic.patient_id).phone_encrypted = encrypt("+447700900123")
        report = session.execute(select(CheckIn)).scalar_one()
        report.note_encrypted = encrypt("It began after lunch.")
    page = opened(monkeypatch, by)
    page.button(key=f"open_{case_id}").click().run()
    shown = text(page)
    assert "It began after lunch." in shown
    assert "All answers (1)" in [part.label for part in page.expander]
    assert "skin type" in shown
    assert "+447700900123" not in shown, "nobody sees a number without a press"
    assert trail("patient.contact_shown") == []
    page.button(key=f"show_contact_{case_id}").click().run()
    assert "+447700900123" in text(page)
    assert [action for action, _, _ in trail("patient.contact_shown")] == ["patient.contact_shown"]
    assert not page.exception


def test_the_row_says_who_on_call_was_told_and_whether_it_reached_them(
    monkeypatch: pytest.MonkeyPatch, clinic: House
) -> None:
    add_on_call(by=clinic.staff["administrator"], name="Dr First", telephone="+447700900101")
    eyes_closing(clinic)
    assert "Told on call: Dr First (text message waiting)" in text(opened(monkeypatch, clinic.staff["clinician"]))
    with transaction() as session:
        session.execute(update(OutboxMessage).values(status="dead"))
    shown = text(opened(monkeypatch, clinic.staff["clinician"]))
    assert "Dr First (text message not delivered)" in shown
    assert "Nobody on call was reached" in shown
