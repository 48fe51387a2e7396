"""Who may do what: the whole table of roles and permissions, and what is said to those who may not."""

from dataclasses import replace

import pytest

from reporting.domain.actors import ROLES, SYSTEM, Actor
from reporting.errors import NotAllowed, SignInNeeded
from reporting.security.permissions import PERMISSIONS, granted, may, require

EVERYBODY = {"administrator", "safety_lead", "clinician", "front_desk"}
CARE = EVERYBODY - {"front_desk"}
LEADERS = {"administrator", "safety_lead"}
BOTH, CODE_ONLY = {"link", "full"}, {"full"}

ALLOWED: dict[str, set[str]] = {
    "worklist.read": CARE,
    "case.work": CARE,
    "timeline.read": CARE,
    "note.read": CARE,
    "photo.read": CARE,
    "overview.read": CARE,
    "settings.read": CARE,
    "rates.read": CARE,
    "signals.read": CARE,
    "signals.work": LEADERS,
    "treatment.record": EVERYBODY,
    "invitation.issue": EVERYBODY,
    "check_in.proxy": EVERYBODY,
    "reminder.manage": EVERYBODY,
    "message.manage": EVERYBODY - {"clinician"},
    "history.read": CARE | CODE_ONLY,
    "check_in.submit": BOTH,
    "consent.manage": BOTH,
    "own_data.read": CODE_ONLY,
    "erasure.request": CODE_ONLY,
    "operators.compare": {"safety_lead"},
    "request.work": {"administrator"},
    "clinic.manage": {"administrator"},
    "content.read": LEADERS,
    "content.manage": {"administrator"},
    "content.sign": {"safety_lead", "clinician"},
    "report.read": CARE,
    "report.schedule": LEADERS,
    "import.run": {"administrator"},
    "audit.read": LEADERS,
    "staff.manage": {"administrator"},
    "account.own": EVERYBODY,
}
"""Permission to roles and, for patients, the strengths of sign-in that have it."""


def actor(who: str) -> Actor:
    if who in BOTH:
        return Actor(kind="patient", id=1, clinic_id=1, strength=who)  # type: ignore[arg-type]
    return Actor(kind="staff", id=1, clinic_id=1, role=who)  # type: ignore[arg-type]


@pytest.mark.parametrize("permission", sorted(ALLOWED))
@pytest.mark.parametrize("who", [*ROLES, "link", "full"])
def test_the_table(who: str, permission: str) -> None:
    expected = who in ALLOWED[permission]
    assert may(actor(who), permission) is expected
    if expected:
        require(actor(who), permission)
    else:
        with pytest.raises(NotAllowed):
            require(actor(who), permission)


def test_a_new_permission_needs_a_line_in_the_table() -> None:
    assert set(ALLOWED) == PERMISSIONS


@pytest.mark.parametrize("by", [actor("administrator"), actor("link"), SYSTEM])
def test_a_permission_that_does_not_exist_is_a_mistake(by: Actor) -> None:
    with pytest.raises(KeyError, match=r"worklist\.raed"):
        require(by, "worklist.raed")


@pytest.mark.parametrize("permission", sorted(ALLOWED))
@pytest.mark.parametrize("who", [*ROLES, "link", "full"])
def test_without_a_clinic_nobody_may_anything(who: str, permission: str) -> None:
    nowhere = replace(actor(who), clinic_id=None)
    assert not may(nowhere, permission)
    with pytest.raises(NotAllowed):
        require(nowhere, permission)


def test_the_system_may_everything() -> None:
    assert granted(SYSTEM) == PERMISSIONS
    for permission in PERMISSIONS:
        require(SYSTEM, permission)


def test_nobody_in_particular_must_sign_in() -> None:
    with pytest.raises(SignInNeeded):
        require(Actor(kind="staff", role="administrator", clinic_id=1), "worklist.read")


def test_staff_without_a_role_may_nothing() -> None:
    assert granted(Actor(kind="staff", id=1, clinic_id=1)) == frozenset()
