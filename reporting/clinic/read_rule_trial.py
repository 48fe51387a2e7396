"""A triage rule tried on past data: what it fired on, what it would fire on, and what became of those alerts."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from reporting import clock
from reporting.domain.actors import Actor
from reporting.domain.case_work import clocks
from reporting.domain.clinic_content import RULES, ClinicContent, checked, rules_with
from reporting.domain.content_rows import ADVICE_LEVELS, CASE_LEVELS, CaseLevel, Rule
from reporting.domain.course import of_visit
from reporting.domain.opening_hours import OpenTimes
from reporting.domain.questionnaire import CheckInContext, CompletedCheckIn, TreatedAreaRef
from reporting.domain.triage import fires
from reporting.records import answers_of_clinic, check_ins, clinic_facts
from reporting.records.engine import reading
from reporting.records.patients import known_modifiers
from reporting.records.tables import Clinic
from reporting.security.permissions import require

DAYS = 365
MOST = 20_000
"""The newest check-ins of the last year, at most so many: what a page can replay while somebody waits."""

MOST_LATER = 50
"""Alerts that would have been reached later, shown one by one: the worst."""

Others = tuple[Sequence[Rule], Sequence[Rule]]
"""The rules that stay as they are: red flags and the rest, each hardest advice first."""
Report = tuple[int, CompletedCheckIn, CheckInContext]
Became = Mapping[int, tuple[str | None, str | None]]
"""Check-in to action and confirmation coded on its case."""


@dataclass(frozen=True)
class Fired:
    """Alerts of one version of the rule. ``decided``: their case has an action coded; ``acted_on``: other than none
    needed; ``confirmed``: a complication was confirmed."""

    fired: int
    decided: int
    acted_on: int
    confirmed: int


@dataclass(frozen=True)
class Later:
    """A past alert whose patient would have been spoken to later: hours from the answer to the end of the second
    clock, with the rules as they are and as they would be. ``after_hours`` is None where no rule would fire."""

    check_in_id: int
    answered_at: datetime
    before_hours: float
    after_hours: float | None

    @property
    def lost_hours(self) -> float:
        """How much later; without end where nobody would have been told."""
        return math.inf if self.after_hours is None else self.after_hours - self.before_hours


@dataclass(frozen=True)
class RuleTrial:
    """``now`` and ``then``: the rule as it is and as it would be. The rest counts check-ins under all rules together.

    ``lost`` and ``gained``: alerts of this rule alone that would no longer be there, or be new. ``red_flags`` are
    check-ins with a red flag, now and then; ``cases`` those that raise a case; ``milder`` and ``harder`` those
    whose patient would be told something else.
    """

    rule: str
    check_ins: int
    first_day: date | None
    is_cut: bool
    """There were more check-ins in the year than could be replayed: the newest were taken."""
    now: Fired
    then: Fired
    lost: Fired
    gained: int
    red_flags: tuple[int, int]
    cases: tuple[int, int]
    milder: int
    harder: int
    later_alerts: int = 0
    """Alerts of any rule that would have been reached later, or not at all."""
    later: tuple[Later, ...] = ()
    """The worst of them first, at most MOST_LATER."""


@dataclass(frozen=True)
class _Verdict:
    """One check-in under both versions: whether this rule fired, whether any did, whether a red flag, the advice."""

    check_in: int
    fired: tuple[bool, bool]
    any_fired: tuple[bool, bool]
    red_flag: tuple[bool, bool]
    advice: tuple[int, int]
    level: tuple[str | None, str | None] = (None, None)
    """Level of the case, where the two differ."""


def _now(row: Any) -> dict[str, int]:
    return check_ins.worst_of(row) | check_ins.now_of(row)


def _reports(
    rows: Any, before: Mapping[int, Any], treated: Mapping[int, tuple[TreatedAreaRef, ...]]
) -> Iterator[Report]:
    """Each check-in as the rules saw it; ``before`` has the last one of each treatment ahead of the first row."""
    previous = {treatment: (_now(row), row.recovery_day) for treatment, row in before.items()}
    for row in rows:
        worst, now = check_ins.worst_of(row), check_ins.now_of(row)
        done = CompletedCheckIn(worst, dict(row.follow_up), {}, row.worried, row.can_wait, "", now)
        last, since_day = previous.get(row.treatment_id, ({}, None))
        yield (
            row.id,
            done,
            CheckInContext(
                procedure_class=of_visit(row.procedure_class, row.also_classes),
                recovery_day=row.recovery_day,
                areas=treated.get(row.treatment_id, ()),
                fitzpatrick=row.fitzpatrick,
                pigmentation_history=row.pigmentation_history,
                first_check_in=not last,
                previous=last,
                since_day=since_day,
                modifiers=known_modifiers(row, row),
            ),
        )
        previous[row.treatment_id] = (_now(row), row.recovery_day)


def _is_quiet(done: CompletedCheckIn) -> bool:
    """Whether nothing was reported at all, so that no rule can fire."""
    return not (any(done.severities.values()) or done.follow_up or done.worried or done.can_wait is False)


def _verdict(report: Report, old: Rule | None, new: Rule | None, others: Others) -> _Verdict:
    """The rules that do not change are asked once: the hardest red flag and the hardest other one say it all."""
    key, done, context = report
    if _is_quiet(done):
        return _Verdict(key, (False, False), (False, False), (False, False), (0, 0))
    same = [
        rule
        for rules in others
        if (rule := next((one for one in rules if fires(one, done, context)), None)) is not None
    ]
    own = [rule is not None and fires(rule, done, context) for rule in (old, new)]
    both = [[*same, rule] if is_fired and rule else same for rule, is_fired in zip((old, new), own, strict=True)]
    flags = [any(rule.red_flag for rule in fired) for fired in both]
    advice = [max((ADVICE_LEVELS.index(rule.advice) for rule in fired), default=0) for fired in both]
    levels = _levels(both, others, done, context)
    return _Verdict(
        key, (own[0], own[1]), (bool(both[0]), bool(both[1])), (flags[0], flags[1]), (advice[0], advice[1]), levels
    )


def _levels(
    both: list[list[Rule]], others: Others, done: CompletedCheckIn, context: CheckInContext
) -> tuple[str | None, str | None]:
    """Levels of the case under both versions; nothing where this rule makes no difference to it."""
    before, after = ({rule.case_level for rule in fired} for fired in both)
    if before == after:
        return None, None
    every = {rule.case_level for rules in others for rule in rules if fires(rule, done, context)}
    found = [max(levels | every, key=CASE_LEVELS.index, default=None) for levels in (before, after)]
    return found[0], found[1]


def _counted(check_ins: list[int], became: Became) -> Fired:
    known = [became.get(key, (None, None)) for key in check_ins]
    return Fired(
        len(known),
        sum(action is not None for action, _ in known),
        sum(action not in (None, "none_needed") for action, _ in known),
        sum(c == "confirmed" for _, c in known),
    )


def _versions(now: ClinicContent, row: str, cells: Mapping[str, str]) -> tuple[tuple[Rule, ...], tuple[Rule, ...]]:
    changed = {code: dict(own) for code, own in now.rows(RULES).items()}
    return rules_with(changed), rules_with(changed | {row: dict(cells)})


def try_rule(by: Actor, row: str, cells: Mapping[str, str]) -> RuleTrial:
    """What rule ``row`` would have done with these cells (column to text, as in the file) on the clinic's own past.

    Nothing is saved. Raises ContentRefused for what could not be saved either, NotAllowed.
    """
    require(by, "content.read")
    since = clock.now() - timedelta(days=DAYS)
    with reading() as session:
        clinic = session.get_one(Clinic, by.clinic_key)
        now = clinic_facts.of(session, clinic)
        deadlines = clinic_facts.open_times(clinic), clinic_facts.levels_at(session, clinic, clock.now())
        old, new = _versions(now, row, checked(RULES, row, cells, now, {}))
        rows = answers_of_clinic.newest(session, by.clinic_id or 0, since, MOST + 1)
        is_cut, rows = len(rows) > MOST, rows[-MOST:]
        treatments = sorted({one.treatment_id for one in rows})
        before = answers_of_clinic.last_before(session, treatments, rows[0].answered_at) if rows else {}
        treated = check_ins.areas_of_many(session, treatments)
        became = answers_of_clinic.became(session, by.clinic_id or 0, since)
    rest = sorted(
        (one for one in old if one.code != row), key=lambda one: ADVICE_LEVELS.index(one.advice), reverse=True
    )
    others = ([one for one in rest if one.red_flag], [one for one in rest if not one.red_flag])
    pair = [next((rule for rule in rules if rule.code == row), None) for rules in (old, new)]
    verdicts = [_verdict(report, pair[0], pair[1], others) for report in _reports(rows, before, treated)]
    later = _later(verdicts, {one.id: one.answered_at for one in rows}, *deadlines)
    found = _trial(row, verdicts, became, rows[0].answered_at.date() if rows else None, is_cut)
    return replace(found, later_alerts=len(later), later=later[:MOST_LATER])


def _later(
    found: list[_Verdict], answered: Mapping[int, datetime], times: OpenTimes, levels: Mapping[str, CaseLevel]
) -> tuple[Later, ...]:
    """Alerts that would have been reached later, the worst first: by the clinic's hours and deadlines of today."""
    late = []
    for one in found:
        before, after = one.level
        if before is None or (after is not None and CASE_LEVELS.index(after) >= CASE_LEVELS.index(before)):
            continue
        at = answered[one.check_in]
        hours = [
            None if level is None else (clocks(level, at, times, levels).contacted_by - at) / timedelta(hours=1)
            for level in (before, after)
        ]
        late.append(Later(one.check_in, at, hours[0] or 0.0, hours[1]))
    return tuple(sorted(late, key=lambda one: (one.lost_hours, one.answered_at), reverse=True))


def _trial(row: str, found: list[_Verdict], became: Became, first: date | None, is_cut: bool) -> RuleTrial:
    now, then = ([one.check_in for one in found if one.fired[which]] for which in (0, 1))
    kept = set(then)
    return RuleTrial(
        rule=row,
        check_ins=len(found),
        first_day=first,
        is_cut=is_cut,
        now=_counted(now, became),
        then=_counted(then, became),
        lost=_counted([key for key in now if key not in kept], became),
        gained=len(kept - set(now)),
        red_flags=(sum(one.red_flag[0] for one in found), sum(one.red_flag[1] for one in found)),
        cases=(sum(one.any_fired[0] for one in found), sum(one.any_fired[1] for one in found)),
        milder=sum(one.advice[1] < one.advice[0] for one in found),
        harder=sum(one.advice[1] > one.advice[0] for one in found),
    )
