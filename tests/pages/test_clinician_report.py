"""The page of the monthly report: months, versions by role, the way to the file, and the schedule."""

import pytest
from streamlit.testing.v1 import AppTest

from reporting.domain.clinic_settings import ReportSchedule, from_plain
from reporting.records.engine import reading
from reporting.records.tables import Clinic
from tests.accounts import trail
from tests.cast import House
from tests.pages.staff import open_page, text


def opened(monkeypatch: pytest.MonkeyPatch, clinic: House, role: str, **address: str) -> AppTest:
    return open_page(monkeypatch, "report/page_report", clinic.staff[role], **address)  # type: ignore[index]


def links(page: AppTest) -> str:
    return " ".join(str(one.proto.body) for one in page.get("html"))


def test_the_month_that_is_just_over_comes_first(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = opened(monkeypatch, clinic, "clinician")
    assert page.selectbox(key="month").options == ["February 2026", "March 2026 (not over yet)"]
    assert 'href="/safety-report/2026-02.pdf"' in links(page)
    page.selectbox(key="month").set_value("2026-03").run()
    assert 'href="/safety-report/2026-03.pdf"' in links(page)


def test_a_message_leads_to_its_month(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = opened(monkeypatch, clinic, "clinician", month="2026-03")
    assert 'href="/safety-report/2026-03.pdf"' in links(page)


def test_the_version_with_operators_is_offered_to_the_safety_lead(
    monkeypatch: pytest.MonkeyPatch, clinic: House
) -> None:
    assert len(opened(monkeypatch, clinic, "clinician").radio(key="version").options) == 2
    page = opened(monkeypatch, clinic, "safety_lead")
    page.radio(key="version").set_value("operators").run()
    assert "2026-02.pdf?version=operators" in links(page)


def test_a_schedule_is_saved_and_its_mistakes_are_told(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = opened(monkeypatch, clinic, "administrator")
    who = [clinic.staff[role].id or 0 for role in ("clinician", "safety_lead")]
    page.number_input(key="report_day").set_value(5)
    page.button[0].click().run()
    assert "recipients" in text(page)
    page.number_input(key="report_day").set_value(5)
    page.multiselect(key="report_recipients").set_value(who)
    page.button[0].click().run()
    assert "The schedule is saved." in text(page)
    with reading() as session:
        kept = session.get_one(Clinic, clinic.clinic_id).report_schedule
    assert from_plain(kept) == ReportSchedule(5, tuple(sorted(who)))
    assert len(trail("report.scheduled")) == 1
    assert [label for label in page.multiselect(key="report_recipients").options if "front" in label] == []


def test_a_clinician_has_no_schedule_to_change(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = opened(monkeypatch, clinic, "clinician")
    assert not page.button
    assert "can have a link sent each month" in text(page)


def test_the_front_desk_is_refused(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    assert opened(monkeypatch, clinic, "front_desk").error
