"""The steps that a first import and the mending of refused rows share: begin, read rows, take in a chunk."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from reporting.actions import import_check_ins, import_devices, import_treatments
from reporting.actions.import_chunk import ChunkResult, Run
from reporting.domain.actors import Actor
from reporting.errors import InvalidInput
from reporting.exchange.csv_file import CsvFile
from reporting.exchange.fields import Kind
from reporting.exchange.mapping import KindMapping
from reporting.exchange.rejects import Fault, Refused
from reporting.exchange.rows import Row, RowReader
from reporting.security.permissions import require
from reporting.storage import audit, bulk
from reporting.storage.bulk import Session
from reporting.storage.engine import reading
from reporting.storage.outcomes import recompute

RefusedRows = list[tuple[Row, tuple[Fault, ...]]]
_TAKE_IN: Mapping[Kind, Callable[[Session, Run, Sequence[Row]], ChunkResult]] = {
    "devices": import_devices.import_rows,
    "treatments": import_treatments.import_rows,
    "check-ins": import_check_ins.import_rows,
}


def begin(by: Actor, source: CsvFile, clinic: str | None, mapping: KindMapping) -> Run:
    """A run over that file, bound to the actor's clinic. Raises NotAllowed, InvalidInput, UnreadableFile."""
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


def read_rows(reader: RowReader, lines: Iterable[tuple[int, Sequence[str]]]) -> tuple[list[Row], RefusedRows]:
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
    return _TAKE_IN[run.reader.kind](session, run, rows)


def take_in(session: Any, run: Run, source: CsvFile, rows: Sequence[Row], refused: int) -> ChunkResult:
    """A chunk in the caller's transaction: its rows, their outcomes and the audit row."""
    kind = run.reader.kind
    result = decide_rows(session, run, rows)
    if result.imported:
        recompute(session, result.touched)
        audit.write(
            session, run.by, f"{kind}.imported", "import", source.sha256[:16],
            clinic_id=next(iter(result.clinic_ids)) if len(result.clinic_ids) == 1 else None,
            file=source.name, from_row=rows[0].number, to_row=rows[-1].number, imported=result.imported,
            unchanged=result.unchanged, refused=len(result.refused) + refused, created=dict(+result.created),
        )  # fmt: skip
    return result
