"""Whether the key is the one that the data was written with: asked at start, and by ``/healthz`` ever after.

A server with another key would look well: codes fail, photos cannot be opened, and new notes are written under a
second key that nobody can read once the right one is back.
"""

from reporting import clock
from reporting.errors import UnsafeSettings
from reporting.records import sealed
from reporting.records.engine import TROUBLES, Session, reading, transaction
from reporting.records.sealed import samples
from reporting.security.encryption import CannotDecrypt, check_key, decrypt, given_keys, name_of, remember

NAME = "encryption_key"
"""Its name among what ``/healthz`` tells."""
_held: tuple[str, ...] = ()


def _opens(values: tuple[str, ...]) -> bool:
    try:
        check_key()
        for value in values:
            decrypt(value)
    except (CannotDecrypt, UnsafeSettings, OSError):
        return False
    return True


def refuse_another_key() -> None:
    """Once the schema is the newest. Raises UnsafeSettings when the key opens nothing of what the database holds."""
    global _held
    check_key()
    with reading() as session:
        _held = samples(session)
        missing = _missing(session)
    if missing and _held:
        raise UnsafeSettings(
            f"Values of this database still need the key {', '.join(missing)}: name it behind the newest one, as in "
            "REPORTING_ENCRYPTION_KEY=new,old, until 'python -m reporting keys rotate' has sealed everything anew."
        )
    if not _opens(_held):
        raise UnsafeSettings(
            "The key is not the one that this database was written with: start with that REPORTING_ENCRYPTION_KEY, or "
            "with the encryption.key of the same data folder."
        )


def _missing(session: Session) -> list[str]:
    given = {name_of(key) for key in given_keys()}
    return [row.name for row in sealed.keys(session) if row.needless_at is None and row.name not in given]


def keep_keys() -> None:
    """Once they are known to be the right ones: write down which keys this database is written with."""
    given = [name_of(key) for key in given_keys()]
    with reading() as session:
        known = [row.name for row in sealed.keys(session) if row.needless_at is None or row.name != given[0]]
    if not set(given) <= set(known):
        with transaction() as session:
            sealed.keep_keys(session, clock.now())
    with reading() as session:
        found = sealed.kept_keys(session)
    remember(found if len(found) > 1 else ())


def watch_key() -> None:
    """Tell ``/healthz`` when the key was changed or lost while the server runs."""
    if _opens(_held):
        TROUBLES.pop(NAME, None)
    else:
        TROUBLES[NAME] = "opens nothing of what was written"
