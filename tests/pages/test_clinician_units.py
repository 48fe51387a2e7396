"""The page on operators and devices: charts with words, own chart only for clinicians, nothing to compare."""

from datetime import datetime

import pytest
from sqlmodel import select
from streamlit.testing.v1 import AppTest

from reporting.demo import fill
from reporting.domain.actors import Actor
from reporting.records.engine import reading
from reporting.records.tables import StaffAccount
from tests.cast import house
from tests.pages.staff import open_page, text


@pytest.fixture(scope="module")
def clinic(module_database: str) -> fill.House:
    return fill.fill(treatments=700, seed=4)


def opened(monkeypatch: pytest.MonkeyPatch, role: str, **address: str) -> AppTest:
    with reading() as session:
        account = session.exec(select(StaffAccount).where(StaffAccount.role == role)).one()
    actor = Actor(kind="staff", id=account.id, clinic_id=account.clinic_id, role=role, label=role)  # type: ignore[arg-type]
    return open_page(monkeypatch, "signals/page_peers", actor, period="All treatments", **address)


def test_devices_are_compared_and_one_is_followed(monkeypatch: pytest.MonkeyPatch, clinic: fill.House) -> None:
    page = opened(monkeypatch, "safety_lead")
    words = text(page)
    assert "case mix taken into account" in words
    assert "never ranked" in words
    assert page.selectbox(key="unit_device").value in ("DEMO/CO2-1", "DEMO/CO2-2"), "the first by name has 0.5 expected"
    page.selectbox(key="unit_device").set_value("DEMO/CO2-2").run()
    assert not page.exception
    assert "DEMO/CO2-2, hyperpigmentation" in text(page)
    assert "Handpiece change" in text(page)


def test_the_safety_lead_compares_operators(monkeypatch: pytest.MonkeyPatch, clinic: fill.House) -> None:
    page = opened(monkeypatch, "safety_lead", kind="Operators")
    assert len(page.selectbox(key="unit_operator").options) == 3


def test_a_clinician_sees_the_own_chart_only(monkeypatch: pytest.MonkeyPatch, clinic: fill.House) -> None:
    page = opened(monkeypatch, "clinician", kind="Operators")
    assert "Operators are compared by the safety lead only." in text(page)
    assert page.selectbox(key="unit_operator").options == ["DEMO/O1"]


def test_an_administrator_who_treats_nobody_is_told_why(monkeypatch: pytest.MonkeyPatch, clinic: fill.House) -> None:
    assert "No treatments of your own here." in text(opened(monkeypatch, "administrator", kind="Operators"))


def test_too_few_events_are_said(
    monkeypatch: pytest.MonkeyPatch, sqlite_database: str, stopped_clock: datetime
) -> None:
    page = open_page(monkeypatch, "signals/page_peers", house("A").staff["safety_lead"])
    assert "Nothing to compare yet." in text(page)


def test_the_front_desk_is_refused(
    monkeypatch: pytest.MonkeyPatch, sqlite_database: str, stopped_clock: datetime
) -> None:
    assert open_page(monkeypatch, "signals/page_peers", house("A").staff["front_desk"]).error
