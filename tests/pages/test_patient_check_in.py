"""The patient's check-in page, told as stories: one tap, a whole report, a lost phone, a full disk."""

import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, select
from streamlit.testing.v1 import AppTest

from reporting import clock
from reporting.domain.actors import Actor
from reporting.errors import SignInNeeded, StorageFull
from reporting.patient.act_check_ins import save_draft, submit_check_in
from reporting.records.engine import engine, reading
from reporting.records.tables import CheckIn, Draft
from tests.answers import NO_PROBLEMS
from tests.cast import House, house

PAGE = Path(__file__).resolve().parents[2] / "reporting" / "patient/page_check_in.py"


@pytest.fixture
def clinic(sqlite_database: str, stopped_clock: datetime) -> House:
    return house("A", areas=("cheeks", "neck"))


def opened(monkeypatch: pytest.MonkeyPatch, clinic: House | None) -> AppTest:
    """The page in a browser of its own, as the clinic's patient; None: nobody is signed in."""

    def who(_cookie: str | None, *, by_hand: bool = True) -> Actor:
        if clinic is None:
            raise SignInNeeded()
        return clinic.patient

    monkeypatch.setattr("reporting.shell.ui_identity.cookie_value", lambda: "a cookie")
    monkeypatch.setattr("reporting.shell.ui_identity.actor_of", who)
    monkeypatch.setattr("streamlit.page_link", lambda *_, **__: None)
    page = AppTest.from_file(str(PAGE), default_timeout=30).run()
    assert not page.exception, page.exception
    return page


def tap(page: AppTest, *words: str) -> AppTest:
    for wanted in words:
        button = next(one for one in page.button if re.match(wanted, one.label))
        button.click().run()
        assert not page.exception, page.exception
    return page


def heading(page: AppTest) -> str:
    return page.header[0].value


def labels(page: AppTest) -> list[str]:
    return [one.label for one in page.button]


def sent() -> list[CheckIn]:
    with reading() as session:
        rows = session.execute(select(CheckIn).order_by(CheckIn.id)).scalars()
        return [row for row in rows if row.answered_at is not None]


def kept() -> dict:
    with reading() as session:
        draft = session.execute(select(Draft)).scalar_one_or_none()
        return dict(draft.answers) if draft else {}


def to_review(page: AppTest) -> AppTest:
    """A severe swelling that closes an eye, on the cheeks: ten taps with Send."""
    tap(page, "Swelling", "An eye is swollen", "Continue", "Go on", "Severe", "None of these", "Cheeks", "Continue")
    tap(page, "It can wait. I am")
    assert heading(page) == "Check your answers"
    return page


