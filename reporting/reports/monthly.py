"""The monthly report for the safety meeting, put together: one page to understand in a minute, then the evidence."""

from zoneinfo import ZoneInfo

from reporting.exchange.pdf import About, Document
from reporting.queries.monthly import MonthlyReport
from reporting.reports import evidence, summary
from reporting.reports.words import Reader, day, reader

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
        report.clinic, f"Treatments of {day(report.month.first)} to {day(report.month.last)}",
        f"made on {day(here.date())}, {here:%H:%M}",
    ]  # fmt: skip
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
    paper.text(f"No treatment of {report.month.words} is on record at this clinic, so there are no rates and no "
               f"charts. {where} Import a log of the practice system, or record treatments.")  # fmt: skip
    open_now = sum(report.cases.open_by_level.values())
    if report.baseline is not None or open_now:
        paper.heading("What is open nevertheless")
        paper.bullets([f"{to.count(open_now)} open cases, {to.count(report.cases.overdue)} of them past the deadline "
                       "without anybody.", *summary.signal_lines(report, to)])  # fmt: skip


def _page_one(paper: Document, report: MonthlyReport, to: Reader) -> None:
    paper.lead(summary.lead(report, to))
    paper.heading("To decide")
    paper.bullets(summary.decisions(report, to))
    paper.heading("In numbers")
    paper.table(["", MONTH, BEFORE, ALL], summary.number_rows(report, to), (35, 20, 20, 25))
    paper.heading("Treatments with an unexpected report, of those that answered")
    paper.table(["Symptom", MONTH, BEFORE, ALL, "Compared"], summary.symptom_rows(report, to), (22, 17, 17, 19, 25))
    paper.heading("Active signals")
    paper.bullets(summary.signal_lines(report, to))
    paper.heading("What was done")
    paper.bullets(summary.done_lines(report, to))


def _evidence(paper: Document, report: MonthlyReport) -> None:
    evidence.side_effects(paper, report)
    evidence.weeks(paper, report)
    evidence.funnels(paper, report)
    evidence.above_guideline(paper, report)
    evidence.signals(paper, report)
    evidence.cases(paper, report)
    evidence.data_quality(paper, report)
    evidence.how_to_read(paper)
