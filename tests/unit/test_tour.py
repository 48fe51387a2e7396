"""No page is forgotten by the pictures and the checks in a browser."""

from reporting.app.navigation import PATIENT, STAFF, Entry
from reporting.app.routes import ROUTES
from tests.e2e import tour


def test_every_page_and_route_is_on_the_tour() -> None:
    assert tour.not_covered() == []
    assert [stop.name for stop in tour.nothing_there()] == [entry.address for entry in STAFF]
    assert {entry.address for entry in STAFF} <= {stop.name for stop in tour.with_data(1, 1)}
    assert {entry.address for entry in PATIENT} == set(tour.STREAMLIT_OF_A_PATIENT)


def test_a_new_page_outside_the_menu_is_missed_until_its_record_is_named() -> None:
    new = Entry("treatments/page_card", "New", "new-page", "timeline.read", "Patients", in_menu=False)
    assert tour.not_covered([*STAFF, new]) == ["new-page: say in NEEDS which record it shows"]
    assert tour.not_covered([*STAFF, new._replace(in_menu=True)]) == []


def test_nothing_is_named_that_is_gone() -> None:
    addresses = {entry.address for entry in STAFF}
    assert set(tour.NEEDS) <= addresses
    assert set(tour.NO_MATCH) <= addresses
    assert {to.split("?")[0] for to in tour.ALSO.values()} <= addresses
    paths = {route.path for route in ROUTES}
    assert paths >= tour.NO_PAGE
    assert paths >= tour.ON_THE_WAY
