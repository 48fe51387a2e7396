"""Which keys this database was written with."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from reporting.records.tables.base import key, moment


class EncryptionKey(SQLModel, table=True):
    """A key that something here was sealed with. Oldest first; the newest is the one that seals."""

    __tablename__ = "encryption_key"

    id: int | None = key()
    name: str = Field(unique=True, max_length=16)
    """A few signs that tell one key from another and nothing of it."""
    first_used_at: datetime = moment(nullable=False)
    needless_at: datetime | None = moment()
    """When nothing was left that only this key opens: from then on it may be taken out of the settings."""
    key_encrypted: str | None = None
    """The key itself, sealed with the newest: hashes that were made under it (short codes, the audit trail) cannot be
    made anew and are still to be compared."""
