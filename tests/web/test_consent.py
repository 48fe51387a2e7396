"""Consent on the plain check-in: one sentence on the first page, kept with the first answer, ended by the patient."""

from datetime import datetime

import pytest
from sqlmodel import select
from starlette.testclient import TestClient

from reporting.domain.content import content
from reporting.records.engine import reading
from reporting.records.tables import CheckIn, Consent
from reporting.shell.act_consent import agree, disagree
from reporting.treatments import act_invitations
from tests.cast import House
from tests.web.site import words

TEXT = content().consents["check_ins"]


@pytest.fixture
def token(client: TestClient, clinic: House, stopped_clock: datetime) -> str:
    return act_invitations.issue_invitation(by=clinic.staff["clinician"], treatment_id=clinic.treatment_id).token


def kept() -> tuple[list[Consent], list[CheckIn]]:
    with reading() as session:
        return list(session.exec(select(Consent)).all()), list(session.exec(select(CheckIn)).all())


def no_problems(client: TestClient, token: str, **headers: str) -> int:
    return client.post(f"/c/{token}", data={"q": "symptoms", "only": "none"}, headers=headers).status_code


def test_the_sentence_and_the_whole_text_are_on_the_first_page(client: TestClient, token: str) -> None:
    page = client.get(f"/c/{token}")
    assert TEXT.agree in words(page.text)
    assert f"<summary>{TEXT.title}</summary>" in page.text
    assert "<details>" in page.text
    assert kept() == ([], [])


def test_the_first_answer_keeps_it_in_the_language_that_was_read(client: TestClient, token: str) -> None:
    assert no_problems(client, token, **{"accept-language": "es"}) == 303
    [consent], [check_in] = kept()
    assert (consent.kind, consent.text_version, consent.language) == ("check_ins", TEXT.version, "es")
    assert consent.given_at == check_in.answered_at
    again = client.get("/check-in/q/symptoms").text
    assert TEXT.agree not in words(again)


def test_a_half_done_check_in_keeps_it_too(client: TestClient, token: str) -> None:
    client.post(f"/c/{token}", data={"q": "symptoms", "tick.symptoms.swelling": "swelling"})
    assert len(kept()[0]) == 1
    assert kept()[1] == []


def test_after_stopping_the_link_says_so_and_nothing_is_kept(client: TestClient, clinic: House, token: str) -> None:
    disagree(by=clinic.patient, kind="check_ins")
    page = client.get(f"/c/{token}")
    assert "You stopped the check-ins" in words(page.text)
    assert "+34 555 0100" in words(page.text)
    refused = client.post(f"/c/{token}", data={"q": "symptoms", "only": "none"})
    assert refused.status_code == 403
    assert "You asked us to stop" in words(refused.text)
    assert kept()[1] == []
    agree(by=clinic.patient, kind="check_ins")
    assert no_problems(client, token) == 303
    assert len(kept()[1]) == 1
