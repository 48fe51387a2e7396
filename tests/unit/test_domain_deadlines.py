"""Deadlines of cases: in opening hours, around the clock, over weekends and clock changes, never past the ceiling."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting.domain.case_work import case_level, clocks, deadline, promised
from reporting.domain.content_rows import CASE_LEVELS
from reporting.domain.opening_hours import OpenTimes

WEEK = {day: ["08:00", "12:00", "13:00", "18:00"] for day in ("mon", "tue", "wed", "thu", "fri")}
LONDON = "Europe/London"


def at(text: str, zone: str = LONDON) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("level", "raised", "due"),
    [
        ("emergency", "2026-03-14 23:30", "2026-03-15 00:30"),  # a Saturday night: nobody waits for Monday
        ("same_day", "2026-03-10 09:00", "2026-03-10 11:00"),
        ("same_day", "2026-03-13 17:55", "2026-03-13 19:55"),  # Friday: somebody is on call
        ("one_day", "2026-03-10 09:00", "2026-03-10 14:00"),  # over the lunch hour
        ("one_day", "2026-03-10 16:30", "2026-03-11 10:30"),
        ("one_day", "2026-03-13 17:00", "2026-03-14 17:00"),  # Friday: the ceiling of 24 h comes before Monday
        ("one_week", "2026-03-10 08:00", "2026-03-11 16:00"),
        ("one_week", "2026-03-13 17:55", "2026-03-16 17:55"),
    ],
)
def test_deadlines_are_counted_in_opening_hours(level: str, raised: str, due: str) -> None:
    assert deadline(level, at(raised), OpenTimes(WEEK, LONDON)) == at(due)


def test_the_clock_change_costs_no_opening_hour() -> None:
    times = OpenTimes({"sat": ["22:00", "23:00"], "sun": ["00:00", "05:00"]}, LONDON)
    spring = deadline("one_day", at("2026-03-28 22:30"), times)  # clocks go forward at 01:00 on Sunday
    assert spring == datetime(2026, 3, 29, 3, 30, tzinfo=UTC)
    autumn = deadline("one_day", at("2026-10-24 22:30"), times)  # and back at 02:00
    assert autumn == datetime(2026, 10, 25, 2, 30, tzinfo=UTC)


def test_hours_that_nobody_told_are_counted_around_the_clock() -> None:
    unknown, raised = OpenTimes({}, LONDON), at("2026-03-13 22:00")
    for level in CASE_LEVELS:
        both, row = clocks(level, raised, unknown), case_level(level)
        assert both.taken_by == raised + timedelta(hours=row.deadline_hours)
        assert both.contacted_by == raised + timedelta(hours=row.contact_hours)
        assert promised(level, raised, unknown) is None, "nothing is promised on a guess"


def test_a_closed_day_moves_a_deadline_and_an_open_holiday_does_not() -> None:
    """Christmas Day 2026 is a Friday; Boxing Day is kept on Monday 28 December."""
    raised, home = at("2026-12-24 17:00"), OpenTimes(WEEK, LONDON, "GB", "ENG")
    assert deadline("one_day", raised, OpenTimes(WEEK, LONDON)) == at("2026-12-25 11:00")
    assert deadline("one_day", raised, home) == raised + timedelta(hours=case_level("one_day").ceiling_hours)
    assert promised("one_day", raised, home) == at("2026-12-29 11:00"), "somebody is there then"
    assert deadline("one_day", raised, replace(home, open_holidays={"2026-12-25"})) == at("2026-12-25 11:00")
    own = OpenTimes(WEEK, LONDON, closed_days={"2026-03-11": "Training"})
    assert clocks("one_week", at("2026-03-10 16:30"), own).taken_by == at("2026-03-13 14:30")


@pytest.mark.parametrize(
    ("level", "raised", "due"),
    [
        ("emergency", "2026-03-14 23:30", "2026-03-15 01:30"),
        ("same_day", "2026-03-10 09:00", "2026-03-10 14:00"),
        ("same_day", "2026-03-13 17:55", "2026-03-14 05:55"),
        ("one_day", "2026-03-13 17:55", "2026-03-16 16:55"),
        ("one_week", "2026-03-10 08:00", "2026-03-16 12:00"),
    ],
)
def test_a_patient_is_contacted_by_a_second_clock(level: str, raised: str, due: str) -> None:
    assert clocks(level, at(raised), OpenTimes(WEEK, LONDON)).contacted_by == at(due)


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(KeyError):
        deadline("whenever", at("2026-03-10 15:00"), OpenTimes(WEEK, LONDON))


moments = st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC))
spans = st.sampled_from(
    [
        [],
        ["08:00", "18:00"],
        ["08:00", "12:00", "13:30", "17:00"],
        ["00:00", "23:59"],
        ["22:00", "20:00"],
    ]
)
weeks = st.dictionaries(st.sampled_from(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]), spans)
zones = st.sampled_from(["UTC", LONDON, "America/New_York", "Pacific/Kiritimati", "Australia/Lord_Howe"])


@given(moment=moments, hours=weeks, zone=zones)
def test_harder_levels_are_never_later_and_none_passes_its_ceiling(
    moment: datetime, hours: dict[str, list[str]], zone: str
) -> None:
    due = [deadline(level, moment, OpenTimes(hours, zone)) for level in CASE_LEVELS]
    for level, by in zip(CASE_LEVELS, due, strict=True):
        row = case_level(level)
        assert moment + timedelta(hours=row.deadline_hours) <= by <= moment + timedelta(hours=row.ceiling_hours)
    assert due == sorted(due, reverse=True)


@given(moment=moments, hours=weeks, zone=zones)
def test_nobody_is_to_be_contacted_before_the_case_is_to_be_taken(
    moment: datetime, hours: dict[str, list[str]], zone: str
) -> None:
    both = [clocks(level, moment, OpenTimes(hours, zone)) for level in CASE_LEVELS]
    for level, found in zip(CASE_LEVELS, both, strict=True):
        latest = moment + timedelta(hours=case_level(level).contact_ceiling_hours)
        assert found.taken_by <= found.contacted_by <= latest
    contacted = [found.contacted_by for found in both]
    assert contacted == sorted(contacted, reverse=True)


@given(moment=moments, hours=weeks, zone=zones, is_on_call=st.booleans())
def test_a_patient_is_never_promised_an_earlier_reader_than_the_deadline_that_staff_see(
    moment: datetime, hours: dict[str, list[str]], zone: str, is_on_call: bool
) -> None:
    for level in CASE_LEVELS:
        said = promised(level, moment, OpenTimes(hours, zone), is_on_call=is_on_call)
        assert said is None or said >= deadline(level, moment, OpenTimes(hours, zone))


@given(moment=moments, later=st.timedeltas(timedelta(0), timedelta(days=9)), hours=weeks, zone=zones)
def test_a_later_report_is_never_due_earlier(
    moment: datetime, later: timedelta, hours: dict[str, list[str]], zone: str
) -> None:
    for level in CASE_LEVELS:
        assert deadline(level, moment, OpenTimes(hours, zone)) <= deadline(
            level, moment + later, OpenTimes(hours, zone)
        )
