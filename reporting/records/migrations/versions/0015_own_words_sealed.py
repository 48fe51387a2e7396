"""Everybody's own words are unreadable without the key: notes, reasons, drafts, terms, messages, names of files."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from reporting.errors import UnsafeSettings
from reporting.security.encryption import CannotDecrypt, decrypt, encrypt

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

BATCH = 500
WORDS = (
    ("erasure_request", "reason"),
    ("service_event", "note"),
    ("content_change", "reason"),
    ("content_withdrawal", "reason"),
    ("triage_case", "complication_term"),
    ("case_event", "note"),
    ("import_run", "file_name"),
    ("signal_event", "note"),
)
DOCUMENTS = (("draft", "answers"), ("outbox_message", "payload"), ("import_run", "details"))
SEALED_BEFORE = (("patient", "name_encrypted"), ("check_in", "note_encrypted"), ("patient_note", "note_encrypted"))


def _refuse_another_key() -> None:
    """Nothing is sealed with a key that does not open what was sealed before."""
    for table, column in SEALED_BEFORE:
        kept = sa.table(table, sa.column("id"), sa.column(column))
        oldest = sa.select(kept.c[column]).where(kept.c[column].is_not(None)).order_by(kept.c.id).limit(1)
        for value in op.get_bind().execute(oldest).scalars():
            try:
                decrypt(value)
            except CannotDecrypt as error:
                raise UnsafeSettings("The key is not the one that this database was written with.") from error


def _batches(table: sa.TableClause, column: str) -> Iterator[list[Any]]:
    last, bind = 0, op.get_bind()
    while True:
        found = sa.select(table.c.id, table.c[column]).where(table.c.id > last).order_by(table.c.id).limit(BATCH)
        rows = list(bind.execute(found))
        if not rows:
            return
        last = rows[-1].id
        yield rows


def _change(name: str, column: str, kind: Any, changed: Callable[[Any], Any]) -> None:
    table = sa.table(name, sa.column("id", sa.BigInteger()), sa.column(column, kind))
    put = sa.update(table).where(table.c.id == sa.bindparam("key")).values({column: sa.bindparam("put", type_=kind)})
    for rows in _batches(table, column):
        values = [{"key": key, "put": changed(value)} for key, value in rows if value]
        if values:
            op.get_bind().execute(put, values)


def _sealed_term(details: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in details.items() if name != "term"}
    return kept | ({"term_encrypted": encrypt(str(details["term"]))} if details.get("term") else {})


def _clear_term(details: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in details.items() if name != "term_encrypted"}
    return kept | ({"term": decrypt(details["term_encrypted"])} if "term_encrypted" in details else {})


def upgrade() -> None:
    _refuse_another_key()
    if op.get_bind().dialect.name == "sqlite":
        op.execute("PRAGMA secure_delete=ON")  # what is overwritten shall not be left in the file
    for table, column in WORDS:
        _change(table, column, sa.String(), encrypt)
    for table, column in DOCUMENTS:
        _change(table, column, sa.JSON(), lambda value: encrypt(json.dumps(value, ensure_ascii=False)))
    _change("case_event", "details", sa.JSON(), _sealed_term)


def downgrade() -> None:
    for table, column in WORDS:
        _change(table, column, sa.String(), decrypt)
    for table, column in DOCUMENTS:
        _change(table, column, sa.JSON(), lambda value: json.loads(decrypt(value)) if isinstance(value, str) else value)
    _change("case_event", "details", sa.JSON(), _clear_term)
