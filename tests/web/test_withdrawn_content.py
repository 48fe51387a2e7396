"""While the version of the content is withdrawn the first page says so, and signs of danger are still answered."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import update
from starlette.testclient import TestClient
from streamlit.testing.v1 import AppTest

from reporting import clock
from reporting.domain.content_package import package
from reporting.records.engine import transaction
from reporting.records.tables import Clinic
from tests.cast import House, house
from tests.pages.staff import open_page, text
from tests.web.screen import Phone
from tests.web.site import words
from tests.web.test_check_in import DAY_3, link_of

SAID = "This page cannot tell you what your answers mean right now."
STILL = "You can still tick what you have. If it is a danger, we tell you at once."


@pytest.fixture(autouse=True)
def stopped() -> Iterator[None]:
    with clock.fixed(DAY_3):
        yield


@pytest.fixture
def home(client: TestClient) -> House:
    return house("A", areas=("cheeks",))


def withdraw() -> None:
    with transaction() as session:
        session.execute(update(Clinic).values(content_withdrawn=package().version))


@pytest.fixture
def link(home: House) -> str:
    """Nobody is invited after the withdrawal; who was before keeps the link."""
    return link_of(home)


def first_page(client: TestClient, link: str, language: str = "en") -> str:
    return client.get(link, headers={"accept-language": language}).text


def test_the_first_page_says_to_call_and_no_other_page_repeats_it(client: TestClient, link: str) -> None:
    assert SAID not in words(first_page(client, link))
    withdraw()
    shown = first_page(client, link)
    said = words(shown)
    assert all(each in said for each in ("Please call your clinic today.", SAID, STILL))
    assert 'class="button urgent" href="tel:+345550100"' in shown
    phone = Phone(client, link).press("Continue", ["bumps"])
    assert SAID not in words(phone.screen.body)


def test_a_danger_is_still_answered_at_once(client: TestClient, link: str) -> None:
    withdraw()
    phone = Phone(client, link).press("Continue", ["swelling", "swelling_breathing"])
    assert phone.screen.heading.startswith("Call 112 now")


def test_a_closed_clinic_is_not_rung(client: TestClient, link: str) -> None:
    withdraw()
    with clock.fixed(DAY_3 + timedelta(hours=12)):
        shown = first_page(client, link)
    assert "Your clinic is closed now. Please call when it opens." in words(shown)
    assert 'class="button urgent" href="tel:+345550100"' not in shown


@pytest.mark.parametrize(("language", "still"), [("es", "Aún puede marcar lo que tiene."), ("ar", "فسنخبرك فورًا")])
def test_in_the_patients_language(client: TestClient, link: str, language: str, still: str) -> None:
    withdraw()
    assert still in words(first_page(client, link, language))


def shown_to(monkeypatch: pytest.MonkeyPatch, home: House, who: str) -> AppTest:
    if who == "patient":
        return open_page(monkeypatch, "patient/page_check_in", home.patient)
    return open_page(monkeypatch, "patient/page_proxy", home.staff["clinician"], treatment=home.treatment_id)


@pytest.mark.parametrize("who", ["patient", "staff who ask"])
def test_the_page_with_scripts_says_the_same(monkeypatch: pytest.MonkeyPatch, home: House, who: str) -> None:
    assert SAID not in text(shown_to(monkeypatch, home, who))
    withdraw()
    said = text(shown_to(monkeypatch, home, who))
    assert "Please call your clinic today." in said
    assert SAID in said
    assert STILL in said
