"""Which rules and lines can matter for a treatment on a day, before any answer: worked out once for all alike.

``Circumstances`` is the whole key: what is worked out here sees nothing else of a person or a clinic.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, TypeVar

from reporting.domain.content import Content
from reporting.domain.content_rows import FollowUp, Rule
from reporting.domain.course import classes_of

T = TypeVar("T")
MOST_KEPT = 1024
"""So many circumstances are remembered; those not asked for longest are forgotten."""


class Same(Generic[T]):
    """Stands for an object in a key. Equal for that very object alone, which it keeps alive: no other takes its place.

    Tables and rules are read once and never changed; to hash every word of them would take longer than to ask them.
    """

    __slots__ = ("it",)

    def __init__(self, it: T) -> None:
        self.it = it

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.it is other.it

    def __hash__(self) -> int:
        return id(self.it)


@dataclass(frozen=True)
class Circumstances:
    """All that decides it: the tables, the clinic's rules of the day, the visit, its day and areas, the person.

    ``treated`` and ``modifiers``: as in the context of the check-in. ``is_at_pigment_risk``: Fitzpatrick IV to VI or
    earlier pigment trouble; an unknown skin type counts as at risk.
    """

    tables: Same[Content]
    rules: Same[tuple[Rule, ...]]
    procedure_class: str
    recovery_day: int
    treated: frozenset[str]
    modifiers: frozenset[str]
    is_at_pigment_risk: bool


_CONDITIONS: dict[str, Callable[[Circumstances], bool]] = {
    "": lambda _: True,
    "darker_skin_or_pigment_history": lambda about: about.is_at_pigment_risk,
}


def could_fire(rule: Rule, about: Circumstances) -> bool:
    """Whether day, procedure class, areas and patient allow the rule to fire, whatever is answered."""
    if rule.from_day is not None and about.recovery_day < rule.from_day:
        return False
    if rule.to_day is not None and about.recovery_day > rule.to_day:
        return False
    if not any(rule.holds_for(part) for part in classes_of(about.procedure_class)):
        return False
    if rule.areas and about.treated and about.treated.isdisjoint(rule.areas):
        return False
    if rule.modifiers and about.modifiers.isdisjoint(rule.modifiers):
        return False
    return _CONDITIONS[rule.condition](about)


@lru_cache(maxsize=MOST_KEPT)
def possible_rules(about: Circumstances) -> tuple[Rule, ...]:
    """The rules in force that could fire, in the order of the table."""
    return tuple(rule for rule in about.rules.it if could_fire(rule, about))


def _concerns_area(follow_up: FollowUp, about: Circumstances) -> bool:
    """Whether it is asked for one of the treated areas; where none is known, everything is asked."""
    return not follow_up.areas or not about.treated or not about.treated.isdisjoint(follow_up.areas)


def changes_advice(follow_up: FollowUp, about: Circumstances) -> bool:
    """Whether ticking the line can make a rule fire on this day, for these areas."""
    facts = frozenset(follow_up.facts)
    return _concerns_area(follow_up, about) and any(
        facts <= group for rule in possible_rules(about) for group in rule.fact_groups
    )


@lru_cache(maxsize=MOST_KEPT)
def lines(about: Circumstances) -> tuple[FollowUp, ...]:
    """The lines of the checklists that can change advice, in the order of the table."""
    return tuple(row for row in about.tables.it.follow_ups.values() if changes_advice(row, about))
