"""The patient's home and the page on which a report is changed, told as stories."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from streamlit.testing.v1 import AppTest

from reporting import clock
from reporting.cases import act_cases as work
from reporting.cases.read_worklist import worklist
from reporting.domain.actors import Actor
from reporting.errors import StorageFull
from reporting.patient.act_check_ins import submit_check_in
from reporting.patient.act_corrections import withdraw_check_in
from reporting.patient.act_photos import add_photo
from reporting.records.engine import reading, transaction
from reporting.records.tables import CheckIn, Draft, TriageCase
from tests.answers import EYES_CLOSING, NO_PROBLEMS, filled
from tests.cast import House, house
from tests.conftest import NOW
from tests.pages.staff import open_page
from tests.pages.staff import text as shown_text
from tests.photos import phone_jpeg, picture

MILD = {"symptoms": ["swelling"], "severity_swelling": "1"}
WORSE = {"symptoms": ["swelling"], "severity_swelling": "3"}


@pytest.fixture
def clinic(sqlite_database: str, stopped_clock: datetime) -> House:
    return house("A", areas=("cheeks", "neck"))


def send(clinic: House, *, days: int = 0, **wanted: Any) -> int:
    """A check-in of that many days after the stopped clock; its number."""
    with clock.fixed(NOW + timedelta(days=days)):
        answers = filled(clinic.treatment_id, **wanted) if wanted else NO_PROBLEMS
        return submit_check_in(
            by=clinic.patient, treatment_id=clinic.treatment_id, answers=answers, submission_key=f"k{days}{wanted}"
        ).check_in_id


def home(monkeypatch: pytest.MonkeyPatch, actor: Actor | None) -> AppTest:
    return open_page(monkeypatch, "patient/page_home", actor)


def correcting(monkeypatch: pytest.MonkeyPatch, clinic: House, check_in_id: int | str) -> AppTest:
    return open_page(monkeypatch, "patient/page_correct", clinic.patient, report=check_in_id)


def text(page: AppTest) -> str:
    more = (*page.header, *page.caption, *page.get("html"))
    return "\n".join([shown_text(page), *(str(each.value) for each in more)])


def tap(page: AppTest, words: str) -> AppTest:
    button = next(one for one in page.button if re.match(words, one.label))
    button.click().run()
    assert not page.exception, page.exception
    return page


def why(page: AppTest, reason: str, way: str) -> AppTest:
    """Choose to change or to take back, and say why."""
    return tap(tap(page, way), reason)


def rows(table: type = CheckIn) -> list[Any]:
    with reading() as session:
        return list(session.execute(select(table).order_by(table.id)).scalars())  # type: ignore[attr-defined]


def link_only(clinic: House) -> Actor:
    return Actor(
        kind="patient",
        id=clinic.patient_id,
        clinic_id=clinic.clinic_id,
        label="patient",
        strength="link",
        treatment_id=clinic.treatment_id,
    )


class TestHome:
    def test_before_anything_was_sent(self, monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
        page = home(monkeypatch, clinic.patient)
        words = text(page)
        for expected in (
            "Your check-in for today is open.",
            "Nothing to show yet",
            "You have not sent anything yet.",
            "What people usually have",
            "Swelling is common now.",
            "You have sent no photos.",
        ):
            assert expected in words, expected
        assert not page.get("vega_lite_chart")
        assert "What the clinic did" not in words

    def test_the_course_is_a_chart_a_sentence_and_a_table(self, monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
        send(clinic, days=0, **WORSE)
        send(clinic, days=2, **MILD)
        with clock.fixed(NOW + timedelta(days=2)):
            page = home(monkeypatch, clinic.patient)
        assert "**Swelling: severe on day 3, mild now. That is more than most people have on day 3.**" in text(page)
        assert len(page.get("vega_lite_chart")) == 1
        [table] = page.table
        assert table.value.to_dict("records") == [
            {"Day": 3, "Your answer": "Severe", "People usually have": "Up to moderate"},
            {"Day": 5, "Your answer": "Mild", "People usually have": "Up to mild"},
        ]

    def test_one_symptom_can_be_chosen(self, monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
        send(clinic, symptoms=["swelling", "bumps"], severity_swelling="2", severity_bumps="1")
        page = home(monkeypatch, clinic.patient)
        assert "All problems together: moderate on day 3." in text(page)
        page.selectbox(key="symptom_shown").set_value("bumps").run()
        assert "Bumps or spots: mild on day 3." in text(page)

    def test_what_people_have_is_said_for_now_and_for_later(
        self, monkeypatch: pytest.MonkeyPatch, clinic: House
    ) -> None:
        send(clinic, **MILD)
        words = text(home(monkeypatch, clinic.patient))
        assert "Now: Swelling is common now." in words
        assert "From day 4: Most swelling has gone by now." in words

    def test_next_check_in_in_words(self, monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
        send(clinic)
        for days, words in ((0, "is on Thursday 12 March."), (1, "is tomorrow."), (6, "for day 7 is still open.")):
            with clock.fixed(NOW + timedelta(days=days)):
                assert words in text(home(monkeypatch, clinic.patient)), words
        send(clinic, days=6)
        with clock.fixed(NOW + timedelta(days=6)):
            assert "Your next check-in is tomorrow." in text(home(monkeypatch, clinic.patient))

    def test_times_are_local_and_marks_say_what_became_of_it(
        self, monkeypatch: pytest.MonkeyPatch, clinic: House
    ) -> None:
        send(clinic, **MILD, area_swelling=[str(clinic.area_ids[0])])
        words = text(home(monkeypatch, clinic.patient))
        assert "Tuesday 10 March, 10:30 (day 3)" in words  # 09:30 UTC in Madrid
        assert "Swelling: mild (Cheeks)" in words
        assert "What we told you: This is usual on this day." in words
        assert "Sent late" not in words
        send(clinic, days=6)
        with clock.fixed(NOW + timedelta(days=6)):
            assert "Sent late" in text(home(monkeypatch, clinic.patient))

    def test_the_advice_stays_until_it_is_closed(self, monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
        send(clinic, **EYES_CLOSING)
        page = home(monkeypatch, clinic.patient)
        words = text(page)
        assert "From your last answers: Call the clinic today." in words
        assert "What people usually have" not in words, "no reassurance beside a red flag"
        with clock.fixed(NOW + timedelta(days=1)):
            assert "Call the clinic today." in text(home(monkeypatch, clinic.patient))
        send(clinic, days=1, **MILD)
        with clock.fixed(NOW + timedelta(days=1)):
            assert "From your last answers: Call" in text(home(monkeypatch, clinic.patient))
        with transaction() as session:
            session.execute(update(TriageCase).values(state="closed"))
        with clock.fixed(NOW + timedelta(days=1)):
            assert "From your last answers: Call" not in text(home(monkeypatch, clinic.patient))

    def test_what_the_clinic_did_and_nothing_that_is_its_own(
        self, monkeypatch: pytest.MonkeyPatch, clinic: House
    ) -> None:
        send(clinic, **EYES_CLOSING)
        by = clinic.staff["clinician"]
        with clock.fixed(NOW + timedelta(hours=1)):
            work.acknowledge(by=by, case_id=1, version=1)
            work.record_contact(by=by, case_id=1, version=2, action_taken="call", note="secret words")
            work.add_note(by=by, case_id=1, version=3, note="more secret words")
            work.record_outcome(
                by=by, case_id=1, version=4, confirmation="confirmed", term="Oedema", grade=2, note="secret"
            )
            work.close(by=by, case_id=1, version=5, note="secret")
        words = text(home(monkeypatch, clinic.patient))
        for expected in (
            "What the clinic did",
            "Tuesday 10 March, 10:30: The clinic was told about your report.",
            "Tuesday 10 March, 11:30: The clinic has read your report.",
            "The clinic called you.",
            "Closed: this is done.",
        ):
            assert expected in words, expected
        for hidden in ("secret", "Oedema", "onfirmed", "Grade", by.label):
            assert hidden not in words, hidden

    def test_who_answered_is_told(self, monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
        submit_check_in(
            by=clinic.staff["front_desk"],
            treatment_id=clinic.treatment_id,
            answers=NO_PROBLEMS,
            submission_key="p",
            source="proxy",
            answered_by="telephone",
        )
        assert "By telephone" in text(home(monkeypatch, clinic.patient))

    def test_two_photos_stand_side_by_side_and_any_two_can_be_chosen(
        self, monkeypatch: pytest.MonkeyPatch, clinic: House
    ) -> None:
        for days in (0, 2, 4):
            with clock.fixed(NOW + timedelta(days=days)):
                add_photo(
                    by=clinic.patient,
                    treatment_id=clinic.treatment_id,
                    data=phone_jpeg(picture(320 + days)),
                    submission_key=f"photo{days}",
                )
            send(clinic, days=days)
        page = home(monkeypatch, clinic.patient)
        pair = next(str(each.value) for each in page.get("html") if "<figure" in str(each.value))
        dates = [("Tuesday 10 March", "3"), ("Saturday 14 March", "7")]
        assert re.findall(r"Your photo of ([^,]+), day (\d+)", pair) == dates
        assert re.findall(r'src="(/photo/\d+)', pair) == ["/photo/1", "/photo/3"]
        page.selectbox(key="photo_right").select_index(1).run()
        pair = next(str(each.value) for each in page.get("html") if "<figure" in str(each.value))
        assert re.findall(r'src="(/photo/\d+)', pair) == ["/photo/1", "/photo/2"]

    def test_the_link_alone_shows_no_history(self, monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
        send(clinic, **EYES_CLOSING)
        page = home(monkeypatch, link_only(clinic))
        words = text(page)
        assert "From your last answers: Call the clinic today." in words
        assert "Your history is locked" in words
        assert "/unlock" in words
        assert not page.get("vega_lite_chart")
        for hidden in ("What you sent", "welling: ", "10:30", "What the clinic did", "Your photos"):
            assert hidden not in words, hidden
        with clock.fixed(NOW + timedelta(days=1)):
            words = text(home(monkeypatch, link_only(clinic)))
        assert "From your last answers: Call the clinic today." in words, "what to do, as long as nobody has closed it"
        assert "An eye that swells shut" not in words, "and not why"

    def test_a_session_that_ended_is_told_how_to_go_on(self, monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
        words = text(home(monkeypatch, None))
        assert "Use the link from your clinic." in words
        assert "/code" in words

    def test_a_full_disk_is_said_plainly(self, monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
        def full(*_: object, **__: object) -> None:
            raise StorageFull()

        monkeypatch.setattr("reporting.patient.read_recovery.recovery_page", full)
        page = home(monkeypatch, clinic.patient)
        assert page.title[0].value == "Your recovery"
        assert page.error


class TestChange:
    def test_a_report_is_corrected_and_the_advice_is_that_of_the_new_answers(
        self, monkeypatch: pytest.MonkeyPatch, clinic: House
    ) -> None:
        first = send(clinic, **MILD, area_swelling=[str(clinic.area_ids[0])])
        page = correcting(monkeypatch, clinic, first)
        assert "Swelling: mild (Cheeks)" in text(page)
        why(page, "I forgot", "Change my answers")
        assert page.header[0].value == "Check your answers"
        tap(page, "Change: Swelling")
        tap(page, "Severe")
        tap(page, "Change: Have you had any")
        tap(page, "An eye is swollen")
        tap(page, "Continue")
        assert page.header[0].value == "Call the clinic today."
        tap(page, "Go on")
        tap(page, "Send")
        assert page.header[0].value == "Call the clinic today."
        assert "Your change is sent." in text(page)
        old, new = rows()
        assert (old.swelling, old.replaced_reason, new.swelling, new.corrects_id) == (1, "forgot", 3, old.id)
        assert new.areas == old.areas
        assert rows(Draft) == []
        words = text(home(monkeypatch, clinic.patient))
        assert "Changed by you" in words
        assert words.count("(day 3)") >= 1

    def test_a_change_that_was_begun_survives_a_lost_phone(
        self, monkeypatch: pytest.MonkeyPatch, clinic: House
    ) -> None:
        first = send(clinic, **MILD)
        page = why(correcting(monkeypatch, clinic, first), "I tapped", "Change my answers")
        tap(tap(tap(page, "Change: Have you had any"), "Something else"), "Continue")
        again = why(correcting(monkeypatch, clinic, first), "I tapped", "Go on with my change")
        assert again.header[0].value == "What else do you have?"
        assert rows()[0].replaced_at is None
        tap(again, "Stop")
        assert rows(Draft) == []
        assert any(one.label == "Change my answers" for one in again.button)

    def test_a_new_emergency_interrupts_and_the_old_one_does_not(
        self, monkeypatch: pytest.MonkeyPatch, clinic: House
    ) -> None:
        breathing = {**WORSE, "symptoms": ["swelling", "swelling_breathing"]}
        first = send(clinic, **breathing)
        page = why(correcting(monkeypatch, clinic, first), "I tapped", "Change my answers")
        assert page.header[0].value == "Check your answers"
        milder = send(clinic, days=1, **MILD)
        with clock.fixed(NOW + timedelta(days=1)):
            page = why(correcting(monkeypatch, clinic, milder), "I tapped", "Change my answers")
            tap(tap(page, "Change: Have you had any"), "It is hard to breathe")
            tap(page, "Continue")
        assert page.header[0].value.startswith("Call 112 now")

    def test_an_emergency_in_a_change_is_told_and_can_be_finished_there(
        self, monkeypatch: pytest.MonkeyPatch, clinic: House
    ) -> None:
        page = why(correcting(monkeypatch, clinic, send(clinic, **MILD)), "I forgot", "Change my answers")
        tap(tap(tap(page, "Change: Have you had any"), "It is hard to breathe"), "Continue")
        assert page.header[0].value.startswith("Call 112 now")
        assert "The clinic can see your answers so far. You can stop here." in text(page)
        [case] = worklist(clinic.staff["clinician"])
        assert (case.level, case.begun_at is not None) == ("emergency", True)
        assert rows()[0].replaced_at is None, "the report stands until the change is sent"
        tap(page, "Finish here")
        assert page.header[0].value.startswith("Call 112 now")
        assert "Your change is sent." in text(page)
        old, new = rows()
        assert (old.replaced_reason, new.corrects_id) == ("forgot", old.id)
        assert (new.follow_up["swelling_breathing"], new.swelling) == ("yes", 1)

    def test_going_on_over_the_advice_and_stopping_is_shown_to_staff_as_taken_back(
        self, monkeypatch: pytest.MonkeyPatch, clinic: House
    ) -> None:
        first = send(clinic, **MILD)
        page = why(correcting(monkeypatch, clinic, first), "I tapped", "Change my answers")
        tap(tap(tap(page, "Change: Have you had any"), "An eye is swollen"), "Continue")
        assert page.header[0].value == "Call the clinic today."
        tap(page, "Go on")
        assert page.header[0].value == "Check your answers"
        assert "From your last answers: Call the clinic today." in text(home(monkeypatch, clinic.patient))
        tap(page, "Stop")
        [case] = worklist(clinic.staff["clinician"])
        assert (case.level, len(case.taken_back)) == ("same_day", 1)
        card = text(open_page(monkeypatch, "cases/page_worklist", clinic.staff["clinician"]))
        assert "Taken back by the patient since: " in card

    def test_a_reason_is_asked_and_one_can_go_back(self, monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
        page = tap(correcting(monkeypatch, clinic, send(clinic)), "Take it back")
        assert page.header[0].value == "Why do you want to take it back?"
        tap(tap(tap(page, "Another reason"), "Back"), "Back")
        assert any(one.label == "Change my answers" for one in page.button)
        assert rows()[0].replaced_at is None

    def test_a_report_is_taken_back_and_put_back(self, monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
        first = send(clinic, **MILD)
        page = why(correcting(monkeypatch, clinic, first), "I tapped", "Take it back")
        assert "Do you want to take this report back?" in text(page)
        tap(page, "No, keep it")
        assert rows()[0].replaced_at is None
        why(page, "Another reason", "Take it back")
        page.text_area[0].set_value("**not** mine").run()
        tap(tap(page, "Continue"), "Yes, take it back")
        assert "You took this report back." in text(page)
        assert rows()[0].replaced_reason.startswith("other:")
        page = home(monkeypatch, clinic.patient)
        assert "Taken back by you" in text(page)
        assert "Nothing to show yet" in text(page)
        tap(page, "Put it back")
        assert "Your report is back." in text(page)
        assert rows()[0].replaced_at is None

    def test_a_full_disk_keeps_the_report_and_says_so(self, monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
        def full(**_: object) -> None:
            raise StorageFull()

        page = why(correcting(monkeypatch, clinic, send(clinic)), "I tapped", "Take it back")
        with monkeypatch.context() as broken:
            broken.setattr("reporting.patient.act_corrections.transaction", full)
            tap(page, "Yes, take it back")
        assert "We could not keep this." in page.error[0].value
        assert rows()[0].replaced_at is None

    @pytest.mark.parametrize("number", ["999999", "x", ""])
    def test_what_is_not_there_and_what_is_not_theirs_are_alike(
        self, monkeypatch: pytest.MonkeyPatch, clinic: House, number: str
    ) -> None:
        other = house("B")
        theirs = submit_check_in(
            by=other.patient, treatment_id=other.treatment_id, answers=NO_PROBLEMS, submission_key="other"
        )
        seen = [text(correcting(monkeypatch, clinic, which)) for which in (number, theirs.check_in_id)]
        assert "There is no such report." in seen[0]
        assert seen[0] == seen[1]

    def test_what_was_changed_before_says_so(self, monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
        first = send(clinic)
        withdraw_check_in(by=clinic.patient, check_in_id=first, reason="mistake")
        assert "This report was changed before." in text(correcting(monkeypatch, clinic, first))

    def test_the_link_alone_is_shown_how_to_unlock(self, monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
        first = send(clinic, **MILD)
        words = text(open_page(monkeypatch, "patient/page_correct", link_only(clinic), report=first))
        assert "/unlock" in words
        assert "welling" not in words