def test_no_problems_is_one_tap(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = opened(monkeypatch, clinic)
    assert "Day 3 after" in page.markdown[0].value
    assert labels(page)[0] == "No problems today  \nI have none of the things on this page."
    tap(page, "No problems")
    assert len(sent()) == 1
    assert "Good to hear" in heading(page)


def test_a_red_flag_shows_the_telephone_and_survives_a_reload(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = tap(to_review(opened(monkeypatch, clinic)), "Send")
    assert heading(page) == "Call the clinic today."
    assert heading(opened(monkeypatch, clinic)) == "Call the clinic today."
    [row] = sent()
    assert row.swelling == 3
    assert row.areas == {"swelling": [clinic.area_ids[0]]}
    assert row.now_swelling == 3
    assert row.follow_up.pop("swelling_eyes") == "yes"
    assert set(row.follow_up.values()) == {"no"}
    assert "swelling_breathing" not in row.follow_up, "of the first page only what was ticked is kept"
    assert (row.can_wait, row.worried, row.language) == (True, False, "en")


def test_an_emergency_interrupts_once_with_the_clinics_number(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = tap(opened(monkeypatch, clinic), "Swelling", "It is hard to breathe", "Continue")
    assert heading(page) == "Call 112 now, or go to an emergency department."
    assert labels(page) == ["Finish here", "Go on with the other questions"]
    assert "We have also told the clinic." in " ".join(one.value for one in page.markdown)
    assert sent() == []
    assert heading(opened(monkeypatch, clinic)) == heading(page), "a reload does not lose the card"
    tap(page, "Go on")
    assert heading(page) == "How bad was the swelling at its worst?"
    tap(page, "Mild", "None of these", "All of them", "Send")
    assert heading(page) == "Call 112 now, or go to an emergency department."
    words = " ".join(one.value for one in page.markdown)
    assert "911" not in words
    assert [row.advice for row in sent()] == ["emergency"]
    assert sent()[0].areas == {}


def test_finish_here_sends_what_was_answered(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = tap(opened(monkeypatch, clinic), "Swelling", "An eye is swollen", "Continue")
    assert heading(page) == "Call the clinic today."
    tap(page, "Finish here")
    assert heading(page) == "Call the clinic today."
    assert [(row.swelling, row.follow_up, row.source) for row in sent()] == [
        (None, {"swelling_eyes": "yes"}, "patient")
    ]


def test_a_lost_phone_goes_on_where_it_was(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = opened(monkeypatch, clinic)
    for words in ("Swelling", "Continue", "Severe", "None of these", "Cheeks", "Continue", "It can wait. But"):
        tap(page, words)
        again = opened(monkeypatch, clinic)
        assert heading(again) == heading(page)
    tap(again, "Send")
    assert [(row.swelling, row.worried) for row in sent()] == [(3, True)]


def test_back_and_change_keep_what_was_answered(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = to_review(opened(monkeypatch, clinic))
    tap(page, "Back")
    assert "wait" in heading(page)
    assert any(one.startswith("✓ It can wait. I am") for one in labels(page))
    tap(page, "Back", "Back")
    assert "✓ None of these" in labels(page)
    tap(page, "✓ None of these")
    assert heading(page) == "Check your answers"
    tap(page, "Change: Have you had any")
    assert any(one.startswith("✓ Swelling") for one in labels(page))
    assert any(one.startswith("✓ An eye is swollen") for one in labels(page))
    tap(page, "Continue")
    assert heading(page) == "Check your answers"


def test_each_change_button_has_its_own_name(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = tap(opened(monkeypatch, clinic), "Swelling", "Burning", "Continue", "Mild", "None of these", "All of them")
    tap(page, "Severe", "None of these", "All of them", "It can wait. I am")
    names = [one for one in labels(page) if one.startswith("Change: ")]
    assert len(names) == len({name.split("  \n")[0] for name in names}) == 8


def test_a_list_that_grew_is_asked_again(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = tap(opened(monkeypatch, clinic), "Bumps", "Continue", "Mild")
    assert not any(one.startswith("A raw or open spot") for one in labels(page))
    tap(page, "None of these", "Back", "Back", "Severe", "Go on")
    assert "With the bumps" in heading(page)
    assert any(one.startswith("A raw or open spot") for one in labels(page))
    assert not any(one.startswith("✓") for one in labels(page))


def test_now_and_the_worst_are_kept_apart(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = tap(opened(monkeypatch, clinic), "Swelling", "Continue")
    assert page.radio[0].value == "", "at first no worse than it is now"
    page.radio[0].set_value("3").run()
    tap(page, "Mild")
    assert kept()["severity_swelling"] == "1/3"
    tap(page, "None of these", "All of them", "It can wait. I am")
    assert any("Now: Mild. At its worst: Severe." in one for one in labels(page))


def test_nothing_chosen_is_said(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = tap(opened(monkeypatch, clinic), "Continue")
    assert page.error[0].value == "Choose at least one."
    tap(page, "Swelling")
    assert not page.error


def test_a_second_report_is_a_second_check_in(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = tap(opened(monkeypatch, clinic), "No problems", "Report something else", "No problems")
    assert len(sent()) == 2
    assert "Good to hear" in heading(page)


def test_two_tabs_that_both_say_no_problems_are_one_check_in(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    one, other = opened(monkeypatch, clinic), opened(monkeypatch, clinic)
    tap(one, "No problems")
    tap(other, "No problems")
    assert len(sent()) == 1
    assert "Good to hear" in heading(other)
    tap(other, "Report something else", "No problems")
    assert len(sent()) == 2


def test_two_tabs_share_their_answers(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    one, other = opened(monkeypatch, clinic), opened(monkeypatch, clinic)
    tap(other, "Bumps")
    tap(one, "Swelling", "Continue", "Severe")
    tap(other, "Continue")
    assert kept() == {"symptoms": ["bumps"], "severity_swelling": "3/3"}
    tap(one, "None of these")
    assert page_error(one) == "Your answers have changed since this page was opened. Please look at this question."
    assert "bumps" in heading(one).lower()


def page_error(page: AppTest) -> str:
    return page.error[0].value if page.error else ""


def test_a_note_goes_with_the_report_and_a_bad_one_is_told_plainly(
    monkeypatch: pytest.MonkeyPatch, clinic: House
) -> None:
    page = to_review(opened(monkeypatch, clinic))
    page.text_area[0].set_value("It st\x07ings").run()
    assert page_error(page) == "Your note has signs that we cannot keep. Take them out and try again."
    tap(page, "Send")
    assert page_error(page).startswith("This was not sent. Your note has signs")
    page.text_area[0].set_value("It stings 🔥").run()
    assert kept()["note"] == "It stings 🔥"
    assert heading(opened(monkeypatch, clinic)) == "Check your answers"
    page.text_area[0].set_value("It stings 🔥 a lot")
    tap(page, "Send")
    assert sent()[0].note_encrypted


def test_a_full_disk_says_not_sent_and_keeps_the_answers(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = to_review(opened(monkeypatch, clinic))

    def full(**_: object) -> None:
        raise StorageFull()

    with monkeypatch.context() as broken:
        broken.setattr("reporting.patient.act_check_ins.transaction", full)
        tap(page, "Send")
    assert page_error(page).startswith("This was not sent. We could not keep this.")
    assert sent() == []
    tap(page, "Send")
    assert len(sent()) == 1


def test_ticks_survive_a_draft_that_cannot_be_kept(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = tap(opened(monkeypatch, clinic), "Bumps")

    def full(**_: object) -> None:
        raise StorageFull()

    with monkeypatch.context() as broken:
        broken.setattr("reporting.patient.act_check_ins.transaction", full)
        tap(page, "Continue")
    assert page_error(page)
    assert any(one.startswith("✓ Bumps") for one in labels(page))
    tap(page, "Continue")
    assert "bumps" in heading(page).lower()


def test_the_next_question_is_brought_into_view(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    def scripts(page: AppTest) -> list[str]:
        return [one.proto.body for one in page.get("html") if "/to-top.js" in one.proto.body]

    page = opened(monkeypatch, clinic)
    assert scripts(page) == [], "the first page is where it should be"
    seen = [scripts(tap(page, words)) for words in ("Swelling", "Continue", "Severe")]
    assert seen[0] == [], "a tick moves nothing"
    assert seen[1] != seen[2], "each page is a script of its own, or the browser would run it once"
    assert all(len(found) == 1 for found in seen[1:])


def test_nobody_signed_in_is_told_how_to_come_back(monkeypatch: pytest.MonkeyPatch, sqlite_database: str) -> None:
    page = opened(monkeypatch, None)
    assert page.title[0].value == "Open your check-in"
    assert not page.error
    assert "/code" in str([element.proto for element in page.get("html")])


def test_a_session_that_ended_keeps_what_was_answered(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = tap(opened(monkeypatch, clinic), "Bumps", "Continue")
    with monkeypatch.context() as ended:

        def gone(_cookie: str | None, *, by_hand: bool = True) -> Actor:
            raise SignInNeeded()

        ended.setattr("reporting.shell.ui_identity.actor_of", gone)
        tap(page, "Mild")
    assert page.title[0].value == "Open your check-in"
    assert kept() == {"symptoms": ["bumps"]}


@pytest.mark.parametrize(
    "stored",
    [
        {
            "start": "something",
            "symptoms": ["swelling"],
            "severity_swelling": "3",
            "swelling_eyes": "yes",
            "can_wait": "yes",
            "worried": "no",
            "note": "",
        },
        {"start": "no_problems"},
    ],
)
def test_answers_kept_in_an_older_shape_go_on(monkeypatch: pytest.MonkeyPatch, clinic: House, stored: dict) -> None:
    save_draft(by=clinic.patient, treatment_id=clinic.treatment_id, answers={}, submission_key="old")
    from reporting.records.engine import transaction

    with transaction() as session:
        session.execute(select(Draft)).scalar_one().answers = stored
    page = opened(monkeypatch, clinic)
    assert heading(page) == (
        "With the swelling, do you have any of these?"
        if "symptoms" in stored
        else "Have you had any skin problems since your treatment?"
    )
    tap(page, "None of these") if "symptoms" in stored else tap(page, "No problems")


def test_of_yesterdays_answers_the_note_alone_is_kept(
    monkeypatch: pytest.MonkeyPatch, clinic: House, stopped_clock: datetime
) -> None:
    tap(opened(monkeypatch, clinic), "Swelling", "Continue", "Severe", "None of these")
    with clock.fixed(stopped_clock + timedelta(days=1)):
        page = opened(monkeypatch, clinic)
        assert heading(page) == "Have you had any skin problems since your treatment?"
        assert not any(one.startswith("✓") for one in labels(page))


def test_a_late_check_in_is_kept_and_said_to_be_late(
    monkeypatch: pytest.MonkeyPatch, clinic: House, stopped_clock: datetime
) -> None:
    with clock.fixed(stopped_clock + timedelta(days=1)):
        page = tap(opened(monkeypatch, clinic), "No problems")
        assert any("due on day 3" in one.value for one in page.markdown)
        tap(page, "Report something else", "No problems")
        assert not any("due on day 3" in one.value for one in page.markdown), "a further report is not late"


def test_a_tap_costs_one_run_and_few_statements(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    submit_check_in(by=clinic.patient, treatment_id=clinic.treatment_id, answers=NO_PROBLEMS, submission_key="earlier")
    seen: list[str] = []
    with reading():
        pass
    event.listen(engine(), "before_cursor_execute", lambda *args: seen.append(args[2]))
    page = opened(monkeypatch, clinic)
    drawn = [statement for statement in seen if statement.startswith("SELECT")]
    assert len(drawn) <= 5, drawn
    seen.clear()
    tap(page, "Report something else")
    assert len([statement for statement in seen if statement.startswith("SELECT")]) <= 5, "one run, not two"


def test_no_problems_over_answers_that_wait_asks_first_each_time(
    monkeypatch: pytest.MonkeyPatch, clinic: House
) -> None:
    page = tap(opened(monkeypatch, clinic), "Swelling", "Continue", "Back", "No problems")
    assert "You have answers that were not sent." in page.error[0].value
    page = tap(page, "Continue", "Back", "No problems")
    assert "You have answers that were not sent." in page.error[0].value, "another answer in between asks anew"
    page = tap(page, "No problems")
    assert heading(page).startswith("Good to hear")
