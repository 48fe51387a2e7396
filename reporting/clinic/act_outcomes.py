"""Whether the stored outcomes are what the check-ins say, and writing them anew where they are not."""

from dataclasses import dataclass

from reporting.domain.actors import SYSTEM
from reporting.records import audit, outcomes
from reporting.records.engine import reading, transaction


@dataclass(frozen=True)
class Rebuilt:
    """Treatments whose outcomes were written anew, and treated areas that were wrong before and after."""

    treatments: int
    wrong_before: int
    wrong_after: int


def wrong_outcomes() -> list[int]:
    """Ids of treated areas whose stored outcome is not what their check-ins say. Changes nothing."""
    with reading() as session:
        return outcomes.compare(session)


def rebuild_outcomes() -> Rebuilt:
    """Write every outcome anew from the check-ins, all in one transaction, with a row in the audit trail."""
    with transaction() as session:
        before = len(outcomes.compare(session))
        treatments = outcomes.rebuild(session)
        done = Rebuilt(treatments, before, len(outcomes.compare(session)))
        audit.write(
            session,
            SYSTEM,
            "outcomes.rebuilt",
            "outcome",
            "all",
            treatments=done.treatments,
            wrong_before=done.wrong_before,
            wrong_after=done.wrong_after,
        )
    return done
