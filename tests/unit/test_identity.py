"""Who a page is for: asked of the database for every run, once a run, and never for longer."""

from collections.abc import Iterator

import pytest

from reporting.domain.actors import Actor
from reporting.errors import SignInNeeded
from reporting.shell import ui_identity


class Door:
    """Stands for the database: counts who asks and can end the session."""

    def __init__(self) -> None:
        self.asked, self.is_open = 0, True

    def __call__(self, _cookie: str | None, *, by_hand: bool = True) -> Actor:
        self.asked += 1
        if not self.is_open:
            raise SignInNeeded()
        return Actor(kind="staff", id=self.asked, clinic_id=1)


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    made = Door()
    monkeypatch.setattr(ui_identity, "cookie_value", lambda: "a cookie")
    monkeypatch.setattr(ui_identity, "actor_of", made)
    yield made
    ui_identity._OF_THIS_TAP.set(ui_identity.NOBODY)


def test_a_page_drawn_as_a_whole_asks_once(door: Door) -> None:
    with ui_identity.asked_for(ui_identity.actor_of_this_run()):
        assert ui_identity.current_actor().id == ui_identity.current_actor(by_hand=False).id == 1
    assert door.asked == 1
    assert ui_identity.current_actor().id == 2, "outside of the page it is asked anew"


def test_a_tap_and_the_page_it_draws_ask_once(door: Door) -> None:
    assert ui_identity.actor_of_this_tap().id == 1
    assert ui_identity.actor_of_this_run().id == 1
    assert door.asked == 1
    door.is_open = False
    with pytest.raises(SignInNeeded):
        ui_identity.actor_of_this_run()


def test_a_tap_whose_page_never_came_counts_for_nothing_later(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    ui_identity.actor_of_this_tap()
    later = ui_identity.time.monotonic() + ui_identity.SAME_RUN_S
    monkeypatch.setattr(ui_identity.time, "monotonic", lambda: later)
    assert ui_identity.actor_of_this_run().id == 2


def test_an_ended_session_is_nobody_even_while_a_page_is_drawn_for_nobody(door: Door) -> None:
    door.is_open = False
    with ui_identity.asked_for(None), pytest.raises(SignInNeeded):
        ui_identity.current_actor()
