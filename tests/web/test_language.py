"""The language of a page: from the browser, changed by hand, and said by ``lang`` and ``dir``."""

import html
import re

import pytest
from starlette.testclient import TestClient

from reporting.records.engine import reading
from reporting.records.tables import Patient
from reporting.treatments import act_invitations
from tests.accounts import PASSWORD, trail, with_password
from tests.cast import House


def tag(client: TestClient, wanted: str = "", path: str = "/") -> str:
    found = re.search(r"<html[^>]*>", client.get(path, headers={"accept-language": wanted}).text)
    assert found is not None
    return found.group()


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("", '<html lang="en" dir="ltr">'),
        ("de-DE,de;q=0.9", '<html lang="en" dir="ltr">'),
        ("es-MX,es;q=0.9,en;q=0.8", '<html lang="es" dir="ltr">'),
        ("ar-EG", '<html lang="ar" dir="rtl">'),
        ("*;q=,\x7f", '<html lang="en" dir="ltr">'),
    ],
)
def test_streamlits_page_says_its_language(client: TestClient, wanted: str, expected: str) -> None:
    assert tag(client, wanted) == expected


def test_a_page_read_from_the_right_begins_at_the_right(client: TestClient) -> None:
    """Streamlit's own styles put text at the left; axes of charts are mirrored by the charts."""
    styled = "{text-align: start;}[data-testid=stVegaLiteChart]{direction: ltr;}"
    assert styled in client.get("/", headers={"accept-language": "ar"}).text
    assert styled not in client.get("/", headers={"accept-language": "es"}).text


def test_the_choice_outlives_the_browsers_wish(client: TestClient) -> None:
    answer = client.post("/language", data={"language": "ar", "back": "/code"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/code")
    assert tag(client, "es") == '<html lang="ar" dir="rtl">'


def test_a_patients_choice_is_kept_with_the_patient(client: TestClient, clinic: House) -> None:
    token = act_invitations.issue_invitation(by=clinic.staff["clinician"], treatment_id=clinic.treatment_id).token
    client.post(f"/c/{token}")
    client.post("/language", data={"language": "es"})
    with reading() as session:
        patient = session.get(Patient, clinic.patient_id)
        assert patient is not None
        assert patient.language == "es"
    assert trail("language")[-1][0] == "language.chosen"


@pytest.mark.parametrize("back", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:x", ""])
def test_choosing_leads_to_our_own_pages_only(client: TestClient, back: str) -> None:
    answer = client.post("/language", data={"language": "es", "back": back})
    assert answer.headers["location"] == "/"


def test_an_unknown_language_changes_nothing(client: TestClient) -> None:
    answer = client.post("/language", data={"language": "xx", "back": "/"})
    assert "set-cookie" not in answer.headers


def test_staff_pages_stay_english(client: TestClient, clinic: House) -> None:
    client.post("/sign-in", data={"email": with_password(clinic, "clinician"), "password": PASSWORD})
    assert tag(client, "ar") == '<html lang="en" dir="ltr">'


def test_the_page_names_us_and_points_to_the_plain_way(client: TestClient) -> None:
    page = client.get("/").text
    assert "<title>Your skin check-in</title>" in page
    assert "service-desc" not in page
    assert "agents" not in page
    assert '<a href="/code">' in page
    assert client.get("/").headers["content-length"] == str(len(page.encode()))


@pytest.mark.parametrize("path", ["/c/no-such-link", "/code", "/check-in/now", "/photo/1?side=200"])
def test_pages_without_a_check_in_offer_the_other_languages_too(client: TestClient, path: str) -> None:
    page = client.get(path)
    offered = re.findall(r'name="language" value="(\w+)"', page.text)
    assert sorted(offered) == ["ar", "es"]
    back = html.unescape(re.findall(r'name="back" value="([^"]*)"', page.text)[0])
    assert back == path
    answer = client.post("/language", data={"language": "ar", "back": back})
    assert answer.headers["location"] == path
    assert '<html lang="ar" dir="rtl">' in client.get(path).text


def test_the_page_that_unlocks_offers_the_other_languages(client: TestClient, clinic: House) -> None:
    token = act_invitations.issue_invitation(by=clinic.staff["clinician"], treatment_id=clinic.treatment_id).token
    client.post(f"/c/{token}")
    page = client.get("/unlock?next=/data").text
    assert re.findall(r'name="back" value="([^"]*)"', page) == ["/unlock?next=/data"]
    assert sorted(re.findall(r'name="language" value="(\w+)"', page)) == ["ar", "es"]
