"""The first question is compressed where that can tell nobody anything, and drawn once for all who are asked alike."""

import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from reporting.domain import language
from reporting.domain.language import catalogue, languages
from reporting.patient import web_check_in_view
from reporting.shell import web_html
from reporting.treatments.act_invitations import issue_invitation
from tests.cast import House, house
from tests.web.screen import Phone, Screen

PLAIN, PACKED = {"accept-encoding": "identity"}, {"accept-encoding": "gzip, deflate, br"}
MOST_ON_THE_WIRE = 6_000


def link_of(clinic: House) -> str:
    return f"/c/{issue_invitation(by=clinic.staff['clinician'], treatment_id=clinic.treatment_id).token}"


@pytest.fixture
def link(client: TestClient) -> str:
    return link_of(house("A"))


def on_the_wire(client: TestClient, path: str, headers: dict[str, str]) -> tuple[bytes, Any]:
    with client.stream("GET", path, headers=headers) as answer:
        return b"".join(answer.iter_raw()), answer.headers


def rows(body: str) -> list[tuple[str, str, bool]]:
    return [(row.value, row.words, row.is_checked) for row in Screen(body).rows()]


class TestPacked:
    def test_the_page_of_a_link_travels_small_and_says_the_same(self, client: TestClient, link: str) -> None:
        sent, headers = on_the_wire(client, link, PACKED)
        whole, plain = on_the_wire(client, link, PLAIN)
        assert headers["content-encoding"] == "gzip"
        assert headers["vary"].lower() == plain["vary"].lower() == "accept-encoding"
        assert "content-encoding" not in plain
        assert int(headers["content-length"]) == len(sent) <= MOST_ON_THE_WIRE
        assert client.get(link, headers=PACKED).content == whole

    def test_a_page_with_a_secret_of_its_own_is_never_packed(self, client: TestClient, link: str) -> None:
        """The mark of the forms is one; and the page of the link holds none."""
        assert 'name="of"' not in client.get(link, headers=PACKED).text
        phone = Phone(client, link).press("Continue", ["swelling"])
        for path in (phone.here, "/check-in/q/symptoms"):
            body, headers = on_the_wire(client, path, PACKED)
            assert b'name="of"' in body
            assert "content-encoding" not in headers


class TestDrawnOnce:
    def test_every_language_has_its_own(self, client: TestClient, link: str) -> None:
        first = {code: rows(client.get(link, headers={"accept-language": code}).text) for code in languages()}
        again = {code: rows(client.get(link, headers={"accept-language": code}).text) for code in languages()}
        assert first == again
        assert len({tuple(shown) for shown in first.values()}) == len(languages())

    def test_a_changed_catalogue_is_drawn_anew(
        self, client: TestClient, link: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        spanish = {"accept-language": "es"}
        before = rows(client.get(link, headers=spanish).text)
        changed = {**catalogue("es"), "Swelling": "Bulto"}
        for place in (language, web_check_in_view):
            monkeypatch.setattr(place, "catalogue", lambda code: changed if code == "es" else {})
        after = rows(client.get(link, headers=spanish).text)
        assert next(words for value, words, _ in after if value == "swelling").startswith("Bulto")
        monkeypatch.undo()
        assert rows(client.get(link, headers=spanish).text) == before

    def test_the_ticks_of_one_are_not_those_of_another(self, client: TestClient, link: str) -> None:
        bare = rows(client.get(link).text)
        Phone(client, link).press("Continue", ["swelling", "burning"])
        ticked = rows(client.get("/check-in/q/symptoms").text)
        assert {value for value, _, is_checked in ticked if is_checked} == {"swelling", "burning"}
        theirs = rows(client.get(link_of(house("B"))).text)
        assert not any(is_checked for _, _, is_checked in [*bare, *theirs])


class TestDrawnSoon:
    def test_what_stands_far_below_waits_until_somebody_comes_near(self, client: TestClient, link: str) -> None:
        """Only there: at the foot of a short page it would be worked out twice."""
        far = '<footer class="below">'
        assert far in client.get(link).text
        later = Phone(client, link).press("Continue", ["swelling"]).here
        assert "<footer>" in client.get(later).text

    def test_a_page_needs_one_bold_weight(self) -> None:
        """Each weight is another font that a phone fetches before it can draw the first line."""
        assert set(re.findall(r"font-weight:\s*(\w+)", web_html.STYLES)) == {"400", "600"}
        for bold in ("h1,h2", "strong"):
            assert re.search(rf"\}}{bold}\{{[^}}]*font-weight: 600", web_html.STYLES), bold
