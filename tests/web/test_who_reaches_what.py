"""Clinic × role × route: every page and every route lets in, or refuses, as the table of permissions says.

Pages and routes are asked for over HTTP as a browser asks; what names a record is asked for the own clinic's, for
another clinic's and for none. A new page or route is in the matrix by itself, or the test fails until its answer is
named. What pages show of two clinics is in ``tests/pages/test_two_clinics.py``.
"""

from datetime import datetime
from typing import Any

import pytest
from starlette.testclient import TestClient

from reporting.app.routes import ROUTES
from reporting.domain.actors import ROLES, Actor
from reporting.records.engine import reading
from reporting.records.tables import Photo
from reporting.security.permissions import may
from reporting.shell.act_sessions import actor_of, cookie_name
from reporting.shell.pages import PATIENT, STAFF, Entry
from reporting.treatments import act_invitations
from tests.accounts import PASSWORD, with_password
from tests.cast import House
from tests.two_clinics import CODE, LINK, NOBODY, UNKNOWN, Side, side
from tests.web.screen import bare
from tests.web.site import of, words

WHO = (*ROLES, LINK, CODE, NOBODY)
OURS = {"sec-fetch-site": "same-origin"}


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
        return (200, "") if who == NOBODY else (303, f"/{entry.address}")  # the tab is told whose it is
    return (303, "/sign-in") if who == NOBODY else (404, "")


@pytest.mark.parametrize("who", WHO)
def test_every_page(client: TestClient, clinic: House, who: str) -> None:
    enter(client, who, clinic)
    wrong = []
    for entry in (*STAFF, *PATIENT):
        if entry in (STAFF[0], PATIENT[0]):
            continue  # where somebody begins: "/", with what is theirs on it
        answer = client.get(f"/{entry.address}")
        place = answer.headers.get("location", "")
        found = (answer.status_code, bare(place))
        if entry in PATIENT and place:
            assert client.get(place).status_code == 200
        if found != expected(entry, who):
            wrong.append(f"{entry.address}: {found} and not {expected(entry, who)}")
    assert wrong == []
    first = client.get("/")
    assert (first if first.status_code == 200 else client.get(first.headers["location"])).status_code == 200


ONE_RECORD = {
    "/photo/{photo_id:int}": "/photo/1",
    "/c/{token:str}": "/c/unknown",
    "/c/{token:str}/go": "/c/unknown/go",
    "/check-in/q/{question_id:str}": "/check-in/q/symptoms",
    "/unsubscribe/{token:str}": "/unsubscribe/unknown",
    "/safety-report/{month}.pdf": "/safety-report/2026-02.pdf",
    "/new-password/{token:str}": "/new-password/unknown",
}
OPEN = {"/healthz", "/metrics", "/plain.css", "/to-top.js", "/close-menu.js", "/sign-in", "/demo", "/code"}
OPEN |= {"/forgot-password"}
"""What anybody may ask for; the demo's door is open because the cast is synthetic."""
LEADS_ON = {"/language", "/sign-out", "/set-up", "/worklist", "/check-in", "/my-data", "/unlock"}
LEADS_ON |= {"/second-factor"}
"""Answers that only lead on, for whoever asks; what they do is tested where they are."""
OF_A_PATIENT = {
    "/check-in/q/{question_id:str}",
    "/check-in/review",
    "/check-in/sent",
    "/check-in/now",
    "/check-in/photo",
}
OF_ITS_SECRET = {"/c/{token:str}", "/c/{token:str}/go", "/unsubscribe/{token:str}", "/sms/inbound"}
OF_ITS_SECRET |= {"/new-password/{token:str}"}
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


IN_PATHS = {"photo_id": "photo_id", "token": "", "question_id": "", "month": ""}
"""What stands in paths to the kind of its id in ``tests.two_clinics``; "" for what names no record by itself."""
IN_FORMS = {("/check-in/photo", "remove"): "photo_id"}
"""Fields of plain forms that name a record."""


def test_every_id_in_a_path_is_here() -> None:
    found = {name for route in ROUTES for name in route.param_convertors}
    assert found == IN_PATHS.keys(), f"say in IN_PATHS of {__name__} what these name: {found ^ IN_PATHS.keys()}"


@pytest.fixture
def sides(client: TestClient, stopped_clock: datetime) -> tuple[Side, Side]:
    return side("Aldebaran"), side("Betelgeuse")


def said(answer: Any) -> tuple[int, str, str]:
    """What a person can tell of an answer."""
    return answer.status_code, answer.headers.get("location", ""), words(answer.text)


@pytest.mark.parametrize("who", WHO)
def test_a_route_of_another_clinics_record_is_a_route_of_none(
    client: TestClient, sides: tuple[Side, Side], who: str
) -> None:
    own, other = sides
    enter(client, who, own.house)
    for route in ROUTES:
        for name in route.param_convertors:
            if kind := IN_PATHS[name]:
                mine, theirs, unknown = (
                    client.get(route.url_path_for(route.name, **{name: key}))
                    for key in (own.ids[kind], other.ids[kind], UNKNOWN)
                )
                assert said(theirs) == said(unknown), f"{route.path} tells {who} of another clinic's"
                assert theirs.status_code in (401, 403, 404)
                is_let_in = who != NOBODY and may(
                    _actor(who), "history.read" if who == CODE else BY_PERMISSION[route.path]
                )
                assert (mine.status_code == 200) is is_let_in, f"{route.path} as {who}"


@pytest.mark.parametrize("who", WHO)
def test_a_form_of_another_clinics_record_is_a_form_of_none(
    client: TestClient, sides: tuple[Side, Side], who: str
) -> None:
    own, other = sides
    enter(client, who, own.house)
    for (path, name), kind in IN_FORMS.items():
        theirs, unknown = (
            client.post(path, data={name: str(key)} | of(client), files={"photo": ("", b"")}, headers=OURS)
            for key in (other.ids[kind], UNKNOWN)
        )
        assert said(theirs) == said(unknown), f"{path} tells {who} of another clinic's"
        assert theirs.status_code in ((404,) if who in (LINK, CODE) else (303, 403))
    with reading() as session:
        kept = session.get(Photo, other.ids["photo_id"])
        assert kept is not None
        assert kept.removed_at is None


@pytest.mark.parametrize("who", WHO)
def test_a_link_leads_to_its_own_clinic_whoever_holds_it(
    client: TestClient, sides: tuple[Side, Side], who: str
) -> None:
    own, other = sides
    enter(client, who, own.house)
    assert client.post("/c/unknown").status_code == 410
    assert client.post(f"/c/{other.token}").status_code == 303
    by = actor_of(client.cookies[cookie_name()])
    assert (by.kind, by.id, by.clinic_id) == ("patient", other.house.patient_id, other.house.clinic_id)
    assert client.get(f"/photo/{own.ids['photo_id']}").status_code in (403, 404)


def test_every_route_is_of_a_known_kind() -> None:
    known = OPEN | LEADS_ON | OF_A_PATIENT | OF_ITS_SECRET | set(BY_PERMISSION)
    new = {route.path for route in ROUTES} - known
    assert not new, f"say in OPEN, LEADS_ON, OF_A_PATIENT, OF_ITS_SECRET or BY_PERMISSION what these answer: {new}"
    assert known - {route.path for route in ROUTES} == set()
    for path in ONE_RECORD:
        assert path in known
