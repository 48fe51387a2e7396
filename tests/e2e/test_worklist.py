"""The worklist while two clinicians work on it: the refresh disturbs nobody who types, and they see each other."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, expect

from reporting.cases.page_worklist import REFRESH_SECONDS
from tests.e2e.demo import Demo
from tests.e2e.looks import drawn, settle
from tests.e2e.screenshots import Look, seen

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser pages")]

DESK = Look("desktop", "light")
REFRESH_MS = (REFRESH_SECONDS + 20) * 1000
CASE = "DEMO-NOW-3"
PRESS_IF_THERE = "where => document.querySelector(where + ' button')?.click()"
"""The same case's button in a list that may, or may not yet, have been drawn anew."""


@pytest.fixture
def demo(staffed: Demo) -> Demo:
    return staffed


@contextmanager
def at_the_list(browser: Browser, demo: Demo, role: str) -> Iterator[Page]:
    with seen(browser, DESK) as page:
        demo.sign_in(page, role)
        drawn(page)
        expect(page.get_by_test_id("stMain")).to_contain_text(CASE)
        yield page


def row(page: Page) -> str:
    return page.locator("[class*=st-key-case_]").filter(has_text=CASE).first.inner_text()


@pytest.mark.thorough
def test_a_row_says_what_a_surgeon_needs(browser: Browser, demo: Demo) -> None:
    with at_the_list(browser, demo, "clinician") as page:
        words = row(page)
        for part in (
            "Fractional ablative resurfacing",
            "reported on day",
            "Reported: Hyperpigmentation: moderate",
            "Why it is here:",
            "Nobody has taken it yet",
            "take by ",
            "Within a week",
            "To be taken: due in",
            "New",
        ):
            assert part in words
        page.keyboard.press("Alt+o")
        expect(page.get_by_role("dialog")).to_contain_text("What happened so far", timeout=30_000)
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0, timeout=30_000)


@pytest.mark.thorough
def test_two_take_the_same_case_and_typing_outlives_the_refresh(browser: Browser, demo: Demo) -> None:
    with at_the_list(browser, demo, "clinician") as one, at_the_list(browser, demo, "safety_lead") as other:
        case = str(other.locator("[class*=st-key-acknowledge_]").first.get_attribute("class"))
        other.get_by_role("button", name="Acknowledge").first.click()
        expect(other.get_by_test_id("stMain")).to_contain_text(re.compile("You have acknowledged"), timeout=30_000)

        one.evaluate(PRESS_IF_THERE, "." + next(name for name in case.split() if name.startswith("st-key-")))
        main = one.get_by_test_id("stMain")
        expect(main).to_contain_text(re.compile("Owner: Demo safety lead", re.I), timeout=REFRESH_MS)
        assert "You have acknowledged" not in main.inner_text()

        one.get_by_role("button", name="Open case").first.click()
        window = one.get_by_role("dialog")
        note = window.get_by_role("textbox", name=re.compile("Note"))
        note.fill("The cheek is warm, she will ")
        note.press_sequentially("send a photo")
        asked = one.get_by_text(re.compile("As of ")).first.inner_text()
        began = time.monotonic()
        expect(one.get_by_text(asked)).to_have_count(0, timeout=90_000)  # the list behind has been drawn anew
        assert time.monotonic() - began < 90
        assert note.input_value() == "The cheek is warm, she will send a photo"
        expect(note).to_be_focused()
        note.press_sequentially(" tonight")
        window.get_by_role("button", name="Keep the note only").click()
        expect(window).to_contain_text("“The cheek is warm, she will send a photo tonight”", timeout=30_000)

        other.reload()
        settle(other)
        drawn(other)
        other.get_by_role("button", name="Open case").first.click()
        expect(other.get_by_role("dialog")).to_contain_text("send a photo tonight", timeout=30_000)


@pytest.mark.thorough
def test_the_view_is_in_the_address(browser: Browser, demo: Demo) -> None:
    with at_the_list(browser, demo, "clinician") as page:
        page.get_by_role("radio", name="Alert budget").or_(
            page.get_by_role("button", name="Alert budget")
        ).first.click()
        expect(page.get_by_test_id("stMain")).to_contain_text("Alerts per 100 check-ins", timeout=30_000)
        page.wait_for_url("**/?show=budget")
        page.reload()
        drawn(page)
        expect(page.get_by_test_id("stMain")).to_contain_text("Alerts per 100 check-ins")


@pytest.mark.thorough
def test_on_a_phone_the_views_stand_in_one_row_and_a_wide_table_says_that_it_goes_on(
    browser: Browser, demo: Demo
) -> None:
    with seen(browser, Look("phone", "light")) as page:
        demo.sign_in(page, "clinician")
        page.goto(f"{demo.address}/?show=budget")
        drawn(page)
        boxes = [page.get_by_role("radio", name=name).bounding_box() for name in ("Open", "Closed", "Alert budget")]
        assert all(boxes)
        assert len({round(box["y"]) for box in boxes if box}) == 1
        assert all(box["height"] >= 44 for box in boxes if box), "a finger must hit it"
        shade = "() => getComputedStyle(document.querySelector('[data-testid=stDataFrame]'), '::after').opacity"
        page.wait_for_function(f"() => ({shade})() === '1'")
        page.evaluate("() => { document.querySelector('.dvn-scroller').scrollLeft = 100000 }")
        page.wait_for_function(f"() => ({shade})() === '0'")
