"""The clinic has an urgent answer at the moment it is given, the page says so, and Send makes it one report."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from reporting import clock
from reporting.cases.read_timeline import timeline
from reporting.cases.read_worklist import WorklistCase, case_steps, worklist
from reporting.clinic.act_on_call import add_on_call
from reporting.domain.patient_words import moment_words
from reporting.patient.read_own_data import own_data_of
from reporting.records import asked, outcomes
from reporting.records.engine import reading, transaction
from reporting.records.tables import CheckIn, OutboxMessage, Outcome
from tests.accounts import trail
from tests.cast import House, house
from tests.web.screen import Phone
from tests.web.site import of, words
from tests.web.test_check_in import DAY_3, another, kept, link_of, sent, to_review
from tests.web.test_open_flag import closed

BREATH = ["swelling", "swelling_breathing"]
TOLD = "The clinic can see your answers so far. You can stop here."


@pytest.fixture(autouse=True)
def stopped() -> Iterator[None]:
    with clock.fixed(DAY_3):
        yield


@pytest.fixture
def home(client: TestClient) -> House:
    """A clinic with two people on call, each by one way."""
    found = house("A", areas=("cheeks", "neck"))
    boss = found.staff["administrator"]
    add_on_call(by=boss, name="Dr First", telephone="+447700900101", wait_minutes=10)
    add_on_call(by=boss, name="Dr Second", telephone="+447700900102", wait_minutes=5)
    return found


@pytest.fixture
def link(home: House) -> str:
    return link_of(home)


def notices() -> list[str]:
    with reading() as session:
        rows = session.execute(select(OutboxMessage).order_by(OutboxMessage.id)).scalars()  # type: ignore[arg-type]
        return [row.payload["body"] for row in rows if row.kind == "case_notice"]


def the_case(home: House) -> WorklistCase:
    [found] = worklist(home.staff["clinician"])
    return found


def rows() -> list[CheckIn]:
    with reading() as session:
        return list(session.execute(select(CheckIn).order_by(CheckIn.id)).scalars())  # type: ignore[arg-type]


def steps(home: House) -> list[str]:
    found = case_steps(home.staff["clinician"], the_case(home).case_id)
    return [step.words for step in found if step.who == "" and "on call" not in step.words.lower()]


def test_an_emergency_that_is_ticked_and_not_sent_is_a_case_with_a_notice(
    client: TestClient, home: House, link: str
) -> None:
    phone = Phone(client, link).press("Continue", BREATH)
    said = words(phone.screen.body)
    assert phone.screen.heading == "Call 112 now, or go to an emergency department."
    assert "We have also told the clinic." in said
    assert TOLD in said
    case = the_case(home)
    assert (case.level, case.state, case.begun_at, case.recovery_day) == ("emergency", "new", DAY_3, 3)
    assert case.reasons == ("Trouble breathing, tongue or throat swelling",)
    assert [("EMERGENCY" in body) for body in notices()] == [True]
    assert sent() == []
    assert trail("check_in.") == [("check_in.begun", "patient 1", str(rows()[0].id))]


def test_it_counts_nowhere_until_it_is_sent(client: TestClient, home: House, link: str) -> None:
    Phone(client, link).press("Continue", BREATH)
    clinician = home.staff["clinician"]
    [treatment] = timeline(clinician, home.patient_id).treatments
    assert (treatment.answered, treatment.reports) == (0, ())
    [unfinished] = treatment.unfinished
    assert (unfinished.begun_at, unfinished.answered_at) == (DAY_3, None)
    with transaction() as session:
        outcomes.recompute(session, [home.treatment_id])
        assert asked.last_answers(session, [home.treatment_id]) == {}
    with reading() as session:
        found = session.execute(select(Outcome)).scalars().all()
    assert {row.answered_mask for row in found} == {0}
    [own] = own_data_of(home.patient).document["check_ins"]
    assert (own["answered_at"], own["begun_at"]) == (None, "2026-03-10T09:30:00+00:00")


def test_sent_later_it_is_the_same_case_and_nobody_is_told_twice(client: TestClient, home: House, link: str) -> None:
    phone = Phone(client, link).press("Continue", BREATH)
    before, [begun] = the_case(home), rows()
    with clock.fixed(DAY_3 + timedelta(minutes=20)):
        phone.press("Go on").press("Mild").press("None of these").press("All of them").press("Send")
        assert phone.screen.heading.startswith("Call 112")
        case, [row] = the_case(home), sent()
    assert row.id == begun.id
    assert (row.answered_at, row.begun_at) == (DAY_3 + timedelta(minutes=20), DAY_3)
    assert (case.case_id, case.begun_at, case.taken_back) == (before.case_id, None, ())
    assert (case.due_at, case.contact_due_at) == (before.due_at, before.contact_due_at)
    assert len(notices()) == 1
    assert steps(home)[-1] == "The patient sent the report that was begun"
    assert kept() == {}


def test_finish_here_sends_what_was_answered_once(client: TestClient, home: House, link: str) -> None:
    phone = Phone(client, link).press("Continue", BREATH)
    [button] = [one for one in phone.screen.buttons() if one.name == "finish"]
    form = phone.data(button.form, [], finish="yes")
    for _ in range(2):
        phone.post(form)
        assert phone.here == "/check-in/sent"
    [row] = sent()
    assert row.follow_up == {"swelling_breathing": "yes"}
    assert (row.swelling, row.burning, row.can_wait) == (None, 0, None), "how bad the swelling is was never asked"
    assert len(notices()) == 1


@pytest.mark.parametrize("answers", [{}, {"q": "symptoms", "tick.symptoms.x": "bumps"}])
def test_finish_here_is_no_way_around_the_questions(
    client: TestClient, home: House, link: str, answers: dict[str, str]
) -> None:
    phone = Phone(client, link).post(answers)
    phone.post({"finish": "yes"} | of(client))
    assert (phone.status, sent()) == (422, [])


def test_on_the_same_day_the_advice_comes_at_once_with_the_promise_that_staff_see(
    client: TestClient, home: House, link: str
) -> None:
    phone = Phone(client, link).press("Continue", ["swelling", "swelling_eyes"])
    case = the_case(home)
    when = moment_words(case.due_at, case.timezone)
    assert phone.screen.heading == "Call the clinic today."
    assert f"A person will read your answers by {when}." in words(phone.screen.body)
    assert another(client, link).screen.heading == "Call the clinic today.", "a reload does not lose it"
    phone.press("Go on")
    assert phone.here == "/check-in/q/severity_swelling"
    phone.press("Severe").press("None of these").press("All of them").press("It can wait. I am").press("Send")
    assert f"A person will read your answers by {when}." in words(phone.screen.body)
    assert len(notices()) == 1


def test_a_later_emergency_comes_before_the_next_question_and_is_told(
    client: TestClient, home: House, link: str
) -> None:
    phone = Phone(client, link).press("Continue", ["swelling", "swelling_eyes"]).press("Go on")
    phone.follow("Back").press("Continue", ["swelling", "swelling_eyes", "faint"])
    assert phone.screen.heading.startswith("Call 112")
    assert the_case(home).level == "emergency"
    assert ["EMERGENCY" in body for body in notices()] == [False, True]


def test_an_answer_that_is_taken_back_leaves_the_case_and_says_so(client: TestClient, home: House, link: str) -> None:
    phone = Phone(client, link).press("Continue", BREATH).press("Go on")
    before = the_case(home)
    phone.follow("Back").press("Continue", ["bumps"])
    case = the_case(home)
    assert (case.case_id, case.level, case.state) == (before.case_id, "emergency", "new")
    assert case.taken_back == ("Trouble breathing, tongue or throat swelling",)
    assert steps(home)[-1] == "The patient took an answer back"
    phone.press("Mild").press("None of these").press("All of them").press("It can wait. I am").press("Send")
    after = the_case(home)
    assert after.taken_back == case.taken_back
    assert (after.due_at, after.contact_due_at) == (before.due_at, before.contact_due_at)
    assert [row.advice for row in sent()] == ["expected"]
    assert len(notices()) == 1


def test_ticked_again_it_is_not_taken_back(client: TestClient, home: House, link: str) -> None:
    phone = Phone(client, link).press("Continue", BREATH).press("Go on").follow("Back")
    phone.press("Continue", ["bumps"]).follow("Back").press("Continue", BREATH)
    assert the_case(home).taken_back == ()


def test_no_problems_over_it_asks_first_and_takes_it_back(client: TestClient, home: House, link: str) -> None:
    phone = Phone(client, link).press("Continue", BREATH).press("Go on").follow("Back")
    phone.press("No problems today")
    assert phone.screen.problem.startswith("You have answers that were not sent.")
    phone.press("No problems today")
    assert [row.advice for row in sent()] == ["expected"]
    assert the_case(home).taken_back == ("Trouble breathing, tongue or throat swelling",)


def test_what_midnight_takes_from_the_draft_stays_with_the_clinic(client: TestClient, home: House, link: str) -> None:
    Phone(client, link).press("Continue", BREATH)
    with clock.fixed(DAY_3 + timedelta(days=1)):
        phone = Phone(client, link)
        assert phone.screen.heading == "Have you had any skin problems since your treatment?"
        assert "This advice still holds." in words(phone.screen.body)
        to_review(phone).press("Send")
    case, [begun, whole] = the_case(home), rows()
    assert (begun.answered_at, begun.begun_at) == (None, DAY_3)
    assert whole.answered_at is not None
    assert case.level == "emergency"


def test_a_case_closed_meanwhile_is_opened_anew_by_what_is_sent(client: TestClient, home: House, link: str) -> None:
    phone = Phone(client, link).press("Continue", BREATH)
    first = the_case(home).case_id
    closed(home, first)
    phone.press("Finish here")
    assert the_case(home).case_id != first
    assert len(notices()) == 2
