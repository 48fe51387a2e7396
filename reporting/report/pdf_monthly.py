"""The monthly report for the safety meeting, put together: one page to understand in a minute, then the evidence.

What the first page of the monthly report says: numbers, signals, what was done, and what is to be decided.
"""

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from reporting.dashboards.read_overview import Overview, Totals
from reporting.domain.signal_work import STATE_WORDS
from reporting.report import pdf_charts
from reporting.report.file_pdf import About, Document
from reporting.report.pdf_charts import NOTHING, Reader, day, reader, share
from reporting.report.read_monthly import CaseMonth, MonthlyReport
from reporting.shell.chart_look import percent
from reporting.shell.read_small_cells import hide_small_cells
from reporting.signals.read_signals import headline, numbers

LOW_RESPONSE = 0.5
"""Where fewer than half of the due check-ins are answered, silence can hide more than the answers show."""
MANY_GAPS = 0.2
"""Share of treated areas without a setting from which the gap is worth a decision."""
MOST_LINES = 5
"""Of one list on the first page, so that it stays one page."""
Rows = list[list[str]]


def lead(report: MonthlyReport, to: Reader) -> str:
    """The month in two sentences."""
    totals, cases = report.overview.totals, report.cases
    active = len(report.signals)
    signals = "no active signal" if not active else "1 active signal" if active == 1 else f"{active} active signals"
    treated = "1 treatment" if totals.n_treatments == 1 else f"{to.count(totals.n_treatments)} treatments"
    opened = "1 case was" if cases.opened == 1 and not to.hand_on else f"{to.count(cases.opened)} cases were"
    ended = f"{opened} opened, {to.count(cases.confirmed)} with a confirmed complication"
    answered = to.of(totals.answered_check_ins, totals.due_check_ins) if to.hand_on else share(totals.response_rate)
    said = f"{treated}; {answered} of the check-ins that were due have been answered."
    return f"{said} {ended if cases.opened else 'No case was opened'}; {signals}."


def number_rows(report: MonthlyReport, to: Reader) -> Rows:
    """Words, this month, the month before, everything before."""
    now, before, base = report.overview.totals, report.before.totals, report.baseline
    pairs = [(report.overview, report.cases), (report.before, report.cases_before)]
    return [
        ["Treatments", to.count(now.n_treatments), to.count(before.n_treatments), _per_month(report, base)],
        ["Due check-ins answered", *(_answered(each, to) for each in (now, before, base))],
        ["Treatments with an unexpected report", *(_reported(one, to) for one, _ in pairs), NOTHING],
        ["Cases opened in the month", *(to.count(cases.opened) for _, cases in pairs), NOTHING],
        ["… with an action taken", *(_acted(cases, to) for _, cases in pairs), NOTHING],
        ["… confirmed complication", *(to.count(cases.confirmed) for _, cases in pairs), NOTHING],
        ["Hours until a case was taken (median)", *(_hours(cases, to) for _, cases in pairs), NOTHING],
        ["Alerts per 100 answered check-ins", *(_alerts(cases, to) for _, cases in pairs), NOTHING],
    ]


def _per_month(report: MonthlyReport, base: Totals | None) -> str:
    if base is None or base.first_day is None:
        return NOTHING
    months = (report.month.year - base.first_day.year) * 12 + report.month.number - base.first_day.month
    return f"{base.n_treatments / max(months, 1):,.0f} a month"


def _answered(totals: Totals | None, to: Reader) -> str:
    return NOTHING if totals is None else to.of(totals.answered_check_ins, totals.due_check_ins)


def _reported(found: Overview, to: Reader) -> str:
    return to.of(found.cases.n_reported, found.totals.n_treatments)


def _acted(cases: CaseMonth, to: Reader) -> str:
    return to.of(sum(n for words, n in cases.actions.items() if words != "No contact needed"), cases.opened)


def _hours(cases: CaseMonth, to: Reader) -> str:
    if cases.median_hours_to_take is None or to.hides(cases.opened):
        return NOTHING
    return f"{cases.median_hours_to_take:.1f}"


def _alerts(cases: CaseMonth, to: Reader) -> str:
    if not cases.answered_check_ins or to.hides(cases.alerts):
        return NOTHING
    return f"{100 * cases.alerts / cases.answered_check_ins:.1f}"


def symptom_rows(report: MonthlyReport, to: Reader) -> Rows:
    """Symptom, events of those who answered this month, the month before, everything before, what chance says."""
    table = report.overview.rates
    columns = [_of_those_who_answered(table, when, to) for when in ("", "previous_", "baseline_")]
    rows: list[Any] = list(table.itertuples())
    return [
        [row.label, *said, NOTHING if to.hidden in said else _compared(row)]
        for row, *said in zip(rows, *columns, strict=True)
    ]


