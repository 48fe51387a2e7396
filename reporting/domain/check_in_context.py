"""What a check-in is about and what was answered: all that the rules look at.

Which rules can matter at all for a treatment on a day, before any answer is given, and when one fires: every condition
of it holds for the answers. What can matter is worked out once for all alike. ``Circumstances`` is the whole key: what
is worked out from it sees nothing else of a person or a clinic.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Generic, TypeVar

from reporting.domain.content import Content, content
from reporting.domain.content_rows import SYMPTOMS, FollowUp, Rule
from reporting.domain.course import classes_of, expected_rise, expected_severity, expected_since
from reporting.domain.vocabulary import DARK

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


def _could_fire(rule: Rule, about: Circumstances) -> bool:
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
    return tuple(rule for rule in about.rules.it if _could_fire(rule, about))


def _concerns_area(follow_up: FollowUp, about: Circumstances) -> bool:
    """Whether it is asked for one of the treated areas; where none is known, everything is asked."""
    return not follow_up.areas or not about.treated or not about.treated.isdisjoint(follow_up.areas)


def _changes_advice(follow_up: FollowUp, about: Circumstances) -> bool:
    """Whether ticking the line can make a rule fire on this day, for these areas."""
    facts = frozenset(follow_up.facts)
    return _concerns_area(follow_up, about) and any(
        facts <= group for rule in possible_rules(about) for group in rule.fact_groups
    )


@lru_cache(maxsize=MOST_KEPT)
def lines(about: Circumstances) -> tuple[FollowUp, ...]:
    """The lines of the checklists that can change advice, in the order of the table."""
    return tuple(row for row in about.tables.it.follow_ups.values() if _changes_advice(row, about))


@dataclass(frozen=True)
class TreatedAreaRef:
    """A treated area that the patient can point at."""

    id: int
    area: str
    label: str


@dataclass(frozen=True)
class CheckInContext:
    """What is known before the patient answers. ``previous`` severities are those of the last check-in: as it was then,
    where that was asked apart from the worst. ``since_day``: recovery day of that check-in, None before the first one.
    ``modifiers``: what the clinic knows of the person at this visit, codes of the table of facts.
    ``procedure_class``: of the visit (``course.of_visit``). ``is_withdrawn``: the version of the content in use was.
    """

    procedure_class: str
    recovery_day: int
    areas: tuple[TreatedAreaRef, ...] = ()
    fitzpatrick: int | None = None
    pigmentation_history: bool | None = None
    first_check_in: bool = True
    previous: Mapping[str, int] = field(default_factory=dict)
    changed_rules: tuple[Rule, ...] | None = None
    """The rules of the patient's clinic on that day; None: those of the content tables."""
    since_day: int | None = None
    modifiers: frozenset[str] = frozenset()
    is_withdrawn: bool = False

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The triage rules in force, in the order of the table."""
        return content().rules if self.changed_rules is None else self.changed_rules

    @cached_property
    def treated(self) -> frozenset[str]:
        """Codes of the treated areas; empty where none is known."""
        return frozenset(area.area for area in self.areas)

    @cached_property
    def circumstances(self) -> Circumstances:
        """All that decides which rules and lines can matter, before any answer."""
        return Circumstances(
            Same(content()),
            Same(self.rules),
            self.procedure_class,
            self.recovery_day,
            self.treated,
            self.modifiers,
            is_at_pigment_risk=(self.fitzpatrick or 6) >= DARK or self.pigmentation_history is True,
        )


def could_fire(rule: Rule, context: CheckInContext) -> bool:
    """Whether day, procedure class, areas and patient allow the rule to fire, whatever is answered."""
    return _could_fire(rule, context.circumstances)


def changes_advice(follow_up: FollowUp, context: CheckInContext) -> bool:
    """Whether ticking the line can make a rule fire on this day, for these areas."""
    return _changes_advice(follow_up, context.circumstances)


@dataclass(frozen=True)
class CompletedCheckIn:
    """Validated answers. ``severities`` has all six symptoms, 0 to 4, the worst since the last answer; ``areas``
    symptom to treated area ids, an empty tuple for all of them; ``can_wait`` is None when it was not asked.

    ``now``: how it is at the answer, 0 to 4; a symptom is missing where that was not asked apart from the worst.
    """

    severities: dict[str, int]
    follow_up: dict[str, str]
    areas: dict[str, tuple[int, ...]]
    worried: bool
    can_wait: bool | None
    note: str
    now: dict[str, int] = field(default_factory=dict)

    def grade_now(self, symptom: str) -> int:
        """How it is now; where that was not asked apart, what was answered."""
        return self.now.get(symptom, self.severities.get(symptom, 0))


def _excess(symptom: str, done: CompletedCheckIn, context: CheckInContext, window: str) -> int:
    """Grades above the expected course: now by this day, the worst by all days since the last answer."""
    if window == "worst":
        expected = expected_since(context.procedure_class, symptom, context.since_day, context.recovery_day)
        return done.severities.get(symptom, 0) - expected
    return done.grade_now(symptom) - expected_severity(context.procedure_class, symptom, context.recovery_day)


def _rise(symptom: str, done: CompletedCheckIn, context: CheckInContext) -> int | None:
    """Grades risen since the last answer, beyond what the course itself rises; None where there was none."""
    if symptom not in context.previous:
        return None
    course = expected_rise(context.procedure_class, symptom, context.since_day, context.recovery_day)
    return done.grade_now(symptom) - context.previous[symptom] - course


def _symptom_meets(rule: Rule, symptom: str, done: CompletedCheckIn, context: CheckInContext) -> bool:
    if rule.window == "worst" and symptom not in done.now:
        return False  # one grade stood for both then, and is judged as the present one
    severity = done.severities.get(symptom, 0) if rule.window == "worst" else done.grade_now(symptom)
    if severity == 0 or severity < (rule.min_severity or 0):
        return False
    if rule.min_excess is not None and _excess(symptom, done, context, rule.window) < rule.min_excess:
        return False
    if rule.min_rise is None:
        return True
    rise = _rise(symptom, done, context)
    return rule.min_rise == 0 if rise is None else rise >= rule.min_rise


def _given(rule: Rule, done: CompletedCheckIn) -> bool:
    if not rule.given:
        return True
    return done.worried if rule.given == "worried" else done.can_wait is False


Lines = tuple[frozenset[str], ...]


def said(follow_up: Mapping[str, str], *, unsure: bool = False) -> Lines:
    """What each ticked line says: one of its facts holds. ``unsure``: also of those that were not sure."""
    known, counts = content().follow_ups, {"yes", "not_sure"} if unsure else {"yes"}
    return tuple(frozenset(known[key].facts) for key, given in follow_up.items() if given in counts and key in known)


def _facts_hold(rule: Rule, certain: Lines, possible: Lines) -> bool:
    """Of every group of facts one was said for certain, or as not sure where that counts."""
    if not rule.facts:
        return True
    said_here = possible if rule.unsure == "counts" else certain
    return all(any(facts and facts <= group for facts in said_here) for group in rule.fact_groups)


def met_by(rule: Rule, done: CompletedCheckIn, context: CheckInContext) -> tuple[str, ...]:
    """The symptoms that meet the grades of the rule."""
    candidates = SYMPTOMS if "*" in rule.symptoms else rule.symptoms
    return tuple(symptom for symptom in candidates if _symptom_meets(rule, symptom, done, context))


def firing(done: CompletedCheckIn, context: CheckInContext) -> Iterator[Rule]:
    """Every rule all of whose conditions hold for these answers, in the order of the table."""
    certain, possible = said(done.follow_up), said(done.follow_up, unsure=True)
    is_bare, is_well = not possible, not any(done.severities.values()) and not any(done.now.values())
    for rule in possible_rules(context.circumstances):
        if (is_bare and rule.facts) or (is_well and rule.symptoms):
            continue  # most of a first page: there is nothing that could meet it
        if _given(rule, done) and _facts_hold(rule, certain, possible) and _grades_hold(rule, done, context):
            yield rule


def fires(rule: Rule, done: CompletedCheckIn, context: CheckInContext) -> bool:
    """Whether every condition of the rule holds for these answers."""
    if not could_fire(rule, context) or not _given(rule, done) or not _grades_hold(rule, done, context):
        return False
    return _facts_hold(rule, said(done.follow_up), said(done.follow_up, unsure=True))


def _grades_hold(rule: Rule, done: CompletedCheckIn, context: CheckInContext) -> bool:
    if any(done.grade_now(symptom) < grade for symptom, grade in rule.grades_together):
        return False
    return not rule.symptoms or bool(met_by(rule, done, context))
