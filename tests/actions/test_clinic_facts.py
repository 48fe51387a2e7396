"""Whom a clinic's patients call and when it is open: told at set-up, changed with a trail, and no invitation before."""

import ast
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import func, select
from typer.testing import CliRunner

from reporting.app import cli
from reporting.clinic.act_clinic import change_facts
from reporting.clinic.read_safety import clinics_facts
from reporting.demo import access as demo_access
from reporting.domain.actors import SYSTEM
from reporting.domain.clinic_settings import proposed, typed_facts
from reporting.domain.content import content
from reporting.domain.opening_hours import FACT_WORDS
from reporting.errors import ClinicIncomplete, InvalidInput, NotAllowed
from reporting.imports.act_import import run_import
from reporting.imports.file_mapping import KindMapping
from reporting.records.engine import reading, transaction
from reporting.records.tables import AuditEvent, Clinic, Invitation, Treatment
from reporting.treatments import act_reminders
from reporting.treatments.act_invitations import check_link, issue_invitation
from reporting.treatments.act_reminders import plan_due, set_reminders
from tests.accounts import trail
from tests.cast import FACTS, TYPED_FACTS, House, house

pytestmark = pytest.mark.sqlite_first

EMPTY: dict[str, Any] = {
    "country": "",
    "timezone": "UTC",
    "telephone": "",
    "emergency_telephone": "",
    "out_of_hours_name": "",
    "out_of_hours_telephone": "",
    "opening_hours": {},
}
"""Columns of a clinic as an import makes it."""


@pytest.fixture
def clinic(database: str, stopped_clock: datetime) -> House:
    return house("A")


def told(clinic: House, **columns: Any) -> None:
    with transaction() as session:
        row = session.get_one(Clinic, clinic.clinic_id)
        for name, value in columns.items():
            setattr(row, name, value)
        session.add(row)


def invited() -> int:
    with reading() as session:
        return session.exec(select(func.count()).select_from(Invitation)).one()


def invite(clinic: House) -> object:
    return issue_invitation(by=clinic.staff["clinician"], treatment_id=clinic.treatment_id)


@pytest.mark.parametrize(("column", "words"), list(zip(EMPTY, FACT_WORDS.values(), strict=True)))
def test_without_any_one_of_its_facts_a_clinic_invites_nobody(clinic: House, column: str, words: str) -> None:
    told(clinic, **{column: EMPTY[column]} | ({"country": ""} if column == "timezone" else {}))
    with pytest.raises(ClinicIncomplete, match=words) as refused:
        invite(clinic)
    assert words in refused.value.missing
    assert "/clinic" in refused.value.what_to_do
    assert (invited(), trail("invitation.")) == (0, [])
    told(clinic, **FACTS)
    assert invite(clinic)


