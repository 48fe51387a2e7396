"""The pages behind the first one: the same charts and numbers as the pages of the application, for paper.

How the monthly report puts days, counts and rates, and what it keeps from readers outside the clinic.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from reporting.dashboards.chart_overview import symptom_rates, weekly_rates
from reporting.dashboards.read_quality import SILENT_AFTER_DAYS
from reporting.domain.signal_work import STATE_WORDS
from reporting.domain.vocabulary import SYMPTOMS
from reporting.report.file_pdf import FONTS, Document
from reporting.report.read_monthly import FUNNEL_MONTHS, WEEKS, MonthlyReport
from reporting.settings import settings
from reporting.shell.chart_look import Figure, percent
from reporting.shell.chart_printing import picture
from reporting.shell.read_small_cells import coarse
from reporting.signals.chart_peers import ZONE_WORDS, funnel
from reporting.signals.read_peers import Units
from reporting.signals.read_signals import SignalCard, headline, numbers

NOTHING = "–"


@dataclass(frozen=True)
class Reader:
    """Whom the report is for.

    To be handed on outside the clinic, counts of 1 to ``threshold`` - 1 are hidden and the others made coarse, so that
    the reports of two months do not give a small one away.
    """

    hand_on: bool
    threshold: int

    def count(self, number: int) -> str:
        """``1,204``, or ``fewer than 5``."""
        return f"fewer than {self.threshold}" if self.hides(number) else f"{self.shown(number):,}"

    def shown(self, number: int) -> int:
        """The count as this reader may see it, where it is not hidden."""
        return int(coarse(number, self.threshold)) if self.hand_on else number

    def hides(self, number: int) -> bool:
        return self.hand_on and 0 < number < self.threshold

    def of(self, part: int, whole: int) -> str:
        """``9 of 62 (15 %)``, or ``hidden (< 5)``, without what would give a hidden count away."""
        if not whole:
            return NOTHING
        if self.hides(part) or self.hides(whole) or self.hides(whole - part):
            return self.hidden
        part, whole = self.shown(part), self.shown(whole)
        return f"{part:,} of {whole:,} ({percent(part / whole)})"

    @property
    def hidden(self) -> str:
        return f"hidden (< {self.threshold})"


def reader(*, hand_on: bool) -> Reader:
    return Reader(hand_on, settings().small_cell_threshold)


def day(value: date) -> str:
    """``7 Mar 2026``."""
    return f"{value.day} {value:%b %Y}"


def share(value: float | None) -> str:
    """``67 %``, or a dash where there is none."""
    return NOTHING if value is None or value != value else percent(value)


def interval(row: Any) -> str:
    """95 % limits of a rate; only the upper one where nobody had the event."""
    if not row.is_enough:
        return "too few answers"
    return f"up to {percent(row.upper)}" if row.events == 0 else f"{percent(row.lower)} to {percent(row.upper)}"


def together(table: pd.DataFrame, sums: list[str], threshold: int) -> pd.DataFrame:
    """Groups of fewer than ``threshold`` treatments put into one, so that no total gives a person away.

    Where they are still too few together, the next smallest group joins them. ``table``: group, n_treatments
    and the columns of ``sums``.
    """
    ordered = table.sort_values("n_treatments", kind="stable")
    counts = ordered["n_treatments"].to_numpy()
    few = int((counts < threshold).sum())
    while 0 < few < len(ordered) and counts[:few].sum() < threshold:
        few += 1
    if few == 0:
        return table
    kept = table.loc[sorted(ordered.index[few:])]
    rest = ordered.iloc[:few][sums].sum()
    name = f"Others (small groups: {few})" if few > 1 else f"Others (fewer than {threshold})"
    return pd.concat([kept, pd.DataFrame([{"group": name, **rest}])], ignore_index=True)


WEEK_HEIGHT_PX, FUNNEL_HEIGHT_PX = 190, 220


def _figure(paper: Document, figure: Figure, height_px: int | None = None) -> None:
    paper.picture(figure.title, picture(figure, FONTS, height_px=height_px), figure.alt)


def side_effects(paper: Document, report: MonthlyReport) -> None:
    """Rates per symptom with their intervals."""
    paper.heading("Side effects reported as unexpected", new_page=True)
    _figure(paper, symptom_rates(report.overview))
    paper.text(
        "Bars are 95 % intervals; a hollow diamond is the month before, an upright line everything before; a triangle "
        "is an upper limit where nobody reported it. Unexpected means: more than is usual for that day after that "
        "procedure. It is a report of a patient, not a diagnosis.",
        small=True,
    )
    rows: list[Any] = list(report.overview.rates.itertuples())
    paper.table(
        ["Symptom", "Treatments", "Answered", "Unexpected", "Rate", "95 % interval", "Response"],
        [
            [
                row.label,
                f"{row.n_treatments:,}",
                f"{row.n_answered:,}",
                f"{row.events:,}",
                share(row.rate) if row.is_enough else NOTHING,
                interval(row),
                share(row.response_rate),
            ]
            for row in rows
        ],
        (26, 14, 13, 14, 11, 20, 12),
    )
    if report.overview.follow_up_complete is not None and report.overview.follow_up_complete < 1:
        paper.text(
            "Late symptoms take weeks to show: treatments of the last eight weeks are still coming in for "
            "hyperpigmentation and scarring, of the last two weeks for the others. Their rates will rise.",
            small=True,
        )


def weeks(paper: Document, report: MonthlyReport) -> None:
    """Weekly control charts of every symptom."""
    paper.heading(f"Week by week, {WEEKS} weeks up to the end of the month", new_page=True)
    paper.text(
        "The dashed line is the rate of the complete weeks, the band its three-sigma limits for the number of answers "
        "in that week; a ring marks a week that breaks a rule. Grey diamonds are still coming in. These limits know "
        "nothing of case mix: signals do.",
        small=True,
    )
    for code in SYMPTOMS:
        _figure(paper, weekly_rates(report.weeks[code]), WEEK_HEIGHT_PX)


def funnels(paper: Document, report: MonthlyReport) -> None:
    """Devices, and for the safety lead operators, against what was expected of their case mix."""
    whom = "Devices and operators" if report.with_operators else "Devices"
    paper.heading(f"{whom} against what was expected, {FUNNEL_MONTHS} months", new_page=True)
    paper.text(
        "Case mix is taken into account; names are in order of name, never of rank. Outside the 95 % limit lies one "
        "in twenty by chance alone.",
        small=True,
    )
    if not report.units:
        paper.text("Too few events are expected of any of them yet: nothing can be told apart from chance.")
    for found in report.units:
        _figure(paper, funnel(found), FUNNEL_HEIGHT_PX)
        _unit_table(paper, found)


def _unit_table(paper: Document, found: Units) -> None:
    rows: list[Any] = list(found.table.itertuples())
    paper.table(
        [found.unit_type.capitalize(), "Treatments", "Observed", "Expected", "Ratio", "95 % interval", "Lies"],
        [
            [
                row.unit,
                f"{row.n_treatments:,}",
                f"{row.events:.0f}",
                f"{row.expected:.1f}",
                NOTHING if pd.isna(row.ratio) else f"{row.ratio:.2f}",
                f"{row.lower:.2f} to {row.upper:.2f}",
                ZONE_WORDS[row.zone],
            ]
            for row in rows
        ],
        (20, 14, 12, 12, 9, 18, 26),
    )


def above_guideline(paper: Document, report: MonthlyReport) -> None:
    """Settings above the published maximum, this month and the month before."""
    paper.heading("Settings above the published maximum")
    table = report.above
    if table.empty:
        paper.text("No setting of this month has a published maximum to compare with.")
        return
    n_above, n_areas = int(table["n_above"].sum()), int(table["n_areas"].sum())
    part = percent(n_above / n_areas)
    paper.lead(f"{n_above:,} of {n_areas:,} settings with a published maximum were above it ({part}).")
    before = {(row.device_class, row.setting): row for row in report.above_before.itertuples()}
    paper.table(
        ["Device class", "Setting", "Treated areas", "Above", "Share", "Month before"],
        [
            [
                str(row.label),
                str(row.setting),
                f"{row.n_areas:,}",
                f"{row.n_above:,}",
                percent(float(str(row.share))),
                _share_before(before.get((row.device_class, row.setting))),
            ]
            for row in table.itertuples()
        ],
        (42, 26, 13, 10, 10, 18),
        numbers_from=2,
    )
    paper.text(
        "The maximum is that for the skin type, spot and area of each treatment. Above it is not wrong by "
        "itself; it is worth a reason.",
        small=True,
    )


def _share_before(row: Any) -> str:
    return NOTHING if row is None else f"{row.n_above:,} of {row.n_areas:,} ({percent(row.share)})"


def signals(paper: Document, report: MonthlyReport) -> None:
    """A card per active signal."""
    paper.heading("Signals", new_page=True)
    if report.look is not None:
        paper.text(
            f"Expected false signals at this clinic: {report.look.expected_false_per_clinic_year:g} a year. Last look: "
            f"{day(report.look.as_of)}, {report.look.cells_tested:,} cells tested.",
            small=True,
        )
    if not report.signals:
        paper.text("No signal is active." if report.look else "Nobody has looked over the data yet.")
    for card in report.signals:
        _card(paper, card, report)


def _card(paper: Document, card: SignalCard, report: MonthlyReport) -> None:
    signal, shown = card.signal, card.signal.card
    paper.lead(headline(signal))
    since = f"Since about {day(signal.since)}. " if signal.since else ""
    lines = [
        numbers(shown),
        f"{since}First flagged {day(signal.first_flagged_on)}, last seen {day(signal.last_seen_on)}. State: "
        f"{STATE_WORDS[signal.state].lower()}.",
        f"{shown.behind.n_treatments:,} treatments behind it; response there {share(shown.response.response_rate)}. "
        f"{shown.response.tipping_point or ''}".strip(),
        *(f"It could be something else: {said}" for said in shown.instead if _may_say(said, report)),
        *(
            f"Action on {day(step.happened_on)}: {step.note}"
            for step in card.steps
            if step.kind == "action_taken" and step.happened_on
        ),
    ]
    paper.bullets(lines)


def _may_say(words: str, report: MonthlyReport) -> bool:
    """Operators are named in the safety lead's report alone."""
    return report.with_operators or "operator" not in words.lower()


