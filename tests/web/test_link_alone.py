"""Whoever only opens a link, a program that looks into mails included, reads nothing that its patient wrote."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from reporting import clock
from reporting.security.encryption import decrypt
from reporting.shell import web_pages
from tests.cast import house
from tests.web.screen import Phone
from tests.web.test_check_in import DAY_3, another, kept, link_of, sent, to_review

WORDS = "Quittengelee läuft aus"


@pytest.fixture(autouse=True)
def _stopped() -> Iterator[None]:
    web_pages.forget()
    with clock.fixed(DAY_3):
        yield


@pytest.fixture
def link(client: TestClient) -> str:
    """Of a patient with answers and a note that are not sent yet, on this phone."""
    link = link_of(house("A", areas=("cheeks", "neck")))
    to_review(Phone(client, link)).press("Change: Swelling", note=WORDS)
    assert kept()["note"] == WORDS
    return link


def test_the_link_alone_shows_no_words_of_the_draft(client: TestClient, link: str) -> None:
    assert WORDS in client.get(link).text, "the phone that wrote them shows them"
    seen = another(client, link)
    assert (seen.here, seen.screen.heading) == (link, "Check your answers")
    assert WORDS not in another(client, link).client.get(link).text
    assert not [one for one in seen.screen.controls if one.name == "note"]


def test_what_is_not_shown_is_sent_all_the_same(client: TestClient, link: str) -> None:
    another(client, link).press("Send")
    [row] = sent()
    assert decrypt(row.note_encrypted or "") == WORDS


def test_one_press_shows_them_again(client: TestClient, link: str) -> None:
    phone = another(client, link)
    note = next(one for one in phone.screen.buttons() if one.value == "/check-in/review")
    phone.send(note, [])
    assert phone.screen.field("note").value.strip() == WORDS
