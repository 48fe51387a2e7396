"""What was acknowledged is there after the process was killed in the middle of its work."""

from collections.abc import Iterator
from contextlib import suppress
from itertools import count, islice
from multiprocessing.connection import Connection

import pytest
from sqlalchemy import select, text

from reporting.domain.actors import Actor
from reporting.patient.act_check_ins import submit_check_in
from reporting.records import outcomes
from reporting.records.engine import is_sqlite, reading
from reporting.records.tables import CheckIn
from reporting.records.trail.verify import verify
from tests.cast import house
from tests.forked import forked

ACKNOWLEDGED = 25


def send_for_ever(connection: Connection, by: Actor, treatment_id: int) -> None:
    """Sends one check-in after the other and tells the id of each once it was acknowledged."""
    for number in count(1):
        receipt = submit_check_in(
            by=by, treatment_id=treatment_id, answers={"symptoms": ["none"]}, submission_key=f"k{number}"
        )
        connection.send(receipt.check_in_id)


def told(connection: Connection) -> Iterator[int]:
    """What a killed process has told as a whole."""
    with suppress(OSError, EOFError):
        while True:
            yield connection.recv()


@pytest.mark.parametrize("round_number", [1, 2])
def test_nothing_acknowledged_is_lost_by_a_kill(database: str, round_number: int) -> None:
    clinic = house("A")
    with forked(send_for_ever, clinic.patient, clinic.treatment_id) as (sender, connection):
        acknowledged = set(islice(told(connection), ACKNOWLEDGED * round_number))
        sender.kill()
        acknowledged |= set(told(connection))
    assert len(acknowledged) >= ACKNOWLEDGED * round_number
    with reading() as session:
        kept = set(session.execute(select(CheckIn.id)).scalars())
        assert acknowledged <= kept
        assert len(kept) <= len(acknowledged) + 1
        assert outcomes.compare(session) == []
        if is_sqlite():
            assert session.connection().execute(text("PRAGMA integrity_check")).scalar() == "ok"
    assert verify().ok
