"""``python -m reporting content``: what is in use, what was changed, who signed it, and what is withdrawn."""

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlmodel import col
from typer.testing import CliRunner

from reporting import clock
from reporting.clinic.act_content_package import record_package, sign_content, withdraw_content
from reporting.clinic.cli_content import app
from reporting.domain.content_package import package
from reporting.errors import Conflict, ContentNotReady, InvalidInput, NotAllowed
from reporting.records import packages
from reporting.records.engine import reading, transaction
from reporting.records.tables import AuditEvent, Clinic, ContentSignature, StaffAccount
from reporting.security.passwords import hash_password
from reporting.settings import settings
from reporting.shell.read_scope import clinic_line
from reporting.treatments.act_invitations import issue_invitation
from tests.cast import House
from tests.conftest import NOW
from tests.content_folders import copied, used

pytestmark = pytest.mark.sqlite_first

YEAR = date(2027, 3, 10)
ROLE = "dermatologist, GMC 1234567"


def run(*words: str, given: str = "") -> tuple[int, str]:
    done = CliRunner().invoke(app, list(words), input=given)
    return done.exit_code, done.stdout


@pytest.fixture
def production(monkeypatch: pytest.MonkeyPatch, clinic: House) -> Iterator[House]:
    """A clinic of real patients on a server of its own."""
    with transaction() as session:
        session.get_one(Clinic, clinic.clinic_id).is_synthetic = False
    monkeypatch.setattr(settings(), "environment", "production")
    monkeypatch.setattr("reporting.shell.read_scope.missing_to_invite", lambda _session, _of: ())
    monkeypatch.setattr("reporting.treatments.act_invitations.missing_to_invite", lambda _session, _of: ())
    yield clinic
    settings.cache_clear()


def sign(clinic: House, *roles: str, until: date = YEAR, **which: object) -> None:
    for role in roles:
        sign_content(by=clinic.staff[role], role=ROLE, until=until, **which)  # type: ignore[index,arg-type]


def invite(clinic: House) -> str:
    return issue_invitation(by=clinic.staff["clinician"], treatment_id=clinic.treatment_id).code


def test_nothing_starts_in_production_until_two_people_have_signed(production: House) -> None:
    with pytest.raises(ContentNotReady, match="lack the signatures of two"):
        invite(production)
    assert "lack the signatures of two" in clinic_line(production.staff["clinician"]).stops
    sign(production, "clinician", "clinician")
    with pytest.raises(ContentNotReady):
        invite(production)
    sign(production, "safety_lead")
    assert invite(production)
    assert clinic_line(production.staff["clinician"]).stops == ""
    with clock.fixed(NOW + timedelta(days=400)), pytest.raises(ContentNotReady):
        invite(production)


