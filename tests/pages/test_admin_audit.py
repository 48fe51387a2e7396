"""The audit trail, searched: the own clinic's rows alone, a page at a time, with before and after, and as a file."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import text as sql
from streamlit.testing.v1 import AppTest

from reporting import clock
from reporting.clinic.act_clinic import change_content
from reporting.clinic.read_audit_trail import PAGE, Search, check_chain, search_trail, trail_table
from reporting.errors import InvalidInput, NotAllowed
from reporting.records import audit
from reporting.records.engine import transaction
from reporting.shell.file_csv import table_csv
from tests.cast import House, house
from tests.conftest import NOW
from tests.pages.staff import open_page, text

DAY = NOW.date()
TODAY = Search(DAY, DAY)


def changed(clinic: House, row: str = "U1") -> None:
    change_content(
        by=clinic.staff["administrator"], table="triage_rules", row=row, cells={"is_on": "no"}, reason="trial"
    )


def noise(clinic: House, count: int, who: str = "safety_lead") -> None:
    with transaction() as session:
        for number in range(count):
            audit.write(session, clinic.staff[who], "case.acknowledged", "case", number)  # type: ignore[index]


def opened(monkeypatch: pytest.MonkeyPatch, clinic: House, role: str = "safety_lead", **at: str | int) -> AppTest:
    return open_page(monkeypatch, "clinic/page_audit", clinic.staff[role], **at)  # type: ignore[index]


def test_before_and_after_stand_beside_each_other(clinic: House) -> None:
    changed(clinic)
    [line] = search_trail(clinic.staff["safety_lead"], TODAY).lines
    assert (line.who, line.action, line.record_kind, line.record_id) == (
        clinic.staff["administrator"].label,
        "content.changed",
        "triage_rules",
        "U1",
    )
    assert line.changes == (("is_on", "yes", "no"),)
    assert "trial" not in line.more, "what somebody wrote stays with the change"


def test_another_clinics_rows_are_not_there(clinic: House) -> None:
    other = house("B")
    changed(other)
    noise(clinic, 1)
    assert [line.action for line in search_trail(clinic.staff["safety_lead"], TODAY).lines] == ["case.acknowledged"]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ({"who": "ADMIN"}, 1),
        ({"who": "nobody"}, 0),
        ({"who": "%"}, 0),
        ({"action": "content.changed"}, 1),
        ({"action": "case."}, 3),
        ({"action": "case"}, 0),
        ({"record_kind": "case"}, 3),
        ({"record_id": "2"}, 1),
        ({"record_kind": "case", "who": "safety"}, 3),
        ({}, 4),
    ],
)
def test_it_is_searched_by_who_action_and_record(clinic: House, search: dict[str, str], found: int) -> None:
    changed(clinic)
    noise(clinic, 3)
    assert len(search_trail(clinic.staff["safety_lead"], Search(DAY, DAY, **search)).lines) == found


def test_days_are_those_of_the_clinic(clinic: House) -> None:
    late = datetime(2026, 3, 10, 23, 30, tzinfo=NOW.tzinfo)  # already 11 March in Madrid
    with clock.fixed(late):
        noise(clinic, 1)
    by, next_day = clinic.staff["safety_lead"], DAY + timedelta(days=1)
    assert search_trail(by, TODAY).lines == ()
    assert len(search_trail(by, Search(next_day, next_day)).lines) == 1
    with pytest.raises(InvalidInput, match="days"):
        search_trail(by, Search(next_day, DAY))


def test_pages_are_cut_by_the_server(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    noise(clinic, PAGE + 2)
    page = opened(monkeypatch, clinic)
    assert len(page.dataframe[0].value) == PAGE
    assert page.button(key="newer").disabled
    page.button(key="older").click().run()
    assert len(page.dataframe[0].value) == 2
    assert page.query_params["page"] == "2"
    assert page.button(key="older").disabled
    page.selectbox(key="kind").set_value("case").run()
    assert "page" not in page.query_params
    assert len(page.dataframe[0].value) == PAGE


def test_nothing_found_says_what_to_do(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    assert "Nothing was done that fits this search." in text(opened(monkeypatch, clinic))


def test_names_stay_out_of_the_address(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    noise(clinic, 1)
    page = opened(monkeypatch, clinic, action="case: all")
    page.text_input(key="audit_who").set_value("Demo safety").run()
    page.text_input(key="audit_record").set_value("0").run()
    assert len(page.dataframe[0].value) == 1
    assert dict(page.query_params) == {"action": "case."}


def test_the_chain_is_checked_on_demand(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    noise(clinic, 3)
    page = opened(monkeypatch, clinic)
    page.button(key="audit_check").click().run()
    assert "The chain is whole: 3 rows" in page.success[0].value
    with transaction() as session:
        session.connection().execute(sql("UPDATE audit_event SET record_id = '9' WHERE sequence = 2"))
    page.button(key="audit_check").click().run()
    assert "broken at row 2" in page.error[0].value


def test_the_file_has_a_line_for_each_field(clinic: House) -> None:
    change_content(
        by=clinic.staff["administrator"],
        table="triage_rules",
        row="S1",
        reason="=cmd()",
        cells={"min_severity": "1", "advice": "contact_today", "case_level": "same_day"},
    )
    table = trail_table(clinic.staff["safety_lead"], TODAY)
    assert list(table["field"]) == ["advice", "case_level", "min_severity"]
    assert list(table["after"]) == ["contact_today", "same_day", "1"]
    assert b"content.changed" in table_csv(table)


def test_clinicians_do_not_read_it(clinic: House) -> None:
    for ask in (search_trail, trail_table):
        with pytest.raises(NotAllowed):
            ask(clinic.staff["clinician"], TODAY)
    with pytest.raises(NotAllowed):
        check_chain(clinic.staff["clinician"])
    assert date(2026, 3, 10) == DAY
