"""To import a file: chunk by chunk, each chunk one transaction with its outcomes and its audit row.

An import that was interrupted is simply run again: rows that are in are recognised.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import Any

from reporting.domain.actors import Actor
from reporting.errors import Problem, StorageBusy, StorageFull
from reporting.imports.act_refused import KEPT_ROWS, keep
from reporting.imports.act_shares import Share, Shares
from reporting.imports.act_steps import RefusedRows, begin, decide_rows, read_rows, take_in
from reporting.imports.file_csv import CsvFile, open_csv
from reporting.imports.file_mapping import KindMapping
from reporting.imports.kind import ChunkResult, Kind, Row, Run
from reporting.records import audit, bulk, import_runs
from reporting.records.engine import Session, transaction
from reporting.shell.file_csv import Fault, RejectedFile

CHUNK_ROWS = 5_000
SHOWN_FAULTS = 20
PREVIEW_ROWS = 200
Progress = Callable[[int], None]
"""Is told how many more rows are done."""


@dataclass
class Summary:
    """What an import did. ``read`` is the sum of the other three counts."""

    kind: Kind
    file_name: str
    read: int = 0
    imported: int = 0
    unchanged: int = 0
    refused: int = 0
    rejected_file: str = ""
    """Where the refused rows are; empty when none were."""
    kept: int = 0
    """Refused rows that can be mended on the page Import: at most the first ``KEPT_ROWS`` of each clinic."""
    elsewhere: int = 0
    """Refused rows that nobody can mend there: of another clinic than the importer's, or of none that can be told."""
    created: Counter[str] = field(default_factory=Counter)
    faults: dict[tuple[str, str, str], list[int]] = field(default_factory=dict)
    """(column, value, allowed) to the first row and the number of rows; at most ``SHOWN_FAULTS`` of them."""
    seconds: float = 0.0

    def add(self, result: ChunkResult, faults: RefusedRows) -> None:
        self.read += result.imported + result.unchanged + len(faults)
        self.imported += result.imported
        self.unchanged += result.unchanged
        self.refused += len(faults)
        self.created.update(result.created)
        for fault in (fault for _, found in faults for fault in found):
            key = (fault.column, fault.value, fault.allowed)
            if key in self.faults:
                self.faults[key][1] += 1
            elif len(self.faults) < SHOWN_FAULTS:
                self.faults[key] = [fault.row, 1]


class ImportStopped(Problem):
    """The database gave up in the middle. ``summary`` says what is safely in."""

    code = "import_stopped"
    status = 503

    def __init__(self, summary: Summary, cause: Problem, first_row: int) -> None:
        self.summary, self.cause = summary, cause
        full = isinstance(cause, StorageFull)
        reason = "the disk is full" if full else "another program holds the database"
        super().__init__(
            f"The import stopped: {reason}. {summary.imported + summary.unchanged} rows are safely in; "
            f"nothing from row {first_row} on was saved.",
            what_to_do="Make room on the disk, or wait for the other program. Then run the same import "
            "again: rows that are in are recognised.",
        )


class _Undo(Exception):
    """Ends a transaction that was only a rehearsal."""


def _chunks(source: CsvFile) -> Iterator[list[tuple[int, list[str]]]]:
    records = source.records()
    while chunk := list(islice(records, CHUNK_ROWS)):
        yield chunk


def run_import(
    *,
    by: Actor,
    path: Path,
    mapping: KindMapping,
    rejected_path: Path,
    clinic: str | None = None,
    file_name: str | None = None,
    progress: Progress | None = None,
) -> Summary:
    """Import a file; rows that are refused go to ``rejected_path``, the others in.

    Raises UnreadableFile, WrongMapping and NotAllowed before anything is written, and ImportStopped when the
    database gives up: whole chunks are in or not.
    """
    started = perf_counter()
    source = open_csv(path, file_name)
    run = begin(by, source, clinic, mapping)
    shares = Shares(run, KEPT_ROWS)
    summary = Summary(kind=mapping.kind, file_name=source.name)
    with RejectedFile(rejected_path, source.header, source.separator) as rejected:
        for chunk in _chunks(source):
            rows, unreadable = read_rows(run.reader, chunk)
            try:
                with transaction() as session:
                    result = take_in(session, run, source, rows, len(unreadable))
                    refused = sorted([*unreadable, *result.refused], key=lambda item: item[0].number)
                    shares.add(session, rows, result, refused)
            except (StorageBusy, StorageFull) as cause:
                raise ImportStopped(summary, cause, chunk[0][0]) from cause
            for row, faults in refused:
                rejected.add(row.cells, faults)
            summary.add(result, refused)
            if progress is not None:
                progress(len(chunk))
        summary.rejected_file = str(rejected_path) if rejected.count else ""
    summary.seconds = perf_counter() - started
    _keep(run, source, summary, shares)
    return summary


