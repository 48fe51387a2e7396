"""The alert budget: how many alerts the rules raise, how fast they are taken, and how often they led to action."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import median, quantiles
from typing import Any

from reporting import clock
from reporting.domain.actors import Actor
from reporting.domain.content import content
from reporting.records import case_counts
from reporting.records.engine import reading
from reporting.security.permissions import require
from reporting.security.scope import Scope

DAYS = 90
TARGET_PER_100 = 15.0
"""Alerts per 100 check-ins that clinics stay below where patients report symptoms and nurses are alerted."""
TARGET_ACTED_ON = 0.60
"""Share of decided alerts that should have led to an action; the PRO-TECT trial (AFT-39) had 59 %."""


@dataclass(frozen=True)
class RuleUse:
    """One rule: alerts in which it fired, those whose case has an action coded, those acted on, confirmed ones."""

    code: str
    words: str
    fired: int
    decided: int
    acted_on: int
    confirmed: int


@dataclass(frozen=True)
class AlertBudget:
    """The last ``days`` days. Times are from the alert to the moment somebody took it; None without any."""

    days: int
    check_ins: int
    alerts: int
    not_taken: int
    decided: int
    acted_on: int
    patient_urgent: int
    """Check-ins in which the patient said that it cannot wait."""
    median_to_acknowledge: timedelta | None
    slow_tenth_to_acknowledge: timedelta | None
    """Nine in ten alerts were taken faster than this."""
    rules: tuple[RuleUse, ...]

    @property
    def per_100(self) -> float | None:
        """Alerts per 100 answered check-ins."""
        return 100 * self.alerts / self.check_ins if self.check_ins else None

    @property
    def acted_on_share(self) -> float | None:
        return self.acted_on / self.decided if self.decided else None


def _is_decided(action: str | None) -> bool:
    return action is not None


def _is_acted_on(action: str | None) -> bool:
    return action not in (None, "none_needed")


def _rules(rows: Sequence[Mapping[str, Any]]) -> tuple[RuleUse, ...]:
    """In the order of the table, rules of today first; rules that fired once and are gone keep their code."""
    known = {rule.code: rule.clinician_words for rule in content().rules}
    silence = {rule.code: rule.clinician_words for rule in content().silence}
    became = Counter((row["rules"], row["action_taken"], row["confirmation"]) for row in rows)
    used: dict[str, Counter[str]] = defaultdict(Counter)
    for (fired, action, confirmation), times in became.items():
        for code in dict.fromkeys(fired):
            used[code].update(
                fired=times,
                decided=times * _is_decided(action),
                acted_on=times * _is_acted_on(action),
                confirmed=times * (confirmation == "confirmed"),
            )
    words = known | silence | {code: code for code in sorted(set(used) - set(known) - set(silence))}
    return tuple(
        RuleUse(code, said, *(used[code][part] for part in ("fired", "decided", "acted_on", "confirmed")))
        for code, said in words.items()
    )


def _times(rows: Sequence[Mapping[str, Any]]) -> tuple[timedelta | None, timedelta | None]:
    taken = [row["acknowledged_at"] - row["at"] for row in rows if row["acknowledged_at"]]
    if not taken:
        return None, None
    seconds = sorted(length.total_seconds() for length in taken)
    slow = quantiles(seconds, n=10, method="inclusive")[-1] if len(seconds) > 1 else seconds[0]
    return timedelta(seconds=median(seconds)), timedelta(seconds=slow)


def alert_budget(by: Actor, days: int = DAYS) -> AlertBudget:
    """The alert budget of the actor's clinic. Raises NotAllowed."""
    require(by, "worklist.read")
    clinic_id, since = Scope.of(by).clinic_id, clock.now() - timedelta(days=days)
    with reading() as session:
        rows = case_counts.alert_rows(session, clinic_id, since)
        check_ins, urgent = case_counts.answered_since(session, clinic_id, since)
    usual, slow = _times(rows)
    return AlertBudget(
        days=days,
        check_ins=check_ins,
        alerts=len(rows),
        not_taken=sum(not row["acknowledged_at"] for row in rows),
        decided=sum(_is_decided(row["action_taken"]) for row in rows),
        acted_on=sum(_is_acted_on(row["action_taken"]) for row in rows),
        patient_urgent=urgent,
        median_to_acknowledge=usual,
        slow_tenth_to_acknowledge=slow,
        rules=_rules(rows),
    )
