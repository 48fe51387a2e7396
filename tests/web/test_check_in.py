"""The light check-in as stories of people without scripts: one tap, a lost phone, two tabs, bad input."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select
from starlette.testclient import TestClient

from reporting import clock
from reporting.domain import questionnaire
from reporting.domain.language import languages
from reporting.errors import StorageFull
from reporting.patient.act_check_ins import submit_check_in
from reporting.records.engine import engine, reading
from reporting.records.tables import AuditEvent, CheckIn, Draft, Photo, SignInSession, Throttle
from reporting.shell import web_pages
from reporting.treatments.act_invitations import issue_invitation
from tests.answers import filled
from tests.cast import House, house
from tests.photos import phone_jpeg
from tests.web.screen import Phone, Screen, bare
from tests.web.site import of, without_address, words
from tests.web.test_ways_in import FOREIGN

DAY_3 = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)
TYPED = "It stings 🔥 <b>a lot</b> & more"


@pytest.fixture(autouse=True)
def stopped() -> Any:
    web_pages.forget()
    with clock.fixed(DAY_3):
        yield


@pytest.fixture
def clinic(client: TestClient) -> House:
    return house("A", areas=("cheeks", "neck"))


def link_of(clinic: House) -> str:
    return f"/c/{issue_invitation(by=clinic.staff['clinician'], treatment_id=clinic.treatment_id).token}"


@pytest.fixture
def link(clinic: House) -> str:
    return link_of(clinic)


def another(client: TestClient, address: str) -> Phone:
    """Another browser at that address."""
    fresh = TestClient(client.app, base_url=str(client.base_url), follow_redirects=False)
    return Phone(fresh, address)


def sent() -> list[CheckIn]:
    with reading() as session:
        rows = session.execute(select(CheckIn).order_by(CheckIn.id)).scalars()
        return [row for row in rows if row.answered_at is not None]


def kept() -> dict[str, Any]:
    with reading() as session:
        draft = session.execute(select(Draft)).scalar_one_or_none()
        return dict(draft.answers) if draft else {}


def counted(*tables: type) -> list[int]:
    with reading() as session:
        return [len(session.execute(select(table)).scalars().all()) for table in tables]


def to_review(phone: Phone, severity: str = "Severe") -> Phone:
    """A swelling that closes an eye, everywhere it was treated."""
    phone.press("Continue", ["swelling", "swelling_eyes"]).press("Go on").press(severity).press("None of these")
    return phone.press("All of them").press("It can wait. I am")


MOST_PER_TAP = 14


def walked(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """One entry for every time that the path of questions is worked out from here on."""
    walks: list[None] = []
    first = questionnaire._first_question
    monkeypatch.setattr(questionnaire, "_first_question", lambda context: (walks.append(None), first(context))[1])
    return walks


class TestTheWay:
    def test_no_problems_is_one_tap_from_the_link(self, client: TestClient, link: str) -> None:
        phone = Phone(client, link).press("No problems today")
        assert (phone.taps, phone.here, phone.status) == (1, "/check-in/sent", 200)
        assert "Good to hear" in phone.screen.heading
        [row] = sent()
        assert row.source == "patient"
        assert (row.advice, row.answered_by, row.language) == ("expected", "", "en")
        assert any(f"Your number is {row.id}." in said for said in phone.screen.paragraphs)

    def test_a_whole_report(self, client: TestClient, link: str, clinic: House) -> None:
        phone = to_review(Phone(client, link))
        assert phone.here == "/check-in/review"
        assert sent() == []
        changes = [one.label for one in phone.screen.buttons() if one.words == "Change"]
        assert len(set(changes)) == len(changes) == 5
        phone.press("Send", note=TYPED)
        assert phone.screen.heading == "Call the clinic today."
        assert phone.screen.controls[0].value == "tel:+345550100"
        [row] = sent()
        assert (row.swelling, row.now_swelling, row.worried, row.can_wait) == (3, 3, False, True)
        assert (row.follow_up["swelling_eyes"], row.follow_up["warm"]) == ("yes", "no")
        assert "hives" not in row.follow_up, "of the first page only what was ticked is kept"
        assert row.note_encrypted
        assert kept() == {}

    def test_two_symptoms_with_follow_ups_are_eleven_taps(self, client: TestClient, clinic: House) -> None:
        one_area = house("B")
        phone = Phone(client, link_of(one_area)).press("Continue", ["burning", "swelling"])
        phone.press("Severe").press("Go on").press("Continue", [phone.screen.rows()[1].value])
        phone.press("Moderate").press("None of these").press("It can wait. But")
        assert {"follow_ups_burning", "follow_ups_swelling"} <= kept().keys()
        assert phone.here == "/check-in/review"
        phone.press("Send")
        assert phone.here == "/check-in/sent"
        assert phone.taps <= 11

    def test_the_secret_leaves_the_address(self, client: TestClient, link: str) -> None:
        phone = Phone(client, link)
        token = link.removeprefix("/c/")
        phone.press("Continue", ["bumps"])
        assert phone.here == "/check-in/q/severity_bumps"
        assert token not in phone.screen.body
        phone.press("Mild").press("None of these").press("All of them").press("It can wait. I am").press("Send")
        assert token not in phone.screen.body

    def test_an_emergency_interrupts_once(self, client: TestClient, link: str) -> None:
        phone = Phone(client, link).press("Continue", ["swelling", "swelling_breathing"])
        assert phone.screen.heading == "Call 112 now, or go to an emergency department."
        assert phone.screen.controls[0].value == "tel:112"
        assert sent() == []
        assert phone.open(phone.here).screen.heading.startswith("Call 112"), "a reload does not lose the card"
        assert another(client, link).screen.heading.startswith("Call 112"), "nor does another device"
        phone.press("Go on")
        assert phone.screen.heading == "How bad was the swelling at its worst?"
        phone.press("Mild").press("None of these").press("All of them")
        assert phone.here == "/check-in/review", "nobody who has an emergency is asked whether it can wait"
        phone.press("Send")
        assert phone.screen.heading.startswith("Call 112")
        assert [row.advice for row in sent()] == ["emergency"]

    def test_the_confirmation_stays(self, client: TestClient, link: str) -> None:
        phone = to_review(Phone(client, link)).press("Send")
        before = phone.screen.advice
        for address in ("/check-in/sent", link, "/check-in/now"):
            assert another(client, link).screen.advice == phone.open(address).screen.advice == before
        assert phone.open("/check-in/sent").screen.link("See your recovery") == "/home"
        phone.follow("Report something else").press("No problems today").press("No problems today")
        assert len(sent()) == 2
        assert "Good to hear" in phone.screen.heading

    def test_from_the_link_alone_one_goes_home_signed_in(self, client: TestClient, link: str) -> None:
        Phone(client, link).press("No problems today")
        fresh = TestClient(client.app, follow_redirects=False)
        screen = Screen(fresh.get(link).text)
        home = next(one for one in screen.buttons() if one.words == "See your recovery")
        answer = fresh.post(link, data={home.name: home.value})
        assert (answer.status_code, bare(answer.headers["location"])) == (303, "/home")
        assert answer.headers["set-cookie"].startswith("session=")

    def test_a_link_shows_advice_of_today_and_no_history(self, client: TestClient, link: str, clinic: House) -> None:
        with clock.fixed(DAY_3 - timedelta(days=1)):
            answers = filled(clinic.treatment_id, symptoms=["swelling"], severity_swelling="4")
            submit_check_in(by=clinic.patient, treatment_id=clinic.treatment_id, answers=answers, submission_key="x")
        phone = Phone(client, link)
        assert phone.screen.heading == "Have you had any skin problems since you last sent answers?"
        phone.press("No problems today").press("No problems today")
        assert "swelling" not in phone.screen.body.lower().split("</style>")[1]

    def test_a_day_later_it_is_late_and_kept(self, client: TestClient, link: str) -> None:
        with clock.fixed(DAY_3 + timedelta(days=1)):
            phone = Phone(client, link).press("No problems today")
            assert "due on day 3" in words(phone.screen.body)
        assert (sent()[0].scheduled_day, sent()[0].recovery_day) == (3, 4)

    def test_a_carer_answers(self, client: TestClient, link: str) -> None:
        to_review(Phone(client, link)).press("Send", carer="yes")
        assert sent()[0].answered_by == "carer"


class TestLooking:
    def test_twenty_looks_write_nothing(self, client: TestClient, link: str) -> None:
        statements: list[str] = []
        event.listen(engine(), "before_cursor_execute", lambda *args: statements.append(args[2]))
        for _ in range(20):
            for address in (link, "/check-in/q/symptoms", "/check-in/sent", "/check-in/review", "/c/unknown"):
                answer = client.get(address)
                assert "set-cookie" not in answer.headers
        assert {statement.split()[0] for statement in statements} <= {"BEGIN", "SELECT", "PRAGMA"}
        assert counted(SignInSession, Draft, CheckIn, Throttle) == [0, 0, 0, 0]

    def test_a_page_is_few_statements(self, client: TestClient, link: str) -> None:
        phone = Phone(client, link).press("Continue", ["swelling"])
        statements: list[str] = []
        event.listen(engine(), "before_cursor_execute", lambda *args: statements.append(args[2]))
        phone.open(phone.here)
        assert len([each for each in statements if each.startswith("SELECT")]) <= 7, statements

    def test_a_look_works_the_questions_out_once(
        self, client: TestClient, link: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        phone = Phone(client, link).press("Continue", ["swelling"])
        walks = walked(monkeypatch)
        phone.open(phone.here)
        assert len(walks) == 1

    def test_a_tap_reads_and_walks_no_more_than_it_must(
        self, client: TestClient, link: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Checking the answer takes the path before and after it; where the person goes on, one more."""
        phone = Phone(client, link).press("Continue", ["swelling"])
        statements: list[str] = []
        event.listen(engine(), "before_cursor_execute", lambda *args: statements.append(args[2]))
        walks, here = walked(monkeypatch), phone.here
        given = {"q": "severity_swelling", "one": "2"} | of(client)
        answer = client.post(here, data=given, headers={"origin": str(client.base_url)})
        assert answer.status_code == 303
        assert answer.headers["location"] != here
        assert len(walks) <= 3
        assert len([each for each in statements if not each.startswith(("BEGIN", "PRAGMA"))]) <= MOST_PER_TAP, (
            statements
        )

    def test_a_page_is_small(self, client: TestClient, link: str) -> None:
        phone = Phone(client, link)
        assert len(phone.screen.body.encode()) <= 15_000
        assert "<script" not in phone.screen.body
        assert len(to_review(phone).screen.body.encode()) < 15_000

    def test_only_the_first_page_may_be_shown_again_from_the_browser(self, client: TestClient, link: str) -> None:
        """Going back to it shows the ticks; every page with answers is asked for anew."""
        assert client.get(link).headers["cache-control"] == "private, no-cache"
        phone = Phone(client, link).press("Continue", ["swelling"])
        for address in (link, phone.here, "/check-in/q/symptoms"):
            assert client.get(address).headers["cache-control"] == "no-store"

    def test_every_language_says_what_it_is(self, client: TestClient, link: str) -> None:
        for code, language in languages().items():
            body = client.get(link, headers={"accept-language": code}).text
            assert f'<html lang="{code}" dir="{language.direction}">' in body
            others = [one.value for one in Screen(body).controls if one.name == "language"]
            assert sorted([*others, code]) == sorted(languages())
        assert 'lang="ar" dir="rtl"' in client.get("/c/unknown", headers={"accept-language": "ar"}).text

    def test_what_is_sent_in_another_language_is_the_same(self, client: TestClient, link: str) -> None:
        client.headers["accept-language"] = "ar"
        phone = Phone(client, link).post({"q": "symptoms", "only": "none"})
        assert 'dir="rtl"' in phone.screen.body
        assert [row.language for row in sent()] == ["ar"]
        assert "\u2066+34 555 0100\u2069" in phone.screen.body, "a number keeps its order in Arabic"


