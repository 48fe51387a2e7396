"""Command × clinic: what a command that names a clinic tells is that clinic's alone, and every other one is known here.

Commands work as the system does, for whoever sits at the machine. A new one fails here until it is named.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from pypdf import PdfReader
from sqlmodel import select
from typer.testing import CliRunner, Result

from reporting import clock
from reporting.app import cli
from reporting.records.engine import reading
from reporting.records.tables import Clinic, Device
from tests.conftest import NOW
from tests.pages.clinic_data import fill
from tests.two_clinics import Side, side

HERE = "tests/actions/test_two_clinics_commands.py"
OF_ONE_CLINIC = {
    "audit export",
    "clinic set",
    "import",
    "on-call add",
    "on-call list",
    "on-call remove",
    "rates",
    "report",
    "staff second-factor",
}
"""Commands with ``--clinic``, each with a test below."""
OF_THE_WHOLE = {
    "staff reset-second-factor": "one account, by an address that is nobody else's",
    "staff reset-password": "one account, by an address that is nobody else's",
    "audit anchor": "the newest of all rows",
    "audit settle": "the chain of all rows",
    "audit verify": "the chain of all rows",
    "backup keep": "everything",
    "backup restore": "everything",
    "backup take": "everything",
    "backup verify": "everything",
    "clinic show": "every clinic's facts, each with its clinic",
    "backtest": "the detector over every clinic, for its operator",
    "compare": "a file, no database",
    "content diff": "the content's tables, of the installation",
    "content record": "the content of the installation",
    "content sign": "the content of the installation",
    "content status": "the content of the installation",
    "content verify": "the content of the installation",
    "content withdraw": "the content of the installation",
    "demo": "an empty database",
    "demo-access": "a synthetic database",
    "dose-response": "one curve over every clinic",
    "languages": "catalogues, no database",
    "keys rotate": "the keys of the whole database",
    "keys status": "the keys of the whole database",
    "outcomes compare": "every stored outcome",
    "outcomes rebuild": "every stored outcome",
    "photos check": "every photo's file",
    "photos sweep": "files that no photo names",
    "remind": "every clinic's messages",
    "retention": "every clinic by its own periods",
    "signals list": "every clinic's signals, each with its clinic",
    "signals run": "the nightly look over every clinic",
    "template": "column names, no database",
    "vignettes": "a database of its own",
}
"""Commands of the whole database or of none, and of what."""


def all_commands() -> typer.Typer:
    app = typer.Typer()
    cli.all_commands(app)
    return app


def found(command: Any, name: tuple[str, ...] = ()) -> Iterator[tuple[str, set[str]]]:
    """Name and parameters of every command."""
    if hasattr(command, "commands"):
        for word, inner in command.commands.items():
            yield from found(inner, (*name, word))
    else:
        yield " ".join(name), {parameter.name for parameter in command.params}


def run(*words: object) -> Result:
    return CliRunner().invoke(all_commands(), [str(word) for word in words])


@pytest.fixture(scope="module")
def sides(module_database: str) -> Iterator[tuple[Side, Side]]:
    with clock.fixed(NOW):
        both = side("Aldebaran"), side("Betelgeuse")
        for one in both:
            fill(one.house)
        yield both


def test_every_command_is_here() -> None:
    commands = dict(found(typer.main.get_command(all_commands())))
    known = OF_ONE_CLINIC | OF_THE_WHOLE.keys()
    new = commands.keys() - known
    assert not new, f"say in {HERE} whether these are of one clinic or of the whole database: {new}"
    assert known <= commands.keys(), f"there are no such commands any more: {known - commands.keys()}"
    assert {name for name, given in commands.items() if "clinic" in given} == OF_ONE_CLINIC


def test_rates_are_of_the_named_clinic(sides: tuple[Side, Side]) -> None:
    own, other = sides
    asked = ("rates", "--by", "device", "--symptom", "hyperpigmentation", "--clinic")
    done = run(*asked, own.mark)
    assert done.exit_code == 0, done.output
    assert own.mark in done.output
    assert other.mark not in done.output
    assert run(*asked, "Nowhere").exit_code == 2


def test_facts_are_set_for_the_named_clinic(sides: tuple[Side, Side]) -> None:
    own, other = sides
    asked = ("clinic", "set", "--closed", "2026-12-24 Christmas Eve", "--clinic")
    assert run(*asked, "Nowhere").exit_code == 2
    before = run("clinic", "show").output
    done = run(*asked, own.mark)
    assert done.exit_code == 0, done.output
    assert other.mark not in done.output
    after = run("clinic", "show").output
    assert before.split(other.mark)[1] == after.split(other.mark)[1], "the other clinic comes last and is as before"
    assert "2026-12-24 Christmas Eve" in after.split(other.mark)[0]


def test_an_audit_trail_is_of_the_named_clinic_and_taking_it_is_on_it(sides: tuple[Side, Side], tmp_path: Path) -> None:
    own, other = sides
    asked = ("audit", "export", "--from", "2020-01-01", "--to", NOW.date(), "--out", tmp_path / "trail.csv")
    assert run(*asked, "--clinic", "Nowhere").exit_code == 2
    assert run(*asked[:3], "2027-01-01", *asked[4:], "--clinic", own.mark).exit_code == 2, "days the wrong way round"
    assert not (tmp_path / "trail.csv").exists()
    for _ in range(2):
        done = run(*asked, "--clinic", own.mark)
        assert done.exit_code == 0, done.output
    told = (tmp_path / "trail.csv").read_text(encoding="utf-8-sig")
    assert own.mark in told
    assert other.mark not in told
    assert "export.taken" in told, "the second file names the first"
    assert "trail.csv" in told
    assert run("audit", "verify").exit_code == 0


@pytest.mark.thorough
def test_a_report_is_of_the_named_clinic(sides: tuple[Side, Side], tmp_path: Path) -> None:
    own, other = sides
    out = tmp_path / "report.pdf"
    asked = ("report", "--month", "2026-02", "--operators", "--out", out, "--clinic")
    assert run(*asked, "Nowhere").exit_code == 2
    assert not out.exists()
    done = run(*asked, own.mark)
    assert done.exit_code == 0, done.output
    words = "\n".join(page.extract_text() for page in PdfReader(out).pages)
    assert own.mark in words
    assert other.mark not in words + done.output


def test_the_on_call_list_is_of_the_named_clinic(sides: tuple[Side, Side]) -> None:
    own, other = sides
    assert run("on-call", "list", "--clinic", "Nowhere").exit_code == 2
    listed = run("on-call", "list", "--clinic", own.mark)
    assert f"on call {own.mark}" in listed.output
    assert other.mark not in listed.output
    wanted = ("--phone", "+34 600 000 101", "--hours", "fri-sat 18:00-24:00", "--minutes", "5")
    added = run("on-call", "add", "Night", *wanted, "--clinic", own.mark)
    assert added.exit_code == 0, added.output
    assert "Fri–Sat 18:00–24:00; next person after 5 minutes" in run("on-call", "list", "--clinic", own.mark).output
    assert "Night" not in run("on-call", "list", "--clinic", other.mark).output
    number = added.output.split()[-1].rstrip(".")
    assert run("on-call", "remove", number, "--clinic", other.mark).exit_code == 2
    assert run("on-call", "remove", number, "--clinic", own.mark).exit_code == 0
    assert run("on-call", "add", "Night", "--clinic", own.mark).exit_code == 2


def test_an_import_goes_to_the_named_clinic(sides: tuple[Side, Side], tmp_path: Path) -> None:
    own, other = sides
    file = tmp_path / "devices.csv"
    file.write_text("device,device_class\nD7,frac_ablative_co2\n")
    assert run("import", "devices", file, "--create-missing", "--clinic", "").exit_code != 0
    done = run("import", "devices", file, "--create-missing", "--clinic", own.mark)
    assert done.exit_code == 0, done.output
    with reading() as session:
        of = session.exec(select(Device.clinic_id).where(Device.code == "D7")).all()
    assert of == [own.house.clinic_id]
    assert other.mark not in done.output


def test_a_second_factor_is_needed_in_the_named_clinic_alone(sides: tuple[Side, Side]) -> None:
    own, other = sides
    done = run("staff", "second-factor", "--clinic", own.mark, "--role", "clinician")
    assert done.exit_code == 0, done.output
    with reading() as session:
        needed = {clinic.code: clinic.staff_second_factor for clinic in session.exec(select(Clinic))}
    assert needed == {own.mark: ["clinician"], other.mark: []}
    assert run("staff", "second-factor", "--clinic", "NOBODY").exit_code == 2
    assert run("staff", "second-factor", "--clinic", own.mark, "--role", "owner").exit_code == 2
