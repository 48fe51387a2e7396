"""``python -m reporting backup``: everything in one sealed file, checked, and put back."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from reporting.backup import act_backup, act_restore
from reporting.backup.act_backup import Checked
from reporting.errors import Problem
from reporting.records.engine import forget_engine
from reporting.records.migrate import migrate
from reporting.records.trail.verify import verify as verify_trail
from reporting.settings import settings

app = typer.Typer(help="Backups: one sealed file of everything.", no_args_is_help=True)
PASSPHRASE = typer.Option(None, "--passphrase-file", help="File whose first line seals it in place of the key.")


def _passphrase(path: Path | None) -> str:
    return path.read_text().splitlines()[0].strip() if path is not None else settings().backup_passphrase


@contextmanager
def _told() -> Iterator[None]:
    """What goes wrong in one sentence on standard error, and exit code 2."""
    try:
        yield
    except Problem as problem:
        print(f"{problem.message} {problem.what_to_do}", file=sys.stderr)
        raise typer.Exit(2) from None
    except (OSError, IndexError) as error:
        print(f"It cannot be read or written: {error}.", file=sys.stderr)
        raise typer.Exit(2) from None


def _say(found: Checked) -> None:
    print(
        f"Backup of {found.taken_at:%Y-%m-%d %H:%M} UTC: {found.rows} rows in {len(found.shapes)} tables, "
        f"{found.photos} photos, {found.trail.rows} rows of the audit trail."
    )
    for fault in found.faults:
        print(f"Wrong: {fault}.")
    for name in found.photo_faults:
        print(f"Wrong: photo {name} does not open.")
    if not found.trail.ok:
        print(f"Wrong: row {found.trail.sequence} of the audit trail: {found.trail.reason}.")


@app.command()
def take(file: Path, passphrase_file: Path | None = PASSPHRASE) -> None:
    """Write a backup while the work goes on, and open it again. Exit code 1: something in it is wrong; 2: none was
    written."""
    migrate()
    with _told():
        passphrase = _passphrase(passphrase_file)
        act_backup.take(file, passphrase)
        found = act_backup.check(file, passphrase)
    if found.ok:
        act_backup.note_good(found)
    _say(found)
    raise typer.Exit(0 if found.ok else 1)


@app.command()
def keep() -> None:
    """Write one into REPORTING_BACKUP_DIR and remove the oldest beyond REPORTING_BACKUP_KEEP: for cron, where the
    application does not do it."""
    folder = settings().backup_dir
    if folder is None:
        print("REPORTING_BACKUP_DIR names no folder.", file=sys.stderr)
        raise typer.Exit(2)
    migrate()
    with _told():
        found = act_backup.keep(folder, settings().backup_keep, settings().backup_passphrase)
    _say(found)
    raise typer.Exit(0 if found.ok else 1)


@app.command()
def verify(file: Path, passphrase_file: Path | None = PASSPHRASE) -> None:
    """Open all of it: the rows of every table, the whole audit trail, every photo. Exit code 1: something is wrong;
    2: it cannot be opened."""
    with _told():
        found = act_backup.check(file, _passphrase(passphrase_file))
    _say(found)
    raise typer.Exit(0 if found.ok else 1)


def _go_to(place: str) -> None:
    """From now on this process works there."""
    if "://" in place:
        os.environ["REPORTING_DATABASE_URL"] = place
    else:
        os.environ["REPORTING_DATA_DIR"], os.environ["REPORTING_DATABASE_URL"] = place, ""
    forget_engine()
    settings.cache_clear()


@app.command()
def restore(
    file: Path,
    to: str = typer.Option("", help="Empty folder, or postgresql://… of an empty database; else as the settings say."),
    passphrase_file: Path | None = PASSPHRASE,
    end_links: bool = typer.Option(False, "--end-links", help="End every patient's link, also those still wanted."),
) -> None:
    """Put a backup back into an empty place. Every session ends. Exit code 1: there are faults in it; 2: nothing was
    put back, or not all of it: empty the place before the next try."""
    with _told():
        passphrase = _passphrase(passphrase_file)
        if to:
            _go_to(to)
        done = act_restore.restore(file, passphrase, end_links=end_links)
    _say(done.backup)
    since = f"{done.backup.taken_at:%Y-%m-%d %H:%M} UTC"
    print(f"Put back. {done.sessions} sessions ended; everybody signs in anew. {done.links} links ended.")
    print(
        f"What was done after {since} is not in it and cannot be known from it: links that were ended and accounts "
        "that were closed since then work again, people who were erased are back, and messages that left since may "
        "leave again. End, close and erase them anew; start with REPORTING_BACKGROUND=0 until the page Messages was "
        "looked at."
    )
    trail = verify_trail()
    print(f"The audit trail is {'whole' if trail.ok else 'not whole: ' + trail.reason}: {trail.rows} rows.")
    raise typer.Exit(0 if done.backup.ok and trail.ok else 1)