class TestComingBack:
    def test_a_killed_tab_goes_on_from_the_link_on_any_device(self, client: TestClient, link: str) -> None:
        phone = Phone(client, link)
        for step in (
            lambda: phone.press("Continue", ["swelling"]),
            lambda: phone.press("Severe"),
            lambda: phone.press("None of these"),
            lambda: phone.press("All of them"),
            lambda: phone.press("It can wait. I am"),
        ):
            step()
            other = another(client, link)
            assert other.screen.heading == phone.screen.heading
            assert client.get(link).status_code == 200
        other.press("Send")
        assert [row.swelling for row in sent()] == [3]

    def test_the_link_shows_how_to_go_back_and_change(self, client: TestClient, link: str) -> None:
        to_review(Phone(client, link))
        other = another(client, link)
        other.press("Change: Swelling")
        assert other.here == "/check-in/q/severity_swelling"
        assert next(one for one in other.screen.buttons() if "was" in one.css.split()).words.startswith("✓ Severe")
        yet_another = another(client, link).press("Back")
        assert yet_another.here == "/check-in/q/how_soon"

    def test_back_keeps_every_answer(self, client: TestClient, link: str) -> None:
        phone = to_review(Phone(client, link))
        phone.follow("Back")
        assert any(one.words.startswith("✓ It can wait. I am") for one in phone.screen.buttons())
        phone.follow("Back").follow("Back")
        assert next(one for one in phone.screen.buttons() if "was" in one.css.split()).words == "✓ None of these"
        phone.follow("Back").follow("Back")
        assert [one.value for one in phone.screen.rows() if one.is_checked] == ["swelling", "swelling_eyes"]
        assert "Back" not in [one.words for one in phone.screen.controls]
        assert phone.press("Continue").here == "/check-in/review"

    def test_nothing_is_chosen_before_it_was_answered(self, client: TestClient, link: str) -> None:
        """But that it was never worse than now, which the answer alone makes true."""
        phone = Phone(client, link)
        assert not any(one.is_checked for one in phone.screen.controls)
        phone.press("Continue", ["swelling"])
        assert "✓" not in phone.screen.body
        checked = [one.words for one in phone.screen.controls if one.is_checked]
        assert checked == ["Not worse than it is now"]
        assert len(phone.screen.choices()) == 5

    def test_now_and_the_worst_are_kept_and_shown_again(self, client: TestClient, link: str) -> None:
        phone = Phone(client, link).press("Continue", ["swelling"]).press("Mild", worst="3")
        assert kept()["severity_swelling"] == "1/3"
        phone.press("None of these").press("All of them").press("It can wait. I am")
        assert "Now: Mild. At its worst: Severe." in words(phone.screen.body)
        phone.press("Change: Swelling")
        assert [one.words for one in phone.screen.choices() if one.is_checked] == ["Severe"]
        assert next(one for one in phone.screen.buttons() if "was" in one.css.split()).words.startswith("✓ Mild")
        phone.press("Moderate").press("Send")
        assert [(row.now_swelling, row.swelling) for row in sent()] == [(2, 3)]

    def test_a_worst_below_now_is_the_same_as_now(self, client: TestClient, link: str) -> None:
        Phone(client, link).press("Continue", ["swelling"]).press("Severe", worst="1")
        assert kept()["severity_swelling"] == "3/3"

    def test_none_now_and_never_is_refused(self, client: TestClient, link: str) -> None:
        phone = Phone(client, link).press("Continue", ["swelling"]).press("None")
        assert (phone.status, phone.here) == (422, "/check-in/q/severity_swelling")
        assert phone.screen.problem
        phone.press("None", worst="2")
        assert kept()["severity_swelling"] == "0/2"

    def test_something_else_and_not_sure_lead_to_pages_of_their_own(self, client: TestClient, link: str) -> None:
        phone = Phone(client, link).press("Continue", ["something_else", "not_sure"])
        assert phone.here == "/check-in/q/unsure_symptoms"
        assert "faint" in [one.value for one in phone.screen.rows()]
        assert not {"swelling", "not_sure", "something_else"} & {one.value for one in phone.screen.rows()}
        phone.press("Continue", ["wants_call"])
        assert phone.here == "/check-in/q/follow_ups_other"
        assert phone.screen.rows()[-1].value == "not_sure"
        phone.press("Continue", ["lump"])
        assert phone.here == "/check-in/q/how_soon"
        phone.press("It can wait. I am").press("Send")
        [row] = sent()
        assert (row.follow_up["wants_call"], row.follow_up["lump"], row.follow_up["dent"]) == ("not_sure", "yes", "no")

    def test_the_note_is_kept_on_the_way_to_a_change(self, client: TestClient, link: str) -> None:
        phone = to_review(Phone(client, link)).press("Change: Swelling", note=TYPED)
        assert kept()["note"] == TYPED
        phone.press("Moderate")
        assert phone.screen.field("note").value.startswith(TYPED)
        phone.press("Add a photo", note="other")
        assert phone.here == "/check-in/photo"
        assert kept()["note"] == "other"

    def test_photos_go_with_it(self, client: TestClient, link: str) -> None:
        phone = to_review(Phone(client, link)).press("Add a photo")
        client.post("/check-in/photo", files={"file": ("a.jpg", phone_jpeg(), "image/jpeg")}, data=of(client))
        assert phone.open("/check-in/photo").screen.link("Back to your answers") == "/check-in/review"
        assert "Photos: 1" in words(phone.open("/check-in/review").screen.body)
        phone.press("Send")
        with reading() as session:
            assert [photo.check_in_id for photo in session.execute(select(Photo)).scalars()] == [sent()[0].id]

    def test_a_session_that_ended_says_how_to_come_back(self, client: TestClient, link: str) -> None:
        phone = Phone(client, link).press("Continue", ["swelling"])
        phone.client.cookies.clear()
        phone.press("Severe")
        assert (phone.status, phone.screen.heading) == (401, "Open your check-in")
        assert kept() == {"symptoms": ["swelling"]}
        assert "How bad" in another(client, link).screen.heading

    def test_the_code_of_the_card_opens_it_too(self, client: TestClient, clinic: House) -> None:
        made = issue_invitation(by=clinic.staff["clinician"], treatment_id=clinic.treatment_id)
        phone = Phone(client, "/code").post({"code": made.code, "year_of_birth": "1980"})
        assert phone.here == "/check-in/q/symptoms"

    def test_opening_the_link_again_keeps_the_stronger_session(self, client: TestClient, clinic: House) -> None:
        made = issue_invitation(by=clinic.staff["clinician"], treatment_id=clinic.treatment_id)
        Phone(client, "/code").post({"code": made.code, "year_of_birth": "1980"})
        answer = client.post(f"/c/{made.token}", data={"q": "symptoms", "tick.symptoms.x": "bumps"})
        assert "set-cookie" not in answer.headers
        with reading() as session:
            assert [row.strength for row in session.execute(select(SignInSession)).scalars()] == ["full"]


