"""Whose each row of a file is: every clinic has its own count of an import, and mends its own rows only.

The command line may bring rows of several clinics. A refused row belongs to the clinic that its cell names, else to the
one that the import was told, else to the one whose treatment it names. A row whose clinic cannot be told is nobody's
to see: it stays in ``FILE.rejected.csv``, unless there is one clinic alone, or a member of the staff brought it, who
then sees it alone. What a member of the staff brings of another clinic is not kept either.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from reporting.actions.import_chunk import ChunkResult, Run
from reporting.actions.import_refused import Refusal
from reporting.actions.import_steps import RefusedRows
from reporting.exchange.rejects import Fault
from reporting.exchange.rows import Row
from reporting.storage import bulk
from reporting.storage.bulk import Session


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
        for row in rows:
            if row.number not in out:
                share = self._share(self._of_accepted(row, known))
                share.imported += row.number not in there
                share.unchanged += row.number in there
        subjects = self._subjects(session, refused)
        for row, faults in refused:
            self._refuse(row, faults, self._of_refused(row, known, subjects), known.get(self.run.only_clinic or ""))

    def finished(self, session: Session) -> dict[int | None, Share]:
        """The shares; of a file without rows an empty one, of the clinic that it was for."""
        if not self.by_clinic:
            self._share(bulk.clinic_ids(session).get(self.run.clinic or ""))
        return self.by_clinic

    def _share(self, clinic_id: int | None) -> Share:
        return self.by_clinic.setdefault(clinic_id, Share())

    def _of_accepted(self, row: Row, known: Mapping[str, int]) -> int | None:
        code, made = row.values.get("clinic") or self.run.clinic, row.values.get("made")
        return known.get(code) if code else made["clinic_id"] if made else None

    def _of_refused(self, row: Row, known: Mapping[str, int], subjects: Mapping[str, int]) -> int | None:
        """The clinic that the cells of a refused row are about; None if that cannot be told."""
        reader, found = self.run.reader, None
        named = reader.text("clinic", row.cells)
        if named is not None:
            code = named or self.run.clinic
            found = known.get(code) if code else subjects.get(reader.text("treatment", row.cells) or "")
        return next(iter(known.values())) if found is None and len(known) == 1 else found

    def _subjects(self, session: Session, refused: RefusedRows) -> dict[str, int]:
        """Treatments that refused check-ins name, to their clinic where only one has such a number."""
        reader = self.run.reader
        if reader.kind != "check-ins" or self.run.clinic or not refused:
            return {}
        wanted = {text for row, _ in refused if (text := reader.text("treatment", row.cells))}
        found = bulk.treatments(session, wanted, None)
        return {text: entries[0].clinic_id for text, entries in found.items() if len(entries) == 1}

    def _refuse(self, row: Row, faults: tuple[Fault, ...], clinic_id: int | None, own: int | None) -> None:
        share = self._share(clinic_id if own is None else own)
        share.refused += 1
        if clinic_id is None if own is None else clinic_id not in (None, own):
            share.elsewhere += 1
        elif len(share.kept) < self.most_kept:
            share.kept.append(Refusal(clinic_id, row, faults))
