"""``python -m reporting backtest``."""

import json
import sys
import time
from datetime import datetime
from pathlib import Path

import typer

from reporting.domain.actors import SYSTEM
from reporting.domain.vocabulary import SYMPTOMS
from reporting.errors import Problem
from reporting.imports.file_mapping import ScoringWords, mapping_text, scoring_words
from reporting.records.migrate import migrate
from reporting.signals import read_backtest as query


def _words(mapping: Path | None) -> ScoringWords:
    if mapping is None:
        return ScoringWords(query.SCORER_WORDS, {})
    found = scoring_words(mapping_text(mapping), SYMPTOMS, mapping.name)
    return ScoringWords(found.symptoms or query.SCORER_WORDS, found.patient)


def _as_words(done: query.Backtest, seconds: float, out: Path) -> str:
    detection = done.replay.detection
    alarms = done.alarms["alarms"]
    lines = [
        f"{len(done.frames.areas)} treated areas, {len(done.frames.check_ins)} answered check-ins; "
        f"{len(detection.schedule.judged)} days judged in {seconds:.1f} s.",
        f"{len(alarms)} signals, with a budget of 0.5 false ones per clinic and year:",
        *(f"  {a['date']}  {a['unit_type']:9} {a['unit_id']:16} {a['symptom']:6} {a['kind']}" for a in alarms),
        *(f"  not estimated: {what}: {why}" for what, why in done.replay.not_estimated.items()),
        f"Written: {out}",
    ]
    return "\n".join(lines)


def backtest(
    first: datetime = typer.Option(..., "--from", formats=["%Y-%m-%d"], help="First day that is judged."),
    last: datetime = typer.Option(..., "--to", formats=["%Y-%m-%d"], help="Last day that is judged."),
    out: Path = typer.Option(..., "--out", help="JSON file for the alarms and estimates."),
    step_days: int = typer.Option(7, "--step-days", help="Days from one look to the next."),
    mapping: Path | None = typer.Option(None, help="The log's mapping file: its words name symptoms in the result."),
    as_json: bool = typer.Option(False, "--json", help="Print the alarms as JSON too."),
) -> None:
    """Replay the detector over history: what it would have said, knowing on each day only what was known then."""
    if not out.parent.is_dir():
        print(
            f"{out} cannot be written: there is no folder {out.parent}. Make it first, or name another.",
            file=sys.stderr,
        )
        raise typer.Exit(2)
    migrate()
    begun = time.perf_counter()
    try:
        words = _words(mapping)
        done = query.backtest(SYSTEM, first.date(), last.date(), step_days, words=words.symptoms, patient=words.patient)
    except Problem as problem:
        print(f"{problem.message} {problem.what_to_do}", file=sys.stderr)
        raise typer.Exit(2) from None
    try:
        out.write_text(json.dumps(done.alarms))
    except OSError as error:
        print(f"{out} cannot be written: {error.strerror}. Name another file.", file=sys.stderr)
        raise typer.Exit(2) from error
    seconds = time.perf_counter() - begun
    print(json.dumps(done.alarms["alarms"], indent=1) if as_json else _as_words(done, seconds, out))


def register(app: typer.Typer) -> None:
    """Put the command on the command line."""
    app.command("backtest")(backtest)
