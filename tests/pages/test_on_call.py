"""The on-call list: who is told is set on its page, and what would reach nobody is said there."""

from datetime import datetime, time

import pytest

from reporting.clinic.read_on_call import on_call_page
from tests.cast import House, house
from tests.pages.staff import open_page, text


@pytest.fixture
def clinic(sqlite_database: str, stopped_clock: datetime) -> House:
    return house("A")


def test_somebody_is_added_and_taken_off(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    boss = clinic.staff["administrator"]
    page = open_page(monkeypatch, "clinic/page_on_call", boss)
    assert "Nobody is on the list." in text(page)
    page.text_input[0].set_value("Dr First")
    page.text_input[1].set_value("+44 7700 900101")
    page.time_input[0].set_value(time(18))
    page.button_group[0].set_value(["sun"])
    page.button[-1].click().run()
    assert not page.exception
    [row] = on_call_page(boss).rows
    assert (row.name, row.telephone, row.hours) == ("Dr First", "…101", "Sun 18:00–24:00")
    assert "Nobody on the list can be reached" in page.error[0].value
    page.button(key=f"on_call_remove_{row.entry_id}").click().run()
    assert on_call_page(boss).rows == ()


def test_what_cannot_be_used_is_said(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = open_page(monkeypatch, "clinic/page_on_call", clinic.staff["administrator"])
    page.text_input[0].set_value("Dr First")
    page.button[-1].click().run()
    assert "at least one of them" in page.error[0].value
