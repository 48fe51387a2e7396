"""The command line tells by words, JSON and exit code: 0 all in, 1 some refused, 2 nothing read."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from reporting.errors import StorageFull
from reporting.imports import act_steps as import_steps
from reporting.imports import cli_import
from tests.cast import house

pytestmark = pytest.mark.usefixtures("sqlite_database", "stopped_clock")
HEAD = "treatment,patient,performed_on,device,area,pulse_energy_mj"
GOOD = f"{HEAD}\nT1,P-0001,2026-03-01,D1,cheeks,30\n"
BAD = "T2,P-0001,2026-03-01,D1,elbow,30\n"


def run(*arguments: str | Path) -> Result:
    app = typer.Typer()
    cli_import.register(app)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def log(tmp_path: Path) -> Path:
    house("A")
    return tmp_path / "log.csv"


def test_all_in(log: Path) -> None:
    log.write_text(GOOD)
    result = run("import", "treatments", log, "--clinic", "A")
    assert result.exit_code == 0
    assert "log.csv: 1 rows read, 1 imported, 0 unchanged, 0 refused" in result.output
    assert not log.with_name("log.rejected.csv").exists()


def test_some_refused(log: Path) -> None:
    log.write_text(GOOD + BAD)
    result = run("import", "treatments", log, "--clinic", "A", "--json")
    told = json.loads(result.stdout)
    assert result.exit_code == 1
    assert (told["read"], told["imported"], told["unchanged"], told["refused"]) == (2, 1, 0, 1)
    assert told["faults"][0] | {"allowed": ""} == {
        "column": "area",
        "value": "elbow",
        "allowed": "",
        "first_row": 3,
        "rows": 1,
    }
    assert Path(told["rejected_file"]) == log.with_name("log.rejected.csv")
    assert "T2,P-0001,2026-03-01,D1,elbow,30,3," in log.with_name("log.rejected.csv").read_text()


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "it is empty"), (b"a,b\n1,2\n", "no column for"), (b"PK\x03\x04", "spreadsheet")],
)
def test_nothing_read(log: Path, content: bytes, words: str) -> None:
    log.write_bytes(content)
    result = run("import", "treatments", log, "--clinic", "A")
    assert result.exit_code == 2
    assert words in result.stderr


def test_a_wrong_mapping_and_a_missing_one(log: Path, tmp_path: Path) -> None:
    log.write_text(GOOD)
    mapping = tmp_path / "m.toml"
    assert "cannot be read" in run("import", "treatments", log, "--mapping", mapping).stderr
    mapping.write_text("[treatments]\npulse_width_ms = { column = 'area', unit = 'J' }\n")
    result = run("import", "treatments", log, "--mapping", mapping)
    assert (result.exit_code, "Unit 'J' cannot be used here" in result.stderr) == (2, True)


def test_what_is_missing_is_made_when_asked_for(log: Path) -> None:
    log.write_text("patient,performed_on,device,device_class\nP9,2026-03-01,D9,er_yag\n")
    assert run("import", "treatments", log, "--clinic", "NEW").exit_code == 1
    assert run("import", "treatments", log, "--clinic", "NEW", "--create-missing").exit_code == 0


def test_a_full_disk_in_the_middle(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log.write_text(GOOD + BAD)

    def full(*args: object) -> None:
        raise StorageFull()

    monkeypatch.setattr(import_steps, "recompute", full)
    result = run("import", "treatments", log, "--clinic", "A", "--json")
    assert result.exit_code == 2
    assert "the disk is full" in result.stderr
    assert json.loads(result.stdout)["error"] == "import_stopped"


@pytest.mark.parametrize("kind", ["devices", "treatments", "check-ins"])
def test_a_template_for_each_kind(kind: str) -> None:
    assert run("template", kind).exit_code == 0
    header = run("template", kind, "--header").stdout.strip()
    assert all(name in run("template", kind).stdout for name in header.split(","))


def test_an_unknown_kind_is_refused(log: Path) -> None:
    assert run("import", "patients", log).exit_code == 2
