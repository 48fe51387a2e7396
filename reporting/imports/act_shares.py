"""Whose each row of a file is: every clinic has its own count of an import, and mends its own rows only.

The command line may bring rows of several clinics. A refused row belongs to the clinic that its cell names, else to the
one that the import was told, else to the one whose treatment it names. A row whose clinic cannot be told is nobody's
to see: it stays in ``FILE.rejected.csv``, unless there is one clinic alone, or a member of the staff brought it, who
then sees it alone. What a member of the staff brings of another clinic is not kept either.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from reporting.imports.act_refused import Refusal
from reporting.imports.act_steps import RefusedRows
from reporting.imports.kind import ChunkResult, Row, Run
from reporting.imports.kinds import IMPORTERS
from reporting.records import bulk
from reporting.records.bulk import Session
from reporting.shell.file_csv import Fault


@dataclass
class Share:
    """What of a file belongs to one clinic."""

    imported: int = 0
    unchanged: int = 0
    refused: int = 0
    elsewhere: int = 0
    """Refused rows of another clinic, or of one that cannot be told: they are not kept."""
    kept: list[Refusal] = field(default_factory=list)

    @property
    def read(self) -> int:
        return self.imported + self.unchanged + self.refused


@dataclass
class Shares:
    """The shares of one run by clinic id; under None what belongs to no clinic that can be told."""

    run: Run
    most_kept: int
    """Refused rows that are kept of each clinic."""
    by_clinic: dict[int | None, Share] = field(default_factory=dict)

    def add(self, session: Session, rows: Sequence[Row], result: ChunkResult, refused: RefusedRows) -> None:
        """Count a chunk, in its transaction: ``rows`` could be read, ``refused`` are all that did not go in."""
        known, out, there = bulk.clinic_ids(session), {row.number for row, _ in refused}, set(result.there)
        importer = IMPORTERS[self.run.kind]
        accepted = [row for row in rows if row.number not in out]
        subjects = importer.clinics_of(session, self.run, [row for row in accepted if not self._code(row)])
        for row in accepted:
            code = self._code(row)
            share = self._share(known.get(code) if code else subjects.get(row.number))
            share.imported += row.number not in there
            share.unchanged += row.number in there
        own = known.get(self.run.only_clinic or "")
        nameless = [] if self.run.clinic else [row for row, _ in refused]
        subjects = importer.clinics_of(session, self.run, nameless)
        for row, faults in refused:
            self._refuse(row, faults, self._of_refused(row, known, subjects), own)

    def finished(self, session: Session) -> dict[int | None, Share]:
        """The shares; of a file without rows an empty one, of the clinic that it was for."""
        if not self.by_clinic:
            self._share(bulk.clinic_ids(session).get(self.run.clinic or ""))
        return self.by_clinic

    def _share(self, clinic_id: int | None) -> Share:
        return self.by_clinic.setdefault(clinic_id, Share())

    def _code(self, row: Row) -> str | None:
        """The code of the clinic that an accepted row names, else of the one that the import was told."""
        code: str | None = row.values.get("clinic") or self.run.clinic
        return code

    def _of_refused(self, row: Row, known: Mapping[str, int], subjects: Mapping[int, int]) -> int | None:
        """The clinic that the cells of a refused row are about; None if that cannot be told."""
        found = None
        named = self.run.reader.text("clinic", row.cells)
        if named is not None:
            code = named or self.run.clinic
            found = known.get(code) if code else subjects.get(row.number)
        return next(iter(known.values())) if found is None and len(known) == 1 else found

    def _refuse(self, row: Row, faults: tuple[Fault, ...], clinic_id: int | None, own: int | None) -> None:
        share = self._share(clinic_id if own is None else own)
        share.refused += 1
        if not _somebody_mends(clinic_id, own):
            share.elsewhere += 1
        elif len(share.kept) < self.most_kept:
            share.kept.append(Refusal(clinic_id, row, faults))


def _somebody_mends(clinic_id: int | None, own: int | None) -> bool:
    """Whether a refused row can be mended: ``own`` is the importer's clinic, None for the command line.

    Of the command's rows those of a known clinic; of a member of the staff those of the own clinic and of none.
    """
    return clinic_id is not None if own is None else clinic_id in (None, own)