def cases(paper: Document, report: MonthlyReport) -> None:
    """What is open now, and what became of the month's cases."""
    found = report.cases
    paper.heading("Cases")
    total = sum(found.open_by_level.values())
    oldest = f", the oldest since {day(found.oldest_open)}" if found.oldest_open else ""
    paper.lead(f"{total:,} open now{oldest}; {found.overdue:,} past a deadline: not taken, or not contacted.")
    paper.table(
        ["Level", "Open now", "Opened in the month", "Opened the month before"],
        [
            [
                level,
                f"{found.open_by_level[level]:,}",
                f"{found.opened_by_level[level]:,}",
                f"{report.cases_before.opened_by_level[level]:,}",
            ]
            for level in found.open_by_level
        ],
        (30, 15, 20, 22),
    )
    decided = ", ".join(f"{words.lower()} {number}" for words, number in found.by_confirmation.items())
    paper.text(f"Of {found.opened:,} cases opened in the month: {decided}, not yet decided {found.undecided}.")
    if found.rules:
        paper.text("Why the open ones are open (a case can have several reasons):")
        paper.bullets([f"{words}: {number}" for words, number in found.rules.items()])


_RESPONSE = ["n_treatments", "n_silent", "due_check_ins", "answered_check_ins"]


def data_quality(paper: Document, report: MonthlyReport) -> None:
    """Who answers, what silence could hide, and which settings were not recorded."""
    found = report.quality
    paper.heading("How far the data can be trusted", new_page=True)
    if found.n_old_enough:
        part = percent(found.n_silent / found.n_old_enough)
        silent = f"{found.n_silent:,} of {found.n_old_enough:,} treatments ({part})"
        paper.lead(f"{silent} of {SILENT_AFTER_DAYS} days ago or longer were never answered.")
    for name, table in found.response.items():
        if len(table) > 1:
            _response(paper, name, table)
    _silence(paper, report)
    gaps = found.missing[found.missing["n_missing"].gt(0) & found.missing["share"].lt(1)]
    if len(gaps):
        paper.lead("Settings that were not always recorded")
        paper.table(
            ["Device class", "Setting", "Treated areas", "Not recorded", "Share"],
            [
                [
                    str(row.label),
                    str(row.setting),
                    f"{row.n_areas:,}",
                    f"{row.n_missing:,}",
                    percent(float(str(row.share))),
                ]
                for row in gaps.sort_values(["label", "setting"]).itertuples()
            ],
            (40, 26, 14, 14, 10),
            numbers_from=2,
        )


