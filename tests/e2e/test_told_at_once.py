"""An emergency is ticked and the phone is closed: somebody on call has it in seconds, once, whatever breaks."""

import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.demo import Demo, command, demo_server
from tests.e2e.looks import drawn
from tests.mail_server import MailServer, mail_server
from tests.sms_gateway import Gateway, sms_gateway

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.timeout(600)]

PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True, "java_script_enabled": False}
WITHIN_S = 10
NUMBER, ADDRESS = "+447700900101", "first@clinic.example"
CASE = re.compile(r"DEMO-NOW-1\b")


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with sms_gateway() as server:
        yield server


def ways_out(mail: MailServer, gateway: Gateway) -> dict[str, str]:
    """The environment of an application that sends through these servers."""
    return {
        "REPORTING_SMTP_HOST": "127.0.0.1",
        "REPORTING_SMTP_PORT": str(mail.port),
        "REPORTING_SMTP_SECURITY": "none",
        "REPORTING_SMTP_FROM": "checkin@clinic.example",
        "REPORTING_SMS_URL": gateway.url,
        "REPORTING_SMS_SENDER": "+447700900999",
        "REPORTING_BACKGROUND": "1",
    }


def urgent(gateway: Gateway, mail: MailServer) -> tuple[list[dict[str, str]], list[str]]:
    """What came about an emergency; the demo clinic's other cases write messages of their own."""
    texts = [one for one in gateway.requests if "EMERGENCY" in one["Body"]]
    return texts, [words for words in mail.texts() if "EMERGENCY" in words]


def on_call(demo: Demo, name: str, *ways: str) -> None:
    command(demo.folder, demo.address, "on-call", "add", name, "--clinic", "DEMO", *ways)


def tick_and_close(browser: Browser, demo: Demo) -> None:
    """The link of the message on a phone without scripts: one box, Continue, read, and the phone is put away."""
    context = browser.new_context(**PHONE)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(demo.patient_link)
    page.locator("[value=swelling_breathing]").check()
    with page.expect_navigation():
        page.locator("form:has([name^=tick]) button").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Call ")
    expect(page.locator("body")).to_contain_text("We have also told the clinic.")
    context.close()


@contextmanager
def worklist(browser: Browser, demo: Demo) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    demo.sign_in(page, "clinician")
    drawn(page)
    yield page
    context.close()


def case_of(page: Page) -> str:
    """The patient's case as the list shows it."""
    row = page.locator("[class*=st-key-case_]").filter(has_text=CASE).filter(has_text="Unfinished report")
    expect(row).to_have_count(1, timeout=30_000)
    return row.inner_text()


def test_ticked_and_put_away_it_is_on_the_worklist_and_with_who_is_on_call(
    browser: Browser, filled: Path, tmp_path: Path, mail: MailServer, gateway: Gateway
) -> None:
    with demo_server(tmp_path, filled, **ways_out(mail, gateway)) as demo:
        on_call(demo, "Dr First", "--phone", NUMBER, "--email", ADDRESS)
        with worklist(browser, demo) as desk:
            tick_and_close(browser, demo)
            assert gateway.wait_for(1, WITHIN_S)
            assert mail.wait_for(1, WITHIN_S)
            desk.reload()
            drawn(desk)
            shown = case_of(desk)
    assert "Emergency" in shown
    assert "started at" in shown
    [text], [letter] = urgent(gateway, mail)
    assert text["To"] == NUMBER
    assert not re.search(r"DEMO-NOW|breath|swell", f"{text} {letter}", re.IGNORECASE)


@pytest.mark.thorough
def test_killed_between_the_answer_and_the_message_it_is_told_once_after_the_restart(
    browser: Browser, filled: Path, tmp_path: Path, mail: MailServer, gateway: Gateway
) -> None:
    out = ways_out(mail, gateway)
    with demo_server(tmp_path, filled, **(out | {"REPORTING_BACKGROUND": "0"})) as demo:
        on_call(demo, "Dr First", "--phone", NUMBER, "--email", ADDRESS)
        tick_and_close(browser, demo)
        os.kill(demo.pid, signal.SIGKILL)
    assert (gateway.requests, mail.arrived) == ([], []), "nothing had left when it was killed"
    for _ in range(2):  # started again, ended in good order, and once more
        with demo_server(tmp_path, filled, **out) as demo:
            assert gateway.wait_for(1)
            assert mail.wait_for(1)
            with worklist(browser, demo) as desk:
                assert "text message sent, e-mail sent" in case_of(desk)
    assert [len(found) for found in urgent(gateway, mail)] == [1, 1]


@pytest.mark.thorough
def test_a_dead_gateway_leads_to_the_next_person_and_is_seen(
    browser: Browser, filled: Path, tmp_path: Path, mail: MailServer, gateway: Gateway
) -> None:
    gateway.plan = [(400, {})] * 20
    with demo_server(tmp_path, filled, **ways_out(mail, gateway)) as demo:
        on_call(demo, "Dr First", "--phone", NUMBER)
        on_call(demo, "Dr Second", "--email", ADDRESS)
        tick_and_close(browser, demo)
        assert gateway.wait_for(1, WITHIN_S)
        assert mail.wait_for_one("EMERGENCY", 60)
        with worklist(browser, demo) as desk:
            shown = case_of(desk)
    assert re.search(r"Dr First \(text message not delivered\), then Dr Second \(e-mail (sent|on its way)\)", shown)
