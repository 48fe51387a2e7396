"""What a person would see or miss: waiting for the page to be drawn, and the axe checker."""

import re
from typing import Any, Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}

STREAMLITS_OWN = {
    "aria-dialog-name": "st.toast has a dialog without a name",
    "presentation-role-conflict": "st.file_uploader marks its input as presentation",
}
"""Rules that Streamlit 1.67's own widgets break and that no page of ours can mend."""


def settle(page: Page) -> None:
    """Wait until the page is drawn: a plain HTML page at once, Streamlit when its script has finished."""
    page.wait_for_load_state("load")
    if page.locator("#root").count():
        page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(timeout=60_000)


_ALL_DRAWN = """() => document.fonts.status === 'loaded'
    && !document.querySelector('[data-testid=stSkeleton], [data-testid=stAppSkeleton]')
    && [...document.querySelectorAll('[data-testid=stVegaLiteChart]')].every(it => it.querySelector('canvas, svg'))"""


def drawn(page: Page) -> None:
    """Wait until the page is settled and its charts, tables and fonts are on the screen."""
    settle(page)
    if page.locator("#root").count():
        page.get_by_test_id("stMain").get_by_role("heading").or_(page.get_by_role("alert")).first.wait_for()
    page.wait_for_function(_ALL_DRAWN)


_IS_IN = """dark => {
    const app = document.querySelector('[data-testid=stApp]') || document.body
    const [red, green, blue] = getComputedStyle(app).backgroundColor.match(/[0-9.]+/g).map(Number)
    return (red + green + blue < 384) === dark
}"""


_HAVE_TURNED = """() => document.getAnimations().every(it => !(it instanceof CSSTransition))"""
"""No part of the page is on its way from one colour to another."""


def in_colours(page: Page, colours: Literal["light", "dark"]) -> None:
    """Change the colours of the page that is shown; it follows at once, charts too."""
    if bool(page.evaluate(_IS_IN, colours == "dark")):
        return
    page.emulate_media(color_scheme=colours)
    page.wait_for_function(_IS_IN, arg=colours == "dark")
    page.wait_for_function(_HAVE_TURNED)


def violations(page: Page) -> list[str]:
    """Accessibility faults (WCAG A and AA) of the page as it stands, those of Streamlit itself left out."""
    found: list[dict[str, Any]] = Axe().run(page, options=RULES).response["violations"]
    return [
        f"{fault['id']}: {node['target']} {node.get('failureSummary', '')}"
        for fault in found
        if fault["id"] not in STREAMLITS_OWN
        for node in fault["nodes"]
    ]


def tap(page: Page, name: str | re.Pattern[str]) -> None:
    """Press a button and wait until the page shows something else than before, drawn to its end."""
    main = page.get_by_test_id("stMain")
    before = main.inner_text()
    page.get_by_role("button", name=name).first.click()
    expect(main).not_to_have_text(before, use_inner_text=True, timeout=30_000)
    settle(page)
