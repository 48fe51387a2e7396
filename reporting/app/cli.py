"""The command line: each feature's commands stand in its room and are gathered here.

A command that is named brings its own module only: what the others need takes seconds to import.
"""

import sys
from importlib import import_module

import typer

from reporting import __version__

app = typer.Typer(
    name="reporting",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Post-procedure side-effect reporting: commands for administrators.",
)


def _version(asked: bool) -> None:
    if asked:
        print(__version__)
        raise typer.Exit


@app.callback()
def _group(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version and end."
    ),
) -> None:
    """Post-procedure side-effect reporting: commands for administrators."""


GROUPS = ("audit", "backup", "clinic", "content", "signals", "photos", "outcomes", "on-call", "staff", "keys")
"""Names whose module has an ``app`` that is a group of commands of its own."""
_MODULE_OF = {
    "audit": "clinic.cli_audit",
    "backup": "backup.cli_backup",
    "clinic": "clinic.cli_clinic",
    "content": "clinic.cli_content",
    "signals": "signals.cli_signals",
    "photos": "patient.cli_photos",
    "outcomes": "clinic.cli_outcomes",
    "on-call": "clinic.cli_on_call",
    "staff": "accounts.cli_staff",
    "keys": "app.cli_keys",
    "import": "imports.cli_import",
    "template": "imports.cli_import",
    "demo": "app.cli_demo",
    "demo-access": "app.cli_demo",
    "rates": "signals.cli_rates",
    "backtest": "signals.cli_backtest",
    "compare": "signals.cli_compare",
    "dose-response": "dashboards.cli_dose_response",
    "languages": "clinic.cli_languages",
    "remind": "app.cli_remind",
    "report": "report.cli_report",
    "retention": "patient.cli_retention",
    "vignettes": "app.cli_vignettes",
}


def commands(app: typer.Typer, named: str) -> None:
    """Register the module of the named command on ``app``, all of them where there is no such command."""
    if named in _MODULE_OF:
        _register(app, named)
    else:
        all_commands(app)


def all_commands(app: typer.Typer) -> None:
    """Register all commands on ``app``."""
    first_of = {module: name for name, module in reversed(_MODULE_OF.items())}
    for name in reversed(first_of.values()):
        _register(app, name)


def _register(app: typer.Typer, name: str) -> None:
    module = import_module(f"reporting.{_MODULE_OF[name]}")
    if name in GROUPS:
        app.add_typer(module.app, name=name)
    else:
        module.register(app)


def main() -> None:
    """Entry of ``python -m reporting``."""
    commands(app, sys.argv[1] if len(sys.argv) > 1 else "")
    app()
