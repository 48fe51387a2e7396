"""Whom a request comes from, behind a proxy too: a stranger behind it locks out nobody, and lies about themselves in
vain."""

import http.client
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from starlette.requests import Request
from starlette.testclient import TestClient

from reporting.errors import UnsafeSettings
from reporting.settings import settings
from reporting.shell import web_source
from reporting.shell.web_html import source_of
from reporting.shell.web_source import client_of
from tests.accounts import PASSWORD, with_password
from tests.cast import TYPED_FACTS, House
from tests.server import application_process, process
from tools.ports import free_port

SEEN = {
    "nobody between": ("203.0.113.9", [], "203.0.113.9"),
    "not our proxy": ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),
    "our proxy": ("127.0.0.1", ["203.0.113.9"], "203.0.113.9"),
    "our proxy as IPv6 writes it": ("::ffff:127.0.0.1", ["203.0.113.9"], "203.0.113.9"),
    "the loopback of IPv6": ("::1", ["203.0.113.9"], "203.0.113.9"),
    "said to the proxy before": ("127.0.0.1", ["198.51.100.1, 203.0.113.9"], "203.0.113.9"),
    "in a line of its own": ("127.0.0.1", ["198.51.100.1", "203.0.113.9"], "203.0.113.9"),
    "two proxies of ours": ("127.0.0.1", ["198.51.100.1, 203.0.113.9, ::1"], "203.0.113.9"),
    "with a port": ("127.0.0.1", ["203.0.113.9:5123"], "203.0.113.9"),
    "in brackets": ("127.0.0.1", ["[2001:db8::9]:5123"], "2001:db8::9"),
    "not an address": ("127.0.0.1", ["198.51.100.1, unknown"], "127.0.0.1"),
    "nothing said": ("127.0.0.1", [""], "127.0.0.1"),
    "a name": ("testclient", ["203.0.113.9"], "testclient"),
}


@pytest.mark.parametrize(("peer", "said", "client"), SEEN.values(), ids=SEEN)
def test_who_asks(peer: str, said: list[str], client: str) -> None:
    assert client_of(peer, said) == client


def test_only_the_named_proxies_are_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPORTING_TRUSTED_PROXIES", "10.1.0.0/16")
    settings.cache_clear()
    assert client_of("10.1.2.3", ["203.0.113.9"]) == "203.0.113.9"
    assert client_of("127.0.0.1", ["203.0.113.9"]) == "127.0.0.1"
    monkeypatch.setenv("REPORTING_TRUSTED_PROXIES", "the proxy")
    settings.cache_clear()
    with pytest.raises(UnsafeSettings, match="REPORTING_TRUSTED_PROXIES"):
        client_of("10.1.2.3", [])
    monkeypatch.undo()
    settings.cache_clear()


def source(host: str) -> str:
    return source_of(Request({"type": "http", "client": (host, 1), "headers": []}))


def test_a_network_of_ipv6_is_one_source(sqlite_database: str) -> None:
    assert source("2001:db8:1:2::9") == source("2001:db8:1:2:ffff::1")
    assert source("2001:db8:1:2::9") != source("2001:db8:1:3::9")
    assert source("203.0.113.9") != source("203.0.113.10")
    assert "203.0.113.9" not in source("203.0.113.9")


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long answers were held back, in place of the holding back."""
    found: list[float] = []

    async def sleep(seconds: float) -> None:
        found.append(seconds)

    monkeypatch.setattr(web_source.asyncio, "sleep", sleep)
    return found


def test_a_source_that_failed_waits_and_its_neighbours_come_in(
    client: TestClient, clinic: House, waits: list[float]
) -> None:
    email = with_password(clinic, "clinician")
    for number in range(8):
        client.post("/sign-in", data={"email": f"guess{number}@a.example", "password": "wrong"})
    assert waits == [0.5, 1.0, 1.5]
    assert client.post("/sign-in", data={"email": email, "password": PASSWORD}).status_code == 303
    assert waits[3:] == [2.0]


def test_codes_of_patients_wait_alike(client: TestClient, clinic: House, waits: list[float]) -> None:
    for number in range(7):
        client.post("/code", data={"code": f"2222-222{number + 2}", "year_of_birth": "1980"})
    assert waits == [0.5, 1.0]


def test_every_cookie_is_secure_where_the_address_is(
    application: None, sqlite_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reporting.shell.web_middleware import _secure

    monkeypatch.setenv("REPORTING_BASE_URL", "https://testserver")
    settings.cache_clear()
    assert _secure(b"set-cookie", b"_streamlit_xsrf=1; Path=/") == (b"set-cookie", b"_streamlit_xsrf=1; Path=/; Secure")
    assert _secure(b"Set-Cookie", b"a=1; secure; Path=/") == (b"Set-Cookie", b"a=1; secure; Path=/")
    monkeypatch.setenv("REPORTING_BASE_URL", "http://testserver")
    settings.cache_clear()
    assert _secure(b"set-cookie", b"a=1") == (b"set-cookie", b"a=1")
    monkeypatch.undo()
    settings.cache_clear()


FIRST = {"clinic_name": "Demo clinic", "name": "Demo first", "email": "first@demo.example", "password": PASSWORD}


def ask(port: int, come_from: str, path: str, said: str = "", **fields: str) -> int:
    """Status of the answer to a form that is sent from one address of this machine."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60, source_address=(come_from, 0))
    headers = {"content-type": "application/x-www-form-urlencoded"} | ({"x-forwarded-for": said} if said else {})
    connection.request("POST", path, urlencode(fields), headers)
    status = connection.getresponse().status
    connection.close()
    return status


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[int]:
    """Port of a proxy before the running application; other addresses of this machine are its visitors."""
    with application_process(tmp_path, REPORTING_TRUSTED_PROXIES="127.0.0.1") as (address, _):
        port = free_port()
        command = [sys.executable, "-m", "tests.proxy", str(port), str(urlsplit(address).port)]
        with process(command, f"http://127.0.0.1:{port}/healthz", tmp_path / "proxy.log"):
            yield port


@pytest.mark.server
def test_behind_a_proxy_a_stranger_locks_out_nobody(proxy: int) -> None:
    assert ask(proxy, "127.0.0.3", "/set-up", **FIRST, **TYPED_FACTS) == 303
    right = {"email": FIRST["email"], "password": PASSWORD}
    for number in range(5):
        said = f"198.51.100.{number}, 127.0.0.3"  # a stranger may say so: it is not believed
        assert ask(proxy, "127.0.0.2", "/sign-in", said, **right | {"password": "wrong"}) == 401
    assert ask(proxy, "127.0.0.2", "/sign-in", "203.0.113.1", **right) == 429
    assert ask(proxy, "127.0.0.3", "/sign-in", **right) == 303
