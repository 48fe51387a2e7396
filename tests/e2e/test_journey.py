"""The whole loop in a real browser: a patient reports, the clinician finds it on top, everything counts it."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.demo import Demo, demo_server
from tests.e2e.looks import settle, tap, violations

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.timeout(600)]

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}


@pytest.fixture(scope="module")
def demo(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with demo_server(tmp_path_factory.mktemp("demo"), filled) as running:
        yield running


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport=PHONE, is_mobile=True, has_touch=True, device_scale_factor=2)
    yield context.new_page()
    context.close()


@pytest.fixture
def desk(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport=DESKTOP)
    yield context.new_page()
    context.close()


def report_eyes_closing(page: Page, demo: Demo) -> None:
    """Begun on the plain page that the link opens, and gone on with in the patient's Streamlit pages."""
    page.goto(demo.patient_link)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert violations(page) == []
    page.get_by_role("checkbox", name=re.compile("^Swelling")).check()
    page.get_by_role("checkbox", name=re.compile("eye is swollen")).check()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Call the clinic today")
    assert violations(page) == []
    page.goto(f"{demo.address}/check-in")
    settle(page)
    tap(page, re.compile("^Go on"))
    expect(page.get_by_text(re.compile("Day 3"))).to_be_visible()
    expect(page.get_by_role("heading", level=2)).to_contain_text("How bad was the swelling")
    assert violations(page) == []
    tap(page, re.compile("^Severe"))


def same_day_cases(page: Page, demo: Demo) -> int:
    """How many cases of the clinic are to be answered on the same day, as its overview counts them."""
    demo.sign_in(page, "clinician")
    settle(page)
    page.get_by_role("link", name="Overview").click()
    main = page.get_by_test_id("stMain")
    expect(main).to_contain_text(re.compile(r"same day \d", re.I), timeout=30_000)
    settle(page)
    counted = re.search(r"same day (\d+)", main.inner_text(), re.I)
    assert counted
    return int(counted[1])


def test_the_loop(phone: Page, desk: Page, demo: Demo) -> None:
    before, same_day = demo.events("swelling"), same_day_cases(desk, demo)
    started = time.monotonic()
    report_eyes_closing(phone, demo)
    answer_until_review(phone, {"Where": "eyes"})
    assert violations(phone) == []
    tap(phone, re.compile("^Send"))
    call = phone.get_by_role("link", name=re.compile("Call"))
    expect(call.first).to_be_visible()
    assert str(call.first.get_attribute("href")).startswith("tel:")
    assert violations(phone) == []

    desk.goto(demo.address)
    settle(desk)
    first = desk.get_by_test_id("stMain")
    expect(first).to_contain_text(re.compile("swollen shut|closing", re.I))
    assert time.monotonic() - started < 120
    assert violations(desk) == []
    expect(first).to_contain_text("Swelling: severe")
    order = first.inner_text()
    assert order.index("DEMO-NOW-1 ") < order.index("DEMO-NOW-3 "), "what is less urgent stands above the new case"
    case = desk.locator("[class*=st-key-case_]").filter(has_text=re.compile(r"DEMO-NOW-1\b"))
    case.get_by_role("button", name="Acknowledge").click()
    expect(case).to_contain_text("Owner: Demo clinician", timeout=30_000)
    settle(desk)
    expect(case).to_have_count(1)

    case.get_by_role("link", name=re.compile("Timeline")).click()
    expect(first).to_contain_text("Swelling: severe at worst, more than expected on day 3", timeout=30_000)
    settle(desk)
    for setting in ("Pulse energy", "Around the eyes"):
        expect(first).to_contain_text(setting)
    assert violations(desk) == []

    desk.get_by_role("link", name="Overview").click()
    expect(first).to_contain_text("open case", timeout=30_000)
    settle(desk)
    expect(first).to_contain_text(re.compile(rf"same day {same_day + 1}\b", re.I))
    assert violations(desk) == []
    assert demo.events("swelling") == before + 1


def answer_until_review(page: Page, wanted: dict[str, str]) -> None:
    """Answer each question that comes: what is wanted for it, else what answers it at once and is mildest."""
    for _ in range(20):
        if page.get_by_role("button", name=re.compile("^Send")).count():
            return
        expect(page.get_by_role("heading", level=2).first).to_be_in_viewport()
        heading = page.get_by_role("heading", level=2).first.inner_text()
        chosen = next((answer for word, answer in wanted.items() if word in heading), "^(None|It can wait|All of)")
        tap(page, re.compile(chosen))
        if heading == page.get_by_role("heading", level=2).first.inner_text():
            tap(page, "Continue")
    raise AssertionError("the questions do not come to an end")
