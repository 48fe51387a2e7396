"""Who on call was told of a case, and whether it reached them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from reporting.records import cases, on_call
from reporting.records.engine import Session

WAYS = {"sms": "text message", "email": "e-mail"}
STATUS_WORDS = {
    "waiting": "waiting",
    "sending": "on its way",
    "sent": "sent",
    "dead": "not delivered",
    "unsure": "perhaps not delivered",
    "cancelled": "not delivered",
    "refused": "not delivered: our sign-in is refused or the address is wrong; tried again",
}


@dataclass(frozen=True)
class Notice:
    """One person who was told. ``ways``: channel and what became of the message, in the order of sending."""

    name: str
    at: datetime
    ways: tuple[tuple[str, str], ...]

    @property
    def has_failed(self) -> bool:
        """Nothing of it was delivered."""
        return all(status in on_call.FAILED for _, status in self.ways)

    @property
    def words(self) -> str:
        """``Dr First (text message sent, e-mail not delivered)``."""
        said = ", ".join(f"{WAYS.get(way, way)} {STATUS_WORDS.get(status, status)}" for way, status in self.ways)
        return f"{self.name} ({said})"


def notices(session: Session, case_ids: Sequence[int]) -> dict[int, tuple[Notice, ...]]:
    """Whom these cases were told, oldest first, by case."""
    became: dict[tuple[int, int], list[tuple[str, str]]] = {}
    for step in on_call.steps(session, case_ids):
        became.setdefault((step.case_id, step.step), []).append((step.channel, step.became))
    found: dict[int, list[Notice]] = {}
    for event, _ in cases.events(session, case_ids):
        if event.kind == "on_call":
            ways = became.get((event.case_id, event.details["step"]), [])
            found.setdefault(event.case_id, []).append(Notice(event.details["name"], event.at, tuple(ways)))
    return {case_id: tuple(told) for case_id, told in found.items()}
