"""``python -m reporting remind``: for cron, every five minutes or so."""

import json
import sys

import typer

from reporting.cases.act_cases import open_silent_cases
from reporting.clock import now
from reporting.messages.act_escalation import escalate, tell_on_call
from reporting.messages.act_outbox import Sender
from reporting.notify.handed_over import channels
from reporting.records import outbox
from reporting.records.engine import leadership, reading
from reporting.records.migrate import migrate
from reporting.report.act_reports import announce_reports
from reporting.treatments.act_reminders import due_now, plan_due


def remind(
    dry_run: bool = typer.Option(False, "--dry-run", help="Only say how many would be written; nothing changes."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Plan due reminders, send what waits, open cases for silence after a concern, pass on those nobody took, announce
    monthly reports.

    Exit code 1: messages need a person (see the page Messages). 2: no way out is set up.
    """
    migrate()
    if dry_run:
        found = due_now(now())
        _print(
            as_json,
            {channel: sum(due.channel == channel for due in found) for channel in channels()},
            "would be written",
        )
        return
    with leadership() as leads:
        if not leads:
            _print(as_json, {"busy": 1}, "another process is at it already")
            return
        done = {
            "silence": open_silent_cases(),
            "on_call": tell_on_call(),
            "escalated": escalate(),
            "reports": announce_reports(),
            "planned": sum(plan_due().values()),
        }
        with Sender() as sender:
            done |= sender.run()
    with reading() as session:
        trouble = {name: count for name, count in outbox.counts(session).items() if name in ("dead", "unsure")}
    _print(as_json, {**done, **{f"{name}_in_all": count for name, count in trouble.items()}}, "done")
    if not channels():
        print("No mail server and no SMS gateway are set up (REPORTING_SMTP_HOST, REPORTING_SMS_URL).", file=sys.stderr)
        raise typer.Exit(2)
    if done.get("dead") or done.get("unsure"):
        raise typer.Exit(1)


def _print(as_json: bool, figures: dict[str, int], words: str) -> None:
    if as_json:
        print(json.dumps(figures))
    else:
        print(f"{words}: " + (", ".join(f"{name} {count}" for name, count in figures.items()) or "nothing"))


def register(app: typer.Typer) -> None:
    """Put the command on the command line."""
    app.command("remind")(remind)
