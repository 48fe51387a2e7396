"""Every page that exists, by name and address: what pictures are taken of and what is checked in a browser.

The staff's and the patient's pages come from the navigation, the plain ones from the routes, so that a new page cannot
be forgotten: ``tests/unit/test_tour.py`` fails until it is here.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from playwright.sync_api import Page

from reporting.app.navigation import PATIENT, STAFF, Entry
from reporting.app.routes import ROUTES
from reporting.domain.actors import ROLES, Actor, Role
from reporting.security.permissions import may
from tests.e2e.looks import drawn

UNKNOWN = 999_999
NEEDS = {
    "timeline": "patient={patient}",
    "plan": "patient={patient}",
    "card": "treatment={treatment}",
}
"""Pages outside the menu show one record: its number belongs into the address."""
ALSO = {
    "record-patient": "record?patient={patient}",
    "record-correct": "record?treatment={treatment}",
    "proxy-questions": "proxy?treatment={treatment}",
    "units-operators": "units?kind=operator",
    "settings-narrow": "settings?skin=IV-VI",
    "settings-map": "settings?view=two",
    "settings-drift": "settings?view=time",
}
"""Further states of pages that an address alone leads to."""
ON_A_TABLET = ("worklist", "overview", "settings", "settings-map", "signals", "units", "timeline", "plan", "record")
"""Pages that clinicians look at beside the patient."""
NO_MATCH = {
    "overview": "device=unknown&period=30d&skin=IV-VI",
    "settings": "area=legs&skin=IV-VI",
}
"""Filters that nothing fits."""
PLAIN = {
    "code": "code",
    "sign-in": "sign-in",
    "forgot-password": "forgot-password",
    "demo": "demo",
    "bad-link": "c/unknown",
    "not-there": "check-in/photo/999",
    "unsubscribe": "unsubscribe/unknown",
    "unlock": "unlock",
    "my-data": "my-data",
    "session-over": "check-in/now",
}
"""Plain pages that need nobody signed in, and what they say to somebody who is not."""
ON_THE_WAY = {
    "/c/{token:str}",
    "/check-in/q/{question_id:str}",
    "/check-in/review",
    "/check-in/sent",
    "/check-in/photo",
    "/set-up",
    "/new-password/{token:str}",
    "/second-factor",
}
"""Plain pages that a picture is taken of on the way through the light check-in, or before there is a clinic."""


WORKLIST_VIEWS = ("silent", "closed", "budget")


class Stop(NamedTuple):
    """A page to look at: its name in pictures, its address, and who looks at it."""

    name: str
    address: str
    role: Role


def who_sees(entry: Entry) -> Role:
    """The first role that may open the page, the administrator where she may."""
    for role in ROLES:
        if may(Actor(kind="staff", id=1, clinic_id=1, role=role), entry.permission):
            return role
    raise LookupError(f"nobody may open {entry.address}")


def _address(entry: Entry, query: str = "") -> str:
    """Where somebody begins has no address of its own."""
    path = "" if entry == STAFF[0] else entry.address
    return f"/{path}?{query}" if query else f"/{path}"


def with_data(patient: int, treatment: int) -> list[Stop]:
    """Every staff page with what it shows when there is something."""
    values = {"patient": patient, "treatment": treatment}
    role_of = {entry.address: who_sees(entry) for entry in STAFF}
    stops = [
        Stop(entry.address, _address(entry, NEEDS.get(entry.address, "").format(**values)), role_of[entry.address])
        for entry in STAFF
    ]
    for name, to in ALSO.items():
        role: Role = "safety_lead" if name == "units-operators" else role_of[to.split("?")[0]]
        stops.append(Stop(name, "/" + to.format(**values), role))
    return stops


def nothing_there() -> list[Stop]:
    """Every staff page as it is opened without a record, for a clinic in which nothing has happened yet."""
    return [Stop(entry.address, _address(entry), who_sees(entry)) for entry in STAFF]


def refused() -> list[Stop]:
    """What a page says to a record that is not there, and to filters that nothing fits."""
    role_of = {entry.address: who_sees(entry) for entry in STAFF}
    known = {to.split("?")[0]: to.split("?")[1] for to in ALSO.values() if "{patient}" in to or "{treatment}" in to}
    stops = [
        Stop(f"unknown-{page}", f"/{page}?" + query.format(patient=UNKNOWN, treatment=UNKNOWN), role_of[page])
        for page, query in {**NEEDS, **known}.items()
    ]
    stops += [Stop(f"no-match-{page}", f"/{page}?{query}", role_of[page]) for page, query in NO_MATCH.items()]
    return stops


def not_covered(staff: Sequence[Entry] = STAFF) -> list[str]:
    """Pages and plain pages that no picture is taken of and nobody has said why."""
    found = [
        f"{entry.address}: say in NEEDS which record it shows"
        for entry in staff
        if not entry.in_menu and entry.address not in NEEDS
    ]
    found += [
        f"{entry.address}: say in STREAMLIT_OF_A_PATIENT how a patient comes there"
        for entry in PATIENT
        if entry.address not in STREAMLIT_OF_A_PATIENT
    ]
    for route in ROUTES:
        drawn_as = [address for address in PLAIN.values() if route.path_regex.match(f"/{address}")]
        if not drawn_as and route.path not in ON_THE_WAY and route.path not in NO_PAGE:
            found.append(f"{route.path}: a page to draw, or none?")
    return found


STREAMLIT_OF_A_PATIENT = ("check-in", "home", "data", "correct")
NO_PAGE = {
    "/healthz",
    "/metrics",
    "/plain.css",
    "/to-top.js",
    "/close-menu.js",
    "/language",
    "/sign-out",
    "/worklist",
    "/check-in",
    "/c/{token:str}/go",
    "/photo/{photo_id:int}",
    "/sms/inbound",
    "/safety-report/{month}.pdf",
}
"""Answers that are no page to look at: they lead on, or machines read them."""


def records(page: Page, address: str) -> tuple[int, int]:
    """A patient and a treatment to look at: those of the case on top of the worklist."""
    page.goto(address)
    drawn(page)
    patient = _number(page, "Timeline")
    page.goto(f"{address}/timeline?patient={patient}")
    drawn(page)
    return patient, _number(page, "Patient card")


def _number(page: Page, link: str) -> int:
    address = page.get_by_role("link", name=re.compile(link)).first.get_attribute("href")
    return int(str(address).rpartition("=")[2])
