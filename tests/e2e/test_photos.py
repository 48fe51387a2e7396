"""Photos in a real browser: through the plain form and through Streamlit, to the clinician's timeline."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import photos
from tests.e2e.demo import Demo, demo_server
from tests.e2e.looks import drawn, settle, tap, violations
from tests.e2e.screenshots import Look, seen

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

MEGA = 1_000_000
THE_PATIENT = re.compile(r"DEMO-NOW-1(?!\d)")
"""Who the demo's patient link belongs to."""
LOADED = "image => image.decode().then(() => [image.naturalWidth, image.naturalHeight])"


@pytest.fixture(scope="module")
def demo(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with demo_server(tmp_path_factory.mktemp("photos"), filled) as running:
        yield running


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Files as they lie on a phone, good and bad."""
    folder = tmp_path_factory.mktemp("phone")
    contents = {
        "upright": photos.phone_jpeg(photos.picture(800, 600)),
        "lying": photos.phone_jpeg(photos.picture(800, 600), 6),
        "large": photos.phone_jpeg() + bytes(20 * MEGA),
        "huge": photos.phone_jpeg() + bytes(50 * MEGA),
        "svg": photos.SVG,
    }
    made = {name: folder / f"{name}.jpg" for name in contents}
    for name, data in contents.items():
        made[name].write_bytes(data)
    return made


def send_plainly(page: Page, file: Path) -> None:
    page.get_by_label("Choose a photo").set_input_files(file)
    page.get_by_role("button", name="Add this photo").click()
    page.wait_for_load_state("load")


def to_review(page: Page, demo: Demo) -> None:
    """Severe swelling that closes an eye, answered on the plain pages."""
    page.goto(demo.patient_link)
    for tick, button in (
        ("Swelling", ""),
        ("An eye is swollen", "Continue"),
        ("", "Go on with the other questions"),
        ("", "Severe"),
        ("", "None of"),
        ("", "All of"),
        ("", "It can wait. I am not"),
    ):
        if tick:
            page.get_by_role("checkbox", name=re.compile(tick)).check()
        if button:
            page.get_by_role("button", name=re.compile(f"^{button}")).first.click()
            page.wait_for_load_state("load")
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your answers")


def plain_form(page: Page, given: dict[str, Path]) -> None:
    """Two that are refused with a sentence, then one that is kept; no script is needed for any."""
    page.get_by_role("textbox").fill("It began at night.")
    page.get_by_role("button", name=re.compile("photo", re.I)).click()
    page.wait_for_url(re.compile("/check-in/photo[?]of="))
    assert violations(page) == []
    for name, sentence in (("huge", "It can have up to 15 MB."), ("svg", "is not a photo that we can read")):
        send_plainly(page, given[name])
        expect(page.get_by_role("alert")).to_contain_text(sentence)
        expect(page.get_by_role("alert")).to_contain_text("Your answers are still here.")
    assert violations(page) == []
    send_plainly(page, given["lying"])
    expect(page.get_by_role("main")).to_contain_text("Photo 1 is added.")
    assert violations(page) == []
    page.get_by_role("link", name="Back to your answers").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your answers")
    expect(page.get_by_role("textbox")).to_have_value("It began at night.")


def on_review(page: Page, given: dict[str, Path]) -> None:
    """The same refusals in Streamlit (what passes its own limit never leaves the phone), then a second photo."""
    file = page.locator("input[type=file]").first
    for name, sentence in (("large", "It can have up to 15 MB."), ("svg", "is not a photo that we can read")):
        file.set_input_files(given[name])
        expect(page.get_by_role("alert").filter(has_text=sentence)).to_be_visible(timeout=30_000)
    file.set_input_files(given["huge"])
    expect(page.get_by_role("alert").filter(has_text="must be 50.0MB or smaller")).to_be_attached(timeout=30_000)
    file.set_input_files(given["upright"])
    expect(page.get_by_text("Photo 2 is added.")).to_be_visible(timeout=30_000)
    settle(page)
    assert violations(page) == []


@pytest.mark.thorough
def test_from_the_phone_to_the_timeline(browser: Browser, demo: Demo, given: dict[str, Path]) -> None:
    with seen(browser, Look("phone", "light")) as phone:
        to_review(phone, demo)
        plain_form(phone, given)
        phone.goto(f"{demo.address}/")
        drawn(phone)
        expect(phone.get_by_text("Photo 1 is added.")).to_be_visible()
        assert phone.locator("img[src^='/photo/']").count() == 0, "the link alone shows no photo"
        assert phone.goto(f"{demo.address}/photo/1").status == 403  # type: ignore[union-attr]
        phone.goto(f"{demo.address}/")
        drawn(phone)
        on_review(phone, given)
        tap(phone, re.compile("^Send"))
        expect(phone.get_by_role("link", name=re.compile("Call")).first).to_be_visible()

    with seen(browser, Look("desktop", "light")) as desk:
        demo.sign_in(desk, "clinician")
        settle(desk)
        case = desk.locator("[class*='st-key-case_']").filter(has_text=THE_PATIENT)
        case.get_by_role("link", name="Timeline").click()
        desk.wait_for_url("**/timeline?patient=*")
        drawn(desk)
        pictures = desk.locator("figure img")
        expect(pictures).to_have_count(2)
        pictures.first.scroll_into_view_if_needed()
        assert [picture.evaluate(LOADED) for picture in pictures.all()] == [[600, 800], [800, 600]]
        assert violations(desk) == []
        address = str(pictures.first.get_attribute("src")).partition("?")[0]
        with desk.context.expect_page() as large:
            pictures.first.click()
        large.value.wait_for_load_state()
        assert large.value.url == demo.address + address
        assert large.value.locator("img").evaluate(LOADED) == [600, 800]

    with seen(browser, Look("desktop", "light")) as front:
        demo.sign_in(front, "front_desk")
        settle(front)
        assert front.goto(f"{demo.address}/photo/1").status == 403  # type: ignore[union-attr]
        front.context.clear_cookies()
        assert front.goto(f"{demo.address}/photo/1").status == 401  # type: ignore[union-attr]
