"""Signals are kept once, told once, worked on step by step, and measured again."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from reporting.domain.actors import SYSTEM
from reporting.domain.signal_work import Card, Excess, Finding, Look, Place
from reporting.errors import Conflict, InvalidInput, NotAllowed, NotFound
from reporting.evidence.checks import NotEnoughData
from reporting.records.engine import reading
from reporting.records.evidence_frames import engine_frames
from reporting.records.tables import OutboxMessage, Signal, SignalEvent, SignalRun
from reporting.shell.read_marks import action_days
from reporting.signals.act_signals import before_and_after, explain, keep_look, re_measure, review, take_action
from reporting.signals.read_signals import signal_card, signals_of
from tests.accounts import trail
from tests.benchmarks.evidence import fill
from tests.cast import House, house
from tests.conftest import _use
from tools.simulation.clinics import simulate

pytestmark = [pytest.mark.sqlite_first, pytest.mark.usefixtures("stopped_clock")]
DAY = date(2026, 3, 2)


def card(as_of: date = date(2026, 3, 9), observed: float = 7.0, symptoms: tuple[str, ...] = ("burning",)) -> Card:
    return Card("outcome", Excess(observed, 3.0, 2.3, 1.1, 4.0), Place(symptoms=symptoms), as_of=as_of)


def finding(clinic: str = "A", unit: str = "O1", *, flagged: date = DAY, last: date | None = None, **more) -> Finding:
    values = {
        "clinic": clinic,
        "kind": "outcome",
        "unit_type": "operator",
        "unit_id": unit,
        "symptom": "burning",
        "skin_group": "",
        "since": flagged - timedelta(days=40),
        "first_flagged": flagged,
        "last_flagged": last or flagged,
        "card": card(),
    } | more
    return Finding(**values)


def look(*findings: Finding, as_of: date = date(2026, 3, 9)) -> Look:
    return Look(as_of, findings, 120, 0.5, 1.0)


def rows(table: type) -> list:
    with reading() as session:
        return list(session.exec(select(table).order_by(table.id)).all())


@pytest.fixture
def clinic(database: str) -> House:
    return house("A")


def test_a_new_signal_is_kept_told_and_audited(clinic: House) -> None:
    [new] = keep_look(by=SYSTEM, look=look(finding()))
    [signal] = rows(Signal)
    assert (signal.id, signal.state, signal.rank, signal.first_flagged_on) == (new, "new", 1, DAY)
    assert [event.kind for event in rows(SignalEvent)] == ["raised"]
    [message] = rows(OutboxMessage)
    lead = clinic.staff["safety_lead"]
    assert (message.channel, message.kind, message.staff_id) == ("email", "signal_raised", lead.id)
    assert message.idempotency_key == f"signal_raised:{new}:{lead.id}"
    spelled = str(message.payload)
    assert "burning" not in spelled
    assert "O1" not in spelled
    assert "/signals" in spelled
    assert [action for action, _, _ in trail("signal")] == ["signal.raised", "signals.run"]


def test_the_same_look_again_changes_nothing(clinic: House) -> None:
    keep_look(by=SYSTEM, look=look(finding()))
    before = [row.model_dump() for row in rows(Signal)]
    assert keep_look(by=SYSTEM, look=look(finding())) == []
    assert [row.model_dump() for row in rows(Signal)] == before
    assert len(rows(SignalEvent)) == len(rows(OutboxMessage)) == len(rows(SignalRun)) == 1


def test_the_next_look_renews_the_numbers_and_keeps_the_state(clinic: House) -> None:
    [key] = keep_look(by=SYSTEM, look=look(finding()))
    review(by=clinic.staff["safety_lead"], signal_id=key, version=1)
    later = DAY + timedelta(days=70)
    newer = finding(flagged=DAY + timedelta(days=1), last=later, card=card(date(2026, 5, 20), observed=9.0))
    assert keep_look(by=SYSTEM, look=look(newer, as_of=date(2026, 5, 20))) == []
    [signal] = rows(Signal)
    assert (signal.state, signal.first_flagged_on, signal.last_seen_on) == ("reviewing", DAY, later)
    assert signal.card["observed"] == 9.0
    assert [event.kind for event in rows(SignalEvent)] == ["raised", "reviewing", "raised"]
    assert len(rows(OutboxMessage)) == 1


def test_an_older_look_never_overwrites_newer_numbers(clinic: House) -> None:
    keep_look(by=SYSTEM, look=look(finding(card=card(observed=9.0))))
    older = finding(flagged=DAY - timedelta(days=7), card=card(date(2026, 2, 23), observed=5.0))
    keep_look(by=SYSTEM, look=look(older, as_of=date(2026, 2, 23)))
    [signal] = rows(Signal)
    assert signal.card["observed"] == 9.0
    assert signal.first_flagged_on == DAY - timedelta(days=7)


def test_another_unit_kind_or_time_is_another_signal(clinic: House) -> None:
    much_later = DAY + timedelta(days=300)
    found = look(
        finding(),
        finding(unit="O2"),
        finding(kind="settings"),
        finding(flagged=much_later, last=much_later),
    )
    assert len(keep_look(by=SYSTEM, look=found)) == 4
    assert len({row.code for row in rows(Signal)}) == 4


def test_a_pattern_of_the_scan_is_kept_and_tells_nobody(clinic: House) -> None:
    keep_look(by=SYSTEM, look=look(finding(kind="scan", unit_type="setting_band", unit="D1, density 20 and more")))
    assert len(rows(Signal)) == 1
    assert rows(OutboxMessage) == []


def test_what_is_not_found_any_more_goes_to_the_end_of_the_list(clinic: House) -> None:
    keep_look(by=SYSTEM, look=look(finding(), finding(unit="O2")))
    keep_look(by=SYSTEM, look=look(finding(unit="O2"), as_of=date(2026, 3, 16)))
    assert [(row.unit_id, row.rank) for row in signals_of(SYSTEM)] == [("O2", 1), ("O1", 0)]


def test_a_signal_is_worked_on_step_by_step(clinic: House) -> None:
    lead = clinic.staff["safety_lead"]
    [key] = keep_look(by=SYSTEM, look=look(finding()))
    version = review(by=lead, signal_id=key, version=1)
    with pytest.raises(Conflict, match="Being reviewed"):
        explain(by=lead, signal_id=key, version=1, words="late")
    with pytest.raises(InvalidInput):
        explain(by=lead, signal_id=key, version=version, words="  ")
    with pytest.raises(InvalidInput, match="up to today"):
        take_action(by=lead, signal_id=key, version=version, happened_on=date(2026, 3, 11), words="Less density")
    version = take_action(by=lead, signal_id=key, version=version, happened_on=date(2026, 3, 10), words="Less density")
    with pytest.raises(Conflict, match="cannot be the next step"):
        review(by=lead, signal_id=key, version=version)
    card = signal_card(lead, key)
    assert [(step.kind, step.who) for step in card.steps] == [
        ("raised", ""),
        ("reviewing", lead.label),
        ("action_taken", lead.label),
    ]
    assert card.next_states == ("action_taken", "re_measured", "explained")
    assert action_days(lead) == [(date(2026, 3, 10), "Less density")]
    assert [action for action, _, _ in trail("signal.")] == ["signal.raised", "signal.reviewing", "signal.action_taken"]


def test_only_those_who_may_and_only_their_own_clinic(clinic: House) -> None:
    other = house("B")
    [key] = keep_look(by=SYSTEM, look=look(finding()))
    with pytest.raises(NotAllowed):
        review(by=clinic.staff["clinician"], signal_id=key, version=1)
    with pytest.raises(NotFound):
        review(by=other.staff["safety_lead"], signal_id=key, version=1)
    with pytest.raises(NotFound):
        signal_card(other.staff["safety_lead"], key)
    with pytest.raises(NotAllowed):
        signals_of(clinic.staff["front_desk"])
    with pytest.raises(NotAllowed):
        keep_look(by=clinic.staff["clinician"], look=look(finding()))
    assert signals_of(other.staff["clinician"]) == []
    assert [row.id for row in signals_of(clinic.staff["safety_lead"])] == [key]


def test_measuring_again_needs_an_action_and_answers(clinic: House) -> None:
    lead = clinic.staff["safety_lead"]
    [key] = keep_look(by=SYSTEM, look=look(finding()))
    with pytest.raises(Conflict, match="No action"):
        re_measure(by=lead, signal_id=key, version=1)
    version = take_action(by=lead, signal_id=key, version=1, happened_on=date(2026, 3, 8), words="Less density")
    with pytest.raises(NotEnoughData):
        re_measure(by=lead, signal_id=key, version=version)
    assert signal_card(lead, key).signal.state == "action_taken"


@pytest.fixture(scope="module")
def harmed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database in which one operator's odds of harm rise 2.5 times at a known day."""
    folder = tmp_path_factory.mktemp("harmed")
    fill(folder, simulate(3, "op_technique", clinics=2, per_week=25.0))
    return folder


