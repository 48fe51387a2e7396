"""A declared supervised pilot says so on every page with scripts too: patients', staff's, and nobody's."""

from datetime import datetime

import pytest
from streamlit.navigation.page import StreamlitPage
from streamlit.testing.v1 import AppTest

from reporting.app import navigation
from reporting.domain.actors import Actor
from reporting.errors import OtherTreatment, SignInNeeded
from reporting.settings import settings
from reporting.shell.pages import PATIENT, STAFF, Entry
from tests.cast import House, house
from tests.pages.staff import PAGES, no_search_for_components

TO_PATIENTS = "This is a trial that your clinic watches. If you are not sure, call the clinic."
SAID = {"patient": TO_PATIENTS, "staff": navigation.PILOT, "nobody": TO_PATIENTS}
EVERY = [
    *(("staff", entry) for entry in STAFF),
    *(("patient", entry) for entry in PATIENT),
    *(("nobody", entry) for entry in navigation.pages_for(None)),
]


@pytest.fixture
def clinic(sqlite_database: str, stopped_clock: datetime) -> House:
    return house("A")


def application(monkeypatch: pytest.MonkeyPatch, who: Actor | Exception) -> str:
    """What the whole application says to that person on the page where they begin."""

    def found(_cookie: str | None, *, by_hand: bool = True) -> Actor:
        if isinstance(who, Exception):
            raise who
        return who

    monkeypatch.setattr("reporting.shell.ui_identity.cookie_value", lambda: "a cookie")
    monkeypatch.setattr("reporting.shell.ui_identity.actor_of", found)
    with no_search_for_components():
        page = AppTest.from_file(str(PAGES.parent / "app.py"), default_timeout=30).run()
    assert not page.exception, page.exception
    return "\n".join(each.value for each in page.markdown)


def begins_with(monkeypatch: pytest.MonkeyPatch, entry: Entry) -> None:
    """The application opens that page, of which the frame is drawn and not what is in it."""
    real = navigation.pages_for
    monkeypatch.setattr(
        navigation, "pages_for", lambda by: [entry, *(each for each in real(by) if each.address != entry.address)]
    )
    monkeypatch.setattr(StreamlitPage, "run", lambda _page: None)


@pytest.mark.parametrize(("who", "entry"), EVERY, ids=[f"{who} {entry.file}" for who, entry in EVERY])
def test_the_frame_of_every_page_says_so(
    monkeypatch: pytest.MonkeyPatch, clinic: House, who: str, entry: Entry
) -> None:
    people = {"patient": clinic.patient, "staff": clinic.staff["administrator"], "nobody": SignInNeeded()}
    monkeypatch.setattr(settings(), "supervised_pilot", True)
    begins_with(monkeypatch, entry)
    assert SAID[who] in application(monkeypatch, people[who])


@pytest.mark.parametrize("who", ["patient", "administrator", "nobody", "another tab's"])
def test_a_whole_page_says_so_only_while_it_is_one(monkeypatch: pytest.MonkeyPatch, clinic: House, who: str) -> None:
    people = {"patient": clinic.patient, "nobody": SignInNeeded(), "another tab's": OtherTreatment()} | clinic.staff
    said = SAID["staff" if who == "administrator" else "patient"]
    assert said not in application(monkeypatch, people[who])
    monkeypatch.setattr(settings(), "supervised_pilot", True)
    assert said in application(monkeypatch, people[who])
