"""The sender: claims a message, hands it over, notes what became of it. Once, or a person is told."""

import random
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any

from reporting.actions import compose
from reporting.clock import now
from reporting.domain.actors import Actor
from reporting.domain.delivery import STUCK_AFTER, retry_after
from reporting.domain.message_kinds import PATIENT_KINDS
from reporting.errors import Conflict, NotFound
from reporting.notify import sms
from reporting.notify.email import Email, Mailer
from reporting.notify.outcome import Outcome, channels
from reporting.security.permissions import may, require
from reporting.storage import audit, outbox
from reporting.storage.engine import reading, transaction
from reporting.storage.tables import OutboxMessage

PAUSE = timedelta(minutes=1)
"""Nothing else goes to a server that does not answer, or says that it has too much to do, for so long."""


@dataclass
class Sender:
    """Sends what is due. Kept between runs, it remembers which way out is closed for the moment."""

    draw: Callable[[], float] = random.random
    paused: dict[str, datetime] = field(default_factory=dict)
    _mailer: Mailer = field(default_factory=Mailer)

    def __enter__(self) -> "Sender":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._mailer.__exit__(kind, error, trace)

    def run(self, *, go_on: Callable[[], bool] = lambda: True, most: int = sys.maxsize) -> Counter[str]:
        """Send what is due now, at most so many. Returns how many became what: ``sent``, ``dead``, ``unsure``, …"""
        done: Counter[str] = Counter()
        if not self._has_work():
            return done
        with transaction() as session:
            done["unsure"] += outbox.flag_stuck(session, now() - STUCK_AFTER)
        while go_on() and done.total() < most and (became := self._one()) is not None:
            done[became] += 1
        self._mailer.__exit__(None, None, None)
        self._mailer = Mailer()
        return +done

    def _open(self) -> list[str]:
        return [channel for channel in channels() if self.paused.get(channel, now()) <= now()]

    def _has_work(self) -> bool:
        with reading() as session:
            return outbox.has_work(session, now(), self._open(), now() - STUCK_AFTER)

    def _one(self) -> str | None:
        """The next message; what became of it, or None when nothing is due."""
        with transaction() as session:
            row = outbox.next_waiting(session, now(), self._open())
            if row is None:
                return None
            ready = compose.message(session, row, now())
            if isinstance(ready, compose.Held):
                return _hold(session, row, ready)
            row.status, row.claimed_at, row.attempts = "sending", now(), row.attempts + 1
            session.add(row)
        outcome = self._mailer.send(ready) if isinstance(ready, Email) else sms.send(ready)
        return self._note(row, outcome)

    def _note(self, row: OutboxMessage, outcome: Outcome) -> str:
        values = _values(row, outcome, self.draw())
        if outcome.channel_down:
            self.paused[row.channel] = now() + max(PAUSE, timedelta(seconds=outcome.retry_after_s))
        with transaction() as session:
            outbox.mark(session, row.id or 0, row.claimed_at or now(), **values)
        return "retry" if values["status"] == "waiting" else str(values["status"])


def _hold(session: Any, row: OutboxMessage, held: compose.Held) -> str:
    row.status, row.last_error = held.status, held.reason
    row.next_attempt_at = held.until or row.next_attempt_at
    if held.status == "dead":
        row.payload = _kept(row, "dead")
    session.add(row)
    return "later" if held.status == "waiting" else held.status


def _kept(row: OutboxMessage, status: str) -> dict[str, Any]:
    """A reminder holds no secret. Any other message is forgotten once sent; a code also when it is of no use."""
    over = status == "sent" or (status != "waiting" and row.kind == "second_factor_code")
    return {} if over and row.kind != "reminder" else row.payload


def _values(row: OutboxMessage, outcome: Outcome, draw: float) -> dict[str, Any]:
    """Columns of the row after this outcome."""
    status, wait = outcome.result, None
    if outcome.result == "retry":
        wait = retry_after(row.kind, row.attempts, draw, at_least_s=outcome.retry_after_s)
        status = "dead" if wait is None else "retry"
    final = "waiting" if status == "retry" else status
    values: dict[str, Any] = {
        "status": final, "last_error": outcome.reason, "provider_id": outcome.provider_id,
        "payload": _kept(row, final),
    }  # fmt: skip
    if wait is not None:
        values["next_attempt_at"] = now() + wait
    if final == "sent":
        values["sent_at"] = now()
    return values


def _of_trouble(session: Any, by: Actor, message_id: int) -> OutboxMessage:
    row = outbox.by_id(session, message_id, lock=True)
    if row is None or (by.clinic_id is not None and row.clinic_id != by.clinic_id):
        raise NotFound()
    require(by, "message.manage", clinic_id=row.clinic_id)
    if row.kind not in PATIENT_KINDS and not may(by, "worklist.read"):
        raise NotFound()
    if row.status not in ("dead", "unsure"):
        raise Conflict("Somebody has dealt with this message already.")
    return row


def resend(*, by: Actor, message_id: int) -> None:
    """Let a message that is dead or unsure leave again; one that had arrived after all may arrive twice.

    Its Message-ID stays, so that mail programs show it once. Conditions are asked again before it leaves.
    Raises NotFound, NotAllowed, Conflict.
    """
    with transaction() as session:
        row = _of_trouble(session, by, message_id)
        if row.kind != "reminder" and not row.payload:
            raise Conflict(
                "The words of this message are gone.", what_to_do="Ask for a new one, then mark it as handled."
            )
        before, row.status, row.attempts, row.next_attempt_at = row.status, "waiting", 0, now()
        session.add(row)
        outbox.wake(session)
        audit.write(session, by, "message.resent", "message", row.id, clinic_id=row.clinic_id, before=before)


def mark_handled(*, by: Actor, message_id: int) -> None:
    """Take a message off the list: somebody dealt with it in another way. Raises NotFound, NotAllowed, Conflict."""
    with transaction() as session:
        row = _of_trouble(session, by, message_id)
        before, row.status, row.last_error = row.status, "cancelled", f"handled {row.status} {row.last_error}"[:200]
        row.payload = row.payload if row.kind == "reminder" else {}
        session.add(row)
        audit.write(session, by, "message.handled", "message", row.id, clinic_id=row.clinic_id, before=before)
