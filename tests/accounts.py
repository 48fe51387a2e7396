"""Accounts that can really sign in, the audit trail as a story, and threads that start together."""

import threading
from collections.abc import Callable
from typing import Any

from argon2 import PasswordHasher
from sqlmodel import select

from reporting.domain.actors import Role
from reporting.records.engine import reading, transaction
from reporting.records.tables import AuditEvent, StaffAccount
from reporting.records.trail.verify import verify
from tests.cast import House

PASSWORD = "violet otter sleeps late"
_quick = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


def with_password(house: House, role: Role, password: str = PASSWORD) -> str:
    """Give the account of that role a password; returns its e-mail."""
    with transaction() as session:
        account = session.get(StaffAccount, house.staff[role].id)
        assert account is not None
        account.password_hash = _quick.hash(password)
        session.add(account)
        return account.email


def trail(*prefixes: str) -> list[tuple[str, str, str]]:
    """(action, who, record) of the audit rows whose action begins so, oldest first; the chain must be whole."""
    verdict = verify()
    assert verdict.ok, verdict
    with reading() as session:
        events = session.exec(select(AuditEvent).order_by(AuditEvent.sequence)).all()  # type: ignore[arg-type]
    return [
        (event.action, event.actor_label, event.record_id)
        for event in events
        if not prefixes or event.action.startswith(prefixes)
    ]


def together(*steps: Callable[[], Any]) -> list[Any]:
    """Run the steps in threads that set off at the same moment; returns what each gave or raised."""
    gate, found = threading.Barrier(len(steps)), [None] * len(steps)

    def run(number: int, step: Callable[[], Any]) -> None:
        gate.wait()
        try:
            found[number] = step()
        except Exception as error:
            found[number] = error

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(steps)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found
