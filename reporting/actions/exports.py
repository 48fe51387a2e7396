"""What is done with figures that leave the application as a file: that somebody took one is on record."""

import hashlib

from reporting.domain.actors import Actor
from reporting.security.permissions import require
from reporting.storage import audit
from reporting.storage.engine import transaction


def note_taken(*, by: Actor, file_name: str, page: str, content: bytes) -> None:
    """Write into the audit trail who took which file from which ``page`` (its address holds the filters and names
    nobody); its hash tells the file again. Raises NotAllowed."""
    require(by, "overview.read")
    with transaction() as session:
        audit.write(
            session, by, "export.taken", "file", file_name, clinic_id=by.clinic_id, page=page,
            sha256=hashlib.sha256(content).hexdigest(),
        )  # fmt: skip