def _response(paper: Document, name: str, table: pd.DataFrame) -> None:
    rows = together(table, _RESPONSE, settings().small_cell_threshold)
    paper.table(
        [f"Response by {name.lower()}", "Treatments", "Never answered", "Due", "Answered", "Response"],
        [
            [
                str(row["group"]),
                *(f"{int(row[column]):,}" for column in _RESPONSE),
                share(row["answered_check_ins"] / row["due_check_ins"]) if row["due_check_ins"] else NOTHING,
            ]
            for _, row in rows.iterrows()
        ],
        (34, 14, 16, 11, 13, 12),
    )


def _silence(paper: Document, report: MonthlyReport) -> None:
    rows: list[Any] = list(report.quality.sensitivity.itertuples())
    paper.lead("What the rates would be if all who were silent were well, or all were affected")
    paper.table(
        ["Symptom", "Rate of those who answered", "If none of the silent", "If all of the silent"],
        [[row.label, share(row.rate), share(row.if_none), share(row.if_all)] for row in rows],
        (30, 24, 20, 20),
    )


def how_to_read(paper: Document) -> None:
    """Words of the report."""
    paper.heading("How to read this report")
    paper.bullets(
        [
            "Unexpected report: a patient reported more than is usual for that day after that procedure. Only a "
            "clinician's outcome makes it a complication.",
            "Rate: treatments with an unexpected report of those that answered late enough for that symptom to show. "
            "Intervals are Wilson's, 95 %.",
            "More or fewer than before: Newcombe's interval of the difference leaves out zero, six symptoms taken into "
            "account. No clear difference does not mean equal.",
            "Everything before: all treatments of this clinic before the month, its own baseline.",
            "Rates are raw unless case mix is said to be taken into account: they do not show what caused them.",
        ]
    )
