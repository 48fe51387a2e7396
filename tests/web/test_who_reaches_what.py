"""Clinic × role × route: every page and every route lets in, or refuses, as the table of permissions says.

Pages are asked for over HTTP as a browser asks; routes that show one record are asked for the own clinic's record and
for another clinic's. A new page or route is in the matrix by itself, or the test fails until its answer is named.
"""

from datetime import datetime

import pytest
from starlette.testclient import TestClient

from reporting.app.routes import ROUTES
from reporting.domain.actors import ROLES, Actor, Role
from reporting.security.permissions import may
from reporting.shell.pages import PATIENT, STAFF, Entry
from reporting.treatments import act_invitations
from tests.accounts import PASSWORD, with_password
from tests.cast import House, house
from tests.pages.staff import open_page, text
from tests.web.site import words

NOBODY, LINK, CODE = "signed out", "patient by link", "patient by code"
WHO = (*ROLES, LINK, CODE, NOBODY)


def enter(client: TestClient, who: str, clinic: House) -> None:
    """Sign this browser in as one of ``WHO``."""
    client.cookies.clear()
    if who in ROLES:
        client.post("/sign-in", data={"email": with_password(clinic, who), "password": PASSWORD})  # type: ignore[arg-type]
    elif who != NOBODY:
        issued = act_invitations.issue_invitation(by=clinic.staff["clinician"], treatment_id=clinic.treatment_id)
        if who == LINK:
            client.post(f"/c/{issued.token}")
        else:
            client.post("/code", data={"code": issued.code, "year_of_birth": "1980"})
    assert ("session" in client.cookies) is (who != NOBODY)


def _actor(who: str) -> Actor:
    if who in ROLES:
        return Actor(kind="staff", id=1, clinic_id=1, role=who)  # type: ignore[arg-type]
    return Actor(kind="patient", id=1, clinic_id=1, strength="full" if who == CODE else "link")


def expected(entry: Entry, who: str) -> tuple[int, str]:
    """Status and place of the answer that a page owes to this person."""
    if who in ROLES:
        if entry in PATIENT:
            return 403, ""
        return (200, "") if may(_actor(who), entry.permission) else (403, "")
    if entry in PATIENT:
        return 200, ""
    return (303, "/sign-in") if who == NOBODY else (404, "")


@pytest.mark.parametrize("who", WHO)
def test_every_page(client: TestClient, clinic: House, who: str) -> None:
    enter(client, who, clinic)
    wrong = []
    for entry in (*STAFF, *PATIENT):
        if entry in (STAFF[0], PATIENT[0]):
            continue  # where somebody begins: "/", with what is theirs on it
        answer = client.get(f"/{entry.address}")
        found = (answer.status_code, answer.headers.get("location", ""))
        if found != expected(entry, who):
            wrong.append(f"{entry.address}: {found} and not {expected(entry, who)}")
    assert wrong == []
    assert client.get("/").status_code == 200


ONE_RECORD = {
    "/photo/{photo_id:int}": "/photo/1",
    "/c/{token:str}": "/c/unknown",
    "/c/{token:str}/go": "/c/unknown/go",
    "/check-in/q/{question_id:str}": "/check-in/q/symptoms",
    "/unsubscribe/{token:str}": "/unsubscribe/unknown",
    "/safety-report/{month}.pdf": "/safety-report/2026-02.pdf",
}
OPEN = {"/healthz", "/metrics", "/plain.css", "/to-top.js", "/close-menu.js", "/sign-in", "/demo", "/code"}
"""What anybody may ask for; the demo's door is open because the cast is synthetic."""
LEADS_ON = {"/language", "/sign-out", "/set-up", "/worklist", "/check-in", "/my-data", "/unlock"}
"""Answers that only lead on, for whoever asks; what they do is tested where they are."""
OF_A_PATIENT = {
    "/check-in/q/{question_id:str}",
    "/check-in/review",
    "/check-in/sent",
    "/check-in/now",
    "/check-in/photo",
}
OF_ITS_SECRET = {"/c/{token:str}", "/c/{token:str}/go", "/unsubscribe/{token:str}", "/sms/inbound"}
"""Who has the secret is let in, whoever else is signed in; without it nobody."""
BY_PERMISSION = {"/photo/{photo_id:int}": "photo.read", "/safety-report/{month}.pdf": "report.read"}


def allowed(path: str, who: str) -> set[int]:
    """The answers that a route may give to this person for what is not theirs or not there."""
    if path in OPEN:
        return {200}
    if path in OF_ITS_SECRET:
        return {403, 404, 405, 410}
    if path in OF_A_PATIENT:
        if who in ROLES:
            return {403}
        return {200, 303} if who in (LINK, CODE) else {303, 401}
    if path in BY_PERMISSION:
        if who == NOBODY:
            return {401, 303}
        actor = _actor(who)
        return {200, 404} if may(actor, BY_PERMISSION[path]) else {403, 404}
    return {200, 303, 404, 405}


@pytest.mark.parametrize("who", WHO)
def test_every_route(client: TestClient, clinic: House, who: str) -> None:
    enter(client, who, clinic)
    wrong = []
    for route in ROUTES:
        if route.path == "/sign-out":
            continue  # it would sign out
        answer = client.get(ONE_RECORD.get(route.path, route.path))
        if answer.status_code not in allowed(route.path, who):
            wrong.append(f"{route.path}: {answer.status_code}, {words(answer.text)[:80]}")
    assert wrong == []


PAGES_OF_A_RECORD = {
    "timeline": "patient",
    "plan": "patient",
    "card": "treatment",
    "record": "treatment",
    "proxy": "treatment",
}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("address", PAGES_OF_A_RECORD)
def test_another_clinics_record_is_not_there(
    monkeypatch: pytest.MonkeyPatch, sqlite_database: str, stopped_clock: datetime, role: Role, address: str
) -> None:
    """Who may not open the page is told so before the record is looked for; others find nothing there."""
    own, other = house("A"), house("B")
    entry = next(entry for entry in STAFF if entry.address == address)
    kind, by = PAGES_OF_A_RECORD[address], own.staff[role]
    ours = {"patient": own.patient_id, "treatment": own.treatment_id}[kind]
    theirs = {"patient": other.patient_id, "treatment": other.treatment_id}[kind]
    shown = open_page(monkeypatch, entry.file, by, **{kind: ours})
    allowed_here = may(by, entry.permission)
    assert any("does not allow" in box.value for box in shown.error) is not allowed_here
    hidden = open_page(monkeypatch, entry.file, by, **{kind: theirs})
    wanted = "There is nothing here that you may see." if allowed_here else "Your role does not allow this."
    assert wanted in hidden.error[0].value
    assert "P-0001" not in text(hidden)


def test_every_route_is_of_a_known_kind() -> None:
    known = OPEN | LEADS_ON | OF_A_PATIENT | OF_ITS_SECRET | set(BY_PERMISSION)
    assert {route.path for route in ROUTES} - known == set()
    assert known - {route.path for route in ROUTES} == set()
    for path in ONE_RECORD:
        assert path in known
