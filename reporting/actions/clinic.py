"""To change the clinic's settings; the audit trail keeps what it was and what it is."""

from reporting.domain.actors import Actor
from reporting.domain.clinic_settings import ClinicSettings, check_settings
from reporting.errors import NotFound
from reporting.security.permissions import require
from reporting.storage import audit, sessions
from reporting.storage.engine import transaction
from reporting.storage.tables import Clinic


def change_clinic(*, by: Actor, given: ClinicSettings) -> bool:
    """Set everything at once. False when nothing was different. Raises InvalidInput, NotAllowed."""
    require(by, "clinic.manage")
    after = check_settings(given)
    with transaction() as session:
        sessions.one_at_a_time(session, by.clinic_id or 0)
        clinic = session.get(Clinic, by.clinic_id)
        if clinic is None:
            raise NotFound()
        before = {name: getattr(clinic, name) for name in after}
        changed = sorted(name for name in after if before[name] != after[name])
        for name in changed:
            setattr(clinic, name, after[name])
        session.add(clinic)
        if changed:
            audit.write(
                session, by, "clinic.changed", "clinic", clinic.id, before={name: before[name] for name in changed},
                after={name: after[name] for name in changed},
            )  # fmt: skip
    return bool(changed)
