"""The command line: one module per group of commands, gathered here."""

import sys

import typer

app = typer.Typer(
    name="reporting", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
    help="Post-procedure side-effect reporting: commands for administrators.",
)  # fmt: skip


@app.callback()
def _group() -> None:
    """Post-procedure side-effect reporting: commands for administrators."""


def main() -> None:
    """Entry of ``python -m reporting``."""
    from reporting.cli import gather

    gather.commands(app, sys.argv[1] if len(sys.argv) > 1 else "")
    app()
