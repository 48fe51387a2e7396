"""Deadlines of cases: in opening hours, around the clock, over weekends and clock changes, never past the ceiling."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting.domain.case_work import case_level, deadline
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
        ("same_day", "2026-03-10 09:00", "2026-03-10 14:00"),  # over the lunch hour
        ("same_day", "2026-03-10 16:30", "2026-03-11 10:30"),
        ("same_day", "2026-03-10 22:00", "2026-03-11 12:00"),
        ("same_day", "2026-03-13 17:00", "2026-03-15 17:00"),  # Friday: the ceiling of 48 h comes before Monday
        ("one_day", "2026-03-10 12:30", "2026-03-11 11:00"),
        ("one_week", "2026-03-10 08:00", "2026-03-16 12:00"),
    ],
)
def test_deadlines_are_counted_in_opening_hours(level: str, raised: str, due: str) -> None:
    assert deadline(level, at(raised), OpenTimes(WEEK, LONDON)) == at(due)


def test_the_clock_change_costs_no_opening_hour() -> None:
    nights = {"sat": ["22:00", "23:00"], "sun": ["00:00", "05:00"]}
    spring = deadline(
        "same_day", at("2026-03-28 22:30"), OpenTimes(nights, LONDON)
    )  # clocks go forward at 01:00 on Sunday
    assert spring == datetime(2026, 3, 29, 3, 30, tzinfo=UTC)
    autumn = deadline("same_day", at("2026-10-24 22:30"), OpenTimes(nights, LONDON))  # and back at 02:00
    assert autumn == datetime(2026, 10, 25, 2, 30, tzinfo=UTC)


def test_hours_that_nobody_told_are_counted_around_the_clock() -> None:
    unknown = OpenTimes({}, LONDON)
    for level in CASE_LEVELS:
        raised = at("2026-03-13 22:00")
        assert deadline(level, raised, unknown) == raised + timedelta(hours=case_level(level).deadline_hours)


def test_a_closed_day_moves_a_deadline_and_an_open_holiday_does_not() -> None:
    """Christmas Day 2026 is a Friday; Boxing Day is kept on Monday 28 December."""
    raised = at("2026-12-24 17:00")
    assert deadline("one_day", raised, OpenTimes(WEEK, LONDON)) == at("2026-12-25 16:00")
    home = OpenTimes(WEEK, LONDON, "GB", "ENG")
    assert deadline("one_day", raised, home) == raised + timedelta(hours=case_level("one_day").ceiling_hours)
    assert deadline("one_day", raised, replace(home, open_holidays={"2026-12-25"})) == at("2026-12-25 16:00")
    own = OpenTimes(WEEK, LONDON, closed_days={"2026-03-11": "Training"})
    assert deadline("same_day", at("2026-03-10 16:30"), own) == at("2026-03-12 10:30")


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


@given(moment=moments, later=st.timedeltas(timedelta(0), timedelta(days=9)), hours=weeks, zone=zones)
def test_a_later_report_is_never_due_earlier(
    moment: datetime, later: timedelta, hours: dict[str, list[str]], zone: str
) -> None:
    for level in CASE_LEVELS:
        assert deadline(level, moment, OpenTimes(hours, zone)) <= deadline(
            level, moment + later, OpenTimes(hours, zone)
        )
