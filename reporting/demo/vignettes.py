"""Acceptance vignettes through the real questionnaire, rules, actions and clock of a throw-away database.

Levels are counted as the patient is told: a case within a week is *look this week*, any faster one without a call
*look next working day*. The clock is the slowest of the answer's own moment, a Friday 17:55 and the eve of a holiday.
"""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from reporting import clock
from reporting.demo.vignette_patient import BANDS, LEVELS, Vignette, answer
from reporting.domain.actors import Actor
from reporting.domain.case_work import clocks
from reporting.domain.content import content
from reporting.domain.content_rows import CASE_LEVELS
from reporting.domain.course import due_days
from reporting.domain.guidance import interruption, told
from reporting.domain.opening_hours import OpenTimes, opening
from reporting.domain.questionnaire import NO_PROBLEMS, CheckInContext, next_question
from reporting.domain.treatment_record import YES_NO_FACTS
from reporting.patient.act_check_ins import Receipt, submit_check_in
from reporting.records import check_ins
from reporting.records.columns import add_one
from reporting.records.engine import forget_engine, reading, transaction
from reporting.records.migrate import migrate
from reporting.records.outcomes import recompute
from reporting.records.tables import Clinic, Patient, TreatedArea, Treatment, TriageCase
from reporting.settings import settings

MONDAY, FRIDAY, EVE = date(2026, 3, 2), date(2026, 3, 6), date(2026, 12, 24)
NOON, MORNING, EVENING, LATE = time(12), time(10), time(18), time(17, 55)
HOURS = {day: ["09:00", "18:00"] for day in ("mon", "tue", "wed", "thu", "fri")}
FAST_HOURS = 24
"""A case due within so many hours is too fast where a look this week would do."""
ADVICE = {"expected": "usual", "contact_today": "contact_today", "emergency": "emergency"}
VISIT_FIELDS: dict[str, dict[str, Any]] = {
    **{code: {name: True} for name, (code, _) in YES_NO_FACTS.items()},
    "isotretinoin_recent": {"isotretinoin_months_ago": 3},
    "child": {"age_years": 12},
}
"""Modifier to what the clinic records of it before the treatment; other modifiers are lost."""


@dataclass(frozen=True)
class Answered:
    """One vignette's result. ``by``: steps off the range of levels; ``cause`` is empty where nothing is wrong."""

    id: str
    band: str
    level: str
    verdict: str
    by: int
    cause: str
    case_due_hours: float | None
    """Until a case of this answer must be taken; the slowest moment."""
    contact_due_hours: float | None
    """Until the patient must have been contacted; the slowest moment."""
    case_verdict: str
    asked: tuple[str, ...]
    told: str


@dataclass(frozen=True)
class _Run:
    level: str
    due_hours: float | None
    contact_hours: float | None
    asked: tuple[str, ...]
    offered: frozenset[str]
    """Facts that some line of the questions asked would have taken."""
    told: str


@contextmanager
def throw_away(folder: Path | None = None) -> Iterator[None]:
    """An empty database of its own for as long as the block lasts; ``folder``: content tables to use."""
    with TemporaryDirectory(prefix="vignettes-") as made:
        wanted = {"REPORTING_DATA_DIR": made, "REPORTING_DATABASE_URL": "", "REPORTING_ENVIRONMENT": "local"}
        if folder is not None:
            wanted["REPORTING_CONTENT_DIR"] = str(folder.resolve())
        before = {name: os.environ.get(name) for name in wanted}
        _use(wanted)
        try:
            migrate()
            yield
        finally:
            _use(before)


def _use(variables: dict[str, Any]) -> None:
    forget_engine()
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    settings.cache_clear()


def _at(day: date, hour: time) -> datetime:
    return datetime.combine(day, hour, UTC)


def _clinic() -> int:
    with transaction() as session:
        return add_one(
            session,
            Clinic,
            code="VIGNETTES",
            name="Vignette clinic (synthetic)",
            timezone="UTC",
            telephone="+44 20 7946 0018",
            emergency_telephone="999",
            out_of_hours_name="NHS 111",
            out_of_hours_telephone="111",
            opening_hours=HOURS,
            is_synthetic=True,
        )


