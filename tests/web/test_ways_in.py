"""Links, codes, sign-in, set-up and the demo over HTTP."""

import pytest
from sqlmodel import select
from starlette.testclient import TestClient

from reporting.records.engine import reading, transaction
from reporting.records.tables import Clinic, SignInSession
from reporting.treatments import act_invitations
from tests.accounts import PASSWORD, trail, with_password
from tests.actions.test_staff import FIRST
from tests.cast import House, house
from tests.web.screen import bare
from tests.web.site import site, without_address, words

FOREIGN = [
    {"origin": "https://evil.example"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"origin": "null", "sec-fetch-site": "cross-site"},
]


def issued(clinic: House) -> act_invitations.IssuedInvitation:
    return act_invitations.issue_invitation(by=clinic.staff["clinician"], treatment_id=clinic.treatment_id)


def sessions_made() -> int:
    with reading() as session:
        return len(session.exec(select(SignInSession)).all())


def test_twenty_looks_at_a_link_write_nothing(client: TestClient, clinic: House) -> None:
    token, before = issued(clinic).token, trail()
    for _ in range(20):
        answer = client.get(f"/c/{token}", headers={"user-agent": "mail scanner"})
        assert answer.status_code == 200
        assert "set-cookie" not in answer.headers
    assert (sessions_made(), trail()) == (0, before)
    assert client.post(f"/c/{token}").status_code == 303


def test_a_link_becomes_a_cookie_and_a_clean_address(client: TestClient, clinic: House) -> None:
    token = issued(clinic).token
    answer = client.post(f"/c/{token}", headers={"origin": "null", "sec-fetch-site": "same-origin"})
    assert (answer.status_code, bare(answer.headers["location"])) == (303, "/check-in/q/symptoms")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("session=")
    for part in ("HttpOnly", "SameSite=lax", "Path=/", "Max-Age=86400"):
        assert part in cookie
    assert token not in cookie
    assert "Secure" not in cookie


@pytest.mark.usefixtures("application", "sqlite_database")
def test_on_https_the_cookie_is_bound_to_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    clinic = house("A")
    with site(monkeypatch, "https://clinic.example") as client:
        cookie = client.post(f"/c/{issued(clinic).token}").headers["set-cookie"]
        assert cookie.startswith("__Host-session=")
        assert "; Secure" in cookie
        assert "Domain" not in cookie
        gone = client.post("/sign-out")
        assert gone.headers["set-cookie"].startswith('__Host-session=""')
        assert "; Secure" in gone.headers["set-cookie"]


@pytest.mark.parametrize("headers", FOREIGN)
def test_another_sites_form_is_refused(client: TestClient, clinic: House, headers: dict[str, str]) -> None:
    email, made = with_password(clinic, "clinician"), issued(clinic)
    for path, data in (
        (f"/c/{made.token}", {}),
        ("/code", {"code": made.code, "year_of_birth": "1980"}),
        ("/sign-in", {"email": email, "password": PASSWORD}),
        ("/sign-out", {}),
    ):
        assert client.post(path, data=data, headers=headers).status_code == 403, path
    assert sessions_made() == 0


def test_links_that_do_not_work_look_alike(client: TestClient, clinic: House) -> None:
    replaced = issued(clinic).token
    issued(clinic)
    answers = [client.request(how, f"/c/{token}") for token in ("x" * 22, replaced) for how in ("GET", "POST")]
    assert {answer.status_code for answer in answers} == {410}
    said = {without_address(answer.text).split('<p class="note">')[0] for answer in answers}
    assert len(said) == 1, "but for the numbers of the clinic whose link it was"
    assert "call the clinic and ask for a new one" in words(answers[0].text)


def test_the_code_page(client: TestClient, clinic: House) -> None:
    made = issued(clinic)
    assert client.get("/code").status_code == 200
    wrong = client.post("/code", data={"code": made.code, "year_of_birth": "1981"})
    assert wrong.status_code == 422
    assert "do not fit together" in words(wrong.text)
    assert made.code in wrong.text
    assert "<script>" not in client.post("/code", data={"code": "<script>", "year_of_birth": "x"}).text
    right = client.post("/code", data={"code": made.code.lower(), "year_of_birth": "1980"})
    assert (right.status_code, right.headers["location"]) == (303, "/check-in/now")
    for _ in range(5):
        client.post("/code", data={"code": made.code, "year_of_birth": "1981"})
    locked = client.post("/code", data={"code": made.code, "year_of_birth": "1980"})
    assert locked.status_code == 429
    assert "Wait 15 minutes" in words(locked.text)


def test_sign_in_and_out(client: TestClient, clinic: House) -> None:
    email = with_password(clinic, "clinician")
    wrong = client.post("/sign-in", data={"email": email, "password": "not it at all"})
    assert wrong.status_code == 401
    assert "E-mail or password is not right." in words(wrong.text)
    assert email in wrong.text
    assert "not it at all" not in wrong.text
    right = client.post("/sign-in", data={"email": email, "password": PASSWORD})
    assert (right.status_code, right.headers["location"]) == (303, "/")
    out = client.get("/sign-out", headers={"sec-fetch-site": "same-origin"})
    assert out.headers["location"] == "/sign-in"
    assert [row[0] for row in trail()] == ["sign_in.failed", "sign_in.succeeded", "session.ended"]


def test_a_made_up_cookie_signs_nobody_out(client: TestClient, clinic: House) -> None:
    client.cookies.set("session", "made up")
    assert client.post("/sign-out").headers["location"] == "/sign-in"
    assert trail() == []


def test_set_up_once(client: TestClient) -> None:
    assert client.get("/sign-in").headers["location"] == "/set-up"
    first = {**{name: value for name, value in FIRST.items() if name != "facts"}, **FIRST["facts"]}
    assert 'name="password"' not in client.get("/set-up").text, "the country is asked first"
    asked = client.get("/set-up?country=GB").text
    assert all(f'value="{value}"' in asked for value in ("999", "NHS 111", "111", "Europe/London"))
    faulty = client.post("/set-up", data=first | {"timezone": "Nowhere"})
    assert faulty.status_code == 422
    assert "time zone" in words(faulty.text)
    assert PASSWORD not in faulty.text
    assert client.post("/set-up", data=first).headers["location"] == "/sign-in"
    for how in ("GET", "POST"):
        assert client.request(how, "/set-up").headers["location"] == "/sign-in"
    assert client.post("/sign-in", data={"email": FIRST["email"], "password": PASSWORD}).status_code == 303


def test_there_is_no_demo_for_a_real_clinic(client: TestClient, clinic: House) -> None:
    assert client.get("/demo").status_code == 200
    with transaction() as session:
        session.add(Clinic(code="REAL", name="A clinic", is_synthetic=False))
    for how in ("GET", "POST"):
        assert client.request(how, "/demo", data={"role": "clinician"} if how == "POST" else None).status_code == 404
    assert sessions_made() == 0
