"""Everything sealed anew with the newest key, in small steps beside the work of the clinic.

What is done shows by itself, so that it may be stopped at any moment and begun anew.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from reporting import clock
from reporting.records import photo_store, sealed
from reporting.records.engine import again_when_deadlocked, reading, transaction
from reporting.records.photo_store import PhotoGone
from reporting.records.tables import id_of
from reporting.security.encryption import (
    HEADER_BYTES,
    CannotDecrypt,
    given_keys,
    is_sealed_now,
    name_of,
    seal,
    unseal,
)

ROWS, FILES = 200, 20
PHOTOS, END = "photos", "end"
PASSES = 5
"""While it goes on another process may still seal with the older key: gone through again until nothing changes."""


@dataclass
class Progress:
    """Where it is: in which column (or ``photos``), of how many values how many were looked at and sealed anew."""

    place: str = ""
    looked_at: int = 0
    of: int = 0
    changed: int = 0
    unreadable: int = 0
    needless: list[str] = field(default_factory=list)
    """Names of the keys that may be dropped now; only at the end."""


@dataclass(frozen=True)
class KeyState:
    """A key that the database was written with."""

    name: str
    since: str
    seals: bool
    given: bool
    needless_since: str


def states() -> list[KeyState]:
    """Every key of this database, oldest first."""
    given = [name_of(key) for key in given_keys()]
    with reading() as session:
        return [
            KeyState(
                row.name,
                f"{row.first_used_at:%Y-%m-%d}",
                row.name == given[0],
                row.name in given,
                f"{row.needless_at:%Y-%m-%d}" if row.needless_at else "",
            )
            for row in sealed.keys(session)
        ]


def is_wanted() -> bool:
    """Whether an older key is given that something may still need."""
    return len(given_keys()) > 1 and any(not (state.seals or state.needless_since) for state in states())


@again_when_deadlocked
def _rows(place: sealed.Place, after: int) -> sealed.Batch:
    with transaction() as session:
        return sealed.renew(session, place, after, ROWS)


def _values(place: sealed.Place) -> Iterator[Progress]:
    with reading() as session:
        at, after = Progress(place.name, of=sealed.count(session, place)), 0
    while True:
        done = _rows(place, after)
        at.looked_at += done.looked_at
        at.changed += done.changed
        at.unreadable += done.unreadable
        yield at
        if done.last is None:
            return
        after = done.last


def _photos() -> Iterator[Progress]:
    at, after = Progress(PHOTOS), 0
    while True:
        with reading() as session:
            found = photo_store.kept_after(session, after, FILES)
        for photo in found:
            at.looked_at, after = at.looked_at + 1, id_of(photo)
            try:
                at.changed += _photo(photo.stored_name)
            except (CannotDecrypt, PhotoGone):
                at.unreadable += 1
        at.of = at.looked_at
        yield at
        if len(found) < FILES:
            return


def _photo(name: str) -> bool:
    if is_sealed_now(photo_store.beginning(name, HEADER_BYTES)):
        return False
    picture = unseal(photo_store.read(name), bound_to=name)
    photo_store.replace(name, seal(picture, bound_to=name))
    return True


def rotation() -> Iterator[Progress]:
    """One small step after the other; the last one says which keys nothing needs any more."""
    in_all = unreadable = 0
    for _ in range(PASSES):
        changed = unreadable = 0
        for one in [*(_values(place) for place in sealed.places()), _photos()]:
            at = Progress()
            for at in one:
                yield at
            changed, unreadable = changed + at.changed, unreadable + at.unreadable
        in_all += changed
        if not changed:
            break
    else:
        return
    with transaction() as session:
        names = sealed.mark_needless(session, clock.now())
    yield Progress(END, changed=in_all, unreadable=unreadable, needless=names)


class Rotation:
    """The same in the background: a little at a time, for as long as an older key is given."""

    def __init__(self) -> None:
        self._steps: Iterator[Progress] | None = None

    def go_on(self, seconds: float = 2.0) -> str:
        """Work for about so long; says when it has come to the end."""
        if self._steps is None:
            if not is_wanted():
                return ""
            self._steps = rotation()
        until = time.monotonic() + seconds
        for at in self._steps:
            if at.needless:
                self._steps = None
                return f"everything is sealed with the newest key; nothing needs {', '.join(at.needless)} any more"
            if time.monotonic() > until:
                return ""
        self._steps = None
        return ""
