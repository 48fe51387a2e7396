"""The steps that a first import and the mending of refused rows share: begin, read rows, take in a chunk."""

from collections.abc import Iterable, Sequence

from reporting.domain.actors import Actor
from reporting.errors import InvalidInput
from reporting.imports.file_csv import CsvFile
from reporting.imports.file_mapping import KindMapping
from reporting.imports.file_rows import RowReader
from reporting.imports.kind import ChunkResult, Reader, Row, Run
from reporting.imports.kinds import IMPORTERS
from reporting.records import audit, bulk
from reporting.records.bulk import Session
from reporting.records.engine import reading
from reporting.records.outcomes import recompute
from reporting.security.permissions import require
from reporting.security.scope import Scope
from reporting.shell.file_csv import Fault, Refused

RefusedRows = list[tuple[Row, tuple[Fault, ...]]]


def begin(by: Actor, source: CsvFile, clinic: str | None, mapping: KindMapping) -> Run:
    """A run over that file, bound to the actor's clinic. Raises NotAllowed, InvalidInput, UnreadableFile."""
    require(by, "import.run")
    clinic_id, only = Scope.of(by).clinic_id, None
    if clinic_id is not None:
        with reading() as session:
            only = bulk.clinic_code(session, clinic_id)
        if clinic not in (None, only):
            raise InvalidInput(field="clinic", found=clinic, allowed=f"your own clinic, {only}")
        clinic = only
    return Run(
        by=by,
        kind=mapping.kind,
        reader=RowReader(mapping, source.header, source.name),
        clinic=clinic,
        create_missing=mapping.create_missing,
        only_clinic=only,
    )


def read_rows(reader: Reader, lines: Iterable[tuple[int, Sequence[str]]]) -> tuple[list[Row], RefusedRows]:
    """Rows that could be read, and those that could not with their faults."""
    rows: list[Row] = []
    refused: RefusedRows = []
    for number, cells in lines:
        try:
            rows.append(reader.read(number, cells))
        except Refused as fault:
            refused.append((Row(number, cells, {}), fault.faults))
    return rows, refused


def decide_rows(session: Session, run: Run, rows: Sequence[Row]) -> ChunkResult:
    """The rows written by the importer of their kind, in the caller's transaction; outcomes are not yet computed."""
    return IMPORTERS[run.kind].take_in(session, run, rows)


def take_in(session: Session, run: Run, source: CsvFile, rows: Sequence[Row], refused: int) -> ChunkResult:
    """A chunk in the caller's transaction: its rows, their outcomes and the audit row."""
    kind = run.kind
    result = decide_rows(session, run, rows)
    if result.imported:
        recompute(session, result.touched)
        audit.write(
            session,
            run.by,
            f"{kind}.imported",
            "import",
            source.sha256[:16],
            clinic_id=next(iter(result.clinic_ids)) if len(result.clinic_ids) == 1 else None,
            from_row=rows[0].number,
            to_row=rows[-1].number,
            imported=result.imported,
            unchanged=result.unchanged,
            refused=len(result.refused) + refused,
            created=dict(+result.created),
        )
    return result