def _details(run: Run, source: CsvFile, summary: Summary, share: Share, code: str | None) -> dict[str, Any]:
    """What is needed to try refused rows again."""
    found: dict[str, Any] = {"created": dict(+summary.created)} if share.read == summary.read else {}
    if share.refused:
        found |= {
            "header": list(source.header),
            "mapping": run.reader.as_plain(),
            "clinic": code,
            "refused_kept": len(share.kept),
            "refused_elsewhere": share.elsewhere,
        }
    return found


def _keep(run: Run, source: CsvFile, summary: Summary, shares: Shares) -> None:
    """A row for each clinic that says what the run did there, and the refused rows that it may mend."""
    try:
        with transaction() as session:
            found, codes = shares.finished(session), {key: code for code, key in bulk.clinic_ids(session).items()}
            for clinic_id, share in found.items():
                code = run.clinic if clinic_id is None else codes[clinic_id]
                _keep_share(session, run, source, clinic_id, share, _details(run, source, summary, share, code))
    except (StorageBusy, StorageFull) as cause:
        raise ImportStopped(summary, cause, source.rows + 2) from cause
    summary.kept = sum(len(share.kept) for share in found.values())
    summary.elsewhere = sum(share.elsewhere for share in found.values())


def _keep_share(
    session: Session, run: Run, source: CsvFile, clinic_id: int | None, share: Share, details: dict[str, Any]
) -> None:
    run_id = bulk.keep_run(
        session,
        clinic_id=clinic_id,
        kind=run.kind,
        file_name=source.name,
        file_sha256=source.sha256,
        rows_read=share.read,
        rows_imported=share.imported,
        rows_unchanged=share.unchanged,
        rows_refused=share.refused,
        details=details,
        created_by=run.by.id if run.by.kind == "staff" else None,
    )
    keep(session, import_runs.run_of(session, run_id), share.kept)
    audit.write(
        session,
        run.by,
        "import.finished",
        "import_run",
        run_id,
        clinic_id=clinic_id,
        kind=run.kind,
        read=share.read,
        imported=share.imported,
        unchanged=share.unchanged,
        refused=share.refused,
    )


@dataclass(frozen=True)
class PreviewLine:
    """A row of the file as it would go: ``faults`` is empty for one that is fine."""

    number: int
    cells: Sequence[str]
    values: Mapping[str, object]
    faults: tuple[Fault, ...]


@dataclass(frozen=True)
class Preview:
    """A rehearsal with the first rows of a file. ``rows`` is how many the file has in all."""

    source: CsvFile
    lines: tuple[PreviewLine, ...]
    imported: int
    unchanged: int
    refused: int
    elsewhere: int
    """Of the refused ones those that nobody could mend here, see ``Summary``."""

    @property
    def rows(self) -> int:
        return self.source.rows


def preview(
    *,
    by: Actor,
    path: Path,
    mapping: KindMapping,
    clinic: str | None = None,
    file_name: str | None = None,
    limit: int = PREVIEW_ROWS,
) -> Preview:
    """What an import would do with the first ``limit`` rows. Writes nothing. Raises as ``run_import``."""
    source = open_csv(path, file_name)
    run = begin(by, source, clinic, mapping)
    rows, refused = read_rows(run.reader, list(islice(source.records(), limit)))
    values = {row.number: dict(row.values) for row in rows}
    shares = Shares(run, KEPT_ROWS)
    result = _rehearse(run, rows, refused, shares)
    faults = {row.number: found for row, found in refused}
    lines = tuple(
        PreviewLine(number, cells, values.get(number, {}), faults.get(number, ()))
        for number, cells in islice(source.records(), limit)
    )
    elsewhere = sum(share.elsewhere for share in shares.by_clinic.values())
    return Preview(source, lines, result.imported, result.unchanged, len(refused), elsewhere)


def _rehearse(run: Run, rows: Sequence[Row], refused: RefusedRows, shares: Shares) -> ChunkResult:
    """What a chunk would come to, its refused rows added to ``refused``; its transaction is rolled back."""
    result = ChunkResult()
    try:
        with transaction() as session:
            result = decide_rows(session, run, rows)
            refused += result.refused
            shares.add(session, rows, result, refused)
            raise _Undo
    except _Undo:
        return result
