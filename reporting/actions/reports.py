"""What is done with the monthly report: that somebody took one is on record."""

import hashlib

from reporting.domain.actors import Actor
from reporting.domain.months import Month
from reporting.security.permissions import require
from reporting.storage import audit
from reporting.storage.engine import transaction


def note_made(*, by: Actor, month: Month, operators: bool, hand_on: bool, content: bytes) -> None:
    """Write into the audit trail who took which version of the report; its hash tells the file again."""
    require(by, "report.read")
    with transaction() as session:
        audit.write(
            session, by, "report.taken", "report", str(month), clinic_id=by.clinic_id, operators=operators,
            hand_on=hand_on, sha256=hashlib.sha256(content).hexdigest(),
        )  # fmt: skip
