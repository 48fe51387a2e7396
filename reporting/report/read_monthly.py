"""Everything the monthly safety report says, from the same queries as the pages. No patient is named in it.

What the page of the monthly report offers: months, and who is told when one is ready.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from reporting import clock
from reporting.dashboards.read_overview import Overview, Totals, overview, overviews
from reporting.dashboards.read_quality import DataQuality, data_quality
from reporting.dashboards.read_ranges import areas_above_guideline
from reporting.domain.actors import Actor
from reporting.domain.case_work import ACTIONS_TAKEN, CONFIRMATIONS, LEVEL_WORDS
from reporting.domain.clinic_settings import Month, ReportSchedule, from_plain, of
from reporting.domain.clinic_settings import of as month_of
from reporting.domain.content import content
from reporting.domain.vocabulary import SYMPTOMS
from reporting.errors import InvalidInput
from reporting.records import access, case_counts, patients
from reporting.records.case_counts import cases_of_month
from reporting.records.engine import reading
from reporting.records.outcome_frame import one_moment
from reporting.records.tables import id_of
from reporting.security.permissions import may, require
from reporting.security.scope import Scope
from reporting.shell.read_scope import Filters, scoped_frame
from reporting.signals.read_peers import Units, UnitType, units
from reporting.signals.read_signals import NewestLook, SignalCard, newest_look, signal_card, signals_of

WEEKS = 26
"""Weeks of treatment in the weekly charts, up to the end of the month."""
FUNNEL_MONTHS = 12
"""Devices and operators are compared over so many months: one month holds too few events to tell them apart."""
FUNNEL_SYMPTOMS = 2
ACTIVE = ("new", "reviewing", "action_taken")
"""States of a signal that the meeting still has to think about."""


@dataclass(frozen=True)
class CaseMonth:
    """Cases opened in the month, what was done about them, and what is open now."""

    opened: int
    opened_by_level: Mapping[str, int]
    actions: Mapping[str, int]
    """Action in words to the number of cases opened in the month."""
    confirmed: int
    by_confirmation: Mapping[str, int]
    undecided: int
    median_hours_to_take: float | None
    open_by_level: Mapping[str, int]
    overdue: int
    oldest_open: date | None
    rules: Mapping[str, int]
    """Rule in words to the number of open cases that it opened."""
    alerts: int
    answered_check_ins: int
    """Check-ins answered in the month, whenever the treatment was."""


@dataclass(frozen=True)
class MonthlyReport:
    """The report of one clinic and month as one reader may see it."""

    month: Month
    clinic: str
    timezone: str
    is_synthetic: bool
    made_at: datetime
    is_over: bool
    with_operators: bool
    overview: Overview
    before: Overview
    """The calendar month before."""
    baseline: Totals | None
    """Everything before the month."""
    weeks: Mapping[str, Overview]
    look: NewestLook | None
    signals: tuple[SignalCard, ...]
    actions: tuple[tuple[date, str], ...]
    """What was done about signals in the month: day and words."""
    cases: CaseMonth
    cases_before: CaseMonth
    above: pd.DataFrame
    above_before: pd.DataFrame
    units: tuple[Units, ...]
    quality: DataQuality


def month_filters(month: Month, clinic_code: str) -> Filters:
    """The pages' own filters that choose the treatments of the month."""
    return Filters(from_date=month.first, to_date=month.last, clinics=(clinic_code,))


def monthly_report(by: Actor, month: Month, *, operators: bool = False) -> MonthlyReport:
    """The report of the actor's clinic. ``operators``: with the parts about operators, for the safety lead.

    Raises NotAllowed, and InvalidInput for a month that has not begun.
    """
    require(by, "report.read")
    if operators:
        require(by, "operators.compare")
    with one_moment():
        return _report(by, month, operators=operators)


def _report(by: Actor, month: Month, *, operators: bool) -> MonthlyReport:
    with reading() as session:
        clinic = patients.clinic(session, by.clinic_key)
    today = clock.now().astimezone(ZoneInfo(clinic.timezone)).date()
    if month > month_of(today):
        raise InvalidInput(field="month", found=str(month), allowed=f"a month up to {month_of(today)}")
    chosen = month_filters(month, clinic.code)
    now = overview(by, chosen)
    cards = tuple(card for card in _cards(by) if operators or card.signal.unit_type != "operator")
    return MonthlyReport(
        month=month,
        clinic=clinic.name,
        timezone=clinic.timezone,
        is_synthetic=clinic.is_synthetic,
        made_at=clock.now(),
        is_over=today > month.last,
        with_operators=operators,
        overview=now,
        before=overview(by, month_filters(month.previous, clinic.code)),
        baseline=_baseline(by, chosen),
        weeks=_weeks(by, chosen) if now.totals.n_treatments else {},
        look=newest_look(by),
        signals=tuple(card for card in cards if _is_active(card)),
        actions=_actions(cards, month),
        cases=_cases(by, month, clinic.timezone),
        cases_before=_cases(by, month.previous, clinic.timezone),
        above=areas_above_guideline(by, chosen),
        above_before=areas_above_guideline(by, month_filters(month.previous, clinic.code)),
        units=tuple(_units(by, chosen, now, operators)) if now.totals.n_treatments else (),
        quality=data_quality(by, chosen),
    )


def _baseline(by: Actor, chosen: Filters) -> Totals | None:
    """Totals of everything before the month; None where there was nothing."""
    assert chosen.from_date is not None
    found = overview(by, replace(chosen, from_date=None, to_date=chosen.from_date - timedelta(days=1))).totals
    return found if found.n_treatments else None


