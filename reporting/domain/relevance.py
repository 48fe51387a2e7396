"""Which rules can matter at all for a treatment on a day, before any answer is given."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from reporting.domain.content import content
from reporting.domain.records import FollowUp, Rule
from reporting.domain.skin import DARK


@dataclass(frozen=True)
class TreatedAreaRef:
    """A treated area that the patient can point at."""

    id: int
    area: str
    label: str


@dataclass(frozen=True)
class CheckInContext:
    """What is known before the patient answers. ``previous`` severities are those of the last check-in."""

    procedure_class: str
    recovery_day: int
    areas: tuple[TreatedAreaRef, ...] = ()
    fitzpatrick: int | None = None
    pigmentation_history: bool | None = None
    first_check_in: bool = True
    previous: Mapping[str, int] = field(default_factory=dict)
    changed_rules: tuple[Rule, ...] | None = None
    """The rules of the patient's clinic on that day; None: those of the content tables."""

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The triage rules in force, in the order of the table."""
        return content().rules if self.changed_rules is None else self.changed_rules


def _darker_skin_or_pigment_history(context: CheckInContext) -> bool:
    """Fitzpatrick IV to VI or earlier pigment trouble; an unknown skin type counts as at risk."""
    return (context.fitzpatrick or 6) >= DARK or context.pigmentation_history is True


_CONDITIONS = {"": lambda _: True, "darker_skin_or_pigment_history": _darker_skin_or_pigment_history}


def could_fire(rule: Rule, context: CheckInContext) -> bool:
    """Whether day, procedure class and patient allow the rule to fire, whatever is answered."""
    if rule.from_day is not None and context.recovery_day < rule.from_day:
        return False
    if rule.to_day is not None and context.recovery_day > rule.to_day:
        return False
    if rule.procedure_classes and context.procedure_class not in rule.procedure_classes:
        return False
    return bool(_CONDITIONS[rule.condition](context))


def concerns_area(follow_up: FollowUp, context: CheckInContext) -> bool:
    """Whether it is asked for one of the treated areas; where none is known, everything is asked."""
    treated = {area.area for area in context.areas}
    return not follow_up.areas or not treated or not treated.isdisjoint(follow_up.areas)


def changes_advice(follow_up: FollowUp, context: CheckInContext) -> bool:
    """Whether some answer to the follow-up can make a rule fire on this day, for these areas."""
    return concerns_area(follow_up, context) and any(
        rule.follow_up == follow_up.key and could_fire(rule, context) for rule in context.rules
    )
