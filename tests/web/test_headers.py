"""What every answer carries, what is closed, what is counted and logged, and what a failure shows."""

import base64
import gzip
import hashlib
import json
import re
from pathlib import Path

import pytest
import streamlit
from starlette.responses import HTMLResponse
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from reporting.app.routes import ROUTES
from reporting.records.engine import engine, forget_engine
from reporting.settings import settings
from reporting.treatments.act_invitations import issue_invitation
from tests.cast import House
from tests.web.site import log_lines, site

STATIC = Path(streamlit.__file__).parent / "static"
BUNDLE = "/static/js/" + next(path.name for path in sorted((STATIC / "static" / "js").glob("index.*.js")))
PATHS = [
    *sorted({re.sub(r"{\w+:str}", "made-up", route.path) for route in ROUTES}),
    "/",
    "/worklist",
    "/no/such/page",
    "/_stcore/health",
    "/_stcore/host-config",
    "/_stcore/metrics",
    "/media/x.png",
    BUNDLE,
]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_every_answer_has_the_headers(client: TestClient, method: str) -> None:
    for path in PATHS:
        headers = client.request(method, path).headers
        policy = headers["content-security-policy"]
        assert "unsafe-eval" not in policy, path
        assert ("script-src 'self' 'sha256-" in policy) != ("script-src 'none'" in policy), path
        assert re.search(r"script-src[^;]*unsafe-inline", policy) is None, path
        assert "frame-ancestors 'none'" in policy, path
        assert "object-src 'none'" in policy, path
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["x-frame-options"] == "DENY", path
        assert headers["referrer-policy"] == "no-referrer", path
        assert "strict-transport-security" not in headers, path
        if path != BUNDLE:
            assert headers["cache-control"] == "no-store", path


def test_plain_pages_run_nothing_and_fetch_nothing(client: TestClient, clinic: House) -> None:
    token = issue_invitation(by=clinic.staff["clinician"], treatment_id=clinic.treatment_id).token
    for path in (f"/c/{token}", "/c/made-up", "/sign-in", "/code", "/check-in/review", "/demo"):
        answer = client.get(path)
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'none'; style-src 'sha256-"), path
        assert "unsafe" not in policy, path
        style = re.search(r"<style>(.*?)</style>", answer.text, re.S)
        assert style, path
        digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
        assert f"style-src 'sha256-{digest}'" in policy, path
        assert re.search(r"<script|\sstyle=|\son[a-z]+=|https?://", answer.text) is None, path
        assert re.findall(r'(?:src|<link[^>]* href)="([^"]*)"', answer.text) == ["data:,"], path


@pytest.mark.usefixtures("application", "sqlite_database")
def test_https_is_asked_for_for_a_year(monkeypatch: pytest.MonkeyPatch) -> None:
    with site(monkeypatch, "https://clinic.example") as client:
        for path in ("/", "/sign-in", "/healthz"):
            value = client.get(path).headers["strict-transport-security"]
            assert int(value.split("max-age=")[1].split(";")[0]) >= 31_536_000


def test_a_bundle_is_sent_small_and_whole(client: TestClient) -> None:
    for _ in range(2):
        with client.stream("GET", BUNDLE, headers={"accept-encoding": "gzip"}) as answer:
            sent = b"".join(answer.iter_raw())
        whole = (STATIC / BUNDLE.removeprefix("/")).read_bytes()
        assert answer.headers["content-encoding"] == "gzip"
        assert int(answer.headers["content-length"]) == len(sent) < len(whole) / 2
        assert gzip.decompress(sent) == whole
        assert "immutable" in answer.headers["cache-control"]
    plain = client.get(BUNDLE, headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.content == whole


def test_made_up_bundles_are_not_kept() -> None:
    from reporting.shell.web_middleware import CompressedBundles

    layer = CompressedBundles(HTMLResponse("the page that answers every unknown path"))
    browser = TestClient(layer, headers={"accept-encoding": "gzip"})
    for number in range(5):
        assert browser.get(f"/x/static/{number}.js").text.startswith("the page")
    assert layer.kept == {}


@pytest.mark.parametrize(
    "path", ["/_stcore/metrics", "/_stcore/metrics/", "/_stcore/agent", "/_stcore/agent/mcp", "/page/_stcore/agent/mcp"]
)
def test_streamlits_own_doors_are_closed(client: TestClient, path: str) -> None:
    for method in ("GET", "POST"):
        assert client.request(method, path).status_code == 404


def test_another_sites_websocket_is_refused(client: TestClient) -> None:
    with (
        pytest.raises(WebSocketDisconnect),
        client.websocket_connect("/_stcore/stream", headers={"origin": "https://evil.example"}),
    ):
        pass


def test_health(client: TestClient) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "database": "ok"})


@pytest.mark.parametrize("broken", ["garbage", "no tables"])
def test_a_broken_database_shows_in_the_health_check(client: TestClient, broken: str) -> None:
    engine().dispose()
    for path in settings().data_dir.glob("reporting.db*"):
        path.unlink()
    if broken == "garbage":
        (settings().data_dir / "reporting.db").write_bytes(b"this is no database " * 500)
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["status"] == "failing"
    forget_engine()


def test_metrics_count_and_name_nobody(client: TestClient, clinic: House) -> None:
    client.get("/c/canary-token")
    client.get("/canary-page")
    client.request("CANARY", "/sign-in")
    shown = client.get("/metrics").text
    assert 'reporting_http_requests_total{method="GET",route="/c",status="410"}' in shown
    assert "canary" not in shown.lower()


def test_the_log_carries_no_secret(client: TestClient, clinic: House) -> None:
    with log_lines() as lines:
        client.get("/c/canary-token?x=canary-query")
        client.post("/c/canary-token")
        client.post("/sign-in", data={"email": "canary@a.example", "password": "canary password"})
        client.post("/code", data={"code": "CANA-RY22", "year_of_birth": "1980"})
        client.get("/", cookies={"session": "canary-cookie"})
    assert len(lines) == 5
    assert json.loads(lines[0])["message"].startswith("GET /c/… 410 ")
    assert "cana" not in "".join(lines).lower()


def test_a_failure_shows_no_details_and_keeps_the_headers(
    client: TestClient, clinic: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(**_: str) -> None:
        raise RuntimeError("canary detail")

    monkeypatch.setattr("reporting.shell.act_sessions.sign_in", fails)
    with log_lines() as lines:
        answer = client.post("/sign-in", data={"email": "a@a.example", "password": "x"})
    assert answer.status_code == 500
    assert "canary" not in answer.text + "".join(lines)
    assert "That did not work" in answer.text
    assert answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
    assert any("RuntimeError" in line for line in lines)


def test_a_cookie_that_is_slow_to_read_is_not_read(client: TestClient) -> None:
    """RFC 6265 knows no backslash in a cookie; the one beside it is still read."""
    client.cookies.clear()
    sent = 'other="' + "\\" * 60_000 + '"; language=es'
    assert 'lang="es"' in client.get("/code", headers={"cookie": sent}).text


def test_a_form_that_is_far_too_long_is_not_read(client: TestClient) -> None:
    assert client.post("/code", data={"code": "a" * 70_000}).status_code == 413