@pytest.fixture
def harmed_database(harmed: Path) -> Iterator[None]:
    _use(harmed, "")
    yield
    _use(harmed, "")


def test_measuring_again_tells_what_changed_with_an_interval(harmed_database: None) -> None:
    truth = simulate(3, "op_technique", clinics=2, per_week=25.0).truth
    unit, changed = truth["injections"][0]["unit_id"], date.fromisoformat(truth["injections"][0]["t0"])
    code = unit.split("-")[0]
    made = finding(
        code,
        unit,
        flagged=changed,
        since=changed - timedelta(days=300),
        card=card(date(2024, 12, 30), symptoms=("burning", "hyperpigmentation")),
    )
    [key] = keep_look(by=SYSTEM, look=look(made, as_of=date(2024, 12, 30)))
    version = take_action(by=SYSTEM, signal_id=key, version=1, happened_on=changed, words="New technique")
    found = re_measure(by=SYSTEM, signal_id=key, version=version, as_of=date(2024, 12, 30))
    assert found.ratio is not None
    assert found.lower > 1
    assert found.words.startswith("It got worse")
    step = signal_card(SYSTEM, key).steps[-1]
    assert step.kind == "re_measured"
    assert step.measured is not None
    assert step.measured.ratio == found.ratio
    assert step.measured.words == found.words
    harmless = replace(found, upper=0.8)
    assert harmless.words.startswith("It helped")


