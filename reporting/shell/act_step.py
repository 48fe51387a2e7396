"""One step of somebody's work on a case or on a signal: permission, whose it is, version, state, event, audit row."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, Protocol, TypeVar

from reporting import clock
from reporting.domain.actors import Actor
from reporting.errors import Conflict
from reporting.records import audit
from reporting.records.engine import Session, transaction
from reporting.security.scope import own


class Worked(Protocol):
    """A row that people work on: every step of theirs makes its version one higher."""

    id: int | None
    clinic_id: int
    state: str
    version: int


Row = TypeVar("Row", bound=Worked)
Change = Callable[[Session, Row], Mapping[str, Any]]
OWN_WORDS = frozenset({"term"})
"""What of the details of a step somebody may have written freely: sealed with the event."""


def nothing(_session: Session, _row: Any) -> Mapping[str, Any]:
    """The change of a step that changes the state alone."""
    return {}


@dataclass(frozen=True)
class Work(Generic[Row]):
    """One kind of work: rows of ``table``, called ``name`` in words and in the audit trail, for those who have
    ``permission``; what may follow what, the states in words, how an event is written down, and who was faster."""

    name: str
    table: type[Row]
    permission: str
    next_states: Callable[[str], tuple[str, ...]]
    state_words: Mapping[str, str]
    add_event: Callable[..., None]
    """With the session, the row and the kind of event; at, staff_id, note and details by name."""
    changed_by: Callable[[Session, Row], tuple[str, dict[str, Any]]]
    """Who changed the row last, to be said to one who decided on an older state, and details of that."""

    def step(
        self,
        by: Actor,
        key: int,
        version: int,
        kind: str,
        change: Change[Row] = nothing,
        *,
        to_state: str | None,
        note: str = "",
        happened_on: date | None = None,
    ) -> int:
        """One step in one transaction: check, ``change``, event, audit row. Returns the new version.

        to_state None leaves the state. What ``change`` returns is kept with the event and in the audit trail; the note
        and what is among ``OWN_WORDS`` stay with the event: the trail is read by people who may not read notes, and
        nothing can be taken out of it when somebody is erased. Raises NotAllowed, NotFound, Conflict.
        """
        with transaction() as session:
            row = own(session, self.table, key, by, self.permission, lock=True)
            self._check(session, row, version, to_state)
            before, details = row.state, change(session, row)
            row.state, row.version = to_state or row.state, row.version + 1
            session.add(row)
            on: dict[str, Any] = {"happened_on": happened_on} if happened_on else {}
            self.add_event(session, row, kind, at=clock.now(), staff_id=by.id, note=note, **on, **details)
            told: dict[str, Any] = {name: each for name, each in details.items() if name not in OWN_WORDS}
            if happened_on:
                told["happened_on"] = happened_on.isoformat()
            audit.write(
                session,
                by,
                f"{self.name}.{kind}",
                self.name,
                row.id,
                clinic_id=row.clinic_id,
                before=before,
                after=row.state,
                **told,
            )
            return row.version

    def _check(self, session: Session, row: Row, version: int, to_state: str | None) -> None:
        """Raises Conflict, with the newest state, where somebody was faster or the state cannot follow."""
        now: dict[str, Any] = {"state": row.state, "version": row.version}
        if row.version != version:
            who, details = self.changed_by(session, row)
            raise Conflict(
                f"{who} changed this {self.name} in the meantime. It is now: {self.state_words[row.state]}.",
                **now,
                **details,
            )
        if to_state is not None and to_state not in self.next_states(row.state):
            raise Conflict(
                f"The {self.name} is {self.state_words[row.state].lower()}: "
                f"{self.state_words[to_state].lower()} cannot be the next step.",
                **now,
            )
