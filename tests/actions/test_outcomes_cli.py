"""The administrator's commands about stored outcomes."""

import json
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlmodel import col
from typer.testing import CliRunner

from reporting.clinic.cli_outcomes import app
from reporting.domain.content_package import package
from reporting.domain.vocabulary import SYMPTOMS
from reporting.patient.act_check_ins import submit_check_in
from reporting.records import outcomes
from reporting.records.engine import reading, transaction
from reporting.records.tables import AuditEvent, Outcome
from tests.answers import filled
from tests.cast import House, house
from tests.content_folders import copied, used

pytestmark = pytest.mark.sqlite_first


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
    done = json.loads(printed)
    assert (code, done["treatments"], done["wrong_before"], done["wrong_after"]) == (0, 1, 1, 0)
    assert run("compare") == (0, "Every stored outcome is what its check-ins say.\n")


def test_rebuilding_is_noted_in_the_audit_trail(database: str, stopped_clock: datetime) -> None:
    spoilt()
    code, printed = run("rebuild")
    assert code == 0
    assert printed.startswith(
        "Outcomes of 1 treatments were written anew.\nDifferent from their check-ins: 1 before, 0 after.\n"
        "Treated areas with more burning than expected: 0 before, 0 after.\n"
    )
    with reading() as session:
        asked = select(AuditEvent).where(col(AuditEvent.action) == "outcomes.rebuilt")
        event = session.execute(asked).scalar_one()
    named = ("treatments", "wrong_before", "wrong_after", "judged", "content_sha256")
    assert [event.details[name] for name in named] == [1, 1, 0, None, package().hash]
    assert event.actor_kind == "system"


def test_only_the_command_judges_by_another_content_and_says_what_changes(
    clinic: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    submit_check_in(
        by=clinic.patient,
        treatment_id=clinic.treatment_id,
        answers=filled(clinic.treatment_id, symptoms=["swelling"], severity_swelling="1"),
        submission_key="usual",
    )

    def nothing_is_usual(table: str, row: dict[str, str]) -> None:
        if table == "expected_course":
            row["highest_expected"] = "0"

    with used(monkeypatch, copied(tmp_path / "other", nothing_is_usual)):
        assert run("compare")[0] == 0
        kept = json.loads(run("rebuild", "--json")[1])
        assert (kept["judged"], kept["events_before"], kept["events_before"]) == (None, kept["events_after"], none())
        code, printed = run("rebuild", "--todays-content")
        assert code == 0
        assert "Check-ins judged otherwise than before: 1." in printed
        assert "Treated areas with more swelling than expected: 0 before, 1 after." in printed
    with reading() as session:
        asked = (
            select(AuditEvent)
            .where(col(AuditEvent.action) == "outcomes.rebuilt")
            .order_by(col(AuditEvent.sequence).desc())
        )
        event = session.execute(asked.limit(1)).scalar_one()
    assert (event.details["events_before"]["swelling"], event.details["events_after"]["swelling"]) == (0, 1)
    assert run("compare")[0] == 0, "what was judged stays so when the tables go back"


def none() -> dict[str, int]:
    return dict.fromkeys(SYMPTOMS, 0)