def _treated(vignette: Vignette, clinic: int, performed: date, run: str, as_class: str, language: str) -> Actor:
    with transaction() as session:
        known = {name: value for code in vignette.modifiers for name, value in VISIT_FIELDS.get(code, {}).items()}
        reference = f"{vignette.id}-{run}"
        patient = add_one(
            session,
            Patient,
            clinic_id=clinic,
            reference=reference,
            fitzpatrick=vignette.skin_type,
            language=language,
        )
        treatment = add_one(
            session,
            Treatment,
            clinic_id=clinic,
            patient_id=patient,
            reference=reference,
            performed_on=performed,
            procedure_class=as_class,
            **known,
        )
        add_one(session, TreatedArea, treatment_id=treatment, clinic_id=clinic, area=vignette.area)
        recompute(session, [treatment])
    return Actor(kind="patient", id=patient, clinic_id=clinic, label="patient", strength="full", treatment_id=treatment)


def _context(by: Actor) -> CheckInContext:
    with reading() as session:
        about = check_ins.subject(session, by.treatment_key)
        assert about is not None
        return check_ins.context(session, about, clock.now())


def _send(
    vignette: Vignette, by: Actor, key: str, language: str, note: str = ""
) -> tuple[Receipt, tuple[str, ...], bool, frozenset[str]]:
    """The check-in as the form leads through it: receipt, questions asked, whether an emergency card was shown."""
    context, answers = _context(by), dict[str, Any]()
    asked, was_stopped, offered = list[str](), False, set[str]()
    while (question := next_question(answers, context)) is not None:
        asked.append(question.id)
        known = content().follow_ups
        offered.update(fact for each in question.options if each.value in known for fact in known[each.value].facts)
        answers[question.id] = answer(vignette, question)
        was_stopped = was_stopped or interruption(answers, context) is not None
    if note and answers != NO_PROBLEMS:
        answers["note"] = note[: content().questions["note"].max_length]
    receipt = submit_check_in(
        by=by, treatment_id=by.treatment_key, answers=answers, submission_key=key, language=language
    )
    return receipt, tuple(asked), was_stopped, frozenset(offered)


def _before(vignette: Vignette, by: Actor, performed: date, as_class: str, run: str, language: str) -> None:
    """The check-in before: the earlier grades, no facts, on the last due day before this one."""
    if vignette.previous is None or vignette.day == 0:
        return
    due = [day for day in due_days(as_class, performed) if day < vignette.day]
    day = max(due, default=0)
    grades = vignette.previous
    calm = Vignette(
        **{**vars(vignette), "now": grades, "worst": grades, "facts": frozenset(), "unsure": frozenset()}
        | {"is_worried": False, "can_wait": True}
    )
    with clock.fixed(_at(performed + timedelta(days=day), EVENING if day == 0 else MORNING)):
        _send(calm, by, f"before-{vignette.id}-{run}", language)


def _level(receipt: Receipt, *, was_stopped: bool) -> str:
    """The highest advice that the patient read."""
    if was_stopped:
        return "emergency"
    if receipt.advice == "unusual":
        is_slow = all(rule.case_level == "one_week" for rule in receipt.fired)
        return "look_this_week" if is_slow else "look_next_working_day"
    return ADVICE[receipt.advice]


def _told(receipt: Receipt, language: str) -> str:
    opened = opening(OpenTimes(HOURS, "UTC"), clock.now())
    guidance = told(replace(receipt.guidance, reading=None), emergency="999", opening=opened, language=language)
    return " ".join((guidance.heading, *guidance.paragraphs, *guidance.next_steps))


def _run(
    vignette: Vignette, clinic: int, as_class: str, run: str, moment: datetime, language: str, *, story: bool
) -> _Run:
    performed = moment.date() - timedelta(days=vignette.day)
    by = _treated(vignette, clinic, performed, run, as_class, language)
    _before(vignette, by, performed, as_class, run, language)
    with clock.fixed(moment):
        note = vignette.story if story else ""
        receipt, asked, was_stopped, offered = _send(vignette, by, f"now-{vignette.id}-{run}", language, note)
        words = _told(receipt, language)
        with reading() as session:
            case = session.get(TriageCase, receipt.case_id) if receipt.case_id is not None else None
        taken, contacted = (None, None) if case is None else _hours(case, receipt, moment)
    return _Run(_level(receipt, was_stopped=was_stopped), taken, contacted, asked, offered, words)


def _hours(case: TriageCase, receipt: Receipt, moment: datetime) -> tuple[float, float]:
    """Until the two clocks of this answer end. A case that an earlier answer opened may be due before, which is not
    this answer's doing; if it is due later, that counts."""
    level = max((rule.case_level for rule in receipt.fired), key=CASE_LEVELS.index)
    own = clocks(level, moment, OpenTimes(HOURS, "UTC"))
    ends = max(case.due_at, own.taken_by), max(case.contact_due_at, own.contacted_by)
    taken, contacted = (round((end - moment).total_seconds() / 3600, 1) for end in ends)
    return taken, contacted


