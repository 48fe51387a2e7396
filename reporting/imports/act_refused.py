"""Rows that an import refused: kept encrypted, mended in place through the same importer, or dismissed for a reason."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from reporting.clock import now
from reporting.domain.actors import Actor
from reporting.errors import Conflict, InvalidInput
from reporting.imports.act_steps import begin, read_rows, take_in
from reporting.imports.file_csv import CsvFile
from reporting.imports.file_mapping import from_plain
from reporting.imports.kind import ChunkResult, Row
from reporting.records import audit, import_runs
from reporting.records.engine import Session, transaction
from reporting.records.tables import ImportRun, RefusedRow, id_of
from reporting.security.encryption import decrypt, encrypt
from reporting.security.permissions import require
from reporting.security.scope import own
from reporting.shell.file_csv import Fault

KEPT_ROWS = 10_000
"""Of one import and clinic; more is rather a wrong file or mapping than rows to mend one by one."""
REASON_CHARACTERS = 400
NAMED_LINES = 100
"""Lines that a row of the audit trail names; the kept rows themselves say who mended which."""


@dataclass(frozen=True)
class Mended:
    """What became of rows that were tried again; ``gone``: somebody else was faster with them."""

    imported: int
    there: int
    refused: int
    gone: int


@dataclass(frozen=True)
class Refusal:
    """A refused row as it is to be kept. Without a clinic, it is for the eyes of who imported it alone."""

    clinic_id: int | None
    row: Row
    faults: tuple[Fault, ...]


@dataclass(frozen=True)
class Content:
    """What a refused row holds: its cells, and (column, value, allowed) of each problem."""

    cells: tuple[str, ...]
    problems: tuple[tuple[str, str, str], ...]


def sealed(cells: Sequence[str], faults: Sequence[Fault]) -> str:
    """Cells and problems as they are kept."""
    problems = [[fault.column, fault.value, fault.allowed] for fault in faults]
    return encrypt(json.dumps({"cells": list(cells), "problems": problems}, ensure_ascii=False))


def opened(row: RefusedRow) -> Content:
    """What a waiting row holds. Raises CannotDecrypt."""
    found = json.loads(decrypt(row.content_encrypted or ""))
    return Content(tuple(found["cells"]), tuple((c, v, a) for c, v, a in found["problems"]))


def keep(session: Session, run: ImportRun | None, refused: Sequence[Refusal]) -> None:
    """Keep the refused rows of a run in the caller's transaction.

    Rows of an earlier import of the same file that still wait are replaced by these; lines that somebody has
    mended or dismissed there are not asked about again.
    """
    assert run is not None
    earlier = import_runs.earlier_runs(session, run)
    settled = import_runs.lines_worked_on(session, earlier)
    import_runs.replace(session, earlier, now())
    moment = now()
    rows = [
        {
            "clinic_id": one.clinic_id,
            "run_id": run.id,
            "line": one.row.number,
            "kind": run.kind,
            "state": "waiting",
            "content_encrypted": sealed(one.row.cells, one.faults),
            "created_at": moment,
        }
        for one in refused
        if one.row.number not in settled
    ]
    import_runs.add(session, rows)


def source_of(run: ImportRun) -> CsvFile:
    """The file of a run as far as the importer needs it again: its name, columns and fingerprint."""
    header = tuple(run.details.get("header", ()))
    return CsvFile(Path(run.file_name), run.file_name, ",", header, run.rows_read, run.file_sha256)


def fitted(cells: Sequence[str], width: int) -> list[str]:
    """As many cells as the header has."""
    return [*cells[:width], *[""] * (width - len(cells))]


def mend(*, by: Actor, run_id: int, cells: Mapping[int, Sequence[str]], create_missing: bool) -> Mended:
    """Import these rows of a run once more, with the cells as they are now (id of the row to its cells).

    All in one transaction: a row goes in and is marked as mended, or
    waits on with its cells and what is wrong with them. Raises NotFound, NotAllowed.
    """
    require(by, "import.run")
    with transaction() as session:
        run = own(session, ImportRun, run_id, by, "import.run")
    source, mapping = source_of(run), replace(from_plain(run.details["mapping"]), create_missing=create_missing)
    started = begin(by, source, run.details.get("clinic"), mapping)
    with transaction() as session:
        kept = {row.line: row for row in import_runs.waiting(session, by, run_id, set(cells), lock=True)}
        width = len(source.header)
        tried = {line: fitted(cells[id_of(row)], width) for line, row in kept.items()}
        rows, unreadable = read_rows(started.reader, sorted(tried.items()))
        result = take_in(session, started, source, rows, len(unreadable))
        refused = [*unreadable, *result.refused]
        for row, faults in refused:
            kept[row.number].content_encrypted = sealed(row.cells, faults)
            session.add(kept[row.number])
        _settle(session, by, kept, result, {row.number for row, _ in refused})
        done = Mended(result.imported, result.unchanged, len(refused), len(cells) - len(kept))
        audit.write(
            session,
            by,
            "import.mended",
            "import_run",
            run_id,
            clinic_id=run.clinic_id,
            imported=done.imported,
            there=done.there,
            still_refused=done.refused,
            lines=sorted(kept)[:NAMED_LINES],
        )
    return done


def _settle(
    session: Session, by: Actor, kept: Mapping[int, RefusedRow], result: ChunkResult, refused: Collection[int]
) -> None:
    """Mark what went in, and what was there already."""
    session.flush()
    who = {"worked_by": by.id if by.kind == "staff" else None, "worked_at": now()}
    there = set(result.there)
    went_in = kept.keys() - there - set(refused)
    import_runs.finish(session, [id_of(kept[line]) for line in went_in], "mended", **who)
    import_runs.finish(session, [id_of(kept[line]) for line in there], "there", **who)


def dismiss(*, by: Actor, run_id: int, ids: Collection[int], reason: str) -> int:
    """Take rows off the list for a reason; what they held is gone. Returns how many still waited.

    Raises InvalidInput without a reason, Conflict without a row, NotFound, NotAllowed.
    """
    require(by, "import.run")
    words = reason.strip()
    if not 1 <= len(words) <= REASON_CHARACTERS:
        allowed = f"1 to {REASON_CHARACTERS} characters that say why these rows are not needed"
        raise InvalidInput(field="reason", found=f"{len(words)} characters", allowed=allowed)
    with transaction() as session:
        run = own(session, ImportRun, run_id, by, "import.run")
        rows = import_runs.waiting(session, by, run_id, set(ids), lock=True)
        if not rows:
            raise Conflict("None of these rows waits any more.", what_to_do="Look at the list again.")
        done = import_runs.finish(
            session,
            [id_of(row) for row in rows],
            "dismissed",
            worked_by=by.id if by.kind == "staff" else None,
            worked_at=now(),
            reason_encrypted=encrypt(words),
        )
        audit.write(
            session,
            by,
            "import.rows_dismissed",
            "import_run",
            run_id,
            clinic_id=run.clinic_id,
            rows=done,
            lines=[row.line for row in rows][:NAMED_LINES],
        )
    return done


def forget_person(session: Session, clinic_id: int, references: Collection[str]) -> int:
    """Rows that name somebody who is erased wait no longer, in the caller's transaction. Returns how many."""
    wanted = {reference.casefold() for reference in references}
    ids = [
        id_of(row)
        for row in import_runs.waiting_of_clinic(session, clinic_id)
        if wanted & {cell.strip().casefold() for cell in opened(row).cells}
    ]
    return import_runs.finish(session, ids, "over", worked_at=now())
