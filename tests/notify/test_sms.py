"""Text messages against a recording gateway: what is sent, and what each answer and silence means."""

import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from reporting import clock
from reporting.notify.handed_over import HandedOver
from reporting.notify.sms import LONGEST_WAIT_S, Sms, send
from reporting.settings import settings
from tests.sms_gateway import Gateway

NOW = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)
SMS = Sms(to="+447700900123", text="Example: time — وقت & more", key="key-1")


def test_by_default_it_is_what_twilio_expects(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPORTING_SMS_USER", "AC1")
    monkeypatch.setenv("REPORTING_SMS_PASSWORD", "token")
    settings.cache_clear()
    assert send(SMS) == HandedOver("sent", provider_id="SM1")
    assert gateway.requests == [{"To": "+447700900123", "From": "+447700900999", "Body": SMS.text}]
    [headers] = gateway.headers
    assert headers["authorization"] == "Basic QUMxOnRva2Vu"
    assert headers["content-type"] == "application/x-www-form-urlencoded"
    assert headers["idempotency-key"] == "key-1"


def test_another_gateway_is_a_matter_of_settings(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPORTING_SMS_FORMAT", "json")
    monkeypatch.setenv("REPORTING_SMS_METHOD", "PUT")
    monkeypatch.setenv("REPORTING_SMS_FIELDS", '{"recipient": "{to}", "message": "{text}", "reference": "{key}"}')
    monkeypatch.setenv("REPORTING_SMS_HEADERS", '{"Authorization": "Bearer abc"}')
    settings.cache_clear()
    assert send(SMS).result == "sent"
    assert gateway.requests == [{"recipient": SMS.to, "message": SMS.text, "reference": "key-1"}]
    assert gateway.headers[0]["authorization"] == "Bearer abc"
    monkeypatch.setenv("REPORTING_SMS_METHOD", "GET")
    settings.cache_clear()
    assert send(SMS).result == "sent"
    assert gateway.requests[1] == gateway.requests[0]


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ((200, {}), HandedOver("sent", provider_id="SM1")),
        ((409, {}), HandedOver("sent", "known_already")),
        ((400, {}), HandedOver("dead", "refused 400")),
        ((422, {}), HandedOver("dead", "refused 422")),
        ((401, {}), HandedOver("retry", "sign_in_refused 401", channel_down=True)),
        ((302, {"Location": "http://127.0.0.1:1/"}), HandedOver("retry", "sign_in_refused 302", channel_down=True)),
        ((429, {"Retry-After": "120"}), HandedOver("retry", "too_many 429", retry_after_s=120, channel_down=True)),
        ((429, {}), HandedOver("retry", "too_many 429", channel_down=True)),
        ((429, {"Retry-After": "soon"}), HandedOver("retry", "too_many 429", channel_down=True)),
        (
            (503, {"Retry-After": "9999999"}),
            HandedOver("retry", "too_many 503", retry_after_s=LONGEST_WAIT_S, channel_down=True),
        ),
        ((500, {}), HandedOver("retry", "refused 500")),
        ((504, {}), HandedOver("unsure", "lost_after 504", channel_down=True)),
        ("hang up", HandedOver("unsure", "lost_after", channel_down=True)),
    ],
)
def test_what_each_answer_means(
    gateway: Gateway, answer: tuple[int, dict[str, str]] | str, outcome: HandedOver
) -> None:
    gateway.plan = [answer]
    assert send(SMS) == outcome
    assert len(gateway.requests) == 1


def test_a_gateway_that_stops_answering(gateway: Gateway, impatient: None) -> None:
    gateway.plan = ["stall"]
    assert send(SMS) == HandedOver("unsure", "lost_after", channel_down=True)
    assert len(gateway.requests) == 1


def test_a_date_to_come_back_at(gateway: Gateway) -> None:
    with clock.fixed(NOW):
        gateway.plan = [(429, {"Retry-After": format_datetime(NOW + timedelta(minutes=3), usegmt=True)})]
        assert send(SMS).retry_after_s == 180
        gateway.plan = [(429, {"Retry-After": format_datetime(NOW - timedelta(minutes=3), usegmt=True)})]
        assert send(SMS).retry_after_s == 0


def test_nobody_there(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("REPORTING_SMS_URL", f"http://127.0.0.1:{taken.getsockname()[1]}/")
        settings.cache_clear()
        assert send(SMS) == HandedOver("retry", "no_connection", channel_down=True)
