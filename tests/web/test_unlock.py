"""The unlock page over HTTP: GET writes nothing, the cookie changes, and everything works without scripts."""

import re
from typing import Any

import pytest
from sqlmodel import select
from starlette.testclient import TestClient

from reporting.records.engine import reading, transaction
from reporting.records.tables import Clinic, OneTimeCode, OutboxMessage, Patient, SignInSession
from reporting.security.encryption import decrypt, encrypt
from reporting.treatments import act_invitations
from tests.accounts import PASSWORD, trail, with_password
from tests.cast import House
from tests.web.screen import bare
from tests.web.site import log_lines, of, words

EMAIL = "demo.patient.0001@mail.example"


@pytest.fixture
def card(client: TestClient, clinic: House) -> act_invitations.IssuedInvitation:
    """The patient has opened the link."""
    made = act_invitations.issue_invitation(by=clinic.staff["clinician"], treatment_id=clinic.treatment_id)
    assert client.post(f"/c/{made.token}").status_code == 303
    return made


@pytest.fixture
def by_mail(card: act_invitations.IssuedInvitation, clinic: House) -> None:
    with transaction() as session:
        session.get_one(Clinic, clinic.clinic_id).second_factor = "email"
        session.get_one(Patient, clinic.patient_id).email_encrypted = encrypt(EMAIL)


def mailed() -> str:
    with reading() as session:
        message = session.exec(select(OutboxMessage).order_by(OutboxMessage.id.desc())).first()  # type: ignore[union-attr]
        assert message is not None
        found = re.search(r"\d{6}", decrypt(message.payload["body_encrypted"]))
    assert found is not None
    return found.group()


def strength() -> str:
    with reading() as session:
        return session.exec(select(SignInSession)).one().strength


def test_the_card_opens_more_under_another_cookie(client: TestClient, card: act_invitations.IssuedInvitation) -> None:
    page = client.get("/unlock")
    assert page.status_code == 200
    assert "the year you were born" in words(page.text)
    before = client.cookies["session"]
    answer = client.post("/unlock", data={"code": f" {card.code.lower()} ", "year_of_birth": "1980"} | of(client))
    assert (answer.status_code, bare(answer.headers["location"])) == (303, "/home")
    assert client.cookies["session"] != before
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert strength() == "full"
    assert bare(client.get("/unlock").headers["location"]) == "/home"
    client.cookies.clear()
    client.cookies.set("session", before)
    assert client.get("/unlock").headers["location"] == "/code"


def test_wrong_ones_are_told_and_keep_what_was_typed(
    client: TestClient, card: act_invitations.IssuedInvitation
) -> None:
    wrong = client.post("/unlock", data={"code": "2222-2222", "year_of_birth": "1980"} | of(client))
    assert wrong.status_code == 422
    assert "This code does not work." in words(wrong.text)
    assert 'value="2222-2222"' in wrong.text
    no_year = client.post("/unlock", data={"code": card.code, "year_of_birth": "x"} | of(client))
    assert "four numbers" in words(no_year.text)
    for _ in range(4):
        client.post("/unlock", data={"code": "2222-2222", "year_of_birth": "1980"} | of(client))
    for _ in range(3):
        locked = client.post("/unlock", data={"code": card.code, "year_of_birth": "1980"} | of(client))
        assert locked.status_code == 429
        assert "Wait 15 minutes" in words(locked.text)
    assert [row[0] for row in trail("throttled")] == ["throttled"]
    assert strength() == "link"


@pytest.mark.usefixtures("by_mail")
def test_a_code_by_mail(client: TestClient) -> None:
    first = client.get("/unlock")
    assert "d…@mail.example" in first.text
    assert "demo.patient" not in first.text
    assert "digits" not in first.text
    answer = client.post("/unlock", data={"send": "yes"} | of(client))
    assert (answer.status_code, bare(answer.headers["location"])) == (303, "/unlock?next=/home")
    asked = client.get("/unlock")
    assert 'autocomplete="one-time-code"' in asked.text
    code = mailed()
    assert code not in asked.text
    done = client.post("/unlock?next=/data", data={"digits": f"{code[:3]} {code[3:]}"} | of(client))
    assert (done.status_code, bare(done.headers["location"])) == (303, "/data")
    assert strength() == "full"


