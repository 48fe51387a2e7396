"""The imports of a clinic, and the rows of one that were refused and wait to be mended."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from reporting.domain.actors import Actor
from reporting.errors import NotFound
from reporting.records import import_runs, patients
from reporting.records.engine import Session, reading
from reporting.records.tables import ImportRun, RefusedRow, id_of
from reporting.security.encryption import decrypt
from reporting.security.permissions import require
from reporting.security.scope import Scope

SHOWN = 200
"""Refused rows on the page at once."""


@dataclass(frozen=True)
class ImportLine:
    """One import: when, what, by whom, how many rows came in, and what became of the refused ones."""

    id: int
    at: datetime
    kind: str
    file_name: str
    by: str
    timezone: str
    """IANA time zone of the clinic, for ``at``."""
    rows_read: int
    rows_imported: int
    rows_unchanged: int
    rows_refused: int
    waiting: int
    """Refused rows that can be mended now."""
    mended: int
    dismissed: int
    not_kept: int
    """Refused rows beyond the number that is kept, of another clinic, or refused before rows were kept."""
    elsewhere: int
    """Those of them that are of another clinic than the one whose import this is."""
    hidden: int
    """Refused rows of no known clinic: they wait for the one who imported them."""


@dataclass(frozen=True)
class RefusedLine:
    """A row that waits: its number in the file, its cells in the order of the header, and what is wrong."""

    id: int
    line: int
    cells: tuple[str, ...]
    fields: tuple[str, ...]
    """Columns with a problem."""
    problems: tuple[str, ...]
    """Each problem in a sentence, in the order of ``fields``."""


@dataclass(frozen=True)
class RefusedTable:
    """The rows of one import that wait, at most ``SHOWN`` of those with a problem in ``field``."""

    run: ImportLine
    header: tuple[str, ...]
    create_missing: bool
    rows: tuple[RefusedLine, ...]
    n_waiting: int
    by_field: Mapping[str, int]
    """Column to the number of waiting rows with a problem there, most first."""


def import_history(by: Actor) -> tuple[ImportLine, ...]:
    """The newest imports of the actor's clinic, newest first: counts only. Raises NotAllowed."""
    require(by, "overview.read")
    with reading() as session:
        return _history(session, by)


def _history(session: Session, by: Actor) -> tuple[ImportLine, ...]:
    clinic_id = Scope.of(by).clinic_id
    runs = import_runs.import_runs(session, clinic_id)
    states = import_runs.states(session, by, [id_of(run) for run, _ in runs])
    timezone = patients.clinic(session, clinic_id).timezone if clinic_id and runs else "UTC"
    return tuple(_line(run, who, timezone, states.get(id_of(run), {})) for run, who in runs)


def _line(run: ImportRun, who: str, timezone: str, states: Mapping[str, int]) -> ImportLine:
    kept = int(run.details.get("refused_kept", 0))
    return ImportLine(
        id_of(run),
        run.created_at,
        run.kind,
        run.file_name,
        who,
        timezone,
        run.rows_read,
        run.rows_imported,
        run.rows_unchanged,
        run.rows_refused,
        states.get("waiting", 0),
        states.get("mended", 0) + states.get("there", 0),
        states.get("dismissed", 0),
        run.rows_refused - kept,
        int(run.details.get("refused_elsewhere", 0)),
        states.get("hidden", 0),
    )


def refused_table(by: Actor, run_id: int, field: str = "") -> RefusedTable:
    """The refused rows of one import with what they hold. Raises NotAllowed, and NotFound for another clinic's."""
    require(by, "import.run")
    with reading() as session:
        run = next((line for line in _history(session, by) if line.id == run_id), None)
        if run is None:
            raise NotFound()
        kept = import_runs.run_of(session, run_id)
        rows = [_refused(row) for row in import_runs.waiting(session, by, run_id)]
    details = kept.details if kept else {}
    counts = Counter(name for row in rows for name in dict.fromkeys(row.fields))
    chosen = [row for row in rows if not field or field in row.fields]
    return RefusedTable(
        run,
        tuple(details.get("header", ())),
        bool(details.get("mapping", {}).get("create_missing")),
        tuple(chosen[:SHOWN]),
        len(rows),
        dict(counts.most_common()),
    )


def _refused(row: RefusedRow) -> RefusedLine:
    found = json.loads(decrypt(row.content_encrypted or ""))
    return RefusedLine(
        id_of(row),
        row.line,
        tuple(found["cells"]),
        tuple(column for column, _, _ in found["problems"]),
        tuple(f"{column}: found {value!r}; allowed is {allowed}" for column, value, allowed in found["problems"]),
    )