def test_a_changed_cell_takes_its_signatures_away(
    production: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sign(production, "clinician", "safety_lead")

    def change(table: str, row: dict[str, str]) -> None:
        if table == "triage_rules" and row["code"] == "R4":
            row["from_day"] = "3"

    monkeypatch.setenv("REPORTING_ENVIRONMENT", "local")
    with used(monkeypatch, copied(tmp_path / "other", change)):
        code, printed = run("verify", "--json")
        assert code == 1
        assert json.loads(printed)["differences"] == [
            {"table": "triage_rules", "row": "R4", "kind": "changed", "column": "from_day", "old": "", "new": "3"}
        ]
        monkeypatch.setattr(settings(), "environment", "production")
        with pytest.raises(ContentNotReady, match="1 safety-relevant rows"):
            invite(production)


def test_a_supervised_pilot_needs_no_signatures_and_says_so(production: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "supervised_pilot", True)
    assert invite(production)
    assert clinic_line(production.staff["clinician"]).is_pilot
    assert "Supervised pilot" in run("status")[1]


def test_a_withdrawn_version_invites_nobody_anywhere(
    clinic: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert invite(clinic)
    assert run("withdraw", "1.0.0", "--reason", "a wrong word in R4")[0] == 0
    with pytest.raises(ContentNotReady, match="was withdrawn"):
        invite(clinic)
    code, printed = run("status")
    assert code == 1
    assert "Withdrawn: 1.0.0" in printed
    with pytest.raises(Conflict):
        withdraw_content(version="1.0.0", reason="once more")
    with pytest.raises(Conflict):
        sign(clinic, "clinician")
    folder = copied(tmp_path / "newer")
    (folder / "package.toml").write_text('id = "post-procedure-check-in"\nversion = "1.0.1"\n')
    with used(monkeypatch, folder):
        assert invite(clinic), "a newer version takes its place"
    with reading() as session:
        event = session.execute(select(AuditEvent).where(col(AuditEvent.action) == "content.withdrawn")).scalar_one()
        [gone] = packages.withdrawals(session)
    assert (event.record_id, event.details, gone.reason) == ("1.0.0", {}, "a wrong word in R4")


@pytest.mark.parametrize("version", ["1.0", "7.0.0"])
def test_only_a_version_that_was_used_can_be_withdrawn(clinic: House, version: str) -> None:
    with pytest.raises(InvalidInput):
        withdraw_content(version=version, reason="because")


@pytest.mark.parametrize("role", ["administrator", "front_desk"])
def test_who_may_not_sign_does_not(clinic: House, role: str) -> None:
    with pytest.raises(NotAllowed):
        sign(clinic, role)


@pytest.mark.parametrize(
    ("which", "field"),
    [
        ({"table": "no_table"}, "table"),
        ({"rows": ["R4"]}, "table"),
        ({"table": "triage_rules", "rows": ["R99"]}, "row"),
        ({"until": date(2026, 3, 9)}, "until"),
        ({"until": date(2036, 3, 9)}, "until"),
        ({"role": " "}, "role"),
    ],
)
def test_what_cannot_be_signed_is_named(clinic: House, which: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        sign_content(by=clinic.staff["clinician"], **{"role": ROLE, "until": YEAR, **which})  # type: ignore[arg-type]
    assert refused.value.field == field


def test_one_row_is_signed_by_itself(clinic: House) -> None:
    assert (
        sign_content(by=clinic.staff["clinician"], role=ROLE, until=YEAR, table="triage_rules", rows=["R1", "R4"]) == 2
    )
    found = json.loads(run("status", "--json")[1])
    rules = next(one for one in found["tables"] if one["table"] == "triage_rules")
    assert (rules["signed_once"], rules["signed_twice"]) == (2, 0)
    assert found["signatures"][0]["holds"] == 2


def test_a_reviewer_signs_with_the_own_password(clinic: House) -> None:
    with transaction() as session:
        account = session.execute(select(StaffAccount).where(col(StaffAccount.role) == "clinician")).scalar_one()
        account.password_hash = hash_password("a long enough password")
        email = account.email
    words = ("sign", "--email", email, "--role", ROLE, "--until", "2027-03-10", "--password-stdin")
    assert run(*words, given="a wrong password!\n")[0] == 2
    with reading() as session:
        assert session.execute(select(ContentSignature)).first() is None
    code, printed = run(*words, given="a long enough password\n")
    assert code == 0, printed
    with reading() as session:
        signature = session.execute(select(ContentSignature)).scalar_one()
        event = session.execute(select(AuditEvent).where(col(AuditEvent.action) == "content.signed")).scalar_one()
    assert (signature.name, signature.role, signature.valid_until) == ("Demo clinician A", ROLE, YEAR)
    assert (event.actor_id, event.details["sha256"]) == (signature.staff_id, package().hash)


def test_verify_and_diff_name_what_is_not_as_it_was(
    database: str, stopped_clock: datetime, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert run("verify") == (1, "There is nothing to compare with.\n")
    assert record_package()
    assert not record_package()
    assert run("verify") == (0, "0 differences from version 1.0.0 as it was recorded.\n")

    def change(table: str, row: dict[str, str]) -> None:
        if table == "guidance" and row["key"] == "expected":
            row["opening"] = "All is well."

    folder = copied(tmp_path / "other", change)
    with used(monkeypatch, folder):
        assert record_package(), "a start with it records it, and covers nothing up"
        code, printed = run("verify")
        assert code == 1
        assert "guidance, row expected, column opening: was 'What you told us is common" in printed
        assert "is 'All is well.'" in printed
    with used(monkeypatch, copied(tmp_path / "third", change)):
        (tmp_path / "third" / "package.toml").write_text('id = "post-procedure-check-in"\nversion = "1.1.0"\n')
        record_package()
        assert run("verify") == (0, "0 differences from version 1.1.0 as it was recorded.\n")
        assert "1 differences from version 1.0.0" in run("diff", "--from", "1.0.0")[1]
        assert run("diff", "--from", "9.9.9")[0] == 2
    assert run("record", "--to", str(tmp_path / "kept.json"))[0] == 0
    assert run("diff", "--from", str(tmp_path / "kept.json"))[0] == 0
    assert run("diff", "--from", str(folder))[0] == 1
