"""What is said where there is no page for somebody: to patients in their language, never a page of another's."""

import pytest
from starlette.testclient import TestClient

from reporting.errors import LinkNotValid, NotFound, Problem, StorageBusy, TooManyTries
from reporting.shell.web_pages import in_plain_words
from reporting.treatments import act_invitations
from tests.accounts import PASSWORD, trail, with_password
from tests.cast import House
from tests.web.site import words

TITLES = {"en": "That did not work", "es": "Eso no funcionó", "ar": 'dir="rtl"'}
NOWHERE = ("/nothing", "/check-in/photo/999", "/patients/1", "/../overview/x")


def as_patient(client: TestClient, clinic: House) -> None:
    token = act_invitations.issue_invitation(by=clinic.staff["clinician"], treatment_id=clinic.treatment_id).token
    client.post(f"/c/{token}")


def as_staff(client: TestClient, clinic: House, role: str) -> None:
    client.post("/sign-in", data={"email": with_password(clinic, role), "password": PASSWORD})  # type: ignore[arg-type]


@pytest.mark.parametrize("language", TITLES)
@pytest.mark.parametrize("path", [*NOWHERE[:3], "/photo/999", "/unsubscribe/unknown"])
def test_a_patient_is_told_in_their_language(client: TestClient, clinic: House, language: str, path: str) -> None:
    as_patient(client, clinic)
    answer = client.get(path, headers={"accept-language": language})
    assert answer.status_code in (403, 404, 410)
    assert f'<html lang="{language}"' in answer.text
    assert TITLES[language] in answer.text or path.startswith("/unsub")
    assert 'href="/code"' in answer.text
    assert 'href="tel:112"' in answer.text
    assert ("There is nothing here" in answer.text) is False
    assert ("the code from your card" in answer.text) is (language == "en")


@pytest.mark.parametrize("language", ["es", "ar"])
def test_a_code_that_does_not_fit_is_told_in_their_language(client: TestClient, clinic: House, language: str) -> None:
    english = client.post("/code", data={"code": "AAAA2222", "year_of_birth": "1980"})
    assert english.status_code == 422
    assert "This code and year do not fit together. Check both on your card." in words(english.text)
    told = client.post(
        "/code", data={"code": "AAAA2222", "year_of_birth": "1980"}, headers={"accept-language": language}
    )
    assert told.status_code == 422
    assert 'value="AAAA2222"' in told.text
    for sentence in ("This code", "Year of birth", "Continue", "Check both"):
        assert sentence not in told.text


@pytest.mark.parametrize("path", NOWHERE)
def test_an_address_that_is_none_is_not_there(client: TestClient, clinic: House, path: str) -> None:
    assert client.get(path).status_code in (404, 303)
    as_staff(client, clinic, "administrator")
    answer = client.get(path)
    assert answer.status_code == 404
    assert "Go to the first page" in answer.text


def test_a_role_is_refused_before_anything_is_drawn(client: TestClient, clinic: House) -> None:
    as_staff(client, clinic, "front_desk")
    answer = client.get("/overview", headers={"accept-language": "ar"})
    assert answer.status_code == 403
    assert "Your role does not allow this." in answer.text
    assert [row[0] for row in trail("access.refused")] == ["access.refused"]
    assert client.get("/record").status_code == 200


def test_whose_session_is_over_is_led_to_the_sign_in(client: TestClient, clinic: House) -> None:
    answer = client.get("/overview")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert client.get("/home").status_code == 200


@pytest.mark.parametrize("problem", [NotFound(), LinkNotValid(), TooManyTries(), StorageBusy(), Problem()])
def test_every_problem_has_words_in_every_language(problem: Problem) -> None:
    said = {language: in_plain_words(problem, language) for language in ("en", "es", "ar")}
    assert len({each.message for each in said.values()}) == 3
    assert len({each.what_to_do for each in said.values()}) == 3