class TestBadInput:
    @pytest.mark.parametrize(
        ("answers", "said"),
        [
            ({"q": "symptoms"}, "Choose at least one."),
            ({"q": "symptoms", "tick.symptoms.x": ["hiccups"]}, "Choose at least one."),
            ({"q": "symptoms", "tick.symptoms.x": ["swelling", "swelling"]}, "Choose at least one."),
            ({"q": "symptoms", "tick.symptoms.x": ["swelling", "none"]}, "Choose at least one."),
            ({"q": "symptoms", "one": "swelling"}, "Choose at least one."),
            ({"q": "severity_swelling", "one": "3"}, "Your answers have changed since this page was opened."),
            ({"q": "no_such_question", "one": "3"}, "Your answers have changed since this page was opened."),
            ({"q": "../../etc/passwd"}, "Your answers have changed since this page was opened."),
            ({"q": "warned", "one": "x"}, "Your answers have changed since this page was opened."),
            ({"send": "yes"}, "This was not sent."),
            ({"send": "yes", "key": "someone-elses"}, "This was not sent."),
        ],
    )
    def test_a_sentence_and_nothing_lost(self, client: TestClient, link: str, answers: dict, said: str) -> None:
        phone = Phone(client, link).post(answers)
        assert phone.status == 422
        assert phone.screen.problem.startswith(said)
        assert phone.screen.heading.startswith("Have you had")
        assert sent() == []
        assert phone.press("Continue", ["swelling"]).here == "/check-in/q/severity_swelling"

    def test_unknown_fields_are_ignored(self, client: TestClient, link: str) -> None:
        phone = Phone(client, link)
        phone.post({"q": "symptoms", "tick.symptoms.x": ["bumps"], "advice": "expected", "by": "admin"})
        assert phone.here == "/check-in/q/severity_bumps"

    def test_nothing_at_all_opens_the_check_in(self, client: TestClient, link: str) -> None:
        assert Phone(client, link).post({}).here == "/check-in/q/symptoms"

    @pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x", "text/plain"])
    def test_what_is_no_form(self, client: TestClient, link: str, kind: str) -> None:
        answer = client.post(link, content="é".encode() * 9, headers={"content-type": kind})
        assert answer.status_code < 500
        assert sent() == []

    def test_an_empty_single_question(self, client: TestClient, link: str) -> None:
        phone = Phone(client, link).press("Continue", ["swelling"])
        phone.post({"q": "severity_swelling"} | of(client))
        assert (phone.status, phone.screen.problem) == (422, "Choose one answer.")

    def test_a_stale_page(self, client: TestClient, link: str) -> None:
        one, other = Phone(client, link).press("Continue", ["swelling"]), another(client, link)
        other.open(link).press("Back").press("Continue", ["bumps"])
        one.press("Severe")
        assert one.status == 422
        assert (
            one.screen.problem == "Your answers have changed since this page was opened. Please look at this question."
        )
        assert "bumps" in one.screen.heading.lower()

    def test_answers_that_changed_in_another_tab_are_not_sent_unseen(self, client: TestClient, link: str) -> None:
        one, other = to_review(Phone(client, link)), another(client, link)
        other.press("Change: Swelling").press("Moderate")
        one.press("Send", note=TYPED)
        assert one.status == 409
        assert one.screen.problem.startswith("This was not sent. Your answers have changed")
        assert one.screen.field("note").value.startswith(TYPED)
        assert sent() == []
        one.press("Send")
        assert [row.swelling for row in sent()] == [2]

    def test_a_replayed_form_is_one_check_in(self, client: TestClient, link: str) -> None:
        phone = to_review(Phone(client, link))
        [button] = [one for one in phone.screen.buttons() if one.name == "send"]
        form = phone.data(button.form, [], send="yes")
        for _ in range(3):
            phone.post(form)
            assert (phone.here, phone.screen.heading) == ("/check-in/sent", "Call the clinic today.")
        assert len(sent()) == 1

    def test_no_problems_twice_is_one_check_in(self, client: TestClient, link: str) -> None:
        tabs = [Phone(client, link), another(client, link), another(client, link)]
        for tab in tabs:
            tab.press("No problems today")
            assert tab.here == "/check-in/sent"
        assert len(sent()) == 1

    def test_a_made_up_key_is_not_taken(self, client: TestClient, link: str) -> None:
        for key in ("", "x" * 500, "none:999:3:0", "\x00"):
            Phone(client, link).post({"q": "symptoms", "only": "none", "key": key})
        assert all(re.fullmatch(r"none:1:3:\d+", row.submission_key) for row in sent())

    @pytest.mark.parametrize(
        ("note", "said", "status"),
        [
            ("It st\x07ings", "Your note has signs that we cannot keep.", 422),
            ("x" * 1001, "Your note is too long. It can have up to 1000 letters.", 422),
            ("🔥" * 1001, "Your note is too long.", 422),
        ],
    )
    @pytest.mark.parametrize("button", ["Send", "Change: Swelling", "Add a photo"])
    def test_a_bad_note(self, client: TestClient, link: str, note: str, said: str, status: int, button: str) -> None:
        phone = to_review(Phone(client, link)).press(button, note=note)
        assert (phone.status, sent()) == (status, [])
        assert said in phone.screen.problem
        assert phone.screen.field("note").value.rstrip("\n") == note
        phone.press("Send", note="a\r\nb 👩🏾‍⚕️")
        assert len(sent()) == 1

    def test_a_note_without_end(self, client: TestClient, link: str) -> None:
        phone = to_review(Phone(client, link)).press("Send", note="x" * 5_000_000)
        assert (phone.status, sent()) == (413, [])
        assert phone.screen.problem == "Your note is too long. It can have up to 1000 letters."
        assert phone.press("Send").here == "/check-in/sent"

    def test_a_full_disk(self, client: TestClient, link: str, monkeypatch: pytest.MonkeyPatch) -> None:
        phone = Phone(client, link)

        def full(**_: object) -> None:
            raise StorageFull()

        with monkeypatch.context() as broken:
            broken.setattr("reporting.patient.act_check_ins.transaction", full)
            phone.press("Continue", ["swelling", "bumps"])
        assert phone.status == 507
        assert phone.screen.problem.startswith("We could not keep this.")
        assert [one.value for one in phone.screen.rows() if one.is_checked] == ["bumps", "swelling"]
        phone.press("Continue").press("Mild").press("None of these").press("All of them")
        phone.press("Severe").press("None of these").press("All of them").press("It can wait. I am")
        with monkeypatch.context() as broken:
            broken.setattr("reporting.patient.act_check_ins.transaction", full)
            phone.press("Send", note=TYPED)
        assert (phone.status, sent()) == (507, [])
        assert phone.screen.problem.startswith("This was not sent. We could not keep this.")
        assert phone.screen.field("note").value.startswith(TYPED)
        assert phone.press("Send").here == "/check-in/sent"

    @pytest.mark.parametrize("shift", [timedelta(hours=23), timedelta(hours=-5), timedelta(days=-1)])
    def test_clocks_that_do_not_agree(self, client: TestClient, link: str, shift: timedelta) -> None:
        """A page from before midnight, or of a server whose clock was set: nothing is doubled. Of another day's answers
        the note alone is kept, because the others told how it was then."""
        phone = to_review(Phone(client, link)).press("Change: Swelling", note=TYPED).press("✓ Severe")
        is_other_day = (DAY_3 + shift).date() != DAY_3.date()
        with clock.fixed(DAY_3 + shift):
            phone.press("Send", note=TYPED)
            if is_other_day:
                assert (phone.status, sent()) == (409, [])
                assert phone.screen.problem.startswith("This was not sent.")
                assert phone.screen.heading.startswith("Have you had any skin problems")
                assert not any(one.is_checked for one in phone.screen.rows())
                phone = to_review(another(client, link))
                assert phone.screen.field("note").value.startswith(TYPED)
                phone.press("Send")
        assert phone.here == "/check-in/sent"
        assert [row.swelling for row in sent()] == [3]

    def test_midnight_on_the_way_takes_no_answer_away(self, client: TestClient, link: str) -> None:
        """Begun before midnight and sent after it: the day is that of sending, and nothing is asked again."""
        before = datetime(2026, 3, 10, 22, 58, tzinfo=UTC)  # 23:58 in Madrid
        with clock.fixed(before):
            phone = to_review(Phone(client, link))
        with clock.fixed(before + timedelta(minutes=4)):
            phone.press("Send", note=TYPED)
        assert phone.here == "/check-in/sent"
        [row] = sent()
        assert (row.recovery_day, row.swelling) == (4, 3)

    def test_a_link_cut_in_half(self, client: TestClient, link: str, clinic: House) -> None:
        replaced, newest = link, link_of(clinic)
        cut = [newest[:-1], newest[: len(newest) // 2], newest + ".", newest + "%0A", "/c/%20", replaced]
        answers = [client.request(how, address) for address in cut for how in ("GET", "POST")]
        assert {answer.status_code for answer in answers[:8]} == {410}
        assert len({without_address(answer.text) for answer in answers[:8]}) == 1
        assert "Mail can cut a long link. Copy the whole link" in words(answers[0].text)
        assert client.get(newest).status_code == 200


class TestSafety:
    def test_guessing_is_slowed_and_a_real_link_never_locked_out(self, client: TestClient, link: str) -> None:
        codes = [client.get(f"/c/guess{number}").status_code for number in range(web_pages.LIMIT + 5)]
        assert codes == [410] * web_pages.LIMIT + [429] * 5
        assert Phone(client, link).press("No problems today").here == "/check-in/sent"

    @pytest.mark.parametrize("headers", FOREIGN)
    def test_another_sites_form_changes_nothing(self, client: TestClient, link: str, headers: dict[str, str]) -> None:
        phone = Phone(client, link).press("Continue", ["swelling"])
        for address, data in (
            (link, {"q": "symptoms", "only": "none"}),
            (phone.here, {"q": "severity_swelling", "one": "4"}),
            ("/check-in/review", {"send": "yes"}),
        ):
            assert client.post(address, data=data, headers=headers).status_code == 403
        assert (sent(), kept()) == ([], {"symptoms": ["swelling"]})

    def test_a_button_leads_only_to_our_own_pages(self, client: TestClient, link: str) -> None:
        for wanted in ("//evil.example", "https://evil.example", "/sign-out", "/check-in/q/../../x", "/check-in/now\n"):
            answer = client.post(link, data={"go": wanted})
            assert bare(answer.headers["location"]) == "/check-in/now", wanted

    def test_staff_and_strangers(self, client: TestClient, clinic: House) -> None:
        assert client.get("/check-in/review").status_code == 401
        from tests.web.test_photos import as_staff

        as_staff(client, clinic, "clinician")
        assert client.get("/check-in/review").status_code == 403

    def test_a_reissued_link_ends_what_the_old_one_opened(self, client: TestClient, link: str, clinic: House) -> None:
        phone = Phone(client, link).press("Continue", ["swelling"])
        link_of(clinic)
        phone.press("Severe")
        assert phone.status == 401
        assert client.get(link).status_code == 410

    def test_the_trail(self, client: TestClient, link: str) -> None:
        Phone(client, link).press("No problems today")
        with reading() as session:
            done = [row.action for row in session.execute(select(AuditEvent).order_by(AuditEvent.sequence)).scalars()]
        assert done[-3:] == ["link.opened", "consent.given", "check_in.sent"]
