"""Puts the groups of commands onto the one command line.

A command that is named brings its own module only: what the others need takes seconds to import.
"""

from importlib import import_module

import typer

GROUPS = ("audit", "signals", "photos")
"""Modules whose ``app`` is a group of commands of its own, named as the module."""
_MODULE_OF = {
    **{name: name for name in GROUPS},
    "import": "importing", "template": "importing", "demo": "demo", "demo-access": "demo", "rates": "rates",
    "backtest": "backtest", "dose-response": "dose_response", "languages": "languages", "remind": "remind",
    "report": "report", "retention": "retention",
}  # fmt: skip


def commands(app: typer.Typer, named: str) -> None:
    """Register the module of the named command on ``app``, all of them where there is no such command."""
    if named in _MODULE_OF:
        _register(app, _MODULE_OF[named])
    else:
        all_commands(app)


def all_commands(app: typer.Typer) -> None:
    """Register all commands on ``app``."""
    for name in dict.fromkeys(_MODULE_OF.values()):
        _register(app, name)


def _register(app: typer.Typer, name: str) -> None:
    module = import_module(f"reporting.cli.{name}")
    if name in GROUPS:
        app.add_typer(module.app, name=name)
    else:
        module.register(app)
