"""What each role may do. Denied unless listed."""

from typing import Final

from reporting.domain.actors import Actor, Role
from reporting.errors import NotAllowed, SignInNeeded

_SEES_CARE: Final = frozenset(
    {
        "worklist.read",
        "case.work",
        "timeline.read",
        "note.read",
        "photo.read",
        "overview.read",
        "settings.read",
        "rates.read",
        "signals.read",
        "treatment.record",
        "invitation.issue",
        "check_in.proxy",
        "history.read",
        "reminder.manage",
        "report.read",
    }
)

ROLES: Final[dict[Role, frozenset[str]]] = {
    "administrator": _SEES_CARE
    | {
        "account.own",
        "import.run",
        "staff.manage",
        "audit.read",
        "request.work",
        "clinic.manage",
        "message.manage",
        "signals.work",
        "content.read",
        "content.manage",
        "report.schedule",
    },
    "safety_lead": _SEES_CARE
    | {
        "account.own",
        "audit.read",
        "message.manage",
        "signals.work",
        "operators.compare",
        "content.read",
        "content.sign",
        "report.schedule",
    },
    "clinician": _SEES_CARE | {"content.sign", "account.own"},
    "front_desk": frozenset(
        {
            "account.own",
            "treatment.record",
            "invitation.issue",
            "check_in.proxy",
            "reminder.manage",
            "message.manage",
        }
    ),
}
"""The front desk records treatments, hands out links and puts addresses right; it sees no notes, photos or
dashboards, and of messages only whom they did not reach.
"""

PATIENT_LINK: Final = frozenset({"check_in.submit", "consent.manage"})
PATIENT_FULL: Final = PATIENT_LINK | {"history.read", "own_data.read", "erasure.request"}
"""Who holds the link may also stop: agreeing and taking it back are as easy as each other."""
PERMISSIONS: Final = frozenset().union(*ROLES.values(), PATIENT_FULL)


def granted(actor: Actor) -> frozenset[str]:
    """The permissions of an actor; the system has all of them, and nobody else has any without a clinic."""
    if actor.kind == "system":
        return PERMISSIONS
    if actor.clinic_id is None:
        return frozenset()
    if actor.kind == "patient":
        return PATIENT_FULL if actor.strength == "full" else PATIENT_LINK
    return ROLES[actor.role] if actor.role else frozenset()


def may(actor: Actor, permission: str) -> bool:
    """Whether the actor's role allows it, whatever the clinic. An unknown permission is a mistake."""
    if permission not in PERMISSIONS:
        raise KeyError(permission)
    return permission in granted(actor)


def require(actor: Actor, permission: str) -> None:
    """Raise NotAllowed unless the role allows it; whose a record is, is asked in ``security.scope``."""
    if actor.kind != "system" and actor.id is None:
        raise SignInNeeded()
    if not may(actor, permission):
        raise NotAllowed()
