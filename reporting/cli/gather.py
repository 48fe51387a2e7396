"""Puts every group of commands onto the one command line."""

import typer

from reporting.cli import (
    audit,
    backtest,
    demo,
    dose_response,
    importing,
    languages,
    photos,
    rates,
    remind,
    report,
    retention,
    signals,
)


def all_commands(app: typer.Typer) -> None:
    """Register all commands on ``app``."""
    app.add_typer(audit.app, name="audit")
    app.add_typer(signals.app, name="signals")
    app.add_typer(photos.app, name="photos")
    importing.register(app)
    demo.register(app)
    rates.register(app)
    backtest.register(app)
    dose_response.register(app)
    languages.register(app)
    remind.register(app)
    report.register(app)
    retention.register(app)
