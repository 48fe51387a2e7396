"""Which reminder is due: days, hours and limits by the clock on the patient's wall."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting.domain.course import due_days
from reporting.domain.reminders import (
    LATE_DAYS,
    Course,
    Due,
    Person,
    Written,
    days_that_may_be_due,
    due_reminder,
    is_quiet,
    next_opening,
    within_limits,
)

ZONES = ["Europe/Madrid", "Pacific/Kiritimati", "Pacific/Pago_Pago", "America/New_York", "Asia/Kathmandu"]
FAR = datetime(2030, 1, 1, tzinfo=UTC)


def course(day: date, key: int = 1, kind: str = "ablative", **other: object) -> Course:
    return Course(key, kind, day, FAR, **other)  # type: ignore[arg-type]


def person(
    *courses: Course, zone: str = "Europe/Madrid", channels: tuple[str, ...] = ("email",), **other: object
) -> Person:
    return Person(7, 3, zone, "08:00", "20:00", channels, courses, **other)  # type: ignore[arg-type]


def at(text: str, zone: str = "Europe/Madrid") -> datetime:
    """A moment by the clock on the wall there."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def due_day(who: Person, moment: datetime) -> int | None:
    due = due_reminder(who, moment)
    return due.due_day if due else None


def test_the_first_reminder_comes_on_the_morning_of_day_one() -> None:
    who = person(course(date(2026, 3, 9)))
    assert due_reminder(who, at("2026-03-09T12:00")) is None
    assert due_reminder(who, at("2026-03-10T07:59")) is None
    due = due_reminder(who, at("2026-03-10T08:00"))
    assert due == Due(7, 3, 1, 1, date(2026, 3, 10), "email")
    assert due.key == "reminder:7:1:1:email"
    assert due_day(who, at("2026-03-10T19:59")) == 1
    assert due_reminder(who, at("2026-03-10T20:00")) is None


@pytest.mark.parametrize(
    ("zone", "first_utc"),
    [
        ("Pacific/Kiritimati", "2026-03-09T18:00"),  # UTC+14: the day begins there first
        ("Pacific/Pago_Pago", "2026-03-10T19:00"),  # UTC-11: and there last
        ("Asia/Kathmandu", "2026-03-10T02:15"),  # UTC+5:45
        ("UTC", "2026-03-10T08:00"),
    ],
)
def test_the_day_is_the_patients_own(zone: str, first_utc: str) -> None:
    who, opening = person(course(date(2026, 3, 9)), zone=zone), at(first_utc, "UTC")
    assert due_reminder(who, opening - timedelta(minutes=1)) is None
    assert due_day(who, opening) == 1
    assert date(2026, 3, 9) in days_that_may_be_due(opening)


@pytest.mark.parametrize(
    ("day", "before_utc", "opens_utc", "closes_utc"),
    [
        (date(2026, 3, 28), "2026-03-28T07:00", "2026-03-29T06:00", "2026-03-29T18:00"),  # an hour is lost
        (date(2026, 10, 24), "2026-10-24T06:00", "2026-10-25T07:00", "2026-10-25T19:00"),  # an hour comes twice
    ],
)
def test_hours_follow_the_wall_clock_over_both_changes_of_time(
    day: date, before_utc: str, opens_utc: str, closes_utc: str
) -> None:
    who, opens, closes = person(course(day)), at(opens_utc, "UTC"), at(closes_utc, "UTC")
    assert not is_quiet("08:00", "20:00", who.timezone, at(before_utc, "UTC"))
    assert due_reminder(who, opens - timedelta(seconds=1)) is None
    assert due_day(who, opens) == due_day(who, closes - timedelta(seconds=1)) == 1
    assert due_reminder(who, closes) is None
    assert next_opening("08:00", "20:00", who.timezone, opens - timedelta(hours=5)) == opens


def test_an_opening_that_the_clock_skips_comes_right_after() -> None:
    opening = next_opening("02:30", "20:00", "Europe/Madrid", at("2026-03-29T00:30", "UTC"))
    assert not is_quiet("02:30", "20:00", "Europe/Madrid", opening)
    assert opening <= at("2026-03-29T01:30", "UTC")


def test_a_leap_day_counts() -> None:
    who = person(course(date(2028, 2, 28)))
    assert due_day(who, at("2028-02-29T09:00")) == 1
    assert due_day(who, at("2028-03-01T09:00")) == 2
    assert due_day(person(course(date(2027, 2, 28))), at("2027-03-01T09:00")) == 1


def test_none_for_what_is_answered_already() -> None:
    day, moment = date(2026, 3, 7), at("2026-03-10T09:00")
    assert due_day(person(course(day)), moment) == 3
    assert due_day(person(course(day, answered_day=2)), moment) == 3
    assert due_reminder(person(course(day, answered_day=3)), moment) is None
    assert due_day(person(course(day, answered_at=at("2026-03-09T23:59"))), moment) == 3
    assert due_reminder(person(course(day, answered_at=at("2026-03-10T00:01"))), moment) is None


def test_the_answer_of_one_far_east_counts_for_their_own_day() -> None:
    """In Kiritimati it is day 3 already while the clinic in Madrid still writes day 2."""
    zone = "Pacific/Kiritimati"
    answered = course(date(2026, 3, 7), answered_day=2, answered_at=at("2026-03-10T08:30", zone))
    assert due_reminder(person(answered, zone=zone), at("2026-03-10T09:00", zone)) is None


