"""What was acknowledged is there after the process was killed in the middle of its work."""

import os
import signal
import subprocess
import sys

import pytest
from sqlalchemy import select, text

from reporting.records import audit, outcomes
from reporting.records.engine import is_sqlite, reading
from reporting.records.tables import CheckIn
from reporting.settings import settings
from tests.cast import house

ACKNOWLEDGED = 25

SENDER = """
import sys
from reporting.patient.act_check_ins import submit_check_in
from reporting.domain.actors import Actor
patient, clinic, treatment = map(int, sys.argv[1:])
by = Actor(kind="patient", id=patient, clinic_id=clinic, label="patient", treatment_id=treatment)
number = 0
while True:
    number += 1
    answers = {"symptoms": ["none"]}
    receipt = submit_check_in(by=by, treatment_id=treatment, answers=answers, submission_key=f"k{number}")
    print(receipt.check_in_id, flush=True)
"""


@pytest.mark.parametrize("round_number", [1, 2])
def test_nothing_acknowledged_is_lost_by_a_kill(database: str, round_number: int) -> None:
    clinic = house("A")
    environment = os.environ | {
        "REPORTING_DATA_DIR": str(settings().data_dir),
        "REPORTING_DATABASE_URL": settings().database_url,
    }
    command = [sys.executable, "-c", SENDER, *map(str, (clinic.patient_id, clinic.clinic_id, clinic.treatment_id))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as sender:
        assert sender.stdout is not None
        acknowledged = {int(sender.stdout.readline()) for _ in range(ACKNOWLEDGED * round_number)}
        sender.send_signal(signal.SIGKILL)
        acknowledged |= {int(line) for line in sender.stdout if line.endswith("\n")}
    with reading() as session:
        kept = set(session.execute(select(CheckIn.id)).scalars())
        assert acknowledged <= kept
        assert len(kept) <= len(acknowledged) + 1
        assert outcomes.compare(session) == []
        if is_sqlite():
            assert session.connection().execute(text("PRAGMA integrity_check")).scalar() == "ok"
    assert audit.verify().ok
