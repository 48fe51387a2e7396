"""Who does something: a staff member, a patient, or the system itself."""

from dataclasses import dataclass
from typing import Literal

Role = Literal["administrator", "safety_lead", "clinician", "front_desk"]
ROLES: tuple[Role, ...] = ("administrator", "safety_lead", "clinician", "front_desk")


@dataclass(frozen=True)
class Actor:
    """The one who acts or asks. ``clinic_id`` bounds what they may touch; the system has no bound.

    ``strength`` of a patient: ``link`` may send a check-in and read the advice for it; ``full`` has also
    shown a second factor and may read history. ``treatment_id`` is the treatment a patient's link is for.
    """

    kind: Literal["staff", "patient", "system"]
    id: int | None = None
    clinic_id: int | None = None
    role: Role | None = None
    label: str = ""
    strength: Literal["link", "full"] = "full"
    treatment_id: int | None = None
    session_id: int | None = None


SYSTEM = Actor(kind="system", label="system")
