"""Red flags and triage: from answers to advice for the patient and a case for the clinic.

Advice is the hardest of all rules that fire, so a red flag is never outvoted. Every rule fires on
"at least so bad" (checked when the table is loaded), so a worse answer never makes the advice milder.

A patient who reported a concern and then stops answering: when that becomes a case.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from reporting.domain.content import content
from reporting.domain.content_rows import ADVICE_LEVELS, CASE_LEVELS, SYMPTOMS, GuidanceText, Rule, SilenceRule
from reporting.domain.course import due_days, expected_severity, is_unexpected, people_usually
from reporting.domain.questionnaire import CheckInContext, CompletedCheckIn, could_fire

__all__ = [
    "ADVICE_LEVELS",
    "CASE_LEVELS",
    "Assessment",
    "FiredRule",
    "Guidance",
    "assess",
    "fires",
    "rules",
]


@dataclass(frozen=True)
class FiredRule:
    """A rule that fired, and why in words. ``red_flag`` is R1 to R12, or empty."""

    code: str
    words: str
    patient_words: str
    advice: str
    case_level: str
    red_flag: str = ""


@dataclass(frozen=True)
class Guidance:
    """What the patient reads. Every string is one of the content tables; ``guidance.told`` fills its parts."""

    advice: str
    heading: str
    paragraphs: tuple[str, ...]
    next_steps: tuple[str, ...]
    """What happens next, and what to do if nobody answers."""
    emergency: bool
    phone_first: bool
    closed: Mapping[str, str] = field(default_factory=dict)
    """String to the one that stands in its place while the clinic is closed."""


@dataclass(frozen=True)
class Assessment:
    """``advice`` of ADVICE_LEVELS; ``case_level`` of CASE_LEVELS, None if no rule fired."""

    advice: str
    case_level: str | None
    fired: tuple[FiredRule, ...]
    unexpected: dict[str, bool]
    guidance: Guidance


def rules() -> tuple[Rule, ...]:
    """The triage rules, in the order of the table."""
    return content().rules


def _symptom_meets(rule: Rule, symptom: str, done: CompletedCheckIn, context: CheckInContext) -> bool:
    severity = done.severities.get(symptom, 0)
    if severity == 0 or severity < (rule.min_severity or 0):
        return False
    if rule.min_excess is not None:
        expected = expected_severity(context.procedure_class, symptom, context.recovery_day)
        if severity - expected < rule.min_excess:
            return False
    if rule.min_rise is None:
        return True
    return symptom in context.previous and severity - context.previous[symptom] >= rule.min_rise


def _given(rule: Rule, done: CompletedCheckIn) -> bool:
    if not rule.given:
        return True
    return done.worried if rule.given == "worried" else done.can_wait is False


def fires(rule: Rule, done: CompletedCheckIn, context: CheckInContext) -> bool:
    """Whether every condition of the rule holds for these answers."""
    if rule.follow_up and done.follow_up.get(rule.follow_up) not in rule.follow_up_values:
        return False
    if not could_fire(rule, context) or not _given(rule, done):
        return False
    if not rule.symptom:
        return True
    candidates = SYMPTOMS if rule.symptom == "*" else (rule.symptom,)
    return any(_symptom_meets(rule, symptom, done, context) for symptom in candidates)


def _fired(done: CompletedCheckIn, context: CheckInContext) -> tuple[FiredRule, ...]:
    """Rules that fired, hardest first."""
    fired = [rule for rule in context.rules if fires(rule, done, context)]
    fired.sort(key=lambda rule: (ADVICE_LEVELS.index(rule.advice), CASE_LEVELS.index(rule.case_level)), reverse=True)
    return tuple(
        FiredRule(rule.code, rule.clinician_words, rule.patient_words, rule.advice, rule.case_level, rule.red_flag)
        for rule in fired
    )


def _course_words(done: CompletedCheckIn, context: CheckInContext, unexpected: dict[str, bool]) -> list[str]:
    """What people usually have, for the reported symptoms that are as expected."""
    return [
        words
        for symptom in SYMPTOMS
        if done.severities.get(symptom)
        and not unexpected[symptom]
        and (words := people_usually(context.procedure_class, symptom, context.recovery_day))
    ]


def _guidance(
    advice: str,
    fired: tuple[FiredRule, ...],
    done: CompletedCheckIn,
    context: CheckInContext,
    unexpected: dict[str, bool],
) -> Guidance:
    nothing = not fired and not any(done.severities.values())
    text = content().guidance["no_problems" if nothing else advice]
    reasons = [rule.patient_words for rule in fired if rule.advice == advice]
    # Reassurance about an expected symptom never stands beside a red flag.
    usual = _course_words(done, context, unexpected) if advice in ADVICE_LEVELS[:2] else []
    return Guidance(
        advice=advice,
        heading=text.heading,
        paragraphs=tuple(dict.fromkeys([text.opening, *reasons, *usual])),
        next_steps=(text.what_next, text.out_of_hours),
        emergency=text.emergency,
        phone_first=text.phone_first,
        closed=_closed(text),
    )


def _closed(text: GuidanceText) -> dict[str, str]:
    names = ("heading", "opening", "what_next", "out_of_hours")
    pairs = ((getattr(text, name), getattr(text, f"{name}_closed")) for name in names)
    return {is_open: closed for is_open, closed in pairs if closed}


def assess(completed: CompletedCheckIn, context: CheckInContext) -> Assessment:
    """Advice, case level, the rules that fired and what the patient reads, from answers in context."""
    fired = _fired(completed, context)
    unexpected = {
        symptom: is_unexpected(
            context.procedure_class, symptom, context.recovery_day, completed.severities.get(symptom, 0)
        )
        for symptom in SYMPTOMS
    }
    advice = max((rule.advice for rule in fired), key=ADVICE_LEVELS.index, default=ADVICE_LEVELS[0])
    level = max((rule.case_level for rule in fired), key=CASE_LEVELS.index, default=None)
    return Assessment(advice, level, fired, unexpected, _guidance(advice, fired, completed, context, unexpected))


@dataclass(frozen=True)
class LastReport:
    """The last answered check-in of a treatment. ``recovery_day`` is the day of the answer."""

    treatment_id: int
    check_in_id: int
    procedure_class: str
    performed_on: date
    recovery_day: int
    is_concern: bool
    days: tuple[int, ...] | None = None
    """The treatment's due days where its clinic changed the schedule; None: as in the content tables."""


def missed_since(report: LastReport, today: date) -> int:
    """Due days after the answer that are wholly over by ``today`` (a day of the clinic)."""
    if report.procedure_class not in content().schedules:
        return 0
    elapsed = (today - report.performed_on).days
    days = due_days(report.procedure_class) if report.days is None else report.days
    return sum(report.recovery_day < day < elapsed for day in days)


def fired(report: LastReport, today: date) -> Sequence[SilenceRule]:
    """The rules on silence that this treatment meets today."""
    if not report.is_concern:
        return ()
    missed = missed_since(report, today)
    return [rule for rule in content().silence if missed >= rule.missed_check_ins]
