"""What the check-in says about consent, who answers, and what happens after the patient stopped."""

from datetime import datetime

import pytest
from sqlalchemy import select

from reporting.domain.content import content
from reporting.records.engine import reading, transaction
from reporting.records.tables import Consent
from reporting.shell.act_consent import disagree
from tests.cast import House, house
from tests.pages.test_patient_check_in import heading, labels, opened, sent, tap, to_review


@pytest.fixture
def clinic(sqlite_database: str, stopped_clock: datetime) -> House:
    return house("A", areas=("cheeks", "neck"))


def consents() -> list[Consent]:
    with reading() as session:
        return list(session.execute(select(Consent)).scalars())


def test_the_first_question_says_what_answering_agrees_to(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    text = content().consents["check_ins"]
    page = opened(monkeypatch, clinic)
    assert labels(page)[0].startswith("No problems today")
    assert text.agree in [one.value for one in page.markdown]
    assert page.expander[0].label == text.title
    assert page.expander[0].markdown[0].value == text.text
    assert consents() == []
    tap(page, "No problems")
    assert [row.text_version for row in consents()] == [text.version]
    again = tap(page, "Report something else")
    assert text.agree not in [one.value for one in again.markdown]


def test_a_new_version_asks_again(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    tap(opened(monkeypatch, clinic), "No problems")
    with transaction() as session:
        session.execute(select(Consent)).scalar_one().text_version = "2020-01"
    page = tap(opened(monkeypatch, clinic), "Report something else")
    assert content().consents["check_ins"].agree in [one.value for one in page.markdown]
    tap(page, "Swelling", "Continue")
    assert len(consents()) == 2


def test_a_carer_says_so_where_the_answers_are_checked(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = to_review(opened(monkeypatch, clinic))
    page.checkbox(key="answers_for_another").check().run()
    tap(page, "Send")
    assert [row.answered_by for row in sent()] == ["carer"]


def test_without_the_tick_it_was_the_patient(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    tap(to_review(opened(monkeypatch, clinic)), "Send")
    assert [row.answered_by for row in sent()] == [""]


def test_after_stopping_there_are_no_questions(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    disagree(by=clinic.patient, kind="check_ins")
    page = opened(monkeypatch, clinic)
    assert heading(page) == "You stopped the check-ins"
    assert labels(page) == []
    assert "call the clinic" in page.markdown[1].value
