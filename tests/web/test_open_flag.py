"""A red flag that nobody has closed keeps its advice on every page, whatever is sent after it."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from reporting import clock
from reporting.cases.act_cases import acknowledge, close, record_contact, record_outcome
from reporting.patient.read_recovery import recovery_page
from reporting.records.engine import reading
from reporting.records.tables import TriageCase
from tests.cast import House, house
from tests.reports import send
from tests.web.screen import Phone
from tests.web.site import words
from tests.web.test_check_in import DAY_3, link_of

PUS = {"symptoms": ["infection_pus"]}
STILL = "This advice still holds. The clinic has not closed your report yet."


@pytest.fixture(autouse=True)
def stopped() -> Iterator[None]:
    with clock.fixed(DAY_3):
        yield


@pytest.fixture
def flagged(client: TestClient) -> tuple[House, int]:
    home = house("A", areas=("cheeks", "neck"))
    case_id = send(home, "pus", **PUS)
    assert case_id is not None
    return home, case_id


def closed(home: House, case_id: int) -> None:
    by = home.staff["clinician"]

    def version() -> int:
        with reading() as session:
            return session.get_one(TriageCase, case_id).version

    acknowledge(by=by, case_id=case_id, version=version())
    record_contact(by=by, case_id=case_id, version=version(), action_taken="call")
    record_outcome(by=by, case_id=case_id, version=version(), confirmation="not_confirmed")
    close(by=by, case_id=case_id, version=version())


@pytest.mark.parametrize("later", [timedelta(seconds=27), timedelta(days=1), timedelta(days=9)])
def test_no_problems_takes_nothing_away(client: TestClient, flagged: tuple[House, int], later: timedelta) -> None:
    home, case_id = flagged
    link = link_of(home)
    with clock.fixed(DAY_3 + later):
        first = client.get(link if later >= timedelta(days=1) else "/c/none")
        phone = Phone(client, link)
        if later < timedelta(days=1):
            assert phone.screen.heading == "Call the clinic today."
            phone.press("Report something else")
        else:
            assert STILL in words(first.text)
        assert STILL in words(phone.screen.body)
        phone.press("No problems today")
        assert phone.screen.problem.startswith("Your report is still open at the clinic."), "it asks first"
        phone.press("No problems today")
        told = words(phone.screen.body)
        assert phone.here == "/check-in/sent"
        assert STILL in told
        assert told.index("Call the clinic today.") < told.index("Good to hear")
        shown = recovery_page(home.patient)
        assert shown.urgent is not None
        assert shown.urgent.advice == "contact_today"
        closed(home, case_id)
        assert STILL not in words(client.get("/check-in/sent").text)
        assert recovery_page(home.patient).urgent is None


def test_by_the_link_alone_it_says_what_to_do_and_not_why(client: TestClient, flagged: tuple[House, int]) -> None:
    home, _ = flagged
    with clock.fixed(DAY_3 + timedelta(days=1)):
        by_link = words(client.get(link_of(home)).text)
        full = recovery_page(home.patient).check_in.flag
    assert full is not None
    why = full.guidance.paragraphs[1:]
    assert why
    assert "Call the clinic today." in by_link
    assert not any(reason in by_link for reason in why)


def test_the_report_itself_does_not_say_it_twice(client: TestClient, flagged: tuple[House, int]) -> None:
    home, _ = flagged
    phone = Phone(client, link_of(home))
    assert phone.screen.heading == "Call the clinic today."
    assert STILL not in words(phone.screen.body)


def test_the_harder_of_two_flags_stands(flagged: tuple[House, int]) -> None:
    home, _ = flagged
    with clock.fixed(DAY_3 + timedelta(hours=2)):
        send(home, "breath", symptoms=["swelling_breathing"])
    with clock.fixed(DAY_3 + timedelta(hours=3)):
        send(home, "pus again", **PUS)
        shown = recovery_page(home.patient)
    assert shown.urgent is not None
    assert shown.urgent.advice == "emergency"


def test_an_unusual_report_is_no_red_flag(client: TestClient) -> None:
    home = house("A")
    assert send(home, "bumps", symptoms=["something_else"], follow_ups_other=["hyperpigmentation_new_patch"])
    with clock.fixed(DAY_3 + timedelta(days=1)):
        assert STILL not in words(client.get(link_of(home)).text)


def test_no_problems_over_answers_that_wait_asks_first(client: TestClient) -> None:
    phone = Phone(client, link_of(house("A"))).press("Continue", ["swelling"]).follow("Back")
    phone.press("No problems today")
    assert phone.screen.problem.startswith("You have answers that were not sent.")
    assert phone.press("Continue", ["swelling"]).here == "/check-in/q/severity_swelling", "nothing is lost"
    phone.follow("Back").press("No problems today").press("No problems today")
    assert phone.here == "/check-in/sent"
