"""When it is night for the clinics: two o'clock in one zone, as near to it as can be in several."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from reporting.domain.opening_hours import newest_night

LOS_ANGELES, MADRID, AUCKLAND = "America/Los_Angeles", "Europe/Madrid", "Pacific/Auckland"
WORKING_HOURS = range(9, 20)
"""Twelve hours apart, as Madrid and Auckland are in January, one of two sleeps until eight at best."""


def nights(zones: list[str], begin: datetime, hours: int) -> list[datetime]:
    """Moments at which something that is done once a night is done, looked for every quarter of an hour."""
    found = [begin]
    for number in range(1, 4 * hours):
        moment = begin + timedelta(minutes=15 * number)
        if found[-1] < newest_night(zones, moment):
            found.append(moment)
    return found[1:]


@pytest.mark.parametrize("zone", [LOS_ANGELES, MADRID, AUCKLAND, "Asia/Kolkata", "Asia/Kathmandu"])
@pytest.mark.parametrize("month", [1, 7])
def test_it_is_two_at_night_in_the_clinics_own_zone(zone: str, month: int) -> None:
    found = nights([zone], datetime(2026, month, 15, tzinfo=UTC), 49)
    assert [moment.astimezone(ZoneInfo(zone)).strftime("%H:%M") for moment in found] == ["02:00", "02:00"]


def test_what_it_says_is_not_to_come_and_less_than_25_hours_ago() -> None:
    moment = datetime(2026, 3, 10, 9, 37, tzinfo=UTC)
    for zones in ([LOS_ANGELES], [MADRID, AUCKLAND], list[str]()):
        assert timedelta() <= moment - newest_night(zones, moment) < timedelta(hours=25)


@pytest.mark.parametrize("zones", [[LOS_ANGELES, MADRID], [MADRID, AUCKLAND], [LOS_ANGELES, AUCKLAND]])
@pytest.mark.parametrize("month", [1, 7])
def test_in_two_zones_nobody_is_at_work(zones: list[str], month: int) -> None:
    found = nights(zones, datetime(2026, month, 15, tzinfo=UTC), 49)
    assert len(found) == 2
    assert {moment.astimezone(ZoneInfo(zone)).hour for moment in found for zone in zones}.isdisjoint(WORKING_HOURS)


def test_two_zones_close_together_share_the_hour_between_them() -> None:
    (found,) = nights([MADRID, "Europe/London"], datetime(2026, 1, 15, tzinfo=UTC), 24)
    assert found == datetime(2026, 1, 15, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "day"),
    [(LOS_ANGELES, (2026, 3, 8)), (LOS_ANGELES, (2026, 11, 1)), (MADRID, (2026, 3, 29)), (AUCKLAND, (2026, 4, 5))],
)
def test_a_change_of_the_clocks_neither_loses_a_night_nor_doubles_it(zone: str, day: tuple[int, int, int]) -> None:
    found = nights([zone], datetime(*day, tzinfo=UTC) - timedelta(days=2), 5 * 24)
    assert len(found) == 5
    assert {moment.astimezone(ZoneInfo(zone)).hour for moment in found} <= {1, 2, 3}


def test_without_a_clinic_it_is_night_in_utc() -> None:
    assert newest_night([], datetime(2026, 3, 10, 9, 30, tzinfo=UTC)) == datetime(2026, 3, 10, 2, tzinfo=UTC)
