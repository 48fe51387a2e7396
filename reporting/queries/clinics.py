"""What the frame of every page says about the clinic."""

from dataclasses import dataclass

from reporting.domain.actors import Actor
from reporting.domain.clinic_settings import ClinicSettings
from reporting.domain.retention import KINDS
from reporting.errors import NotFound
from reporting.security.permissions import require
from reporting.storage.engine import reading
from reporting.storage.sessions import clinic


@dataclass(frozen=True)
class ClinicLine:
    """Name of the actor's clinic and whether its data is synthetic."""

    name: str
    is_synthetic: bool


def clinic_line(by: Actor) -> ClinicLine:
    """The clinic of the actor. Raises NotFound when there is none."""
    with reading() as session:
        found = clinic(session, by.clinic_id or 0)
    if found is None:
        raise NotFound()
    return ClinicLine(found.name, found.is_synthetic)


def clinic_settings(by: Actor) -> ClinicSettings:
    """The settings of the actor's clinic, for its administrator. Raises NotAllowed, NotFound."""
    require(by, "clinic.manage")
    with reading() as session:
        found = clinic(session, by.clinic_id or 0)
    if found is None:
        raise NotFound()
    return ClinicSettings(
        second_factor=found.second_factor, reminders_from=found.reminders_from,
        reminders_until=found.reminders_until, message_name=found.message_name,
        retention={kind: found.retention.get(kind) for kind in KINDS},
    )  # fmt: skip
