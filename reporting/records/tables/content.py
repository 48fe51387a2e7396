"""The clinical content as this installation has used it: its packages, who signed them, and what was withdrawn."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from reporting.records.tables.base import json_object, key, moment, ref, sealed


class ContentPackage(SQLModel, table=True):
    """One state of the content tables and catalogues, kept whole so that every later change can be named."""

    __tablename__ = "content_package"
    __table_args__ = (UniqueConstraint("version", "hash", name="uq_content_package"),)

    id: int | None = key()
    name: str
    version: str = Field(max_length=64)
    hash: str = Field(max_length=64)
    """SHA-256 over every row (``domain.content_package.digest``)."""
    recorded_at: datetime = moment(nullable=False)
    recorded_by: int | None = ref("staff_account", nullable=True)
    """Empty: at a start, in the system's name."""
    rows: dict[str, Any] = json_object()
    """Table to a list of row key and cells, in the order of the file."""


class ContentSignature(SQLModel, table=True):
    """A reviewer signed rows as they were: a row whose cells differ from ``rows`` is not signed any more."""

    __tablename__ = "content_signature"

    id: int | None = key()
    package_id: int = ref("content_package", index=True)
    staff_id: int = ref("staff_account")
    name: str
    """As it was at the signature, with ``role``, which also says the profession and registration."""
    role: str
    signed_at: datetime = moment(nullable=False)
    valid_until: date
    """Last day on which it counts."""
    rows: dict[str, Any] = json_object()
    """Table to row key to the SHA-256 of the row's cells."""


class ContentWithdrawal(SQLModel, table=True):
    """A version of the content from which no patient is advised any more. Never undone: a newer version takes over."""

    __tablename__ = "content_withdrawal"

    id: int | None = key()
    version: str = Field(max_length=64, unique=True)
    reason: str = sealed()
    withdrawn_at: datetime = moment(nullable=False)
