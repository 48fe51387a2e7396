"""Whatever is sent, corrected, taken back and put back in whatever order: one version counts, none is lost."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import delete, select

from reporting import clock
from reporting.demo.recent import answers_for
from reporting.domain.actors import Actor
from reporting.domain.corrections import REASONS
from reporting.domain.vocabulary import SYMPTOMS
from reporting.errors import Conflict
from reporting.patient.act_check_ins import submit_check_in
from reporting.patient.act_corrections import correct_check_in, restore_check_in, withdraw_check_in
from reporting.patient.read_check_in import past_check_ins
from reporting.records import check_ins, outcomes
from reporting.records.engine import reading, transaction
from reporting.records.tables import CaseEvent, CheckIn, TriageCase
from reporting.records.trail.verify import verify
from tests.cast import House, house

pytestmark = pytest.mark.sqlite_first

START = datetime(2026, 3, 8, 9, tzinfo=UTC)
GRADES = st.integers(1, 4).flatmap(lambda worst: st.tuples(st.integers(0, worst), st.just(worst)))
REPORTS = st.dictionaries(st.sampled_from(SYMPTOMS), GRADES, max_size=3)
"""Symptom to how it is now and the worst since the last answer."""
Had = dict[str, tuple[int, int]]
ANY = st.integers(0, 30)


def wanted(had: Had) -> dict[str, Any]:
    if not had:
        return {"symptoms": ["none"]}
    return {"symptoms": sorted(had)} | {f"severity_{code}": f"{now}/{worst}" for code, (now, worst) in had.items()}


class Changes(RuleBasedStateMachine):
    """Remembers what should be true beside the real actions."""

    clinic: House

    def __init__(self) -> None:
        super().__init__()
        self.days = 0
        self.values: dict[int, Had] = {}
        """Every version ever written, as it was written."""
        self.newest: dict[int, int] = {}
        """First check-in of a chain to its newest version."""
        self.withdrawn: set[int] = set()

    @property
    def by(self) -> Actor:
        return self.clinic.patient

    def answers(self, had: Had, check_in_id: int | None = None) -> Any:
        with reading() as session:
            about = check_ins.subject(session, self.clinic.treatment_id)
            assert about is not None
            if check_in_id is None:
                return answers_for(check_ins.context(session, about, clock.now()), wanted(had))
            row = session.get_one(CheckIn, check_in_id)
            return answers_for(check_ins.as_it_was(session, about, row)[0], wanted(had))

    def at(self) -> Any:
        return clock.fixed(START + timedelta(days=self.days, minutes=len(self.values)))

    @rule(had=REPORTS, later=st.integers(0, 9))
    def send(self, had: Had, later: int) -> None:
        self.days += later
        with self.at():
            sent = submit_check_in(
                by=self.by,
                treatment_id=self.clinic.treatment_id,
                answers=self.answers(had),
                submission_key=f"s{len(self.values)}",
            )
        self.values[sent.check_in_id] = had
        self.newest[sent.check_in_id] = sent.check_in_id

    def pick(self, which: int) -> tuple[int, int]:
        first = sorted(self.newest)[which % len(self.newest)]
        return first, self.newest[first]

    @precondition(lambda self: self.newest)
    @rule(which=ANY, had=REPORTS, reason=st.sampled_from(REASONS), again=st.booleans())
    def correct(self, which: int, had: Had, reason: str, again: bool) -> None:
        first, newest = self.pick(which)
        key, answers = f"c{len(self.values)}", self.answers(had, newest)

        def change() -> int:
            with self.at():
                return correct_check_in(
                    by=self.by, check_in_id=newest, answers=answers, reason=reason, submission_key=key
                ).check_in_id

        if newest in self.withdrawn:
            with pytest.raises(Conflict):
                change()
            return
        fresh = change()
        if again:
            assert change() == fresh
        self.values[fresh], self.newest[first] = had, fresh

    @precondition(lambda self: self.newest)
    @rule(which=ANY, reason=st.sampled_from(REASONS))
    def withdraw(self, which: int, reason: str) -> None:
        _, newest = self.pick(which)
        with self.at():
            withdraw_check_in(by=self.by, check_in_id=newest, reason=reason)
        self.withdrawn.add(newest)

    @precondition(lambda self: self.newest)
    @rule(which=ANY)
    def restore(self, which: int) -> None:
        _, newest = self.pick(which)
        with self.at():
            restore_check_in(by=self.by, check_in_id=newest)
        self.withdrawn.discard(newest)

    @precondition(lambda self: len(self.values) > len(self.newest))
    @rule(which=ANY)
    def an_older_version_stays_as_it_is(self, which: int) -> None:
        older = sorted(set(self.values) - set(self.newest.values()))
        for change in (
            lambda one: withdraw_check_in(by=self.by, check_in_id=one, reason="mistake"),
            lambda one: restore_check_in(by=self.by, check_in_id=one),
        ):
            with pytest.raises(Conflict):
                change(older[which % len(older)])

    @invariant()
    def one_version_of_each_counts_and_all_are_kept(self) -> None:
        with reading() as session:
            rows = list(session.execute(select(CheckIn)).scalars())
            answered = check_ins.answered(session, self.clinic.treatment_id)
            assert outcomes.compare(session) == []
        kept = {
            row.id: {code: (getattr(row, f"now_{code}"), worst) for code in SYMPTOMS if (worst := getattr(row, code))}
            for row in rows
        }
        assert kept == self.values
        counts = {row.id for row in rows if row.replaced_at is None}
        assert counts == set(self.newest.values()) - self.withdrawn
        shown = past_check_ins(answered, ())
        assert sorted(one.check_in_id for one in shown) == sorted(self.newest.values())
        assert sum(1 + len(one.earlier) for one in shown) == len(self.values)
        moments = [row.answered_at for row in answered]
        assert moments == sorted(moments), "a correction stands where the first answer stood"  # type: ignore[type-var]


@pytest.fixture
def machine(database: str) -> Iterator[type[Changes]]:
    clinic = house("A")

    class OfThisClinic(Changes):
        def __init__(self) -> None:
            with transaction() as session:
                for table in (CaseEvent, TriageCase, CheckIn):
                    session.execute(delete(table))
                outcomes.recompute(session, [clinic.treatment_id])
            super().__init__()

    OfThisClinic.clinic = clinic
    yield OfThisClinic
    assert verify().ok


@pytest.mark.parametrize("histories", [5, pytest.param(40, marks=[pytest.mark.thorough, pytest.mark.timeout(900)])])
def test_one_version_counts_and_none_is_lost(machine: type[Changes], histories: int) -> None:
    run_state_machine_as_test(
        machine,
        settings=hypothesis_settings(
            max_examples=histories,
            stateful_step_count=12,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
