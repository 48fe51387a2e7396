"""The pages around passwords: forgotten, and chosen by a link."""

import json

import pytest
from starlette.testclient import TestClient

from reporting.accounts import act_links
from reporting.settings import settings
from tests.accounts import PASSWORD, with_password
from tests.cast import House
from tests.web.site import log_lines, words

NEW = "new violet otter sings"


def path(clinic: House) -> str:
    made = act_links.give_link(by=clinic.staff["administrator"], staff_id=clinic.staff["clinician"].id or 0)
    return "/" + made.link.split("/", 3)[3]


def test_a_link_leads_to_a_password_and_to_the_sign_in(client: TestClient, clinic: House) -> None:
    email, link = with_password(clinic, "clinician"), path(clinic)
    assert email in words(client.get(link).text)
    refused = client.post(link, data={"password": "P@ssw0rd1234"})
    assert refused.status_code == 422
    assert "easy to guess" in words(refused.text)
    assert "P@ssw0rd1234" not in refused.text
    chosen = client.post(link, data={"password": NEW})
    assert (chosen.status_code, chosen.headers["location"]) == (303, "/sign-in?password=chosen")
    assert "Your password is set." in words(client.get(chosen.headers["location"]).text)
    assert client.post("/sign-in", data={"email": email, "password": PASSWORD}).status_code == 401
    assert client.post("/sign-in", data={"email": email, "password": NEW}).status_code == 303
    for again in (client.get(link), client.post(link, data={"password": NEW})):
        assert again.status_code == 410
        assert "does not work any more" in words(again.text)


def test_the_log_holds_no_link(client: TestClient, clinic: House) -> None:
    link = path(clinic)
    with log_lines() as lines:
        client.get(link)
    assert [json.loads(line)["message"].split(" ")[1] for line in lines] == ["/new-password/…"]


def test_another_site_sets_no_password(client: TestClient, clinic: House) -> None:
    link = path(clinic)
    assert client.post(link, data={"password": NEW}, headers={"origin": "https://evil.example"}).status_code == 403
    assert client.get(link).status_code == 200


def test_the_answer_is_the_same_whether_the_account_is_known(
    client: TestClient, clinic: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPORTING_SMTP_HOST", "mail.a.example")
    monkeypatch.setenv("REPORTING_SMTP_FROM", "checkin@a.example")
    settings.cache_clear()
    asked: list[str] = []
    monkeypatch.setattr(act_links, "forgotten", lambda *, email: asked.append(email))
    assert 'name="email"' in client.get("/forgot-password").text
    known, unknown = (
        client.post("/forgot-password", data={"email": email})
        for email in (with_password(clinic, "clinician"), "nobody@a.example")
    )
    assert (known.status_code, known.text) == (unknown.status_code, unknown.text) == (200, known.text)
    assert asked == ["clinician@a.example", "nobody@a.example"]


def test_without_mail_the_page_says_whom_to_ask(client: TestClient, clinic: House) -> None:
    page = client.get("/forgot-password")
    assert "Ask an administrator" in words(page.text)
    assert "<form" not in page.text
