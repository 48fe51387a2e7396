"""``python -m reporting report``: a file, or a named reason why there is none."""

from pathlib import Path

import pytest
import typer
from pypdf import PdfReader
from typer.testing import CliRunner

from reporting.app import cli
from tests.accounts import trail
from tests.cast import house

pytestmark = [pytest.mark.usefixtures("stopped_clock"), pytest.mark.sqlite_first]


@pytest.fixture
def commands() -> typer.Typer:
    app = typer.Typer()
    cli.all_commands(app)
    return app


def test_it_writes_the_file_and_says_so(database: str, tmp_path: Path, commands: typer.Typer) -> None:
    house("A")
    house("B")
    out = tmp_path / "a.pdf"
    done = CliRunner().invoke(commands, ["report", "--clinic", "A", "--month", "2026-03", "--out", str(out)])
    assert done.exit_code == 0, done.output
    first = PdfReader(out).pages[0].extract_text()
    assert "Demo clinic A" in first
    assert "1 treatment;" in first
    assert trail("report.taken") == [("report.taken", "system", "2026-03")]


@pytest.mark.parametrize(
    ("clinic", "month", "words"),
    [
        ("X", "2026-03", "no clinic with the code"),
        ("A", "2026-3", "a month such as"),
        ("A", "2026-09", "a month up to"),
    ],
)
def test_what_cannot_be_is_named(
    sqlite_database: str, tmp_path: Path, commands: typer.Typer, clinic: str, month: str, words: str
) -> None:
    house("A")
    out = tmp_path / "a.pdf"
    done = CliRunner().invoke(commands, ["report", "--clinic", clinic, "--month", month, "--out", str(out)])
    assert done.exit_code == 2
    assert words in done.output
    assert not out.exists()


def test_a_file_that_cannot_be_written_is_named(sqlite_database: str, tmp_path: Path, commands: typer.Typer) -> None:
    house("A")
    out = str(tmp_path / "nowhere" / "a.pdf")
    done = CliRunner().invoke(commands, ["report", "--clinic", "A", "--month", "2025-01", "--out", out])
    assert done.exit_code == 2
    assert "cannot be written" in done.output


def test_operators_are_never_handed_on(sqlite_database: str, tmp_path: Path, commands: typer.Typer) -> None:
    house("A")
    out = tmp_path / "a.pdf"
    words = ["report", "--clinic", "A", "--month", "2025-01", "--out", str(out), "--operators", "--hand-on"]
    done = CliRunner().invoke(commands, words)
    assert done.exit_code == 2
    assert "never in a report that is handed on" in done.output
    assert not out.exists()