def _of_those_who_answered(table: pd.DataFrame, when: str, to: Reader) -> list[str]:
    """The column of a time, beginning with ``when``; what would give a hidden symptom away is hidden with it."""
    counts = pd.DataFrame({name: table[f"{when}{name}"].to_numpy() for name in ("events", "n_answered")})
    hidden = hide_small_cells(counts, threshold=to.threshold)["is_hidden"] if to.hand_on else [False] * len(counts)
    return [
        to.hidden if is_hidden else to.of(int(row.events), int(row.n_answered))
        for row, is_hidden in zip(list[Any](counts.itertuples()), hidden, strict=True)
    ]


def _compared(row: Any) -> str:
    said = [
        f"{way} than {than}"
        for way, than in ((row.difference, "the month before"), (row.baseline_difference, "all before"))
        if way
    ]
    return ", ".join(said).capitalize() or "No clear difference"


def signal_lines(report: MonthlyReport, to: Reader) -> list[str]:
    """Each active signal in words; its numbers where the reader may see them."""
    if report.look is None and not report.signals:
        return ["Nobody has looked over the data yet: run the look on the page Signals."]
    found = []
    for card in report.signals:
        said = "" if to.hand_on else f" {_first_words(numbers(card.signal.card))}."
        found.append(f"{headline(card.signal)}.{said} State: {STATE_WORDS[card.signal.state].lower()}.")
    if report.look is not None and not found:
        found.append(f"None. The last look was on {day(report.look.as_of)}.")
    return _short(found)


def _first_words(said: str) -> str:
    """What was observed and expected; how sure that is stands on the signal's card."""
    return said.split(";")[0].split(" (95 %")[0]


def done_lines(report: MonthlyReport, to: Reader) -> list[str]:
    """What was done about signals and cases in the month."""
    found = [f"{day(on)}: {_without_note(words) if to.hand_on else words}" for on, words in report.actions]
    actions = [f"{words.lower()} {to.count(number)}" for words, number in report.cases.actions.items()]
    if actions and not to.hand_on:
        found.append(f"Cases opened in the month: {', '.join(actions)}.")
    return _short(found) or ["No action on a signal and none on a case is on record for this month."]


def _without_note(words: str) -> str:
    """What somebody wrote down stays in the clinic: it may name people."""
    return f"{words.partition(':')[0]}: something was changed because of its signal."


def decisions(report: MonthlyReport, to: Reader) -> list[str]:
    """What the meeting is asked to decide, each with its reason."""
    found = [
        *_about_signals(report),
        *_about_cases(report, to),
        *_about_rates(report),
        *_about_settings(report, to),
        *_about_data(report),
    ]
    return _short(found) or ["Nothing stands out that needs a decision this month."]


def _short(lines: Sequence[str]) -> list[str]:
    """At most ``MOST_LINES``; the evidence pages have the rest."""
    more = len(lines) - MOST_LINES
    return [*lines[:MOST_LINES], *([f"… and {more} more, on the following pages."] if more > 0 else [])]


def _about_signals(report: MonthlyReport) -> list[str]:
    asks = {
        "new": "who reviews it?",
        "reviewing": "what explains it, or what is changed?",
        "action_taken": "has the action helped, or is more needed?",
    }
    return [f"Signal, {headline(card.signal)}: {asks[card.signal.state]}" for card in report.signals]


def _about_cases(report: MonthlyReport, to: Reader) -> list[str]:
    late = report.cases.overdue
    if not late:
        return []
    who = "1 open case is" if late == 1 and not to.hand_on else f"{to.count(late)} open cases are"
    return [f"{who} past a deadline, not taken or the patient not contacted: who does it, and is the rota enough?"]


def _about_rates(report: MonthlyReport) -> list[str]:
    rows: list[Any] = list(report.overview.rates.itertuples())
    return [
        f"Why is {row.label.lower()} reported more often than "
        f"{'in the month before' if row.difference == 'more' else 'in all the time before'}?"
        for row in rows
        if "more" in (row.difference, row.baseline_difference)
    ]


def _about_settings(report: MonthlyReport, to: Reader) -> list[str]:
    above = report.above[report.above["n_above"] > 0].sort_values("share", ascending=False).head(2)
    return [
        f"{row.setting} of {row.label} was above the published maximum in {to.of(int(row.n_above), int(row.n_areas))} "
        "treated areas: is that meant?"
        for row in list[Any](above.itertuples())
    ]


