"""The administrator's commands about stored outcomes."""

import json
from datetime import datetime

from sqlalchemy import select, update
from sqlmodel import col
from typer.testing import CliRunner

from reporting.clinic.cli_outcomes import app
from reporting.records import outcomes
from reporting.records.engine import reading, transaction
from reporting.records.tables import AuditEvent, Outcome
from tests.cast import house


def run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, list(words))
    return done.exit_code, done.stdout


def spoilt() -> int:
    """Id of a treated area whose stored outcome was changed behind its back."""
    clinic = house("A")
    with transaction() as session:
        outcomes.recompute(session, [clinic.treatment_id])
        session.execute(update(Outcome).values(worst_scarring=3))
        return int(session.execute(select(col(Outcome.treated_area_id))).scalar_one())


def test_a_wrong_outcome_is_named_and_mended(database: str, stopped_clock: datetime) -> None:
    area = spoilt()
    assert run("compare") == (1, f"1 stored outcomes differ from their check-ins.\nTreated area {area}\n")
    code, printed = run("compare", "--json")
    assert (code, json.loads(printed)) == (1, {"wrong": 1, "treated_areas": [area]})
    code, printed = run("rebuild", "--json")
    assert (code, json.loads(printed)) == (0, {"treatments": 1, "wrong_before": 1, "wrong_after": 0})
    assert run("compare") == (0, "Every stored outcome is what its check-ins say.\n")


def test_rebuilding_is_noted_in_the_audit_trail(database: str, stopped_clock: datetime) -> None:
    spoilt()
    assert run("rebuild") == (
        0,
        "Outcomes of 1 treatments were written anew.\nDifferent from their check-ins: 1 before, 0 after.\n",
    )
    with reading() as session:
        asked = select(AuditEvent).where(col(AuditEvent.action) == "outcomes.rebuilt")
        event = session.execute(asked).scalar_one()
    assert event.details == {"treatments": 1, "wrong_before": 1, "wrong_after": 0}
    assert event.actor_kind == "system"
