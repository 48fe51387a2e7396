"""The chart of a signal: what it says, when it is not drawn, the marks in it."""

from datetime import date
from typing import Any

import pytest

from reporting.domain.signal_work import EventCourse, SettingCourse
from reporting.signals.chart_signals import Subject, signal_course

SUBJECT = Subject("Device D1", date(2026, 1, 5), date(2026, 1, 20), date(2026, 1, 19))
WEEKS = tuple(date(2026, 1, day) for day in (5, 12, 19, 26))
EVENTS = EventCourse(WEEKS, (1, 2, 3, 9), (1.0, 0.5, 0.5, 1.0))
SETTINGS = SettingCourse("density_pct", WEEKS, mean=(0, 1, 3, 2), n=(1, 1, 3, 2))


def drawn(figure: Any) -> str:
    return str(figure.chart.to_dict())


def test_events_are_counted_from_the_change_to_the_last_flag() -> None:
    figure = signal_course(EVENTS, SUBJECT, [(date(2026, 1, 22), "Recalibrated")])
    assert figure is not None
    assert figure.title == "Device D1: 6 observed, 2.0 expected since about 5 Jan 2026, up to 19 Jan 2026"
    assert list(figure.table["Excess so far"]) == [0.0, 1.5, 4.0, 12.0]
    for mark in ("Change, about", "Flagged", "Recalibrated"):
        assert mark in figure.alt
        assert mark in drawn(figure)


def test_settings_are_weighted_by_their_treatments() -> None:
    figure = signal_course(SETTINGS, SUBJECT)
    assert figure is not None
    assert "+2.5 standard deviations from usual since about 5 Jan 2026" in figure.title
    assert figure.title.startswith("Device D1: density")


@pytest.mark.parametrize("course", [None, EventCourse(WEEKS[:1], (1,), (1,))])
def test_too_little_is_not_drawn(course: EventCourse | None) -> None:
    assert signal_course(course, SUBJECT) is None
