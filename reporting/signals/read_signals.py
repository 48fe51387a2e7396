"""The signals that a person may see, and the card of one.

A signal in words: what, where and for whom, and its numbers. The page and the monthly report say the same.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from reporting.domain.actors import Actor
from reporting.domain.devices import setting_fields
from reporting.domain.signal_work import Card, DidItHelp, Excess, Shift, next_states
from reporting.domain.vocabulary import SYMPTOMS, symptom
from reporting.errors import NotFound
from reporting.records import access, signals
from reporting.records.engine import reading
from reporting.records.tables import Signal, SignalEvent, id_of
from reporting.security.permissions import may, require
from reporting.shell.read_marks import visible_signals


@dataclass(frozen=True)
class SignalRow:
    """A signal in the list. ``rank`` 0: the newest look did not find it any more. ``card`` is its newest card."""

    id: int
    clinic: str
    kind: str
    unit_type: str
    unit_id: str
    symptom: str
    skin_group: str
    since: date | None
    first_flagged_on: date
    last_seen_on: date
    rank: int
    state: str
    version: int
    card: Card


@dataclass(frozen=True)
class Step:
    """What somebody did about a signal, and when. ``happened_on`` is the day that charts show."""

    at: datetime
    who: str
    kind: str
    happened_on: date | None
    note: str
    measured: DidItHelp | None = None
    """Of a step that measured again: what it found."""


@dataclass(frozen=True)
class NewestLook:
    """The newest look over the data: the day, how much was tested, and the stated budget of false signals."""

    as_of: date
    cells_tested: int
    expected_false_per_clinic_year: float
    note: str
    controls_tested: int = 0
    controls_alarmed: tuple[str, ...] = ()
    controls_by_chance: float = 0.0
    """Negative controls of the scan: how many, which alarmed, how many would by chance alone."""


@dataclass(frozen=True)
class BehindSignal:
    """One of the treatments behind a signal."""

    treatment_id: int
    treatment: str
    performed_on: date
    patient_id: int
    patient: str
    device: str
    operator: str


@dataclass(frozen=True)
class SignalCard:
    """A signal, what was done about it, what may be done next, and the treatments behind it."""

    signal: SignalRow
    steps: tuple[Step, ...]
    next_states: tuple[str, ...]
    treatments: tuple[BehindSignal, ...]
    timezone: str
    """IANA time zone of the clinic, for the steps."""
    shared_with: tuple[tuple[str, int], ...] = ()
    """Who or what else stands behind it, by name: operators of a device's treatments, devices of an operator's, and how
    many of ``treatments``. Operators are named to those alone who may compare them."""


def signals_of(actor: Actor) -> list[SignalRow]:
    """Signals of the actor's clinic (the system: of all), those of the newest look first. Raises NotAllowed."""
    require(actor, "signals.read")
    with reading() as session:
        return [_row(actor, signal, clinic) for signal, clinic in visible_signals(session, actor)]


def active_signals(actor: Actor) -> list[SignalRow]:
    """Signals that the newest look found and nobody has explained, surest first; patterns of the scan are left out.

    Raises NotAllowed.
    """
    return [row for row in signals_of(actor) if row.rank and row.kind != "scan" and row.state != "explained"]


def newest_look(actor: Actor) -> NewestLook | None:
    """When the data was looked over last; None if never. Raises NotAllowed."""
    require(actor, "signals.read")
    with reading() as session:
        run = signals.newest_run(session)
    if run is None:
        return None
    note = str(run.details.get("note", ""))
    controls = run.details.get("controls") or {}
    return NewestLook(
        run.as_of,
        run.cells_tested,
        run.expected_false_per_clinic_year,
        note,
        int(controls.get("tested", 0)),
        tuple(controls.get("alarmed", ())),
        float(controls.get("by_chance", 0.0)),
    )


