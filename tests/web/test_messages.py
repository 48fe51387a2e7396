"""One click ends e-mails, a look ends nothing; texts are taken only from the gateway, once."""

import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

from reporting import clock
from reporting.records.engine import reading
from reporting.records.tables import InboundMessage, OutboxMessage
from reporting.security.tokens import signature, unsubscribe_token
from reporting.settings import settings
from reporting.treatments.act_invitations import issue_invitation
from reporting.treatments.act_reminders import plan_due, reminder_state, set_reminders
from tests.cast import House
from tests.conftest import NOW
from tests.web.site import log_lines, words

SECRET, PHONE = "gateway secret", "+447700900123"


@pytest.fixture
def on(clinic: House, monkeypatch: pytest.MonkeyPatch) -> House:
    """A clinic whose patient gets e-mails and texts; a reminder by e-mail is written."""
    monkeypatch.setenv("REPORTING_SMTP_HOST", "mail.example")
    monkeypatch.setenv("REPORTING_SMTP_FROM", "c@clinic.example")
    monkeypatch.setenv("REPORTING_SMS_INBOUND_SECRET", SECRET)
    settings.cache_clear()
    with clock.fixed(NOW):
        by = clinic.staff["front_desk"]
        issue_invitation(by=by, treatment_id=clinic.treatment_id)
        for channel, address in (("email", "demo0001@patients.example"), ("sms", PHONE)):
            set_reminders(by=by, patient_id=clinic.patient_id, channel=channel, on=True, address=address)  # type: ignore[arg-type]
        assert plan_due() == {"email": 1}
    return clinic


def is_on(clinic: House, channel: str) -> bool:
    return bool(getattr(reminder_state(clinic.patient), channel).on)


def how_many(table: type) -> int:
    with reading() as session:
        return session.execute(select(func.count()).select_from(table)).scalar_one()


ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def test_one_click_of_a_mail_program_ends_e_mails_only(client: TestClient, on: House) -> None:
    answer = client.post(f"/unsubscribe/{unsubscribe_token(1)}", data=ONE_CLICK)
    assert answer.status_code == 200
    assert not is_on(on, "email")
    assert is_on(on, "sms")
    with reading() as session:
        assert session.execute(select(OutboxMessage.status)).scalar_one() == "cancelled"
    assert client.post(f"/unsubscribe/{unsubscribe_token(1)}", data=ONE_CLICK).status_code == 200


def test_a_look_changes_nothing_and_shows_one_button(client: TestClient, on: House) -> None:
    before = how_many(OutboxMessage)
    for method in (client.get, client.head):
        assert method(f"/unsubscribe/{unsubscribe_token(1)}").status_code == 200
    body = client.get(f"/unsubscribe/{unsubscribe_token(1)}").text
    assert body.count("<button") == 1
    assert "<script" not in body
    assert "Stop e-mails about your check-ins" in words(body)
    assert is_on(on, "email")
    assert how_many(OutboxMessage) == before


def test_it_works_from_any_mail_program_on_any_site(client: TestClient, on: House) -> None:
    headers = {"Origin": "https://mail.example", "Sec-Fetch-Site": "cross-site"}
    assert client.post(f"/unsubscribe/{unsubscribe_token(1)}", headers=headers).status_code == 200
    assert not is_on(on, "email")


@pytest.mark.parametrize("token", ["1-wrong", "1", "x", "1-", "99-abc"])
def test_a_made_up_link_changes_nothing(client: TestClient, on: House, token: str) -> None:
    for method in (client.get, client.post):
        assert method(f"/unsubscribe/{token}").status_code == 410
    assert is_on(on, "email")


def test_it_speaks_the_readers_language(client: TestClient, on: House) -> None:
    body = client.get(f"/unsubscribe/{unsubscribe_token(1)}", headers={"Accept-Language": "ar"}).text
    assert '<html lang="ar" dir="rtl">' in body


def test_the_secret_of_the_link_is_not_in_the_log(client: TestClient, on: House) -> None:
    token = unsubscribe_token(1)
    with log_lines() as lines:
        client.get(f"/unsubscribe/{token}")
    assert any("GET /unsubscribe/" in line for line in lines)
    assert token not in "".join(lines)


def text(client: TestClient, body: str = "STOP", key: str = "SM1", secret: str = SECRET) -> int:
    fields = {"MessageSid": key, "From": PHONE, "Body": body, "To": "+447700900999"}
    signed = signature("http://testserver/sms/inbound", fields, secret)
    return client.post("/sms/inbound", data=fields, headers={"X-Twilio-Signature": signed}).status_code


def test_a_signed_stop_works_at_once_and_once(client: TestClient, on: House) -> None:
    assert text(client) == 200
    assert not is_on(on, "sms")
    assert is_on(on, "email")
    assert text(client) == 200
    assert how_many(InboundMessage) == 1


def test_the_signature_is_the_one_that_the_gateway_documents() -> None:
    """The worked example of Twilio's documentation on securing requests."""
    fields = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675309",
        "Digits": "1234",
        "From": "+14158675309",
        "To": "+18005551212",
    }
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert signature(url, fields, "12345") == "RSOYDt4T1cUTdK1PDd93/VVr8B8="


def test_nobody_else_can_end_or_begin_anything(client: TestClient, on: House) -> None:
    assert text(client, secret="guessed") == 403
    assert client.post("/sms/inbound", data={"MessageSid": "x", "From": PHONE, "Body": "STOP"}).status_code == 403
    assert is_on(on, "sms")
    assert how_many(InboundMessage) == 0


def test_by_a_shared_secret_and_json_under_other_names(
    client: TestClient, on: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPORTING_SMS_INBOUND_CHECK", "header")
    monkeypatch.setenv("REPORTING_SMS_INBOUND_NAMES", '{"id": "ref", "from": "sender", "text": "message"}')
    settings.cache_clear()
    given = {"ref": 17, "sender": PHONE, "message": "stop"}
    assert client.post("/sms/inbound", json=given).status_code == 403
    headers = {"X-Webhook-Secret": SECRET}
    assert client.post("/sms/inbound", json={"ref": 17}, headers=headers).status_code == 422
    assert client.post("/sms/inbound", json=[1], headers=headers).status_code == 422
    as_json = {**headers, "Content-Type": "application/json"}
    assert client.post("/sms/inbound", content=b"{", headers=as_json).status_code == 422
    assert is_on(on, "sms")
    assert client.post("/sms/inbound", json=given, headers=headers).status_code == 200
    assert not is_on(on, "sms")


def test_a_flood_of_bytes_is_not_read(client: TestClient, on: House) -> None:
    fields = {"MessageSid": "SM9", "From": PHONE, "Body": "x" * 100_000}
    signed = signature("http://testserver/sms/inbound", fields, SECRET)
    assert client.post("/sms/inbound", data=fields, headers={"X-Twilio-Signature": signed}).status_code == 403


def test_without_a_secret_there_is_no_such_address(
    client: TestClient, on: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPORTING_SMS_INBOUND_SECRET", "")
    settings.cache_clear()
    assert text(client) == 404
