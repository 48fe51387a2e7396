"""The monthly report over HTTP: for those who may read it, each time on record, made once for a while."""

from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader
from starlette.testclient import TestClient

from reporting import clock
from reporting.domain.actors import Role
from reporting.records.engine import transaction
from reporting.report import web_report
from reporting.shell import act_sessions
from tests.accounts import trail
from tests.cast import House
from tests.conftest import NOW

ADDRESS = "/safety-report/2026-03.pdf"


@pytest.fixture(autouse=True)
def _fresh(stopped_clock: datetime) -> None:
    web_report.forget()


def signed_in(client: TestClient, clinic: House, role: Role) -> None:
    with transaction() as session:
        cookie = act_sessions.begin(
            session, hours=1, kind="staff", clinic_id=clinic.clinic_id, staff_id=clinic.staff[role].id
        )
    client.cookies.set(act_sessions.cookie_name(), cookie.value)


def test_it_is_a_file_and_taking_it_is_on_record(client: TestClient, clinic: House) -> None:
    signed_in(client, clinic, "clinician")
    answer = client.get(ADDRESS)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert answer.headers["content-disposition"] == 'attachment; filename="safety-report-2026-03.pdf"'
    assert answer.headers["cache-control"] == "no-store"
    assert "Safety report, March 2026" in PdfReader(BytesIO(answer.content)).pages[0].extract_text()
    assert trail("report.taken") == [("report.taken", "Demo clinician A", "2026-03")]


def test_without_a_sign_in_there_is_none(client: TestClient, clinic: House) -> None:
    answer = client.get(ADDRESS)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    client.cookies.set(act_sessions.cookie_name(), "made-up")
    assert client.get(ADDRESS).status_code == 303
    assert trail("report.taken") == []


@pytest.mark.parametrize(
    ("role", "tail", "status"),
    [
        ("front_desk", "", 403),
        ("clinician", "?version=operators", 403),
        ("administrator", "?version=operators", 403),
        ("safety_lead", "?version=operators", 200),
        ("clinician", "?version=hand-on", 200),
    ],
)
def test_who_may_have_which_version(client: TestClient, clinic: House, role: Role, tail: str, status: int) -> None:
    signed_in(client, clinic, role)
    assert client.get(ADDRESS + tail).status_code == status
    assert len(trail("report.taken")) == (status == 200)


@pytest.mark.parametrize("month", ["2026-04", "2026-13", "x", "2026-03-01", "..%2f2026-03"])
def test_a_month_that_is_none_is_named(client: TestClient, clinic: House, month: str) -> None:
    signed_in(client, clinic, "clinician")
    answer = client.get(f"/safety-report/{month}.pdf")
    assert answer.status_code in (400, 404, 422)
    assert answer.headers.get("content-type", "text/").startswith("text/"), (
        "words, or nothing where there is no such address"
    )
    assert b"%PDF" not in answer.content


def test_it_is_made_once_for_a_few_minutes_but_for_each_reader(
    client: TestClient, clinic: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []

    def counted(*_given: Any, **_more: Any) -> bytes:
        made.append(1)
        return b"%%PDF-%d" % len(made)

    monkeypatch.setattr(web_report, "monthly_pdf", counted)
    signed_in(client, clinic, "clinician")
    first, second = client.get(ADDRESS).content, client.get(ADDRESS).content
    assert (len(made), first == second) == (1, True)
    signed_in(client, clinic, "safety_lead")
    client.get(ADDRESS)
    assert len(made) == 2
    with clock.fixed(NOW + web_report.KEPT_FOR + timedelta(seconds=1)):
        client.get(ADDRESS)
    assert len(made) == 3
    assert len(trail("report.taken")) == 4