def test_none_without_consent_link_or_standing() -> None:
    here, moment = course(date(2026, 3, 7)), at("2026-03-10T09:00")
    assert due_day(person(here), moment) == 3
    assert due_reminder(person(here, channels=()), moment) is None
    assert due_reminder(person(here, may_be_written_to=False), moment) is None
    assert due_reminder(person(replace(here, link_until=None)), moment) is None
    assert due_reminder(person(replace(here, link_until=moment)), moment) is None
    assert due_reminder(person(replace(here, procedure_class="unknown")), moment) is None


def test_late_by_two_days_at_most() -> None:
    who = person(course(date(2026, 3, 1)))  # day 10 is the 11th, day 14 the 15th
    assert [due_day(who, at(f"2026-03-{day}T09:00")) for day in (11, 12, 13, 14, 15)] == [10, 10, 10, None, 14]


def written(day: int, when: str, status: str = "sent", channel: str = "email", treatment: int = 1) -> Written:
    return Written(treatment, day, channel, status, at(when))


def test_one_a_day_over_all_treatments_the_fresher_one_first() -> None:
    fresh, old = course(date(2026, 3, 7), key=2), course(date(2026, 2, 28), key=1)  # days 3 and 10
    due = due_reminder(person(old, fresh), at("2026-03-10T09:00"))
    assert due is not None
    assert (due.treatment_id, due.due_day) == (2, 3)
    sent = written(3, "2026-03-10T09:00", treatment=2)
    assert due_reminder(person(old, fresh, written=(sent,)), at("2026-03-10T18:00")) is None
    # The next day nothing of the fresher one is due, so the older one gets its turn.
    late = due_reminder(person(old, fresh, written=(sent,)), at("2026-03-11T09:00"))
    assert late is not None
    assert (late.treatment_id, late.due_day) == (1, 10)


def test_a_day_is_reminded_of_once() -> None:
    here = course(date(2026, 3, 1))
    for status in ("waiting", "sending", "sent", "unsure", "cancelled"):
        who = person(here, written=(written(10, "2026-03-11T09:00", status),))
        assert due_reminder(who, at("2026-03-12T09:00")) is None, status


def test_a_dead_message_falls_back_to_the_other_channel_once() -> None:
    here, dead = course(date(2026, 3, 1)), written(10, "2026-03-11T09:00", "dead", "sms")
    both = person(here, channels=("email", "sms"))
    assert due_reminder(both, at("2026-03-11T09:00")).channel == "sms"  # type: ignore[union-attr]
    assert due_reminder(replace(both, written=(dead,)), at("2026-03-11T09:05")).channel == "email"  # type: ignore[union-attr]
    neither = replace(both, written=(dead, written(10, "2026-03-11T09:05", "dead", "email")))
    assert due_reminder(neither, at("2026-03-11T09:10")) is None
    assert due_reminder(person(here, channels=("sms",), written=(dead,)), at("2026-03-11T09:10")) is None


def test_three_in_seven_days_after_day_seven() -> None:
    today = date(2026, 3, 20)
    week = [today - timedelta(days=shift) for shift in (1, 3, 6)]
    assert not within_limits(14, week, today)
    assert within_limits(7, week, today)
    assert within_limits(14, [*week[:2], today - timedelta(days=7)], today)
    assert not within_limits(1, [today], today)


@given(
    days=st.lists(st.integers(0, 60), min_size=1, max_size=3),
    zone=st.sampled_from(ZONES),
    start=st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)),
    step=st.integers(20, 400),
)
def test_whatever_happens_the_limits_hold(days: list[int], zone: str, start: datetime, step: int) -> None:
    """A planner that runs at odd times for weeks never writes at night, twice a day or a fourth in a late week."""
    begin = start.date()
    who = person(*(course(begin - timedelta(days=day), key=key) for key, day in enumerate(days)), zone=zone)
    moment, sent = start.replace(tzinfo=UTC), []
    for _ in range(120):
        moment += timedelta(minutes=step)
        due = due_reminder(who, moment)
        if due is None:
            continue
        here = moment.astimezone(ZoneInfo(zone))
        elapsed = (here.date() - next(c.performed_on for c in who.courses if c.treatment_id == due.treatment_id)).days
        assert 8 <= here.hour < 20
        assert due.due_day in due_days("ablative")
        assert 0 <= elapsed - due.due_day <= LATE_DAYS
        assert here.date() not in [day for day, _ in sent]
        sent.append((here.date(), due.due_day))
        if due.due_day > 7:
            assert sum(here.date() - day < timedelta(days=7) for day, _ in sent) <= 3
        who = replace(who, written=(*who.written, Written(due.treatment_id, due.due_day, "email", "sent", moment)))
    assert len({(w.treatment_id, w.due_day) for w in who.written}) == len(who.written)


def test_the_evening_of_the_treatment_is_asked_from_six_by_the_clock_on_the_wall() -> None:
    evening = course(date(2026, 12, 7), kind="ipl")
    for zone in ZONES:
        who = person(evening, zone=zone)
        assert due_reminder(who, at("2026-12-07T17:59", zone)) is None
        assert due_day(who, at("2026-12-07T18:00", zone)) == 0
        assert due_day(who, at("2026-12-08T08:00", zone)) == 1
    answered = person(course(date(2026, 12, 7), kind="ipl", answered_day=0))
    assert due_reminder(answered, at("2026-12-07T18:00")) is None
    assert due_day(answered, at("2026-12-08T08:00")) == 1


def test_days_that_were_added_hold_for_later_treatments_only() -> None:
    assert 0 not in due_days("ablative", date(2026, 11, 30))
    assert {0, 365} <= set(due_days("ablative", date(2026, 12, 1)))
    before = course(date(2026, 11, 30), kind="ablative")
    assert due_reminder(person(before), at("2026-11-30T19:00")) is None
