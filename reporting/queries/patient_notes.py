"""Notes as they are read: decrypted, or saying why that cannot be."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from reporting.security.encryption import CannotDecrypt, decrypt
from reporting.storage import notes


@dataclass(frozen=True)
class NoteLine:
    """A dated note of the clinic. ``words`` are never to be drawn as Markdown."""

    happened_on: date
    written_at: datetime
    who: str
    words: str


def readable(note: str) -> str:
    """One note that was written with a lost key must not hide the whole timeline."""
    try:
        return decrypt(note)
    except CannotDecrypt as problem:
        return f"({problem.message})"


def notes_of(session: Any, patient_id: int) -> tuple[NoteLine, ...]:
    """What the clinic wrote down about a patient, oldest first. Who may read it is decided by the query that calls."""
    return tuple(
        NoteLine(note.happened_on, note.written_at, who, readable(note.note_encrypted))
        for note, who in notes.of_patient(session, patient_id)
    )