def _verdict(vignette: Vignette, level: str) -> tuple[str, int]:
    place = LEVELS.index(level)
    if (short := LEVELS.index(vignette.level_min) - place) > 0:
        return "under", short
    over = place - LEVELS.index(vignette.level_max)
    return ("over", over) if over > 0 else ("right", 0)


def _case_verdict(vignette: Vignette, slowest: float | None, fastest: float | None) -> str:
    if vignette.level_min != "usual" and (slowest is None or (vignette.hours is not None and slowest > vignette.hours)):
        return "under"
    is_slow = vignette.level_max in ("usual", "look_this_week")
    return "over" if is_slow and fastest is not None and fastest <= FAST_HOURS else "right"


def _cause(vignette: Vignette, run: _Run, verdict: str, as_class: str) -> str:
    """Where to look first: what could not be said, what was not asked, what was lost, or the rule."""
    if verdict == "right":
        return ""
    certain = {*vignette.facts, *vignette.unsure}
    askable = {fact for row in content().follow_ups.values() if row.shown_for for fact in row.facts}
    if verdict == "under":
        if certain - askable:
            return "not askable"
        if certain - run.offered:
            return "gated"
    if any(vignette.worst.get(name, 0) != vignette.now.get(name, 0) for name in vignette.worst):
        return "window"
    if as_class != vignette.procedure_class:
        return "class"
    if vignette.modifiers - VISIT_FIELDS.keys():
        return "modifier"
    return "rule"


def _answered(
    vignette: Vignette, clinic: int, as_class: str, language: str, *, story: bool, hard_moments: bool
) -> Answered:
    told_at = _at(MONDAY + timedelta(days=vignette.day), EVENING if vignette.day == 0 else MORNING)
    moments = {"own": told_at}
    if hard_moments:
        moments |= {"friday": _at(FRIDAY, LATE), "eve": _at(EVE, LATE)}
    runs = {
        name: _run(vignette, clinic, as_class, name, moment, language, story=story) for name, moment in moments.items()
    }
    own = runs["own"]
    verdict, by = _verdict(vignette, own.level)
    slowest, fastest = _slowest_and_fastest([run.due_hours for run in runs.values()])
    contact, _ = _slowest_and_fastest([run.contact_hours for run in runs.values()])
    case_verdict = _case_verdict(vignette, slowest, fastest)
    cause = _cause(vignette, own, verdict, as_class) or ("clock" if case_verdict != "right" else "")
    return Answered(
        vignette.id,
        vignette.band,
        own.level,
        verdict,
        by,
        cause,
        slowest,
        contact,
        case_verdict,
        own.asked,
        own.told,
    )


def _slowest_and_fastest(hours: Sequence[float | None]) -> tuple[float | None, float | None]:
    """The slowest is None as soon as one moment opened no case."""
    known = [each for each in hours if each is not None]
    return (max(known) if len(known) == len(hours) else None), min(known, default=None)


def answered(
    vignettes: Sequence[Vignette],
    mapped: dict[str, str],
    *,
    folder: Path | None = None,
    language: str = "en",
    story: bool = False,
    hard_moments: bool = True,
) -> tuple[Answered, ...]:
    """Run every vignette; the class map counts where the product lacks the class. Uses the process's settings.

    Without ``hard_moments`` the clock is that of the answer's own moment alone: enough where only the level matters.
    """
    with throw_away(folder):
        clinic, known = _clinic(), content().procedure_classes
        found = []
        for vignette in vignettes:
            wanted = vignette.procedure_class
            as_class = wanted if wanted in known else mapped.get(wanted, "other")
            found.append(_answered(vignette, clinic, as_class, language, story=story, hard_moments=hard_moments))
        return tuple(found)


def summary(results: Sequence[Answered]) -> dict[str, dict[str, int]]:
    """Band to right, under and over."""
    counts = Counter((result.band, result.verdict) for result in results)
    return {band: {verdict: counts[band, verdict] for verdict in ("right", "under", "over")} for band in BANDS}


def bar_holds(results: Sequence[Answered]) -> bool:
    """No red one under; at most 3 between ones under and 3 benign ones over, none of them by 2; no case late."""

    def wrong(band: str, verdict: str) -> list[int]:
        return [result.by for result in results if (result.band, result.verdict) == (band, verdict)]

    few = (wrong("between", "under"), wrong("benign", "over"))
    is_late = any(result.case_verdict == "under" for result in results)
    return (
        not is_late
        and not wrong("red", "under")
        and all(len(steps) <= 3 and max(steps, default=0) < 2 for steps in few)
    )
