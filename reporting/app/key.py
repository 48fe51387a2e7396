"""Whether the key is the one that the data was written with: asked at start, and by ``/healthz`` ever after.

A server with another key would look well: codes fail, photos cannot be opened, and new notes are written under a
second key that nobody can read once the right one is back.
"""

from reporting.errors import UnsafeSettings
from reporting.records.engine import TROUBLES, reading
from reporting.records.sealed import samples
from reporting.security.encryption import CannotDecrypt, check_key, decrypt

NAME = "encryption_key"
"""Its name among what ``/healthz`` tells."""
_held: tuple[str, ...] = ()


def _opens(sealed: tuple[str, ...]) -> bool:
    try:
        check_key()
        for value in sealed:
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
    if not _opens(_held):
        raise UnsafeSettings(
            "The key is not the one that this database was written with: start with that REPORTING_ENCRYPTION_KEY, or "
            "with the encryption.key of the same data folder."
        )


def watch_key() -> None:
    """Tell ``/healthz`` when the key was changed or lost while the server runs."""
    if _opens(_held):
        TROUBLES.pop(NAME, None)
    else:
        TROUBLES[NAME] = "opens nothing of what was written"