def test_a_pattern_is_measured_on_new_treatments_of_its_device_and_skin_group(harmed_database: None) -> None:
    """The treatments behind the pattern are all older than the action; those after it are what tells."""
    frames = engine_frames(date(2024, 12, 30))
    assert frames is not None
    first = frames.areas.iloc[0]
    clinic_id, device = int(first["clinic_id"]), str(first["device"]).split("/", 1)[1]
    acted_on = date(2024, 3, 1)

    def measured(kind: str, unit_type: str, unit: str, skin: str) -> tuple[float, float]:
        signal = Signal(
            clinic_id=clinic_id,
            code=unit,
            kind=kind,
            unit_type=unit_type,
            unit_id=unit,
            symptom="burning",
            skin_group=skin,
            since=date(2023, 6, 1),
            first_flagged_on=acted_on,
            last_seen_on=acted_on,
            card=card(symptoms=("burning", "hyperpigmentation")).to_json(),
        )
        found = before_and_after(frames, signal, acted_on)
        return found.observed_after, found.expected_after

    whole = measured("outcome", "device", device, "")
    groups = [measured("scan", "setting_band", f"{device}, density 20 and more", skin) for skin in ("I-III", "IV-VI")]
    assert min(events for events, _ in groups) > 0
    assert tuple(map(sum, zip(*groups, strict=True))) == pytest.approx(whole)
