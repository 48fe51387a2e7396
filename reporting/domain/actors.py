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

    @property
    def key(self) -> int:
        """Key of the actor's own row; 0, which no row has, without one: nothing is found by it."""
        return self.id or 0

    @property
    def clinic_key(self) -> int:
        """Key of the actor's clinic; 0, which no clinic has, without one: nothing is found by it."""
        return self.clinic_id or 0

    @property
    def treatment_key(self) -> int:
        """Key of the treatment that a patient's link is for; 0, which none has, without one."""
        return self.treatment_id or 0


SYSTEM = Actor(kind="system", label="system")
