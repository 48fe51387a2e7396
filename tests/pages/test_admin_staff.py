"""The staff page: administrators add, change and switch off colleagues; a refusal keeps what was typed."""

import pytest
from streamlit.testing.v1 import AppTest

from reporting.accounts.act_links import choose_password, look
from reporting.clinic.read_content import Colleague, colleagues
from reporting.domain.actors import Actor
from reporting.shell.act_sessions import sign_in
from tests.accounts import PASSWORD, trail
from tests.cast import House, house
from tests.pages.staff import open_page, text


def opened(monkeypatch: pytest.MonkeyPatch, actor: Actor | None) -> AppTest:
    return open_page(monkeypatch, "clinic/page_staff", actor)


def fill(page: AppTest, **values: str) -> None:
    for field, value in values.items():
        page.text_input(key=f"staff_{field}_0").set_value(value)


def one(clinic: House, role: str) -> Colleague:
    wanted = clinic.staff[role].id  # type: ignore[index]
    return next(found for found in colleagues(clinic.staff["administrator"]) if found.staff_id == wanted)


def test_every_colleague_stands_there_and_nobody_elses(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    house("B")
    words = text(opened(monkeypatch, clinic.staff["administrator"]))
    for role, actor in clinic.staff.items():
        assert actor.label in words
        assert f"{role}@a.example" in words
    assert "@b.example" not in words


def test_a_new_colleague_gets_a_link_that_is_shown_once(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = opened(monkeypatch, clinic.staff["administrator"])
    fill(page, name="Demo Colleague", email="new@a.example")
    page.button[-1].click().run()
    assert page.success[0].value == "Demo Colleague has an account now."
    assert "new@a.example" in text(page)
    assert [field.value for field in page.text_input] == ["", ""]
    link = page.code[0].value
    page.run()
    assert not page.code
    choose_password(link.rpartition("/")[2], PASSWORD, source="here")
    sign_in(email="new@a.example", password=PASSWORD, source="here")


def test_who_forgot_the_password_gets_a_link_too(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page, colleague = opened(monkeypatch, clinic.staff["administrator"]), one(clinic, "clinician")
    page.button(key=f"staff_password_{colleague.staff_id}").click().run()
    assert look(page.code[0].value.rpartition("/")[2]).email == colleague.email
    assert colleague.name in text(page)


def test_a_refused_one_keeps_what_was_typed(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = opened(monkeypatch, clinic.staff["administrator"])
    fill(page, name="Demo Colleague", email="clinician@a.example")
    page.button[-1].click().run()
    assert "no account uses yet" in page.error[0].value
    assert page.text_input(key="staff_name_0").value == "Demo Colleague"
    assert trail("staff.") == []


def test_another_role_takes_effect(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page, colleague = opened(monkeypatch, clinic.staff["administrator"]), one(clinic, "clinician")
    page.selectbox(key=f"staff_role_{colleague.staff_id}_clinician").set_value("safety_lead").run()
    assert "Safety lead" in page.success[0].value
    assert one(clinic, "clinician").role == "safety_lead"
    assert not page.exception


def test_off_and_on_again(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page, colleague = opened(monkeypatch, clinic.staff["administrator"]), one(clinic, "front_desk")
    page.button(key=f"staff_switch_{colleague.staff_id}").click().run()
    assert "Cannot sign in." in text(page)
    assert not one(clinic, "front_desk").is_active
    page.button(key=f"staff_switch_{colleague.staff_id}").click().run()
    assert "Cannot sign in." not in text(page)
    assert one(clinic, "front_desk").is_active


def test_the_last_administrator_stays(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page, me = opened(monkeypatch, clinic.staff["administrator"]), one(clinic, "administrator")
    page.button(key=f"staff_switch_{me.staff_id}").click().run()
    assert "without an administrator" in page.error[0].value
    page.selectbox(key=f"staff_role_{me.staff_id}_administrator").set_value("clinician").run()
    assert "without an administrator" in page.error[0].value
    assert (one(clinic, "administrator").role, one(clinic, "administrator").is_active) == ("administrator", True)


@pytest.mark.parametrize("role", ["safety_lead", "clinician", "front_desk", "patient", None])
def test_others_are_told_and_shown_nothing(monkeypatch: pytest.MonkeyPatch, clinic: House, role: str | None) -> None:
    actor = None if role is None else clinic.patient if role == "patient" else clinic.staff[role]  # type: ignore[index]
    page = opened(monkeypatch, actor)
    assert page.error
    assert "@a.example" not in text(page)
    assert not page.text_input
