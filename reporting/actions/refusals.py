"""Refused actions and throttled tries leave one audit row per person or source, way and window: never a flood."""

from reporting.domain.actors import SYSTEM, Actor
from reporting.storage import audit, throttle
from reporting.storage.engine import reading, transaction


def note(action: str, where: str, *, by: Actor | None = None, source: str = "") -> None:
    """Write that something was refused, unless the same was written within the last 15 minutes.

    ``action`` is ``access.refused`` or ``throttled``; ``where`` names the page or way in; ``source`` is a hash of
    where the request came from, for those who are not signed in.
    """
    who = f"{by.kind}:{by.id}" if by is not None else f"source:{source}"
    key = f"noted:{action}:{where}"[:48] + f":{who}"[:48]
    with reading() as session:
        if throttle.was_noted(session, key):
            return
    with transaction() as session:
        if throttle.is_first_in_window(session, key):
            audit.write(session, by or SYSTEM, action, "page", where[:64])
