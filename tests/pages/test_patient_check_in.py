"""The patient's check-in page, told as stories: one tap, a whole report, a lost phone, a full disk."""

import re
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import select
from streamlit.testing.v1 import AppTest

from reporting.errors import StorageFull
from reporting.storage.engine import reading
from reporting.storage.tables import CheckIn
from tests.cast import House, house

PAGE = Path(__file__).resolve().parents[2] / "reporting" / "pages" / "patient_check_in.py"


@pytest.fixture
def clinic(sqlite_database: str, stopped_clock: datetime) -> House:
    return house("A", areas=("cheeks", "neck"))


def opened(monkeypatch: pytest.MonkeyPatch, clinic: House) -> AppTest:
    monkeypatch.setattr("reporting.pages.patient_check_in.current_actor", lambda: clinic.patient, raising=False)
    monkeypatch.setattr("reporting.ui.identity.current_actor", lambda: clinic.patient)
    monkeypatch.setattr("streamlit.page_link", lambda *_, **__: None)
    page = AppTest.from_file(str(PAGE), default_timeout=30).run()
    assert not page.exception, page.exception
    return page


def tap(page: AppTest, words: str) -> AppTest:
    button = next(one for one in page.button if re.match(words, one.label))
    button.click().run()
    assert not page.exception, page.exception
    return page


def heading(page: AppTest) -> str:
    return page.header[0].value


def sent() -> list[CheckIn]:
    with reading() as session:
        return list(session.execute(select(CheckIn)).scalars())


def to_review(page: AppTest) -> AppTest:
    """A severe swelling that closes an eye, on the cheeks."""
    for words in ("Something", "Swelling", "Continue", "Severe"):
        tap(page, words)
    for _ in range(12):
        if any(one.label == "Send" for one in page.button):
            return page
        title = heading(page)
        if "closes" in title or "wait" in title:
            tap(page, "Yes")
        elif any(one.label.startswith("No") for one in page.button):
            tap(page, "No")
        else:
            tap(page, "Cheeks") if "Where" in title else None
            tap(page, "Continue")
    raise AssertionError(f"no review after {heading(page)}")


def test_no_problems_is_one_tap(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = opened(monkeypatch, clinic)
    assert "Day 3 after" in page.markdown[0].value
    tap(page, "No problems")
    assert len(sent()) == 1
    assert "Good to hear" in heading(page)


def test_a_red_flag_shows_the_telephone_and_survives_a_reload(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = tap(to_review(opened(monkeypatch, clinic)), "Send")
    assert heading(page) == "Call the clinic today."
    again = opened(monkeypatch, clinic)
    assert heading(again) == "Call the clinic today."
    [row] = sent()
    assert row.swelling == 3
    assert row.areas == {"swelling": [clinic.area_ids[0]]}


def test_a_lost_phone_goes_on_where_it_was(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = opened(monkeypatch, clinic)
    for words in ("Something", "Swelling", "Continue"):
        tap(page, words)
    question = heading(page)
    assert "swelling" in question.lower()
    assert heading(opened(monkeypatch, clinic)) == question


def test_back_and_change_keep_what_was_answered(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = to_review(opened(monkeypatch, clinic))
    tap(page, "Change")
    assert "What have you had" in heading(page)
    assert any(one.label.startswith("✓ Swelling") for one in page.button)
    tap(page, "Continue")
    assert any(one.label == "Send" for one in page.button)


def test_nothing_chosen_is_said(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = tap(tap(opened(monkeypatch, clinic), "Something"), "Continue")
    assert page.error[0].value == "Choose at least one."


def test_a_second_report_is_a_second_check_in(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = tap(tap(opened(monkeypatch, clinic), "No problems"), "Report something else")
    tap(page, "No problems")
    assert len(sent()) == 2


def test_a_full_disk_says_not_sent_and_keeps_the_answers(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = to_review(opened(monkeypatch, clinic))

    def full(**_: object) -> None:
        raise StorageFull()

    with monkeypatch.context() as broken:
        broken.setattr("reporting.actions.check_ins.submit_check_in", full)
        tap(page, "Send")
    assert "This was not sent." in page.error[0].value
    assert sent() == []
    tap(page, "Send")
    assert len(sent()) == 1


def test_ticks_survive_a_draft_that_cannot_be_kept(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = tap(tap(opened(monkeypatch, clinic), "Something"), "Bumps")

    def full(**_: object) -> None:
        raise StorageFull()

    with monkeypatch.context() as broken:
        broken.setattr("reporting.actions.drafts.save_draft", full)
        tap(page, "Continue")
    assert any(one.label.startswith("✓ Bumps") for one in page.button)
    tap(page, "Continue")
    assert "bumps" in heading(page).lower()
