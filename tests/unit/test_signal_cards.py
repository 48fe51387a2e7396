"""A signal's card is read back as it was kept, also one of an earlier version."""

import json
from pathlib import Path
from typing import Any

import pytest

from reporting.domain.signal_work import Card, DidItHelp, EventCourse, Excess, SettingCourse, Shift
from reporting.signals.read_signals import numbers

KEPT: dict[str, dict[str, Any]] = json.loads((Path(__file__).parents[1] / "data" / "signal_cards.json").read_text())
"""Written by a look over simulated clinics: one card of each kind, and what was measured after an action."""


@pytest.mark.parametrize("kind", ["outcome", "settings", "scan"])
def test_a_card_keeps_its_form(kind: str) -> None:
    card = Card.from_json(KEPT[kind])
    assert json.loads(json.dumps(card.to_json())) == KEPT[kind]
    assert Card.from_json(card.to_json()) == card
    assert isinstance(card.numbers, Shift if kind == "settings" else Excess)
    assert isinstance(card.course, SettingCourse if kind == "settings" else EventCourse)


def test_what_was_measured_keeps_its_form() -> None:
    kept = KEPT["did_it_help"]
    assert json.loads(json.dumps(DidItHelp.from_json(kept).to_json())) == kept


def test_a_card_that_told_less_can_be_read() -> None:
    told = ("kind", "observed", "expected", "ratio", "ratio_lower", "ratio_upper")
    card = Card.from_json({name: KEPT["outcome"][name] for name in told})
    assert (card.instead, card.behind.treatments, card.course, card.as_of, card.settings) == ((), (), None, None, None)
    assert numbers(card) == numbers(Card.from_json(KEPT["outcome"]))


def test_an_excess_over_nothing_has_no_ratio_to_tell() -> None:
    assert numbers(Card("scan", Excess(4, 0, None, None, None))) == "4 observed, 0.0 expected, 4.0 in excess."
