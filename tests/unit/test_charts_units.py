"""One unit over time where it has treated thousands: the charts draw days, and say the same."""

from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd
import pytest

from reporting.shell.chart_look import Figure, with_arrow
from reporting.signals.chart_peers import MOST_AREAS, course, sequential
from reporting.signals.read_peers import Course

LIMIT = 4.0


def found(areas: int, per_day: int = 20) -> Course:
    """Treated areas with an event in every seventh; the CUSUM passes its limit in the middle of one day."""
    days = pd.to_datetime("2025-01-01") + pd.to_timedelta(np.arange(areas) // per_day, unit="D")
    events = (np.arange(areas) % 7 == 0).astype(float)
    expected = np.full(areas, 0.125)
    cusum = np.zeros(areas)
    cusum[45:48] = 4.5
    table = pd.DataFrame(
        {
            "day": days,
            "treatment_id": np.arange(areas),
            "events": events,
            "expected": expected,
            "excess": np.cumsum(events - expected),
            "cusum": cusum,
        }
    )
    return Course("device", "A/D1", "swelling", table, LIMIT, (date(2025, 1, 3),), 10.0, ())


def test_few_treated_areas_are_drawn_one_by_one() -> None:
    assert len(course(found(MOST_AREAS)).table) == MOST_AREAS


def test_of_many_a_day_is_a_row_and_nothing_is_lost() -> None:
    one = found(5_000)
    shown = course(one).table
    assert len(shown) == 250
    assert shown["Unexpected"].sum() == one.table["events"].sum()
    assert shown["Expected"].sum() == pytest.approx(one.table["expected"].sum())
    assert shown["Excess so far"].iloc[-1] == pytest.approx(one.table["excess"].iloc[-1])


def test_a_day_that_passed_the_limit_shows_that_it_did() -> None:
    shown = course(found(5_000)).table
    over = shown[shown["CUSUM"] > LIMIT]
    assert over["Treated on"].tolist() == [date(2025, 1, 3)]


@pytest.mark.parametrize("draw", [course, sequential])
def test_a_device_of_a_network_stays_small(draw: Callable[[Course], Figure]) -> None:
    sent = with_arrow(draw(found(60_000, per_day=55)).chart)["datasets"]
    assert sum(map(len, sent.values())) < 100_000


def test_titles_and_words_are_the_same_either_way() -> None:
    assert course(found(5_000)).title.startswith("A/D1, swelling: 715 observed, 625.0 expected")
