"""Signals: keep what a look over the data found, and what people do about it.

A signal that is found again is the same one: its numbers are renewed, its state and history stay.
"""

from datetime import date
from typing import Any

import numpy as np

from reporting import clock
from reporting.domain.actors import Actor
from reporting.domain.message_kinds import SIGNAL_RAISED
from reporting.domain.signal_work import (
    STATE_WORDS,
    WORDS_CHARACTERS,
    Card,
    DidItHelp,
    Finding,
    Look,
    next_states,
)
from reporting.domain.vocabulary import DARK, SKIN_GROUPS
from reporting.errors import Conflict, InvalidInput
from reporting.evidence.backtest import BeforeAfter, compare_before_after
from reporting.evidence.checks import NotEnoughData
from reporting.evidence.trials import expected_events
from reporting.records import access, audit, outbox, signals
from reporting.records.engine import Session, reading, transaction
from reporting.records.evidence_frames import EngineFrames, engine_frames
from reporting.records.tables import Signal, id_of
from reporting.security.permissions import require
from reporting.security.scope import own
from reporting.settings import settings
from reporting.shell.act_step import Work

SUBJECT = "A signal is waiting for review"
BODY = (
    "The evidence engine has raised a signal at your clinic.\n\n"
    "Open the signals: {link}\n\n"
    "This message says nothing about patients or staff on purpose."
)
TOLD = ("safety_lead", "administrator")
"""The first of these roles that the clinic has is told."""


def keep_look(*, by: Actor, look: Look) -> list[int]:
    """Write the findings of a look: new ones with an event, an audit row and a message to the safety lead, known
    ones renewed. The same look again changes nothing. Returns the ids of the new signals."""
    require(by, "signals.work")
    fresh: list[int] = []
    with transaction() as session:
        clinics = signals.clinic_ids(session)
        signals.unrank(session)
        for rank, found in enumerate(look.findings, start=1):
            signal, is_new = _keep(session, clinics[found.clinic], found, look.as_of)
            signal.rank = rank
            session.add(signal)
            session.flush()
            if is_new:
                fresh.append(id_of(signal))
                _raise(session, by, signal, found)
        signals.keep_run(session, look, clock.now())
        audit.write(
            session,
            by,
            "signals.run",
            "signal_run",
            look.as_of.isoformat(),
            findings=len(look.findings),
            new=len(fresh),
            cells_tested=look.cells_tested,
        )
    return fresh


def _keep(session: Session, clinic_id: int, found: Finding, as_of: date) -> tuple[Signal, bool]:
    known = signals.same_as(session, clinic_id, found)
    if known is None:
        code = ":".join(
            (
                found.kind,
                found.unit_type,
                found.unit_id,
                found.symptom,
                found.skin_group,
                found.first_flagged.isoformat(),
            )
        )
        return Signal(
            clinic_id=clinic_id,
            code=code[-200:],
            kind=found.kind,
            unit_type=found.unit_type,
            unit_id=found.unit_id,
            symptom=found.symptom,
            skin_group=found.skin_group,
            since=found.since,
            first_flagged_on=found.first_flagged,
            last_seen_on=found.last_flagged,
            card=found.card.to_json(),
        ), True
    known.first_flagged_on = min(known.first_flagged_on, found.first_flagged)
    if as_of >= (Card.from_json(known.card).as_of or as_of):
        known.since, known.card, known.symptom = found.since, found.card.to_json(), found.symptom
    if found.last_flagged > known.last_seen_on:
        known.last_seen_on = found.last_flagged
        signals.add_event(session, known, "raised", at=clock.now(), happened_on=found.last_flagged, again=True)
    return known, False


def _raise(session: Session, by: Actor, signal: Signal, found: Finding) -> None:
    signals.add_event(session, signal, "raised", at=clock.now(), happened_on=found.first_flagged)
    told = [] if found.kind == "scan" else _told(session, signal.clinic_id)
    link = f"{settings().base_url.rstrip('/')}/signals"
    for staff_id in told:
        outbox.add(
            session,
            clinic_id=signal.clinic_id,
            kind=SIGNAL_RAISED,
            staff_id=staff_id,
            key=f"{SIGNAL_RAISED.code}:{signal.id}:{staff_id}",
            payload={"subject": SUBJECT, "body": BODY.format(link=link)},
        )
    audit.write(
        session,
        by,
        "signal.raised",
        "signal",
        signal.id,
        clinic_id=signal.clinic_id,
        kind=found.kind,
        unit_type=found.unit_type,
        unit="" if found.unit_type == "operator" else found.unit_id,
        symptom=found.symptom,
        told=told,
    )


def _told(session: Session, clinic_id: int) -> list[int]:
    active = [a for a in access.accounts_of(session, clinic_id) if a.is_active and a.id is not None]
    for role in TOLD:
        if chosen := [id_of(a) for a in active if a.role == role]:
            return chosen
    return []


