"""Statements about text messages that came in."""

from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from reporting.storage.tables import InboundMessage


def is_new(session: Session, provider_id: str, phone_hash: str, word: str, at: datetime) -> bool:
    """Keep a message by the gateway's number of it. False when it was delivered before, or is just being."""
    row = InboundMessage(provider_id=provider_id, phone_hash=phone_hash, word=word, received_at=at)
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return False
    return True
