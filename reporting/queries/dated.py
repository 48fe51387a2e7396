"""What charts over time mark: service of devices, and actions taken on signals."""

from collections.abc import Iterable
from datetime import date

from reporting.domain.actors import Actor
from reporting.queries.signals import action_days
from reporting.security.permissions import may
from reporting.storage import service
from reporting.storage.engine import reading


def dated_marks(by: Actor, devices: Iterable[str] = ()) -> tuple[tuple[date, str], ...]:
    """(day, words), oldest first: the service of ``devices`` (``CLINIC/CODE``) and, for who may read signals, the
    actions taken on those that the person may see."""
    named = sorted(set(devices))
    found = [(day, f"Action: {words}") for day, words in action_days(by)] if may(by, "signals.read") else []
    with reading() as session:
        for device in named:
            code = f" ({device.partition('/')[2]})" if len(named) > 1 else ""
            found += [(day, f"{words.capitalize()}{code}") for day, words in service.events_of(session, device)]
    return tuple(sorted(found))
