"""What charts over time mark: service of devices, and actions taken on signals."""

from collections.abc import Iterable
from datetime import date

from reporting.domain.actors import Actor
from reporting.records import access, clinic_facts, signals
from reporting.records.engine import Session, reading
from reporting.records.tables import Signal, id_of
from reporting.security.permissions import may, require
from reporting.security.scope import Scope


def dated_marks(by: Actor, devices: Iterable[str] = ()) -> tuple[tuple[date, str], ...]:
    """(day, words), oldest first: the service of ``devices`` (``CLINIC/CODE``) and, for who may read signals, the
    actions taken on those that the person may see."""
    scope, named = Scope.of(by), sorted(set(devices))
    found = [(day, f"Action: {words}") for day, words in action_days(by)] if may(by, "signals.read") else []
    with reading() as session:
        for device in named:
            code = f" ({device.partition('/')[2]})" if len(named) > 1 else ""
            events = clinic_facts.events_of(session, device, scope.clinic_id)
            found += [(day, f"{words.capitalize()}{code}") for day, words in events]
    return tuple(sorted(found))


def action_days(actor: Actor) -> list[tuple[date, str]]:
    """Days on which something was changed because of a signal, with the words: charts mark them."""
    require(actor, "signals.read")
    with reading() as session:
        ids = [id_of(signal) for signal, _ in visible_signals(session, actor)]
        taken = [event for event, _ in signals.events(session, ids) if event.kind == "action_taken"]
    return sorted((event.happened_on, event.note) for event in taken if event.happened_on is not None)


def visible_signals(session: Session, actor: Actor) -> list[tuple[Signal, str]]:
    """Signals that the person may see: one about an operator is for that operator and the safety lead alone."""
    found = signals.listed(session, Scope.of(actor).clinic_id)
    if may(actor, "operators.compare"):
        return found
    own = access.operator_code(session, actor.key).partition("/")[2]
    return [(signal, clinic) for signal, clinic in found if signal.unit_type != "operator" or signal.unit_id == own]