def _about_data(report: MonthlyReport) -> list[str]:
    found = []
    rate = report.overview.totals.response_rate
    if rate is not None and rate < LOW_RESPONSE:
        found.append(f"Only {percent(rate)} of due check-ins are answered: how are patients reminded?")
    missing = report.quality.missing
    gaps = missing[(missing["share"] >= MANY_GAPS) & (missing["share"] < 1)]
    if len(gaps):
        worst: Any = gaps.sort_values("share", ascending=False).iloc[0]
        found.append(
            f"{worst['setting']} of {worst['label']} was not recorded in {percent(worst['share'])} "
            "of treated areas: who sees to it?"
        )
    waiting = sum(line.waiting for line in report.quality.imports)
    if waiting:
        found.append(f"{waiting:,} refused rows of imports wait to be mended: who does it?")
    return found


MONTH, BEFORE, ALL = "This month", "Month before", "All before"


def monthly_pdf(report: MonthlyReport, *, hand_on: bool = False) -> bytes:
    """The report as a PDF file. ``hand_on``: for readers outside the clinic, with small counts hidden.

    The version to hand on is the first page alone: charts and breakdowns would give small counts away.
    """
    to = reader(hand_on=hand_on)
    paper = Document(_about(report, to))
    paper.title(f"Safety report, {report.month.words}", _below(report, to))
    if not report.overview.totals.n_treatments:
        _empty(paper, report, to)
        return paper.content()
    _page_one(paper, report, to)
    if not hand_on:
        _evidence(paper, report)
    return paper.content()


def file_name(report_month: object, *, operators: bool, hand_on: bool) -> str:
    """``safety-report-2026-10.pdf``; the versions have names of their own."""
    kind = "-to-hand-on" if hand_on else "-with-operators" if operators else ""
    return f"safety-report-{report_month}{kind}.pdf"


def _about(report: MonthlyReport, to: Reader) -> About:
    title = f"Safety report, {report.month.words}, {report.clinic}"
    foot = f"{report.clinic} · {report.month.words}" + (" · synthetic data" if report.is_synthetic else "")
    whom = "small counts hidden" if to.hand_on else "confidential: for this clinic's safety meeting"
    subject = "Side effects after skin procedures, for the safety meeting"
    return About(title, subject, report.made_at, f"{foot} · {whom}")


def _below(report: MonthlyReport, to: Reader) -> str:
    here = report.made_at.astimezone(ZoneInfo(report.timezone))
    said = [
        report.clinic,
        f"Treatments of {day(report.month.first)} to {day(report.month.last)}",
        f"made on {day(here.date())}, {here:%H:%M}",
    ]
    if not report.is_over:
        said.append("the month is not over")
    if report.is_synthetic:
        said.append("synthetic data: nobody in it is real")
    if report.with_operators:
        said.append("with operators, for the safety lead")
    if to.hand_on:
        said.append(f"to be handed on: counts below {to.threshold} are hidden, the others in groups of {to.threshold}")
    return " · ".join(said)


def _empty(paper: Document, report: MonthlyReport, to: Reader) -> None:
    """An honest page where nothing was treated."""
    paper.heading("No treatments in this month")
    where = "No treatment is on record before it either." if report.baseline is None else "Earlier ones are on record."
    paper.text(
        f"No treatment of {report.month.words} is on record at this clinic, so there are no rates and no "
        f"charts. {where} Import a log of the practice system, or record treatments."
    )
    open_now = sum(report.cases.open_by_level.values())
    if report.baseline is not None or open_now:
        paper.heading("What is open nevertheless")
        paper.bullets(
            [
                f"{to.count(open_now)} open cases, {to.count(report.cases.overdue)} of them past a deadline "
                "without anybody.",
                *signal_lines(report, to),
            ]
        )


def _page_one(paper: Document, report: MonthlyReport, to: Reader) -> None:
    paper.lead(lead(report, to))
    paper.heading("To decide")
    paper.bullets(decisions(report, to))
    paper.heading("In numbers")
    paper.table(["", MONTH, BEFORE, ALL], number_rows(report, to), (35, 20, 20, 25))
    paper.heading("Treatments with an unexpected report, of those that answered")
    paper.table(["Symptom", MONTH, BEFORE, ALL, "Compared"], symptom_rows(report, to), (22, 17, 17, 19, 25))
    paper.heading("Active signals")
    paper.bullets(signal_lines(report, to))
    paper.heading("What was done")
    paper.bullets(done_lines(report, to))


def _evidence(paper: Document, report: MonthlyReport) -> None:
    pdf_charts.side_effects(paper, report)
    pdf_charts.weeks(paper, report)
    pdf_charts.funnels(paper, report)
    pdf_charts.above_guideline(paper, report)
    pdf_charts.signals(paper, report)
    pdf_charts.cases(paper, report)
    pdf_charts.data_quality(paper, report)
    pdf_charts.how_to_read(paper)
