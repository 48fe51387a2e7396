"""A declared supervised pilot says so on every page, in the patient's language."""

import pytest
from starlette.testclient import TestClient

from reporting.settings import settings
from tests.cast import House
from tests.web.site import words

SAID = {"en": "This is a trial that your clinic watches.", "es": "Esto es una prueba", "ar": "هذه تجربة"}


@pytest.mark.parametrize("address", ["/code", "/c/nobody", "/sign-in"])
@pytest.mark.parametrize("language", SAID)
def test_every_plain_page_says_so(
    client: TestClient, clinic: House, monkeypatch: pytest.MonkeyPatch, address: str, language: str
) -> None:
    def read() -> str:
        return words(client.get(address, headers={"accept-language": language}).text)

    said = SAID["en" if address == "/sign-in" else language]
    assert said not in read()
    monkeypatch.setattr(settings(), "supervised_pilot", True)
    assert said in read()
