"""Whether the stored outcomes are what the check-ins say, and writing them anew where they are not."""

from dataclasses import asdict, dataclass

from reporting.domain.actors import SYSTEM
from reporting.domain.content_package import package
from reporting.records import audit, outcomes
from reporting.records.engine import reading, transaction


@dataclass(frozen=True)
class Rebuilt:
    """Treatments whose outcomes were written anew, and treated areas that were wrong before and after.

    ``events_before`` and ``events_after``: symptom to the treated areas in which it was more than expected. ``judged``:
    check-ins that were judged otherwise, by the content of today; None: each kept its judgement.
    """

    treatments: int
    wrong_before: int
    wrong_after: int
    events_before: dict[str, int]
    events_after: dict[str, int]
    judged: int | None = None


def wrong_outcomes() -> list[int]:
    """Ids of treated areas whose stored outcome is not what their check-ins say. Changes nothing."""
    with reading() as session:
        return outcomes.compare(session)


def rebuild_outcomes(*, by_todays_content: bool = False) -> Rebuilt:
    """Write every outcome anew from the check-ins, all in one transaction, with a row in the audit trail.

    Each check-in counts as it was judged when it was sent; ``by_todays_content`` judges all of them again. Nothing
    else ever does that: a changed table leaves what is stored as it is.
    """
    with transaction() as session:
        before, events = len(outcomes.compare(session)), outcomes.events(session)
        judged = outcomes.judge_anew(session) if by_todays_content else None
        treatments = outcomes.rebuild(session)
        done = Rebuilt(treatments, before, len(outcomes.compare(session)), events, outcomes.events(session), judged)
        of = package()
        audit.write(
            session,
            SYSTEM,
            "outcomes.rebuilt",
            "outcome",
            "all",
            **asdict(done),
            content_version=of.version,
            content_sha256=of.hash,
        )
    return done