def _weeks(by: Actor, chosen: Filters) -> dict[str, Overview]:
    assert chosen.to_date is not None
    long = replace(chosen, from_date=chosen.to_date - timedelta(weeks=WEEKS))
    return overviews(by, long, list(SYMPTOMS))


def _cards(by: Actor) -> list[SignalCard]:
    return [signal_card(by, signal.id) for signal in signals_of(by)]


def _is_active(card: SignalCard) -> bool:
    return card.signal.state in ACTIVE and (card.signal.rank > 0 or card.signal.state != "new")


def _actions(cards: tuple[SignalCard, ...], month: Month) -> tuple[tuple[date, str], ...]:
    return tuple(
        sorted(
            (
                step.happened_on,
                f"{card.signal.unit_type.replace('_', ' ').capitalize()} {card.signal.unit_id}: {step.note}",
            )
            for card in cards
            for step in card.steps
            if step.kind == "action_taken" and step.happened_on and month.first <= step.happened_on <= month.last
        )
    )


def _units(by: Actor, chosen: Filters, now: Overview, operators: bool) -> list[Units]:
    """Funnels of the symptoms reported most often, devices first."""
    assert chosen.to_date is not None
    begin = month_of(chosen.to_date)
    for _ in range(FUNNEL_MONTHS - 1):
        begin = begin.previous
    year = replace(chosen, from_date=begin.first)
    often = now.rates.sort_values(["baseline_events", "events"], ascending=False)["symptom"].head(FUNNEL_SYMPTOMS)
    kinds: tuple[UnitType, ...] = ("device", "operator") if operators else ("device",)
    found = [units(by, kind, symptom, year) for kind in kinds for symptom in often]
    return [each for each in found if each.table.get("is_drawn", pd.Series(dtype=bool)).any()]


def _cases(by: Actor, month: Month, timezone: str) -> CaseMonth:
    start, end = month.begins(timezone), month.next.begins(timezone)
    with reading() as session:
        rows = cases_of_month(session, by.clinic_key, start, end)
        alerts = case_counts.alert_rows(session, Scope.of(by).clinic_id, start)
        answered = [case_counts.answered_since(session, Scope.of(by).clinic_id, moment)[0] for moment in (start, end)]
    new, is_open = rows[(rows["opened_at"] >= start) & (rows["opened_at"] < end)], rows[rows["state"] != "closed"]
    taken = new["action_taken"].value_counts()
    decided = new["confirmation"].value_counts()
    moment = clock.now()
    late = (is_open["state"] == "new") & (is_open["due_at"] < moment)
    late |= is_open["contacted_at"].isna() & (is_open["contact_due_at"] < moment)
    return CaseMonth(
        opened=len(new),
        opened_by_level=_levels(new),
        actions={words: int(taken.get(code, 0)) for code, words in ACTIONS_TAKEN.items() if taken.get(code, 0)},
        confirmed=int(decided.get("confirmed", 0)),
        by_confirmation={words: int(decided.get(code, 0)) for code, words in CONFIRMATIONS.items()},
        undecided=int(new["confirmation"].isna().sum()),
        median_hours_to_take=_median_hours(new),
        open_by_level=_levels(is_open),
        overdue=int(late.sum()),
        oldest_open=is_open["opened_at"].min().astimezone(ZoneInfo(timezone)).date() if len(is_open) else None,
        rules=_rules(is_open),
        alerts=sum(row["at"] < end for row in alerts),
        answered_check_ins=answered[0] - answered[1],
    )


def _levels(rows: pd.DataFrame) -> dict[str, int]:
    counts = rows["level"].value_counts()
    return {words: int(counts.get(level, 0)) for level, words in LEVEL_WORDS.items()}


def _median_hours(rows: pd.DataFrame) -> float | None:
    taken = rows[rows["acknowledged_at"].notna()]
    if taken.empty:
        return None
    return float((pd.to_datetime(taken["acknowledged_at"]) - taken["opened_at"]).dt.total_seconds().median() / 3600)


def _rules(rows: pd.DataFrame) -> dict[str, int]:
    rules: list[Any] = [*content().rules, *content().silence]
    words = {rule.code: rule.clinician_words for rule in rules}
    counts = Counter(code for codes in rows["rules"] for code in codes)
    return {words.get(code, code): number for code, number in counts.most_common()}


MOST_MONTHS = 36


@dataclass(frozen=True)
class ReportChoices:
    """``months``, the one just over first; ``readers``: staff id to name, for those who may change the schedule."""

    months: tuple[Month, ...]
    schedule: ReportSchedule
    readers: dict[int, str]
    timezone: str


def report_choices(by: Actor) -> ReportChoices:
    """What the actor may choose. Raises NotAllowed."""
    require(by, "report.read")
    with one_moment(), reading() as session:
        clinic = patients.clinic(session, by.clinic_key)
        accounts = access.accounts_of(session, id_of(clinic)) if may(by, "report.schedule") else []
        days = scoped_frame(by, Filters(), ["performed_on"])["performed_on"]
    this = of(clock.now().astimezone(ZoneInfo(clinic.timezone)).date())
    first = of(days.min().date()) if len(days) else this.previous
    older = [this.previous]
    while older[-1] > first and len(older) < MOST_MONTHS:
        older.append(older[-1].previous)
    months = [older[0], this, *older[1:]]
    readers = {
        id_of(one): f"{one.display_name} ({one.role.replace('_', ' ')})"
        for one in accounts
        if one.is_active and may(Actor("staff", one.id, one.clinic_id, one.role), "report.read")  # type: ignore[arg-type]
    }
    return ReportChoices(tuple(months), from_plain(clinic.report_schedule), readers, clinic.timezone)