def lifetime(answer: Any) -> str:
    return next((part for part in answer.headers["set-cookie"].lower().split("; ") if "max-age" in part), "")


@pytest.mark.parametrize("by_code", [True, False], ids=["typed code", "link"])
def test_unlocked_it_ends_with_the_browser_where_it_began_so(
    client: TestClient, card: act_invitations.IssuedInvitation, by_mail: None, by_code: bool
) -> None:
    client.cookies.clear()
    way = ("/code", {"code": card.code, "year_of_birth": "1980"}) if by_code else (f"/c/{card.token}", {})
    opened = client.post(way[0], data=way[1])
    client.post("/unlock", data={"send": "yes"} | of(client))
    answer = client.post("/unlock", data={"digits": mailed()} | of(client))
    assert (answer.status_code, bool(lifetime(opened)), bool(lifetime(answer))) == (303, not by_code, not by_code)
    assert bare(client.get("/unlock").headers["location"]) == "/home", "it was raised"


@pytest.mark.usefixtures("by_mail")
def test_looking_writes_nothing(client: TestClient) -> None:
    before = trail()
    for _ in range(20):
        assert client.get("/unlock").status_code == 200
    with reading() as session:
        assert session.exec(select(OneTimeCode)).all() == []
        assert session.exec(select(OutboxMessage)).all() == []
    assert trail() == before


@pytest.mark.usefixtures("by_mail")
def test_no_code_and_no_address_in_the_log(client: TestClient) -> None:
    with log_lines() as lines:
        client.post("/unlock", data={"send": "yes"} | of(client))
        client.post("/unlock", data={"digits": mailed()} | of(client))
    assert lines
    assert mailed() not in "\n".join(lines)
    assert EMAIL not in "\n".join(lines)


def test_another_sites_form_is_refused_and_noted_once(
    client: TestClient, card: act_invitations.IssuedInvitation
) -> None:
    for _ in range(5):
        answer = client.post(
            "/unlock",
            data={"code": card.code, "year_of_birth": "1980"} | of(client),
            headers={"origin": "https://evil.example"},
        )
        assert answer.status_code == 403
    assert strength() == "link"
    assert [row[0] for row in trail("access.refused")] == ["access.refused"]


def test_leading_on_to_our_own_pages_only(client: TestClient, card: act_invitations.IssuedInvitation) -> None:
    given = {"code": card.code, "year_of_birth": "1980"}
    answer = client.post("/unlock?next=https://evil.example", data=given | of(client))
    assert bare(answer.headers["location"]) == "/home"


def test_strangers_and_staff_are_led_elsewhere(client: TestClient, clinic: House) -> None:
    for how in ("GET", "POST"):
        assert client.request(how, "/unlock").headers["location"] == "/code"
    client.post("/sign-in", data={"email": with_password(clinic, "clinician"), "password": PASSWORD})
    assert client.get("/unlock").headers["location"] == "/"


def test_in_arabic_it_reads_from_the_right(client: TestClient, card: act_invitations.IssuedInvitation) -> None:
    page = client.get("/unlock", headers={"accept-language": "ar"}).text
    assert '<html lang="ar" dir="rtl">' in page
    assert 'name="code" dir="ltr"' in page


def test_throttled_sign_ins_leave_one_row(client: TestClient, clinic: House) -> None:
    email = with_password(clinic, "clinician")
    for number in range(9):
        answer = client.post("/sign-in", data={"email": email, "password": "wrong"})
        assert answer.status_code == (401 if number < 5 else 429)
    assert [row[0] for row in trail()] == ["sign_in.failed"] * 5 + ["throttled"]
    assert trail("throttled")[0][1:] == ("system", "sign-in")
