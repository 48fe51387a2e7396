"""A look over simulated clinics: its negative controls, the doubling it could have seen, the courses of its cards."""

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from reporting.domain.actors import SYSTEM, Actor
from reporting.domain.signal_work import EventCourse, Excess, Look
from reporting.evidence import beside
from reporting.evidence.trials import AreaExpectation, expected_events
from reporting.records.engine import reading
from reporting.records.evidence_frames import EngineFrames, engine_frames
from reporting.records.signals import clinic_ids
from reporting.signals.act_signals import keep_look
from reporting.signals.read_look import SOONER_WEEKS, WEEKS, Controls, controls, doubling, look
from tests.benchmarks.evidence import fill
from tests.conftest import _use
from tools.simulation.clinics import simulate

SYMPTOMS = ("burning", "hyperpigmentation")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two clinics, one operator of which harms more from a known day on."""
    folder = tmp_path_factory.mktemp("looked")
    fill(folder, simulate(3, "op_technique", clinics=2, per_week=20.0))
    return folder


@pytest.fixture(scope="module")
def found(folder: Path) -> Iterator[Look]:
    _use(folder, "")
    made = look(SYSTEM, date(2024, 12, 30))
    keep_look(by=SYSTEM, look=made)
    yield made
    _use(folder, "")


@pytest.fixture(scope="module")
def frames(found: Look) -> EngineFrames:
    made = engine_frames(found.as_of)
    assert made is not None
    return made


@pytest.fixture(scope="module")
def tables(frames: EngineFrames) -> list[AreaExpectation]:
    return [expected_events(frames.areas, frames.check_ins, symptom) for symptom in SYMPTOMS]


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_look_in_several_processes_finds_the_same(folder: Path, found: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    forks: list[int] = []
    fork = os.fork

    def counted() -> int:
        forks.append(fork())
        return forks[-1]

    _use(folder, "")
    monkeypatch.setattr(beside, "LARGE", 0)
    monkeypatch.setattr(beside, "_is_single", lambda: True)
    monkeypatch.setattr(os, "fork", counted)
    again = look(SYSTEM, found.as_of)
    assert len(forks) == 4
    assert again.findings == found.findings
    assert {**again.details, "phases": 0} == {**found.details, "phases": 0}


def test_the_controls_alarm_no_more_often_than_the_rate_says(
    frames: EngineFrames, tables: list[AreaExpectation]
) -> None:
    """Chance alone, redrawn: with true expectations one control in ten or fewer alarms (here 240 of them)."""
    rng = np.random.default_rng(5)
    alarmed = tested = 0
    for seed in range(20):
        redrawn = [replace(t, events=rng.poisson(t.expected).astype(float)) for t in tables]
        made = controls(frames, redrawn, seed)
        alarmed, tested = alarmed + len(made.alarmed), tested + made.tested
    assert tested == 240
    assert alarmed / tested <= 0.10 + 2 * np.sqrt(0.1 * 0.9 / tested)
    assert made.by_chance == pytest.approx(1.2)


def test_a_control_alarms_when_the_expectation_does_not_fit(
    frames: EngineFrames, tables: list[AreaExpectation]
) -> None:
    weekday = (frames.areas["day"].to_numpy() + frames.start.toordinal()) % 7 == 0
    crooked = [replace(t, expected=np.where(weekday, t.expected / 3, t.expected)) for t in tables]
    assert "weekday of the treatment" in controls(frames, crooked).alarmed
    assert controls(frames, []) == Controls(0, (), 0.0)


def test_the_controls_are_in_the_record_of_the_run(found: Look) -> None:
    kept = found.details["controls"]
    assert kept["tested"] == 12
    assert len(kept["alarmed"]) <= 4


def lead(code: str) -> Actor:
    with reading() as session:
        return Actor(kind="staff", id=1, clinic_id=clinic_ids(session)[code], role="safety_lead", label="x")


def test_a_doubling_has_a_chance_for_every_unit_of_the_own_clinic(found: Look, frames: EngineFrames) -> None:
    mine = doubling(lead("N1"), "burning")
    assert mine is not None
    areas = frames.areas[frames.areas["clinic"] == "N1"]
    wanted = {f"N1/{unit}" for unit in (c.unit for c in mine.chances if c.unit_type != "clinic")}
    assert wanted == set(areas["operator"].astype(str)) | set(areas["device"].astype(str))
    assert all(0 <= c.within_3_months <= c.within_6_months <= 1 for c in mine.chances)
    by_volume = sorted(mine.chances, key=lambda c: c.expected)
    assert all(a.within_6_months <= b.within_6_months for a, b in pairwise(by_volume))
    assert by_volume[-1].unit == "N1"
    everyone = doubling(SYSTEM, "burning")
    assert everyone is not None
    assert len(everyone.chances) > len(mine.chances)
    assert (SOONER_WEEKS, WEEKS) == (13, 26)


def test_operators_are_not_shown_to_their_colleagues(found: Look) -> None:
    shown = doubling(replace(lead("N1"), role="clinician"), "burning")
    assert shown is not None
    assert {c.unit_type for c in shown.chances} == {"device", "clinic"}


def test_an_unwatched_symptom_has_no_answer(found: Look) -> None:
    assert doubling(SYSTEM, "infection") is None


def test_the_course_of_a_card_adds_up_to_its_numbers(found: Look) -> None:
    outcomes = [each for each in found.findings if each.kind == "outcome"]
    assert outcomes
    for each in outcomes:
        card, course = each.card, each.card.course
        assert isinstance(course, EventCourse)
        assert isinstance(card.numbers, Excess)
        assert card.since
        assert card.last_flagged
        use = np.array([card.since <= week <= card.last_flagged for week in course.weeks])
        assert np.array(course.observed)[use].sum() == card.numbers.observed
        assert np.array(course.expected)[use].sum() == pytest.approx(card.numbers.expected, rel=0.01)
