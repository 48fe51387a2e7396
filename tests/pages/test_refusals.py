"""What a role does not allow leaves one row in the audit trail, however often it is tried."""

from datetime import datetime, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from reporting import clock
from reporting.domain.actors import Actor
from reporting.settings import ROOT
from reporting.shell import act_sessions
from tests.accounts import together, trail
from tests.cast import House
from tests.pages.staff import open_page


def refused() -> list[tuple[str, str, str]]:
    return trail("access.refused", "throttled")


def test_a_page_that_is_not_allowed_is_noted_once_a_window(
    monkeypatch: pytest.MonkeyPatch, clinic: House, stopped_clock: datetime
) -> None:
    by = clinic.staff["clinician"]
    for _ in range(5):
        assert "Your role does not allow this." in open_page(monkeypatch, "clinic/page_staff", by).error[0].value
    assert [row[:2] for row in refused()] == [("access.refused", by.label)]
    with clock.fixed(stopped_clock + timedelta(minutes=16)):
        open_page(monkeypatch, "clinic/page_staff", by)
    assert len(refused()) == 2


def test_each_person_is_noted(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    for role in ("clinician", "safety_lead", "front_desk"):
        open_page(monkeypatch, "clinic/page_clinic", clinic.staff[role])  # type: ignore[index]
    assert len(refused()) == 3


def test_what_is_allowed_and_nobody_leaves_nothing(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    open_page(monkeypatch, "clinic/page_clinic", clinic.staff["administrator"])
    open_page(monkeypatch, "clinic/page_clinic", None)
    assert refused() == []


def test_a_page_outside_the_menu_is_noted(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    by = clinic.staff["front_desk"]

    def who(_cookie: str | None, *, by_hand: bool = True) -> Actor:
        return by

    monkeypatch.setattr("reporting.shell.ui_identity.cookie_value", lambda: "a cookie")
    monkeypatch.setattr("reporting.shell.ui_identity.actor_of", who)
    monkeypatch.setattr("reporting.app.navigation.address_asked_for", lambda: "overview")
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=30).run()
    assert not page.exception
    assert refused() == [("access.refused", by.label, "overview")]


def test_ten_at_once_are_noted_once(clinic: House) -> None:
    by = clinic.staff["front_desk"]
    together(*[lambda: act_sessions.note("access.refused", "overview", by=by)] * 10)
    assert len(refused()) == 1


def test_every_source_is_noted_by_itself(clinic: House) -> None:
    for source in ("a", "b", "a"):
        act_sessions.note("throttled", "sign-in", source=source)
    assert refused() == [("throttled", "system", "sign-in")] * 2
