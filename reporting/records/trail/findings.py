"""What can be wrong with the audit trail, as codes and in words."""

from dataclasses import dataclass

HEAD_WORDS = {
    "cut_off": "the row was cut off the end, or an older copy of the database was put back: the head file remembers it",
    "rewritten": "the row is not the one that the head file remembers",
    "head_missing": "the head file was taken away",
    "head_unreadable": "the head file could not be read: it was emptied or written over",
    "head_forged": "the head file was not written by the application: its seal is wrong",
}
"""Found when the head file is held against the table, by its code."""

ROW_WORDS = {
    "missing": "the row is missing",
    "not_following": "the row does not follow the one before it",
    "changed": "the row was changed",
    "rewritten_from": "the row and all later ones were written anew by somebody without the key",
    "old_rule": "the row was added without the key after rows that have it",
    "another_key": "the row was sealed with a key that is not given here",
    "cut": "the row was cut off the end",
    "another_head": "the row is not the one that the head remembers",
}
"""Found in the table itself, by its code."""

ANCHOR_WORDS = {
    "line_forged": "the line was not written by the application: its seal is wrong",
    "line_unreadable": "the line is not one of an anchor",
    "line_gone": "the anchor remembers the row, and it is not there: table and head file were cut or replaced "
    "together, or an older backup was put back",
    "line_other": "the anchor remembers another row: table and head file were written anew together",
}
"""Found when lines that were kept elsewhere are held against the table, by their code."""

WORDS = HEAD_WORDS | ROW_WORDS | ANCHOR_WORDS


@dataclass(frozen=True)
class Finding:
    """Something that is wrong. ``sequence``: the row it is about, 0 for none; ``hash``: what was remembered of it."""

    code: str
    sequence: int = 0
    hash: str = ""

    @property
    def words(self) -> str:
        place = f"row {self.sequence}: " if self.sequence else ""
        return place + WORDS.get(self.code, self.code.replace("_", " "))


@dataclass(frozen=True)
class Verdict:
    """What the check of the trail found. ``sequence`` names the first row that is wrong, ``code`` how; ``rows`` are
    whole before it. ``notes`` are no faults: what a reader of the trail must know."""

    ok: bool
    rows: int
    sequence: int | None = None
    reason: str = ""
    code: str = ""
    notes: tuple[str, ...] = ()


def verdict_of(found: Finding, rows: int, notes: tuple[str, ...] = ()) -> Verdict:
    return Verdict(False, rows, found.sequence, WORDS.get(found.code, found.code), found.code, notes)