def _words(words: str) -> str:
    words = words.strip()
    if not 1 <= len(words) <= WORDS_CHARACTERS:
        raise InvalidInput(
            field="words", found=f"{len(words)} characters", allowed=f"1 to {WORDS_CHARACTERS} characters"
        )
    return words


def _changed_by(_session: Session, _signal: Signal) -> tuple[str, dict[str, Any]]:
    return "Somebody", {}


WORK = Work("signal", Signal, "signals.work", next_states, STATE_WORDS, signals.add_event, _changed_by)


def review(*, by: Actor, signal_id: int, version: int) -> int:
    """Take a signal up. Returns the new version. Raises NotFound, NotAllowed, Conflict."""
    return WORK.step(by, signal_id, version, "reviewing", to_state="reviewing")


def explain(*, by: Actor, signal_id: int, version: int, words: str) -> int:
    """Write down what it was, where nothing needs to be done. Raises InvalidInput beside what review raises."""
    return WORK.step(by, signal_id, version, "explained", to_state="explained", note=_words(words))


def take_action(*, by: Actor, signal_id: int, version: int, happened_on: date, words: str) -> int:
    """Write down what was changed and on which day; charts show the day from then on."""
    with reading() as session:
        clinic = access.clinic(session, by.clinic_key)
    if happened_on > clock.today(clinic.timezone if clinic else "UTC"):
        raise InvalidInput(field="happened_on", found=str(happened_on), allowed="a day up to today")
    return WORK.step(
        by, signal_id, version, "action_taken", to_state="action_taken", note=_words(words), happened_on=happened_on
    )


def re_measure(*, by: Actor, signal_id: int, version: int, as_of: date | None = None) -> BeforeAfter:
    """Did it help? Answers since the last action against those between the change and the signal, adjusted.

    Expectations are of the case mix before the change, so that the ratio is of like with like. What is found is
    kept with the signal. Raises NotEnoughData, NotFound, NotAllowed, Conflict.
    """
    with reading() as session:
        signal = own(session, Signal, signal_id, by, "signals.work")
        taken = [event for event, _ in signals.events(session, [signal_id]) if event.kind == "action_taken"]
        clinic = access.clinic(session, signal.clinic_id)
    if not taken or taken[-1].happened_on is None:
        raise Conflict(
            "No action is written down for this signal yet.", what_to_do="Write down first what was changed."
        )
    acted_on, until = taken[-1].happened_on, as_of or clock.today(clinic.timezone if clinic else "UTC")
    frames = engine_frames(until)
    if frames is None:
        raise NotEnoughData("There are no treatments up to that day.")
    found = before_and_after(frames, signal, acted_on)
    kept = DidItHelp(
        as_of=until,
        ratio=found.ratio,
        lower=found.lower,
        upper=found.upper,
        observed_before=found.observed_before,
        expected_before=found.expected_before,
        observed_after=found.observed_after,
        expected_after=found.expected_after,
        words=found.words,
    )
    details = kept.to_json()
    WORK.step(by, signal_id, version, "re_measured", lambda *_: details, to_state="re_measured", happened_on=until)
    return found


def before_and_after(frames: EngineFrames, signal: Signal, acted_on: date) -> BeforeAfter:
    """O/E of the unit's treatments since the action against those from the change up to it."""
    since = frames.day(signal.since or signal.first_flagged_on)
    action = frames.day(acted_on)
    mine = _treated_by(frames, signal)
    day = frames.areas["day"].to_numpy()
    before, after = mine & (day >= since) & (day < action), mine & (day >= action)
    watched = Card.from_json(signal.card).place.symptoms or (signal.symptom,)
    totals = [0.0, 0.0, 0.0, 0.0]
    for symptom in watched:
        try:
            table = expected_events(frames.areas, frames.answers, symptom)
        except NotEnoughData:
            continue
        for at, group in ((0, before), (2, after)):
            totals[at] += float(table.events[group].sum())
            totals[at + 1] += float(table.expected[group].sum())
    return compare_before_after(*totals)


def _treated_by(frames: EngineFrames, signal: Signal) -> Any:
    own = (frames.areas["clinic_id"] == signal.clinic_id).to_numpy()
    if signal.unit_type == "clinic":
        return own
    if signal.kind == "scan":
        return own & _same_device_and_skin(frames, signal)
    code = frames.areas[signal.unit_type].astype(str).str.split("/", n=1).str[1]
    return own & (code == signal.unit_id).to_numpy()


def _same_device_and_skin(frames: EngineFrames, signal: Signal) -> Any:
    """A pattern is of a device, a band of a setting and a skin group. After an action the band may stand empty: that
    is the action. So the device's patients of that skin group are followed, whatever their settings."""
    device = frames.areas["device"].cat
    codes = [str(name).partition("/")[2] for name in device.categories]
    wanted = [at for at, code in enumerate(codes) if signal.unit_id.startswith(f"{code}, ")]
    is_dark = frames.areas["fitzpatrick"].to_numpy() >= DARK
    return np.isin(device.codes.to_numpy(), wanted) & (is_dark == (signal.skin_group == SKIN_GROUPS[1]))
