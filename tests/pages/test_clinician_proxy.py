"""Staff take a check-in by telephone or at the desk: the same questions, kept apart from the patient's own."""

import re

import pytest
from sqlmodel import select
from streamlit.testing.v1 import AppTest

from reporting.domain.actors import ROLES, Actor, Role
from reporting.domain.content import content
from reporting.patient.act_check_ins import save_draft
from reporting.records.engine import reading
from reporting.records.tables import CheckIn, Consent, Draft
from reporting.shell.act_consent import disagree
from tests.cast import House, house
from tests.pages.staff import open_page, text


def opened(monkeypatch: pytest.MonkeyPatch, actor: Actor | None, **address: int) -> AppTest:
    return open_page(monkeypatch, "patient/page_proxy", actor, **address)


def at_work(monkeypatch: pytest.MonkeyPatch, clinic: House, role: Role = "front_desk") -> AppTest:
    return opened(monkeypatch, clinic.staff[role], treatment=clinic.treatment_id)


def tap(page: AppTest, *words: str) -> AppTest:
    for wanted in words:
        next(one for one in page.button if re.match(wanted, one.label)).click().run()
        assert not page.exception, page.exception
    return page


def sent() -> list[CheckIn]:
    with reading() as session:
        return list(session.exec(select(CheckIn)).all())


@pytest.mark.parametrize("role", ROLES)
def test_no_problems_by_telephone(monkeypatch: pytest.MonkeyPatch, clinic: House, role: Role) -> None:
    page = tap(at_work(monkeypatch, clinic, role), "No problems")
    [row] = sent()
    assert (row.source, row.answered_by, row.entered_by) == ("proxy", "telephone", clinic.staff[role].id)
    assert f"under the number {row.id}" in page.success[0].value
    assert "Good to hear" in page.header[0].value


def test_a_whole_report_at_the_desk(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = at_work(monkeypatch, clinic)
    page.radio(key="proxy_how").set_value("desk").run()
    tap(page, "Swelling", "Continue", "Severe", "None of these", "It can wait")
    page.text_area(key="note").set_value("asked at the desk").run()
    tap(page, "Send")
    [row] = sent()
    assert (row.answered_by, row.swelling, bool(row.note_encrypted)) == ("desk", 3, True)


def test_what_is_agreed_to_is_read_out_once(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = at_work(monkeypatch, clinic)
    assert content().consents["check_ins"].agree in page.info[0].value
    tap(page, "No problems", "Take another check-in")
    assert not any("Read this out" in one.value for one in page.info)
    with reading() as session:
        assert session.exec(select(Consent)).one().source == "staff"


def test_the_patients_own_draft_stays(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    mine = {"symptoms": ["bumps"]}
    save_draft(by=clinic.patient, treatment_id=clinic.treatment_id, answers=mine, submission_key="mine")
    page = tap(at_work(monkeypatch, clinic), "Swelling", "Continue")
    assert "swelling" in page.header[0].value.lower()
    with reading() as session:
        drafts = {draft.kind: draft.answers for draft in session.exec(select(Draft)).all()}
    assert drafts["check_in"] == mine
    assert drafts["proxy"]["symptoms"] == ["swelling"]


def test_the_patient_is_found_by_reference(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = opened(monkeypatch, clinic.staff["front_desk"])
    assert "Who is it?" in text(page)
    page.text_input(key="proxy_search").set_value("nobody").run()
    assert "No patient has such a reference." in text(page)
    page.text_input(key="proxy_search").set_value("0001").run()
    tap(page, "No problems")
    assert len(sent()) == 1


def test_after_the_patient_stopped_nothing_is_asked(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    disagree(by=clinic.patient, kind="check_ins")
    page = at_work(monkeypatch, clinic)
    assert "asked us to stop" in text(page)
    assert not page.button


def test_another_clinics_patient_is_not_there(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    other = house("B")
    for address in ({"treatment": other.treatment_id}, {"patient": other.patient_id}, {"treatment": 999}):
        page = opened(monkeypatch, clinic.staff["front_desk"], **address)
        assert page.error
        assert not page.button


@pytest.mark.parametrize("who", ["patient", None])
def test_patients_and_strangers_cannot(monkeypatch: pytest.MonkeyPatch, clinic: House, who: str | None) -> None:
    page = opened(monkeypatch, clinic.patient if who else None, patient=clinic.patient_id)
    assert page.error
    assert not page.button
