"""Which day it is, is decided by the clinic's own clock: far east it is tomorrow already, far west still yesterday."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from reporting import clock
from reporting.cases.read_timeline import timeline
from reporting.cases.read_worklist import due_and_silent
from reporting.dashboards.read_overview import overview
from reporting.domain.actors import SYSTEM
from reporting.domain.course import due_days
from reporting.errors import InvalidInput, NothingToReplay
from reporting.records.engine import transaction
from reporting.records.evidence_frames import engine_frames
from reporting.records.outcome_frame import outcome_frame
from reporting.records.tables import Clinic, Signal, Treatment
from reporting.shell.read_scope import Filters, today
from reporting.signals.act_signals import take_action
from reporting.signals.read_backtest import backtest
from reporting.signals.read_cards import _masks
from reporting.signals.read_look import look
from tests.cast import House, house

pytestmark = pytest.mark.sqlite_first


@pytest.fixture
def clinic(database: str) -> House:
    return house("A")


def moved(clinic: House, zone: str, performed_on: date) -> None:
    """The clinic lies in ``zone``, and its treatment was on that day."""
    with transaction() as session:
        home, treatment = session.get_one(Clinic, clinic.clinic_id), session.get_one(Treatment, clinic.treatment_id)
        home.timezone, treatment.performed_on = zone, performed_on
        session.add_all([home, treatment])


@pytest.mark.parametrize(
    ("zone", "moment", "day"),
    [
        ("Asia/Kathmandu", "2026-03-10 18:10", "2026-03-10"),  # 23:55
        ("Asia/Kathmandu", "2026-03-10 18:20", "2026-03-11"),  # 00:05
        ("America/Sao_Paulo", "2026-03-11 02:30", "2026-03-10"),  # 23:30
        ("America/Sao_Paulo", "2026-03-11 03:30", "2026-03-11"),
        ("Pacific/Auckland", "2026-03-10 20:00", "2026-03-11"),  # nine in the morning
        ("Europe/Madrid", "2026-03-28 23:30", "2026-03-29"),  # the night in which the clocks go forward
        ("Europe/Madrid", "2026-10-25 22:30", "2026-10-25"),  # and the evening after they went back
    ],
)
def test_the_day_is_the_clinics(clinic: House, zone: str, moment: str, day: str) -> None:
    moved(clinic, zone, date(2026, 3, 1))
    at = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    with clock.fixed(at):
        assert today(clinic.staff["clinician"]) == overview(clinic.staff["clinician"], Filters()).today
        assert today(clinic.staff["clinician"]).isoformat() == day
        assert today(SYSTEM) == at.date()


@pytest.mark.parametrize("zone", ["Asia/Kathmandu", "America/Sao_Paulo", "Europe/London"])
def test_over_a_clock_change_each_day_counts_once(clinic: House, zone: str) -> None:
    """Due check-ins by day since the treatment, at two in the morning and at ten at night of each day."""
    first = date(2026, 3, 26)
    moved(clinic, zone, first)
    found = []
    for hours in range(0, 24 * 6, 4):
        with clock.fixed(datetime(2026, 3, 26, 0, 30, tzinfo=UTC) + timedelta(hours=hours)):
            by = clinic.staff["clinician"]
            line = timeline(by, clinic.patient_id).treatments[0]
            silent = due_and_silent(by)
            found.append((today(by), line.due))
            assert not silent or silent[0].recovery_day == (today(by) - first).days
    by_day = dict(found)
    assert all(due == by_day[day] for day, due in found), "within one day of the clinic nothing changes"
    assert list(by_day) == sorted(by_day)


@pytest.mark.parametrize(
    ("moment", "east", "west"),
    [
        ("2026-03-10 10:30", 2, 2),  # 23:30 and 00:30 of the same day
        ("2026-03-10 11:30", 3, 2),
        ("2026-03-11 09:30", 3, 2),  # in UTC it is day 3 everywhere
        ("2026-03-11 10:30", 3, 3),
    ],
)
def test_what_is_due_is_decided_by_each_clinics_own_day(clinic: House, moment: str, east: int, west: int) -> None:
    """In one frame with a clinic in Tonga (UTC+13) and one in Hawaii (UTC-10), both treated on the same day."""
    other = house("B")
    moved(clinic, "Pacific/Tongatapu", date(2026, 3, 8))
    moved(other, "Pacific/Honolulu", date(2026, 3, 8))
    with clock.fixed(datetime(2026, 3, 8, 12, tzinfo=UTC)):
        assert due_in_the_frame() == [1, 0]  # and the same process goes on until
    with clock.fixed(datetime.fromisoformat(moment).replace(tzinfo=UTC)):
        assert due_in_the_frame() == [come(east), come(west)]
        for home, age in ((clinic, east), (other, west)):
            assert overview(home.staff["clinician"], Filters()).rates["due_check_ins"].tolist()[0] == come(age)
        assert due_in_the_evidence(None) == [come(east), come(west)]
        assert due_in_the_evidence(date(2026, 3, 9)) == [1, 1]  # a day of each clinic's own calendar
        assert due_in_the_evidence(date(2030, 1, 1)) == [come(east), come(west)]


def test_a_day_that_has_come_nowhere_is_refused(database: str) -> None:
    house("A")
    with clock.fixed(datetime(2026, 3, 10, 9, tzinfo=UTC)):
        with pytest.raises(InvalidInput, match="a day up to today, 2026-03-10"):
            look(SYSTEM, date(2026, 3, 11))
        with pytest.raises(InvalidInput, match="a day up to today, 2026-03-10"):
            backtest(SYSTEM, date(2026, 3, 1), date(2030, 1, 1))
        with pytest.raises(NothingToReplay, match="no treatments up to 1990-01-01"):
            look(SYSTEM, date(1990, 1, 1))
    with clock.fixed(datetime(2026, 3, 10, 20, tzinfo=UTC)):
        assert look(SYSTEM, date(2026, 3, 11)).findings == ()  # it has begun in the east


def come(age: int) -> int:
    return sum(day <= age for day in due_days("ablative", date(2026, 3, 1)))


def due_in_the_frame() -> list[int]:
    frame = outcome_frame().sort_values("clinic_id")
    return [int(mask).bit_count() for mask in frame["due_mask"]]


def due_in_the_evidence(as_of: date | None) -> list[int]:
    frames = engine_frames(as_of)
    assert frames is not None
    due, _ = _masks(frames, np.ones(len(frames.areas), dtype=bool))
    return [int(mask).bit_count() for mask in due]


def test_what_was_changed_this_morning_can_be_written_down(clinic: House) -> None:
    """At nine in the morning in Auckland it is still yesterday in UTC."""
    moved(clinic, "Pacific/Auckland", date(2026, 3, 1))
    with transaction() as session:
        signal = Signal(
            clinic_id=clinic.clinic_id,
            code="x",
            kind="outcome",
            unit_type="device",
            unit_id="D1",
            symptom="burning",
            first_flagged_on=date(2026, 3, 1),
            last_seen_on=date(2026, 3, 1),
        )
        session.add(signal)
        session.flush()
        key = signal.id or 0
    lead = clinic.staff["safety_lead"]
    with clock.fixed(datetime(2026, 3, 10, 20, tzinfo=UTC)):
        with pytest.raises(InvalidInput):
            take_action(by=lead, signal_id=key, version=1, happened_on=date(2026, 3, 12), words="Less density")
        assert take_action(by=lead, signal_id=key, version=1, happened_on=date(2026, 3, 11), words="Less density") == 2
