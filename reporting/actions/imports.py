"""To import a file: chunk by chunk, each chunk one transaction with its outcomes and its audit row.

An import that was interrupted is simply run again: rows that are in are recognised.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from time import perf_counter

from reporting.actions import import_check_ins, import_devices, import_treatments
from reporting.actions.import_chunk import ChunkResult, Run
from reporting.domain.actors import Actor
from reporting.errors import InvalidInput, Problem, StorageBusy, StorageFull
from reporting.exchange.csv_file import CsvFile, open_csv
from reporting.exchange.fields import Kind
from reporting.exchange.mapping import KindMapping
from reporting.exchange.rejects import Fault, Refused, RejectedFile
from reporting.exchange.rows import Row, RowReader
from reporting.security.permissions import require
from reporting.storage import audit, bulk
from reporting.storage.bulk import Session
from reporting.storage.engine import reading, transaction
from reporting.storage.outcomes import recompute

CHUNK_ROWS = 5_000
SHOWN_FAULTS = 20
PREVIEW_ROWS = 200
Progress = Callable[[int], None]
"""Is told how many more rows are done."""
RefusedRows = list[tuple[Row, tuple[Fault, ...]]]

_TAKE_IN: Mapping[Kind, Callable[[Session, Run, Sequence[Row]], ChunkResult]] = {
    "devices": import_devices.import_rows,
    "treatments": import_treatments.import_rows,
    "check-ins": import_check_ins.import_rows,
}


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
    created: Counter[str] = field(default_factory=Counter)
    faults: dict[tuple[str, str, str], list[int]] = field(default_factory=dict)
    """(column, value, allowed) to the first row and the number of rows; at most ``SHOWN_FAULTS`` of them."""
    seconds: float = 0.0

    def add(self, result: ChunkResult, faults: "RefusedRows") -> None:
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


def _read(reader: RowReader, chunk: Sequence[tuple[int, list[str]]]) -> tuple[list[Row], RefusedRows]:
    """Rows that could be read, and those that could not with their faults."""
    rows: list[Row] = []
    refused: RefusedRows = []
    for number, cells in chunk:
        try:
            rows.append(reader.read(number, cells))
        except Refused as fault:
            refused.append((Row(number, cells, {}), fault.faults))
    return rows, refused


def _start(by: Actor, source: CsvFile, clinic: str | None, mapping: KindMapping) -> Run:
    require(by, "import.run")
    only = None
    if by.kind == "staff" and by.clinic_id is not None:
        with reading() as session:
            only = bulk.clinic_code(session, by.clinic_id)
        if clinic not in (None, only):
            raise InvalidInput(field="clinic", found=clinic, allowed=f"your own clinic, {only}")
        clinic = only
    return Run(
        by=by, reader=RowReader(mapping, source.header, source.name), clinic=clinic,
        create_missing=mapping.create_missing, only_clinic=only,
    )  # fmt: skip


def _take_in(run: Run, source: CsvFile, rows: Sequence[Row], refused: int) -> ChunkResult:
    """One chunk: its rows, their outcomes and the audit row, all or nothing."""
    kind = run.reader.kind
    with transaction() as session:
        result = _TAKE_IN[kind](session, run, rows)
        if result.imported:
            recompute(session, result.touched)
            audit.write(
                session,
                run.by,
                f"{kind}.imported",
                "import",
                source.sha256[:16],
                clinic_id=next(iter(result.clinic_ids)) if len(result.clinic_ids) == 1 else None,
                file=source.name,
                from_row=rows[0].number,
                to_row=rows[-1].number,
                imported=result.imported,
                unchanged=result.unchanged,
                refused=len(result.refused) + refused,
                created=dict(+result.created),
            )
    return result


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
    run = _start(by, source, clinic, mapping)
    summary = Summary(kind=mapping.kind, file_name=source.name)
    clinic_ids: set[int] = set()
    with RejectedFile(rejected_path, source.header, source.separator) as rejected:
        for chunk in _chunks(source):
            rows, unreadable = _read(run.reader, chunk)
            try:
                result = _take_in(run, source, rows, len(unreadable))
            except (StorageBusy, StorageFull) as cause:
                raise ImportStopped(summary, cause, chunk[0][0]) from cause
            refused = sorted([*unreadable, *result.refused], key=lambda item: item[0].number)
            for row, faults in refused:
                rejected.add(row.cells, faults)
            summary.add(result, refused)
            clinic_ids |= result.clinic_ids
            if progress is not None:
                progress(len(chunk))
        summary.rejected_file = str(rejected_path) if rejected.count else ""
    summary.seconds = perf_counter() - started
    _keep(run, source, summary, clinic_ids)
    return summary


def _keep(run: Run, source: CsvFile, summary: Summary, clinic_ids: set[int]) -> None:
    """One row that says what the whole run did."""
    clinic_id = run.by.clinic_id or (next(iter(clinic_ids)) if len(clinic_ids) == 1 else None)
    try:
        with transaction() as session:
            run_id = bulk.keep_run(
                session,
                clinic_id=clinic_id,
                kind=summary.kind,
                file_name=source.name,
                file_sha256=source.sha256,
                rows_read=summary.read,
                rows_imported=summary.imported,
                rows_unchanged=summary.unchanged,
                rows_refused=summary.refused,
                details={"created": dict(+summary.created)},
                created_by=run.by.id if run.by.kind == "staff" else None,
            )
            audit.write(
                session,
                run.by,
                "import.finished",
                "import_run",
                run_id,
                clinic_id=clinic_id,
                kind=summary.kind,
                file=source.name,
                read=summary.read,
                imported=summary.imported,
                unchanged=summary.unchanged,
                refused=summary.refused,
            )
    except (StorageBusy, StorageFull) as cause:
        raise ImportStopped(summary, cause, source.rows + 2) from cause


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

    @property
    def rows(self) -> int:
        return self.source.rows


def preview(
    *, by: Actor, path: Path, mapping: KindMapping, clinic: str | None = None, file_name: str | None = None,
    limit: int = PREVIEW_ROWS,
) -> Preview:  # fmt: skip
    """What an import would do with the first ``limit`` rows. Writes nothing. Raises as ``run_import``."""
    source = open_csv(path, file_name)
    run = _start(by, source, clinic, mapping)
    rows, refused = _read(run.reader, list(islice(source.records(), limit)))
    values = {row.number: dict(row.values) for row in rows}
    result = _rehearse(run, rows)
    refused += result.refused
    faults = {row.number: found for row, found in refused}
    lines = tuple(
        PreviewLine(number, cells, values.get(number, {}), faults.get(number, ()))
        for number, cells in islice(source.records(), limit)
    )
    return Preview(source, lines, result.imported, result.unchanged, len(refused))


def _rehearse(run: Run, rows: Sequence[Row]) -> ChunkResult:
    """What a chunk would come to; its transaction is rolled back."""
    result = ChunkResult()
    try:
        with transaction() as session:
            result = _TAKE_IN[run.reader.kind](session, run, rows)
            raise _Undo
    except _Undo:
        return result
