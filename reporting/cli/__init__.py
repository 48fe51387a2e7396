"""The command line: one module per group of commands, gathered here."""

import typer

app = typer.Typer(
    name="reporting", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
    help="Post-procedure side-effect reporting: commands for administrators.",
)  # fmt: skip


def main() -> None:
    """Entry of ``python -m reporting``."""
    from reporting.cli import gather

    gather.all_commands(app)
    app()
