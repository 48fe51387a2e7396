"""Which pages there are for whom."""

import pytest

from reporting.app.navigation import pages_for
from reporting.domain.actors import Actor
from reporting.shell.pages import PATIENT, STAFF, Entry

CARE = [
    "worklist",
    "overview",
    "settings",
    "signals",
    "units",
    "safety-report",
    "quality",
    "patients",
    "timeline",
    "plan",
    "record",
    "card",
]
CONTENT = ["rules", "schedules", "guidelines", "equipment", "audit"]
ADMINISTRATOR = ["import", *CONTENT, "staff", "review", "requests", "on-call", "clinic"]


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("administrator", [*CARE, "messages", "proxy", *ADMINISTRATOR]),
        ("safety_lead", [*CARE, "messages", "proxy", *CONTENT]),
        ("clinician", [*CARE, "proxy"]),
        ("front_desk", ["record", "card", "messages", "proxy"]),
    ],
)
def test_pages_of_the_staff(role: str, expected: list[str]) -> None:
    actor = Actor(kind="staff", id=1, clinic_id=1, role=role)  # type: ignore[arg-type]
    assert [entry.address for entry in pages_for(actor)] == [*expected, "account"]


def test_patients_and_strangers_see_no_page_of_the_staff() -> None:
    for strength in ("link", "full"):
        actor = Actor(kind="patient", id=1, clinic_id=1, strength=strength)  # type: ignore[arg-type]
        assert [entry.address for entry in pages_for(actor)] == ["check-in", "home", "data", "correct"]
    assert [entry.file for entry in pages_for(None)] == [
        "app/page_welcome",
        "patient/page_check_in",
        "patient/page_home",
        "patient/page_data",
        "patient/page_correct",
    ]


@pytest.mark.parametrize("entry", [*STAFF, *PATIENT, *pages_for(None)], ids=lambda entry: entry.file)
def test_every_page_is_there(entry: Entry) -> None:
    assert entry.path.is_file()