def signal_card(actor: Actor, signal_id: int) -> SignalCard:
    """Everything about one signal. Raises NotAllowed, and NotFound for another clinic's."""
    require(actor, "signals.read")
    with reading() as session:
        found = next((pair for pair in visible_signals(session, actor) if pair[0].id == signal_id), None)
        if found is None:
            raise NotFound()
        row = _row(actor, *found)
        steps = tuple(
            Step(e.at, who, e.kind, e.happened_on, e.note, _measured(e))
            for e, who in signals.events(session, [signal_id])
        )
        behind = tuple(BehindSignal(*each) for each in signals.treatments(session, row.card.behind.treatments))
        clinic = access.clinic(session, found[0].clinic_id)
        timezone = clinic.timezone if clinic else "UTC"
    return SignalCard(row, steps, next_states(row.state), behind, timezone, _shared_with(actor, row, behind))


def _measured(step: SignalEvent) -> DidItHelp | None:
    return DidItHelp.from_json(step.details) if step.kind == "re_measured" else None


def _shared_with(actor: Actor, signal: SignalRow, behind: Sequence[BehindSignal]) -> tuple[tuple[str, int], ...]:
    if signal.unit_type == "operator":
        return tuple(sorted(Counter(each.device for each in behind).items()))
    if not may(actor, "operators.compare"):
        return ()
    return tuple(sorted(Counter(each.operator for each in behind).items()))


def _row(actor: Actor, signal: Signal, clinic: str) -> SignalRow:
    """A signal as the person may read it: another operator who could be behind it is named to the safety lead alone."""
    card = Card.from_json(signal.card)
    if not may(actor, "operators.compare"):
        card = replace(card, instead=tuple(said for said in card.instead if "operator" not in said.lower()))
    return SignalRow(
        id_of(signal),
        clinic,
        signal.kind,
        signal.unit_type,
        signal.unit_id,
        signal.symptom,
        signal.skin_group,
        signal.since,
        signal.first_flagged_on,
        signal.last_seen_on,
        signal.rank,
        signal.state,
        signal.version,
        card,
    )


def symptom_words(code: str) -> str:
    """``hyperpigmentation``; for several at once, ``several symptoms``."""
    return symptom(code).label.lower() if code in SYMPTOMS else "several symptoms"


def where(signal: SignalRow) -> str:
    """``Device CO2-2``."""
    return f"{signal.unit_type.replace('_', ' ').capitalize()} {signal.unit_id}"


def headline(signal: SignalRow) -> str:
    """What, where and for whom, in one line."""
    skin = f", skin types {signal.skin_group}" if signal.skin_group else ""
    about = "" if signal.kind == "settings" else f": {symptom_words(signal.symptom)}"
    return f"{signal.card.what}{about}. {where(signal)}{skin}"


def setting_words(detail: str) -> str:
    """``Density (coverage)`` for the setting that a signal's detail names; several together are *The strength*."""
    known = setting_fields().get(detail.rsplit(", ", 1)[0])
    return known.label if known else "The strength of the settings"


def numbers(card: Card) -> str:
    """Observed, expected and how sure; for settings, the shift."""
    found = card.numbers
    return _shift_words(found, card.detail) if isinstance(found, Shift) else _excess_words(found)


def _shift_words(found: Shift, detail: str) -> str:
    way = "stronger" if found.shift_sd > 0 else "gentler"
    return (
        f"{setting_words(detail)} is {abs(found.shift_sd):.1f} standard deviations {way} than before (95 % interval "
        f"{found.shift_lower:.1f} to {found.shift_upper:.1f}), over {found.treatments_since:.0f} treatments."
    )


def _excess_words(found: Excess) -> str:
    counted = f"{found.observed:.0f} observed, {found.expected:.1f} expected, {found.excess:.1f} in excess"
    if found.ratio is None:
        return f"{counted}."
    return (
        f"{counted}; {found.ratio:.1f} times the expected, case mix taken into account (95 % interval "
        f"{found.ratio_lower:.1f} to {found.ratio_upper:.1f})."
    )
