"""The hash of a row of the audit trail: keyed, over the hash before it and every field; plain in rows of long ago."""

import hashlib
import json
from typing import Any

from reporting.security.trail import key_name, keyed

START = "0" * 64
"""What stands for the hash before the first row."""


def spelled(event: Any) -> bytes:
    """Every field in a fixed spelling. ``event``: an ``AuditEvent`` or a row with the names of its columns."""
    fields = [
        event.previous_hash,
        event.sequence,
        event.at.isoformat(timespec="microseconds"),
        event.clinic_id,
        event.actor_kind,
        event.actor_id,
        event.actor_label,
        event.action,
        event.record_kind,
        event.record_id,
        event.details,
    ]
    if event.sealed_with:
        fields.append(event.sealed_with)
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def seal(event: Any, sequence: int, previous: str) -> str:
    """Put a row at its place in the chain, under the present key. Returns its hash."""
    event.sequence, event.previous_hash, event.sealed_with = sequence, previous, key_name()
    event.hash = keyed(spelled(event), event.sealed_with)
    return str(event.hash)


def fault(event: Any) -> str:
    """What is wrong with a row by itself: ``changed`` or ``another_key``; empty where its hash is right."""
    if not event.sealed_with:
        right: str | None = hashlib.sha256(spelled(event)).hexdigest()
    else:
        right = keyed(spelled(event), event.sealed_with)
    if right is None:
        return "another_key"
    return "" if right == event.hash else "changed"
