"""Messages that did not get through: said in plain words, sent again or taken off the list by the right people."""

import pytest
from sqlalchemy import update
from streamlit.testing.v1 import AppTest

from reporting.domain.actors import Actor, Role
from reporting.domain.message_kinds import KINDS, MessageKind
from reporting.messages.read_messages import REASONS, _reason
from reporting.records import outbox
from reporting.records.engine import reading, transaction
from reporting.records.tables import OutboxMessage
from reporting.settings import settings
from tests.accounts import trail
from tests.cast import House, house
from tests.conftest import NOW
from tests.pages.staff import open_page, text


def opened(monkeypatch: pytest.MonkeyPatch, actor: Actor | None) -> AppTest:
    return open_page(monkeypatch, "messages/page_messages", actor)


def stranded(
    clinic: House, number: int = 1, status: str = "dead", kind: str = "reminder", reason: str = "address_refused 550"
) -> int:
    payload = {"treatment": clinic.treatment_id, "due_day": 3} if kind == "reminder" else {"subject": "x", "body": "y"}
    with transaction() as session:
        row = OutboxMessage(
            clinic_id=clinic.clinic_id,
            patient_id=clinic.patient_id if kind == "reminder" else None,
            kind=kind,
            channel="email",
            payload=payload,
            idempotency_key=f"{kind}:{clinic.clinic_id}:{number}",
            status=status,
            attempts=number,
            last_error=reason,
            next_attempt_at=NOW,
            created_at=NOW,
        )
        session.add(row)
        session.flush()
        return row.id or 0


def now(key: int) -> tuple[str, str]:
    with reading() as session:
        row = outbox.by_id(session, key)
        assert row is not None
        return row.status, row.last_error


def test_with_nothing_wrong_it_says_so(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    page = opened(monkeypatch, clinic.staff["administrator"])
    assert "Nothing has been sent yet." in text(page)
    assert "Not set up here: E-mail and Text messages." in page.info[0].value
    assert page.button.len == 0


def test_what_waits_is_not_said_to_have_got_through(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    stranded(clinic, status="waiting", reason="")
    words = text(opened(monkeypatch, clinic.staff["administrator"]))
    assert "No message has failed, but 1 wait" in words
    assert "only when e-mail or text messages are set up" in words
    assert "got through" not in words
    with transaction() as session:
        session.execute(update(OutboxMessage).values(status="sent"))
    assert "Every message got through." in text(opened(monkeypatch, clinic.staff["administrator"]))


def test_it_does_not_complain_about_what_is_set_up(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    for name, value in {"SMTP_HOST": "mail.example", "SMTP_FROM": "c@clinic.example", "SMS_URL": "https://x"}.items():
        monkeypatch.setenv(f"REPORTING_{name}", value)
    settings.cache_clear()
    assert opened(monkeypatch, clinic.staff["administrator"]).info.len == 0
    monkeypatch.undo()
    settings.cache_clear()


def test_each_says_why_and_whether_it_may_have_arrived(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    stranded(clinic, 1)
    stranded(clinic, 2, "unsure", reason="lost_after")
    words = text(opened(monkeypatch, clinic.staff["safety_lead"]))
    assert "Did not arrive: Reminder of a check-in" in words
    assert "The mail server says that this address does not take messages." in words
    assert "May have arrived: Reminder of a check-in" in words
    assert "Sent again it may arrive twice." in words
    assert "E-mail, patient P-0001, written 10 Mar 2026, 10:30, 1 try" in words
    assert f"/card?treatment={clinic.treatment_id}" in words
    assert "550" not in words


def test_sent_again(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    key = stranded(clinic)
    page = opened(monkeypatch, clinic.staff["administrator"])
    page.button(key=f"resend_{key}").click().run()
    assert page.success[0].value == "It is on its way again."
    assert now(key)[0] == "waiting"
    assert "1 waiting to leave" in text(page)
    assert trail("message.") == [("message.resent", "Demo administrator A", str(key))]


def test_handled(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    key = stranded(clinic)
    page = opened(monkeypatch, clinic.staff["front_desk"])
    page.button(key=f"handled_{key}").click().run()
    assert page.success[0].value == "It is off the list."
    assert now(key) == ("cancelled", "handled dead address_refused 550")
    assert "Nothing has been sent yet." in text(page)


def test_two_people_at_one_message(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    key = stranded(clinic)
    page = opened(monkeypatch, clinic.staff["administrator"])
    with transaction() as session:
        row = outbox.by_id(session, key)
        assert row is not None
        row.status = "sent"
        session.add(row)
    page.button(key=f"handled_{key}").click().run()
    assert "Somebody has dealt with this message already." in page.error[0].value


def test_the_front_desk_sees_messages_to_patients_only(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    stranded(clinic, 1)
    stranded(clinic, 2, kind="case_escalation")
    assert "overdue case" not in text(opened(monkeypatch, clinic.staff["front_desk"]))
    assert "overdue case" in text(opened(monkeypatch, clinic.staff["administrator"]))


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.code)
def test_each_kind_is_called_by_its_name(monkeypatch: pytest.MonkeyPatch, clinic: House, kind: MessageKind) -> None:
    stranded(clinic, kind=kind.code)
    assert f"Did not arrive: {kind.name}" in text(opened(monkeypatch, clinic.staff["administrator"]))


@pytest.mark.parametrize("role", ["clinician", None])
def test_nobody_else_may_look(monkeypatch: pytest.MonkeyPatch, clinic: House, role: Role | None) -> None:
    stranded(clinic)
    page = opened(monkeypatch, clinic.staff[role] if role else None)
    assert page.error.len == 1
    assert "Reminder" not in text(page)


def test_another_clinics_messages_are_not_there(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    stranded(clinic)
    assert "Nothing has been sent yet." in text(opened(monkeypatch, house("B").staff["administrator"]))


@pytest.mark.parametrize("code", sorted(REASONS))
def test_every_reason_is_a_sentence(code: str) -> None:
    assert _reason(f"{code} 550").endswith(".")
    assert len(_reason(code)) > 20
