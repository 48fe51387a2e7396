"""*Your account*: one's own password, for every role."""

import pytest

from reporting.domain.actors import ROLES, Role
from reporting.shell.act_sessions import sign_in
from tests.accounts import PASSWORD, with_password
from tests.cast import House
from tests.pages.staff import open_page, text

NEW = "new violet otter sings"


@pytest.mark.parametrize("role", ROLES)
def test_everybody_changes_their_own_password(monkeypatch: pytest.MonkeyPatch, clinic: House, role: Role) -> None:
    email = with_password(clinic, role)
    page = open_page(monkeypatch, "accounts/page_account", clinic.staff[role])
    page.text_input(key="account_old_0").set_value("not the password")
    page.text_input(key="account_new_0").set_value(NEW)
    page.button[0].click().run()
    assert "present password is not right" in page.error[0].value
    page.text_input(key="account_old_0").set_value(PASSWORD)
    page.button[0].click().run()
    assert "Your password is changed." in page.success[0].value
    assert [field.value for field in page.text_input] == ["", ""]
    sign_in(email=email, password=NEW, source="here")


def test_a_patient_has_no_such_page(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = open_page(monkeypatch, "accounts/page_account", clinic.patient)
    assert page.error
    assert "Password" not in text(page)
