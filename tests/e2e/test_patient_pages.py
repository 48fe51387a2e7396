"""The patient's Streamlit pages in every variant: axe, width, touch targets, language and direction, keyboard."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.looks import drawn, settle, violations
from tests.e2e.patients import cards
from tests.e2e.test_check_in import EACH_VARIANT, STICKS_OUT_PX, VARIANTS

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

OURS_PX, STREAMLITS_PX = 44, 24
STREAMLITS_SMALL = "[data-testid=stExpander] summary, [data-testid=stCheckbox], [data-testid^=stPageLink]"
"""Streamlit's own widgets whose height no page can set: 24 px is the least there."""
TARGETS = """small => [...document.querySelectorAll('[data-testid=stMain] :is(button,a,summary,textarea)')]
    .filter(it => it.offsetParent && it.getBoundingClientRect().height > 0 && !it.closest('vega-embed, .vega-embed'))
    .filter(it => !it.closest('[data-testid=stElementToolbar], [data-testid=stHeaderActionElements]'))
    .map(it => [it.innerText || it.ariaLabel || it.tagName, it.getBoundingClientRect().height, !!it.closest(small)])"""


@pytest.fixture(scope="module")
def ways_in(without_clinic: tuple[Path, str]) -> tuple[str, list[tuple[str, str]]]:
    """The address of a running application and the cards of its patients; each test takes its own."""
    folder, address = without_clinic
    return address, cards(folder, address, 12)


def sign_in(page: Page, address: str, code: str, born: str = "1980") -> None:
    page.goto(f"{address}/code")
    page.locator("#code").fill(code)
    page.locator("#year_of_birth").fill(born)
    page.locator("form:has(#code) button").click()
    page.wait_for_url(lambda url: not urlsplit(url).path.endswith("/code"))


def pages_of_a_patient(page: Page, address: str) -> Iterator[str]:
    """Every Streamlit page of a patient, standing on each in turn."""
    page.goto(f"{address}/home")
    drawn(page)
    yield "home, nothing sent"
    page.goto(f"{address}/")
    drawn(page)
    yield "first question"
    primary = page.locator("[data-testid=stMain] [data-testid=stBaseButton-primary]").first
    primary.click()
    told = page.get_by_test_id("stAlertContentError")
    expect(told).to_have_count(1, timeout=60_000)
    settle(page)
    yield "empty submit"
    page.locator("[data-testid=stMain] [class*='st-key-symptoms'] button").nth(3).click()
    expect(told).to_have_count(0, timeout=60_000)  # what it covered has moved up by now
    settle(page)
    page.locator("[data-testid=stMain] [data-testid=stBaseButton-primary]").first.click()
    page.locator("[class*='st-key-severity_']").first.wait_for(timeout=60_000)
    settle(page)
    yield "severity"
    page.go_back()
    drawn(page)
    page.go_forward()
    drawn(page)
    yield "back and forward again"
    page.goto(f"{address}/data")
    drawn(page)
    yield "own data"


def faults(page: Page) -> list[str]:
    found = violations(page)
    if (wide := int(page.evaluate(STICKS_OUT_PX))) > 0:
        found.append(f"{wide} px stick out")
    for words, height, is_streamlits in page.evaluate(TARGETS, STREAMLITS_SMALL):
        if round(height) < (STREAMLITS_PX if is_streamlits else OURS_PX):
            found.append(f"{words!r} is {height:.0f} px high")
    code, direction = page.locator("html").get_attribute("lang"), page.locator("html").get_attribute("dir")
    if not code or direction != ("rtl" if code == "ar" else "ltr"):
        found.append(f"lang {code}, dir {direction}")
    return found


@pytest.mark.parametrize("variant", EACH_VARIANT)
def test_everybody_can_read_and_touch_every_page(
    browser: Browser, ways_in: tuple[str, list[tuple[str, str]]], variant: str
) -> None:
    address, left = ways_in
    how: dict[str, Any] = VARIANTS[variant]
    context = browser.new_context(**how)
    page, found = context.new_page(), []
    sign_in(page, address, left.pop()[1])
    for name in pages_of_a_patient(page, address):
        if variant == "twice the text":
            page.evaluate("document.documentElement.style.fontSize = '200%'")
        found += [f"{name}: {fault}" for fault in faults(page)]
    context.close()
    assert found == []


@pytest.mark.thorough
def test_a_report_can_be_made_with_the_keyboard_alone(
    browser: Browser, ways_in: tuple[str, list[tuple[str, str]]]
) -> None:
    address, left = ways_in
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    sign_in(page, address, left.pop()[1])
    page.goto(f"{address}/")
    drawn(page)
    for _ in range(20):
        page.keyboard.press("Tab")
        focused = page.evaluate("[document.activeElement.tagName, document.activeElement.innerText]")
        if focused[0] == "BUTTON" and "No problems today" in str(focused[1]):
            break
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("stMain")).to_contain_text("We have your answers.", timeout=30_000)
    context.close()