def test_every_door_is_closed(clinic: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A card, the demo's card and reminders: the ways by which a patient comes to a link."""
    monkeypatch.setattr(act_reminders, "channels", lambda: ("email",))
    set_reminders(
        by=clinic.staff["clinician"], channel="email", on=True, address="p@demo.example", patient_id=clinic.patient_id
    )
    told(clinic, **EMPTY)
    with transaction() as session:
        treatment = session.get_one(Treatment, clinic.treatment_id)
        treatment.source, treatment.reference = "demo", "DEMO-NOW-1"
        session.add(treatment)
    with pytest.raises(ClinicIncomplete):
        invite(clinic)
    with pytest.raises(ClinicIncomplete):
        issue_invitation(by=SYSTEM, treatment_id=clinic.treatment_id)
    with pytest.raises(ClinicIncomplete):
        demo_access.demo_access()
    assert sum(plan_due().values()) == 0
    assert invited() == 0


def test_who_was_invited_before_keeps_the_link_and_the_reminders(
    clinic: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(act_reminders, "channels", lambda: ("email",))
    made = issue_invitation(by=clinic.staff["clinician"], treatment_id=clinic.treatment_id)
    set_reminders(
        by=clinic.staff["clinician"], channel="email", on=True, address="p@demo.example", patient_id=clinic.patient_id
    )
    told(clinic, **EMPTY)
    assert check_link(made.token).id == clinic.patient_id
    assert sum(plan_due().values()) == 1


def test_an_import_that_makes_a_clinic_makes_none_that_may_invite(database: str, tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text("treatment,patient,performed_on,procedure_class,area\nT-1,P-1,2026-03-07,ipl,cheeks\n")
    done = run_import(
        by=SYSTEM,
        path=log,
        mapping=KindMapping("treatments", create_missing=True),
        clinic="NEW",
        rejected_path=tmp_path / "log.rejected.csv",
    )
    assert done.imported == 1
    assert invited() == 0, "no import invites"
    with reading() as session:
        [treatment_id] = session.exec(select(Treatment.id)).all()
    with pytest.raises(ClinicIncomplete) as refused:
        issue_invitation(by=SYSTEM, treatment_id=treatment_id or 0)
    assert refused.value.missing == tuple(FACT_WORDS.values())


def test_links_are_made_in_one_place_only() -> None:
    """What asks whether a clinic is complete is the only code that writes an invitation."""
    package = Path(cli.__file__).parents[1]
    makers = {
        path.name
        for path in package.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        if (isinstance(node.func, ast.Name) and node.func.id == "Invitation")
        or (
            any(isinstance(given, ast.Name) and given.id == "Invitation" for given in node.args[:2])
            and isinstance(node.func, ast.Name)
            and node.func.id in ("add_one", "add_rows", "insert_new")
        )
    }
    assert makers == {"act_invitations.py"}


def test_a_change_is_audited_with_before_and_after(clinic: House) -> None:
    by = clinic.staff["administrator"]
    given = TYPED_FACTS | {
        "emergency_telephone": "085",
        "telephone": "+34 555 0100; +34 555 0101",
        "hours_sat": "9:00-12:00, 14:00–16:00",
        "closed_days": "2026-12-24 Christmas Eve\n2026-12-31",
        "open_holidays": "2026-05-01",
    }
    assert change_facts(by=by, given=given)
    assert not change_facts(by=by, given=given), "nothing is different any more"
    with reading() as session:
        [event] = session.exec(select(AuditEvent).where(AuditEvent.action == "clinic.facts_changed")).all()
        row = session.get_one(Clinic, clinic.clinic_id)
    assert event.details["before"]["emergency_telephone"] == "112"
    assert event.details["after"]["emergency_telephone"] == "085"
    assert (row.telephone, row.other_telephones) == ("+34 555 0100", ["+34 555 0101"])
    assert row.opening_hours["sat"] == ["09:00", "12:00", "14:00", "16:00"]
    assert row.closed_days == {"2026-12-24": "Christmas Eve", "2026-12-31": ""}
    assert row.open_holidays == ["2026-05-01"]


def test_only_administrators_change_it_and_nothing_may_be_taken_away(clinic: House) -> None:
    with pytest.raises(NotAllowed):
        change_facts(by=clinic.staff["clinician"], given=TYPED_FACTS)
    with pytest.raises(InvalidInput, match="out-of-hours"):
        change_facts(by=clinic.staff["administrator"], given=TYPED_FACTS | {"out_of_hours_telephone": ""})
    assert trail("clinic.") == []


@pytest.mark.parametrize("code", list(content().countries))
def test_what_is_proposed_for_a_country_is_allowed_there(code: str) -> None:
    asked, zones = proposed(code), content().countries[code].time_zones
    facts = typed_facts(asked | {"timezone": asked["timezone"] or zones[-1]}, complete=False)
    assert facts.country == code
    assert facts.emergency_telephone == content().countries[code].emergency_number
    assert set(facts.missing) <= {
        FACT_WORDS[name] for name in ("telephones", "opening_hours", "out_of_hours_name", "out_of_hours_telephone")
    }


@pytest.mark.parametrize(
    ("code", "zone"), [("AU", ""), ("US", ""), ("BR", ""), ("DE", "Europe/Berlin"), ("GB", "Europe/London")]
)
def test_no_zone_is_guessed_in_a_wide_country(code: str, zone: str) -> None:
    """Every Australian clinic stood on Lord Howe Island: days and hours of its patients hang on it."""
    assert proposed(code)["timezone"] == zone


def command(*arguments: str) -> Any:
    cli.all_commands(cli.app) if not cli.app.registered_groups else None
    return CliRunner().invoke(cli.app, ["clinic", *arguments])


def test_the_command_line_completes_a_clinic_that_an_import_made(clinic: House) -> None:
    told(clinic, **EMPTY)
    shown = command("show")
    assert shown.exit_code == 1
    assert "A: missing: country, time zone, telephone" in shown.output
    first = command("set", "--clinic", "A", "--country", "GB", "--region", "ENG", "--telephone", "+44 20 7946 0018")
    assert first.exit_code == 0, first.output
    assert "Missing before patients can be invited: opening hours." in first.output
    with pytest.raises(ClinicIncomplete):
        invite(clinic)
    done = command("set", "--clinic", "A", "--hours", "mon-fri=09:00-17:00", "--closed", "2026-12-24 Christmas Eve")
    assert "Patients can be invited." in done.output
    _, facts = clinics_facts()["A"]
    assert (facts.emergency_telephone, facts.out_of_hours_telephone) == ("999", "111")
    assert facts.closed_days == {"2026-12-24": "Christmas Eve"}
    assert invite(clinic)
    assert command("show").exit_code == 0
    refused = command("set", "--clinic", "A", "--emergency", "911")
    assert refused.exit_code == 2
    assert (
        "emergency number: found '911'; allowed is an emergency number of United Kingdom, such as 999" in refused.output
    )
    assert command("set", "--clinic", "A", "--not-closed", "2026-12-24").exit_code == 0
    assert clinics_facts()["A"][1].closed_days == {}
    assert [action for action, _, _ in trail("clinic.")] == ["clinic.facts_changed"] * 3
