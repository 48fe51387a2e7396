"""The page between password and everything else, as a browser goes through it."""

import re

import pyotp
from starlette.testclient import TestClient

from reporting import clock
from reporting.accounts import act_factor
from tests.accounts import PASSWORD, with_password
from tests.cast import House
from tests.web.site import words


def test_set_up_and_signed_in_with_it(client: TestClient, clinic: House) -> None:
    act_factor.require_of(by=clinic.staff["administrator"], roles=["clinician"])
    right = {"email": with_password(clinic, "clinician"), "password": PASSWORD}
    assert client.get("/second-factor").headers["location"] == "/sign-in"
    assert client.post("/sign-in", data=right).headers["location"] == "/second-factor"
    assert client.get("/patients").headers["location"] == "/sign-in"
    page = client.get("/second-factor").text
    assert "data:image/svg+xml" in page
    secret = re.sub(r"\s", "", re.findall(r'<strong dir="ltr">([A-Z2-7 ]+)<', page)[0])
    wrong = client.post("/second-factor", data={"code": "000000"})
    assert wrong.status_code == 422
    assert "This code does not work." in words(wrong.text)
    done = client.post("/second-factor", data={"code": pyotp.TOTP(secret).at(clock.now())})
    codes = re.findall(r"<code>(\w{4}-\w{4})</code>", done.text)
    assert len(codes) == 8
    assert client.get("/patients").status_code == 200
    assert client.get("/second-factor").headers["location"] == "/account"
    client.cookies.clear()
    client.post("/sign-in", data=right)
    assert "data:image" not in client.get("/second-factor").text
    assert client.post("/second-factor", data={"code": codes[0]}).headers["location"] == "/"
    assert client.get("/patients").status_code == 200


def test_another_site_sends_no_code(client: TestClient, clinic: House) -> None:
    act_factor.require_of(by=clinic.staff["administrator"], roles=["clinician"])
    client.post("/sign-in", data={"email": with_password(clinic, "clinician"), "password": PASSWORD})
    answer = client.post("/second-factor", data={"code": "000000"}, headers={"origin": "https://evil.example"})
    assert answer.status_code == 403
