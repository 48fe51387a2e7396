"""Which schema this program knows: by the names of its migrations, without the library that runs them."""

from pathlib import Path

MIGRATIONS = Path(__file__).parent / "migrations"


def newest_version() -> str:
    """The newest schema that this program knows, by the number that its file begins with."""
    return max(path.name for path in (MIGRATIONS / "versions").glob("[0-9]*.py")).partition("_")[0]
