"""The overview: treatments, answers, side effects per symptom, the weeks, and what became of the cases.

Tables of the dashboards as they may leave the clinic: small counts hidden, the others coarse, nobody named.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from reporting.dashboards.read_bands import SettingBands
from reporting.dashboards.read_expectations import last_mature_day
from reporting.domain.actors import Actor
from reporting.domain.case_work import CONFIRMATIONS, LEVEL_WORDS
from reporting.domain.vocabulary import SYMPTOMS, symptom
from reporting.evidence.control_charts import nhs_rules, p_chart
from reporting.evidence.intervals import newcombe
from reporting.records.cases import case_groups
from reporting.records.engine import reading
from reporting.security.permissions import require
from reporting.security.scope import Scope
from reporting.shell.read_counting import COUNTING_COLUMNS, Ints, distinct, symptom_tables, with_upper_limits
from reporting.shell.read_scope import Filters, scoped_frame
from reporting.shell.read_scope import today as day_of
from reporting.shell.read_small_cells import to_hand_on

COMPARISON_LEVEL = 1 - 0.05 / len(SYMPTOMS)
"""Six symptoms are compared at once: Bonferroni keeps the chance of any false difference near 5 %."""
_COLUMNS = [*COUNTING_COLUMNS, "performed_on", *(f"first_{code}" for code in SYMPTOMS)]


@dataclass(frozen=True)
class Totals:
    """How much was done and how much was heard of it."""

    n_treatments: int
    due_check_ins: int
    answered_check_ins: int
    response_rate: float | None
    first_day: date | None
    last_day: date | None


@dataclass(frozen=True)
class Cases:
    """Open cases by level (hardest first); what was reported against what clinicians confirmed."""

    open_by_level: Mapping[str, int]
    n_reported: int
    """Treatments with an unexpected report of any symptom."""
    n_cases: int
    by_confirmation: Mapping[str, int]
    n_undecided: int


@dataclass(frozen=True)
class Overview:
    """Everything the overview page shows.

    ``rates``: one row per symptom: symptom, label, RATE_COLUMNS, is_enough, previous_events,
    previous_n_answered, previous_rate, difference (``more``, ``fewer`` or empty: not told apart from chance),
    and the same four beginning with ``baseline``: everything before the period's first day.
    ``weeks``: one row per week (Monday) with treatments, for ``symptom``: week, RATE_COLUMNS, is_enough,
    is_mature, and the control limits centre, limit_low, limit_high with the broken ``rules`` in words.
    """

    today: date
    totals: Totals
    previous: Totals | None
    rates: pd.DataFrame
    symptom: str
    weeks: pd.DataFrame
    cases: Cases
    follow_up_complete: float | None
    """Share of treatments that are old enough for ``symptom``."""
    is_empty_clinic: bool = field(default=False)
    """There is no treatment at all that this person may see, whatever the filters."""


def overview(by: Actor, filters: Filters, symptom: str = "hyperpigmentation") -> Overview:
    """The overview of what ``by`` may see. Raises NotAllowed; KeyError for an unknown symptom."""
    return overviews(by, filters, [symptom])[symptom]


def overviews(by: Actor, filters: Filters, symptoms: Sequence[str]) -> dict[str, Overview]:
    """The same with the weeks of each of these symptoms; everything else in it is worked out once."""
    require(by, "overview.read")
    today = day_of(by)
    frame = scoped_frame(by, filters, _COLUMNS)
    before = _previous(by, filters, today)
    now, earlier = _by_symptom(frame), None if before is None else _by_symptom(before)
    weeks = {symptom: _weeks(frame, symptom, today) for symptom in symptoms}
    first = symptoms[0]
    shown = Overview(
        today=today,
        totals=_totals(frame, now),
        previous=None if before is None or earlier is None else _totals(before, earlier),
        rates=_compared(_compared(now, earlier, "previous"), _baseline(by, filters), "baseline"),
        symptom=first,
        weeks=weeks[first],
        cases=_cases(by, frame, filters.from_date),
        follow_up_complete=_follow_up(weeks[first]),
        is_empty_clinic=not len(frame) and not len(scoped_frame(by, Filters(), ["treatment_id"])),
    )
    return {
        symptom: replace(shown, symptom=symptom, weeks=each, follow_up_complete=_follow_up(each))
        for symptom, each in weeks.items()
    }


def _previous(by: Actor, filters: Filters, today: date) -> pd.DataFrame | None:
    before = filters.previous_period(today)
    return None if before is None else scoped_frame(by, before, _COLUMNS)


def _totals(frame: pd.DataFrame, table: pd.DataFrame) -> Totals:
    row, days = table.iloc[0], frame["performed_on"]
    return Totals(
        n_treatments=int(row["n_treatments"]),
        due_check_ins=int(row["due_check_ins"]),
        answered_check_ins=int(row["answered_check_ins"]),
        response_rate=float(row["response_rate"]) if row["due_check_ins"] else None,
        first_day=days.min().date() if len(frame) else None,
        last_day=days.max().date() if len(frame) else None,
    )


def _together(frame: pd.DataFrame) -> Ints:
    return np.zeros(len(frame), dtype=np.int64)


def _by_symptom(frame: pd.DataFrame) -> pd.DataFrame:
    table = pd.concat(symptom_tables(frame, _together(frame), 1, SYMPTOMS), ignore_index=True)
    table.insert(0, "symptom", list(SYMPTOMS))
    table.insert(1, "label", [symptom(code).label for code in SYMPTOMS])
    return with_upper_limits(table)


def _baseline(by: Actor, filters: Filters) -> pd.DataFrame | None:
    """Rates of everything before the period; None where the period has no first day or nothing was before it."""
    if filters.from_date is None:
        return None
    before = replace(filters, from_date=None, to_date=filters.from_date - timedelta(days=1))
    frame = scoped_frame(by, before, _COLUMNS)
    return _by_symptom(frame) if len(frame) else None


def _compared(table: pd.DataFrame, earlier: pd.DataFrame | None, name: str) -> pd.DataFrame:
    """The table beside an earlier one: columns ``name``_events, _n_answered, _rate and the difference."""
    difference = "difference" if name == "previous" else f"{name}_difference"
    if earlier is None:
        nothing: dict[str, Any] = {f"{name}_events": 0, f"{name}_n_answered": 0, f"{name}_rate": np.nan, difference: ""}
        return table.assign(**nothing)
    table = table.assign(**{f"{name}_{part}": earlier[part] for part in ("events", "n_answered", "rate")})
    return table.assign(**{difference: [_difference(row, name) for _, row in table.iterrows()]})


def _difference(row: "pd.Series[Any]", name: str) -> str:
    """``more`` or ``fewer`` than before where chance does not explain it (Newcombe's interval excludes 0)."""
    limits = newcombe(
        row["events"], row["n_answered"], row[f"{name}_events"], row[f"{name}_n_answered"], COMPARISON_LEVEL
    )
    return "more" if limits.lower > 0 else "fewer" if limits.upper < 0 else ""


def _weeks(frame: pd.DataFrame, code: str, today: date) -> pd.DataFrame:
    """Rates by the week of the treatment."""
    day = frame["performed_on"].to_numpy().astype("datetime64[D]").astype(np.int64)
    week = (day + 3) // 7  # 1 January 1970 was a Thursday
    first = int(week.min()) if len(week) else 0
    size = int(week.max()) - first + 1 if len(week) else 0
    [table] = symptom_tables(frame, week - first, size, [code])
    mondays = pd.to_datetime((np.arange(size) + first) * 7 - 3, unit="D")
    table.insert(0, "week", mondays)
    table = table[table["n_treatments"] > 0].reset_index(drop=True)
    sunday = table["week"] + pd.Timedelta(days=6)
    table = with_upper_limits(table).assign(is_mature=sunday <= pd.Timestamp(last_mature_day(code, today)))
    return with_limits(table)


def with_limits(weeks: pd.DataFrame) -> pd.DataFrame:
    """Three-sigma limits of a p-chart around the rate of the complete weeks, and the rules that a week breaks.

    The denominators differ from week to week, so the limits do too. Weeks that are still coming in set no
    limits and break no rule; nor do weeks with too few answers break one.
    """
    complete = weeks["is_mature"]
    ripe = complete & weeks["is_enough"]
    answered = int(weeks.loc[complete, "n_answered"].sum())
    if not answered:
        return weeks.assign(centre=np.nan, limit_low=np.nan, limit_high=np.nan, rules="")
    centre = float(weeks.loc[complete, "events"].sum() / answered)
    chart = p_chart(weeks["events"], weeks["n_answered"], centre=centre)
    rules = np.full(len(weeks), "", dtype=object)
    if ripe.any():
        found = nhs_rules(p_chart(weeks.loc[ripe, "events"], weeks.loc[ripe, "n_answered"], centre=centre))
        rules[ripe.to_numpy()] = [", ".join(names) for names in found.labels]
    return weeks.assign(centre=chart.centre, limit_low=chart.lower, limit_high=chart.upper, rules=rules)


def _follow_up(weeks: pd.DataFrame) -> float | None:
    everyone = int(weeks["n_treatments"].sum())
    return float(weeks.loc[weeks["is_mature"], "n_treatments"].sum() / everyone) if everyone else None


def _cases(by: Actor, frame: pd.DataFrame, first_day: date | None) -> Cases:
    with reading() as session:
        groups = case_groups(session, Scope.of(by).clinic_id, first_day)
    treated = frame["treatment_id"].to_numpy()
    by_level, by_confirmation = Counter[str](), Counter[str]()
    for group in groups:
        n = int(np.count_nonzero(np.isin(group.treatment_ids, treated)))
        by_confirmation[group.confirmation] += n
        by_level[group.level] += n * (group.state != "closed")
    reported = np.logical_or.reduce([frame[f"first_{code}"].to_numpy() >= 0 for code in SYMPTOMS])
    return Cases(
        open_by_level={level: by_level[level] for level in LEVEL_WORDS},
        n_reported=distinct(treated[reported]),
        n_cases=by_confirmation.total(),
        by_confirmation={code: by_confirmation[code] for code in CONFIRMATIONS},
        n_undecided=by_confirmation[""],
    )


_WORDS = {
    "n_treatments": "Treatments",
    "n_answered": "Answered",
    "events": "Unexpected",
    "rate": "Rate",
    "lower": "Lower 95 %",
    "upper": "Upper 95 %",
    "response_rate": "Response",
    "is_hidden": "Hidden",
}


def side_effects(found: Overview) -> pd.DataFrame:
    """One row per symptom of the overview."""
    return _worded(to_hand_on(found.rates), {"label": "Symptom"})


def bands(found: SettingBands) -> pd.DataFrame:
    """One row per band of a setting and skin group; totals of either are known elsewhere."""
    unit = f" ({found.unit})" if found.unit else ""
    named = {"band_label": f"{found.label}{unit}", "skin_group": "Skin type"}
    return _worded(to_hand_on(found.table, ("band", "skin_group")), named)


def _worded(table: pd.DataFrame, named: dict[str, str]) -> pd.DataFrame:
    columns: Sequence[str] = [*named, *_WORDS]
    said = table[columns].rename(columns=named | _WORDS)
    said["Hidden"] = said["Hidden"].map({True: "yes", False: ""})
    return said.round({"Rate": 3, "Lower 95 %": 3, "Upper 95 %": 3, "Response": 2})
