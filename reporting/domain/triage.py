"""Red flags and triage: from answers to advice for the patient and a case for the clinic.

Advice is the hardest of all rules that fire, so a red flag is never outvoted. Every rule fires on
"at least so bad" (checked when the table is loaded), so a worse answer never makes the advice milder.

A patient who reported a concern and then stops answering: when that becomes a case.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from reporting.domain.check_in_context import CheckInContext, CompletedCheckIn, fires, firing, met_by
from reporting.domain.content import content
from reporting.domain.content_package import PACKAGE_WORDS
from reporting.domain.content_rows import ADVICE_LEVELS, CASE_LEVELS, SYMPTOMS, GuidanceText, Rule, SilenceRule
from reporting.domain.course import (
    classes_of,
    due_days,
    is_known,
    is_report_unexpected,
    people_usually,
    self_care,
)

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
    symptoms: tuple[str, ...] = ()
    """Those whose grades it fired on; ``{symptoms}`` of its patient words names them."""


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
    named: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Paragraph to the symptoms that it names."""
    reading: "Reading | None" = None
    """What is known of who reads it; None: nothing is said."""
    kept: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Language to the sentences as they were translated when it was told; a sentence that is not there: as today."""


@dataclass(frozen=True)
class Reading:
    """Whether a person has read a report, and by when one does. ``is_read`` ends the waiting, ``is_late`` the promise.

    ``by`` is the promise (aware), None where nothing can be promised; ``timezone`` is the clinic's.
    """

    by: datetime | None
    timezone: str
    is_read: bool = False
    is_late: bool = False


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


def _hardness(rule: Rule) -> tuple[int, int]:
    return ADVICE_LEVELS.index(rule.advice), CASE_LEVELS.index(rule.case_level)


def _fired(done: CompletedCheckIn, context: CheckInContext) -> tuple[FiredRule, ...]:
    """Rules that fired, hardest first. Of two about the same facts the harder one speaks alone."""
    fired = sorted(firing(done, context), key=_hardness, reverse=True)
    spoken: set[tuple[str, str]] = set()
    found = []
    for rule in fired:
        about = (rule.red_flag, rule.facts)
        if rule.red_flag and rule.facts and about in spoken:
            continue
        spoken.add(about)
        symptoms = met_by(rule, done, context) if rule.symptoms else ()
        found.append(
            FiredRule(
                rule.code,
                rule.clinician_words,
                rule.patient_words,
                rule.advice,
                rule.case_level,
                rule.red_flag,
                symptoms,
            )
        )
    return tuple(found)


def _course_words(done: CompletedCheckIn, context: CheckInContext, unexpected: dict[str, bool]) -> list[str]:
    """What people usually have, for the reported symptoms that are as expected."""
    return [
        words
        for symptom in SYMPTOMS
        if done.grade_now(symptom)
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
    # Reassurance about an expected symptom, and what one can do for it, never stand beside a red flag.
    is_calm = advice in ADVICE_LEVELS[:2]
    usual = _course_words(done, context, unexpected) if is_calm else []
    care = [words] if is_calm and (words := self_care(context.procedure_class, context.recovery_day)) else []
    return Guidance(
        advice=advice,
        heading=text.heading,
        paragraphs=tuple(dict.fromkeys([text.opening, *reasons, *usual, *care])),
        next_steps=(text.what_next, text.out_of_hours),
        emergency=text.emergency,
        phone_first=text.phone_first,
        closed=_closed(text),
        named=_named(rule for rule in fired if rule.advice == advice),
    )


def _named(fired: Iterable[FiredRule]) -> dict[str, tuple[str, ...]]:
    """Words of rules to the symptoms they fired on, in the order of the check-in."""
    found: dict[str, set[str]] = {}
    for rule in fired:
        found.setdefault(rule.patient_words, set()).update(rule.symptoms)
    return {words: tuple(code for code in SYMPTOMS if code in codes) for words, codes in found.items() if codes}


def _closed(text: GuidanceText) -> dict[str, str]:
    names = ("heading", "opening", "what_next", "out_of_hours")
    pairs = ((getattr(text, name), getattr(text, f"{name}_closed")) for name in names)
    return {is_open: closed for is_open, closed in pairs if closed}


def _is_unexpected(symptom: str, done: CompletedCheckIn, context: CheckInContext) -> bool:
    return is_report_unexpected(
        context.procedure_class,
        symptom,
        done.severities.get(symptom, 0),
        recovery_day=context.recovery_day,
        scheduled_day=context.recovery_day,
        now=done.now.get(symptom),
        since_day=context.since_day,
    )


def assess(completed: CompletedCheckIn, context: CheckInContext) -> Assessment:
    """Advice, case level, the rules that fired and what the patient reads, from answers in context."""
    fired = _fired(completed, context)
    unexpected = {symptom: _is_unexpected(symptom, completed, context) for symptom in SYMPTOMS}
    advice = max((rule.advice for rule in fired), key=ADVICE_LEVELS.index, default=ADVICE_LEVELS[0])
    level = max((rule.case_level for rule in fired), key=CASE_LEVELS.index, default=None)
    if context.is_withdrawn and advice in ADVICE_LEVELS[:2]:
        level = max(level or WITHDRAWN.case_level, WITHDRAWN.case_level, key=CASE_LEVELS.index)
        return Assessment(WITHDRAWN.advice, level, (*fired, WITHDRAWN), unexpected, call_the_clinic())
    return Assessment(advice, level, fired, unexpected, _guidance(advice, fired, completed, context, unexpected))


WITHDRAWN = FiredRule(
    "withdrawn",
    "The version of the clinical content was withdrawn: the patient was asked to call, and nothing else was said",
    PACKAGE_WORDS["withdrawn_opening"],
    "contact_today",
    "one_day",
)
"""Stands in the place of every advice that is not urgent while the version in use is withdrawn."""


def call_the_clinic() -> Guidance:
    """What a patient reads in the place of advice while the version in use is withdrawn: never that all is usual."""
    said = {name: PACKAGE_WORDS[f"withdrawn_{name}"] for name in ("heading", "opening", "next", "hours")}
    return Guidance(
        WITHDRAWN.advice,
        said["heading"],
        (said["opening"],),
        (said["next"], said["hours"]),
        emergency=False,
        phone_first=True,
        closed={said[name]: PACKAGE_WORDS[f"withdrawn_{name}_closed"] for name in ("heading", "hours")},
    )


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
    advice: str | None = None
    """What the patient was told; None for a report that was not judged."""
    answered_at: datetime | None = None
    was_contacted: bool = False
    """Somebody of the clinic has spoken to the patient since."""


def missed_since(report: LastReport, today: date) -> int:
    """Due days after the answer that are wholly over by ``today`` (a day of the clinic)."""
    if not is_known(report.procedure_class):
        return 0
    elapsed = (today - report.performed_on).days
    days = due_days(report.procedure_class, report.performed_on) if report.days is None else report.days
    return sum(report.recovery_day < day < elapsed for day in days)


def fired(report: LastReport, today: date, moment: datetime) -> Sequence[SilenceRule]:
    """The rules on silence that this treatment meets at ``moment`` (aware), on ``today`` of its clinic."""
    found = []
    in_hours = next((rule for rule in content().silence if rule.after_hours and _is_about(rule, report)), None)
    silent_for = timedelta(0) if report.answered_at is None else moment - report.answered_at
    if in_hours is not None and not report.was_contacted and silent_for >= timedelta(hours=in_hours.after_hours or 0):
        found.append(in_hours)
    if report.is_concern:
        missed = missed_since(report, today)
        found += [rule for rule in content().silence if rule.missed_check_ins and missed >= rule.missed_check_ins]
    return found


def _is_about(rule: SilenceRule, report: LastReport) -> bool:
    """Whether a rule in hours counts from this report: by what was told, its day and its procedure."""
    return bool(
        report.advice in rule.told
        and (rule.from_day is None or report.recovery_day >= rule.from_day)
        and (rule.to_day is None or report.recovery_day <= rule.to_day)
        and (not rule.procedure_classes or set(classes_of(report.procedure_class)) & set(rule.procedure_classes))
    )
