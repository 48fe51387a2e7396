"""The light check-in in a real browser without scripts: from link to confirmation, killed, turned back, everywhere."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.e2e.looks import violations
from tests.e2e.patients import links
from tests.web.screen import bare

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
DESK: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}}
NARROW: dict[str, Any] = {"viewport": {"width": 320, "height": 640}, "is_mobile": True, "has_touch": True}
VARIANTS: dict[str, dict[str, Any]] = {
    "phone": PHONE,
    "desktop": DESK,
    "dark": PHONE | {"color_scheme": "dark"},
    "narrow": NARROW,
    "forced colours": DESK | {"forced_colors": "active"},
    "reduced motion": PHONE | {"reduced_motion": "reduce"},
    "right to left": PHONE | {"locale": "ar"},
    "twice the text": PHONE,
}
STICKS_OUT_PX = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
TARGETS = """() => [...document.querySelectorAll('button,a,label.choice,summary,textarea,input:not([type=hidden])')]
    .filter(it => !it.closest('label.choice') || it.matches('label.choice'))
    .map(it => [it.innerText || it.name, it.getBoundingClientRect().height])"""
EACH_VARIANT = [pytest.param(name, marks=() if name == "phone" else pytest.mark.thorough) for name in VARIANTS]
LEAST_PX = 44


@pytest.fixture(scope="module")
def ways_in(without_clinic: tuple[Path, str]) -> list[str]:
    """Links of many patients of a running application; each test takes its own."""
    return links(*without_clinic, 30)


@pytest.fixture
def link(ways_in: list[str]) -> str:
    return ways_in.pop()


@contextmanager
def phone(browser: Browser, **how: Any) -> Iterator[Page]:
    """A browser without scripts that is told of every request that leaves this machine."""
    context: BrowserContext = browser.new_context(**PHONE | {"java_script_enabled": False} | how)
    page, foreign = context.new_page(), []
    page.on("request", lambda request: foreign.append(request.url) if "//localhost" not in request.url else None)
    yield page
    assert [url for url in foreign if not url.startswith("data:")] == []
    context.close()


def press(button: Locator) -> None:
    """Press what leads to a page, and wait until this page is there as a whole."""
    with button.page.expect_navigation():
        button.click()


def pages_of_a_report(page: Page, link: str) -> Iterator[str]:
    """Every kind of page on the way through a report with a red flag; stands on each in turn."""
    page.goto(link)
    yield "first question"
    press(page.locator("form:has([name^=tick]) button").first)
    yield "empty submit"
    page.locator("[value=swelling]").check()
    page.locator("[value=swelling_breathing]").check()
    page.locator("[value=something_else]").check()
    press(page.locator("form:has([name^=tick]) button").first)
    yield "interruption"
    press(page.locator("[name=understood]"))
    yield "something else"
    page.locator("[value=lump]").check()
    press(page.locator("form:has([name^=tick]) button").first)
    yield "severity"
    page.locator("[name=worst][value='3']").check()
    press(page.locator("[name=one][value='1']"))
    press(page.locator("[name=only][value=all]"))
    page.wait_for_url(re.compile("/review"))
    page.go_back()
    yield "back"
    press(page.locator("[name=only][value=all]"))
    yield "review"
    page.locator("[name=note]").fill("x\x07")
    press(page.locator("[name=send]"))
    yield "refused note"
    page.locator("[name=note]").fill("It stings 🔥")
    press(page.locator("[name=send]"))
    expect(page).to_have_url(re.compile("/check-in/sent[?]of="))
    yield "confirmation"
    page.goto(link[:-4])
    yield "link over"
    page.goto(link.split("/c/")[0] + "/code")
    yield "code"


def faults(page: Page) -> list[str]:
    """Whatever a person with small screens, big fingers or a reader would stumble over."""
    found = violations(page)
    if (wide := int(page.evaluate(STICKS_OUT_PX))) > 0:
        found.append(f"{wide} px stick out")
    found += [f"{words!r} is {height:.0f} px high" for words, height in page.evaluate(TARGETS) if height < LEAST_PX]
    code, direction = page.locator("html").get_attribute("lang"), page.locator("html").get_attribute("dir")
    if not code or direction != ("rtl" if code == "ar" else "ltr"):
        found.append(f"lang {code}, dir {direction}")
    return found


@pytest.mark.parametrize("variant", EACH_VARIANT)
def test_everybody_can_read_and_touch_every_page(browser: Browser, link: str, variant: str) -> None:
    found: list[str] = []
    with phone(browser, **VARIANTS[variant] | {"java_script_enabled": True}) as page:
        for name in pages_of_a_report(page, link):
            if variant == "twice the text":
                page.evaluate("document.documentElement.style.fontSize = '200%'")
            found += [f"{name}: {fault}" for fault in faults(page)]
    assert found == []


def test_without_scripts_from_the_link_to_the_confirmation(browser: Browser, link: str) -> None:
    with phone(browser) as page:
        page.goto(link)
        page.get_by_role("checkbox", name="Swelling").check()
        page.get_by_role("checkbox", name="An eye is swollen shut").check()
        page.get_by_role("button", name="Continue").click()
        expect(page).not_to_have_url(re.compile("/c/"))
        expect(page.get_by_role("heading", level=1)).to_have_text("Call the clinic today.")
        page.get_by_role("button", name="Go on").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("How bad was the swelling at its worst?")
        page.get_by_role("radio", name="Severe", exact=True).check()
        page.get_by_role("button", name="Moderate").click()
        page.get_by_role("button", name="None of these").click()
        page.get_by_role("button", name="All of them").click()
        page.get_by_role("button", name="It can wait. I am not").click()
        page.get_by_role("button", name="Send").click()
        call = page.get_by_role("link", name=re.compile("Call"))
        assert str(call.first.get_attribute("href")).startswith("tel:")
        expect(page.get_by_role("status")).to_contain_text("We have your answers.")
        assert bare(page.get_by_role("link", name="See your recovery").get_attribute("href") or "") == "/home"
        page.reload()
        expect(page.get_by_role("status")).to_contain_text("We have your answers.")


def test_the_button_opens_the_home_still_signed_in(browser: Browser, link: str) -> None:
    with phone(browser, java_script_enabled=True) as page:
        page.goto(link)
        page.get_by_role("button", name="No problems today").click()
        page.get_by_role("link", name="See your recovery").click()
        page.wait_for_url(re.compile("/home[?]of="))
        expect(page.get_by_role("heading", name="Your recovery")).to_be_visible(timeout=60_000)


def test_a_killed_browser_goes_on_elsewhere(browser: Browser, link: str) -> None:
    """The context is thrown away after every step; the link alone brings back the place."""
    steps: list[Callable[[Page], None]] = [
        lambda page: page.get_by_role("checkbox", name="Bumps").check(),
        lambda page: press(page.get_by_role("button", name="Mild")),
    ]
    with phone(browser) as page:
        page.goto(link)
        steps[0](page)
        press(page.get_by_role("button", name="Continue"))
        heading = page.get_by_role("heading", level=1).inner_text()
    with phone(browser, **DESK | {"java_script_enabled": False}) as page:
        page.goto(link)
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)
        steps[1](page)
        heading = page.get_by_role("heading", level=1).inner_text()
    with phone(browser) as page:
        page.goto(link)
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)


def test_the_browsers_own_back_keeps_answers(browser: Browser, link: str) -> None:
    with phone(browser) as page:
        page.goto(link)
        page.get_by_role("checkbox", name="Swelling").check()
        press(page.get_by_role("button", name="Continue"))
        press(page.get_by_role("button", name="Severe").first)
        page.get_by_role("checkbox").first.wait_for()
        page.go_back()
        expect(page.get_by_role("button", name=re.compile("^✓ Severe"))).to_be_visible()
        page.go_back()
        expect(page.get_by_role("checkbox", name="Swelling")).to_be_checked()


def test_back_to_the_link_itself_shows_the_ticks(browser: Browser, link: str) -> None:
    """The first page of the link is the one page that the browser may show again as it was left."""
    with phone(browser) as page:
        page.goto(link)
        page.get_by_role("checkbox", name="Dark patches").check()
        press(page.get_by_role("button", name="Continue"))
        expect(page.get_by_role("heading", level=1)).to_contain_text("dark patches")
        page.go_back()
        assert "/c/" in page.url
        expect(page.get_by_role("checkbox", name="Dark patches")).to_be_checked()


def test_the_keyboard_alone_is_enough(browser: Browser, link: str) -> None:
    with phone(browser, **DESK | {"java_script_enabled": False}) as page:
        page.goto(link)
        page.get_by_role("checkbox", name="Bumps").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_text("Choose at least one.")).to_be_visible()
        page.get_by_role("checkbox", name="Burning").focus()
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_contain_text("bumps")
        for _ in ("Back", "the worst", "None", "Mild"):
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_contain_text("With the bumps")
