"""Charts of the overview: rates per symptom with their intervals, and the weeks of one symptom."""

from typing import Any

import altair as alt
import pandas as pd

from reporting.dashboards.read_overview import Overview
from reporting.domain.vocabulary import symptom as symptom_of
from reporting.shell.chart_look import (
    COLOURS,
    SYMPTOM_COLOURS,
    Figure,
    Look,
    Marks,
    as_percent,
    dated_rules,
    dated_words,
    percent,
    rate_tooltips,
    rate_words,
    response_tooltip,
    themed,
)

HEIGHT_PER_SYMPTOM = 52
_STATES = ["complete", "still coming in"]
_RATE_AXIS = alt.Axis(format=".0%", tickCount=6, grid=True)


def rate_top(shown: pd.DataFrame) -> float:
    """A little above what is shown, never more than everybody."""
    top = float(shown["upper"].max()) if len(shown) else 0.1
    return min(1.0, max(0.05, top * 1.08))


def rate_scale(shown: pd.DataFrame) -> alt.Scale:
    """From zero to a little above what is shown."""
    return alt.Scale(domain=[0, rate_top(shown)], nice=False)


def _tooltips(first: list[alt.Tooltip]) -> list[alt.Tooltip]:
    return rate_tooltips(first, [response_tooltip()])


def symptom_rates(result: Overview) -> Figure:
    """Rate of unexpected reports per symptom with 95 % intervals; the period before as a hollow mark.

    Nobody with the event: an upper limit with an arrow-like triangle, not a point at zero. Fewer than five
    answered: words in grey, no rate.
    """
    rates = result.rates
    return Figure(
        chart=themed(_rates_chart(rates, COLOURS)),
        title=_rates_title(result),
        alt=_rates_alt(result),
        table=_rates_table(rates),
    )


def _rates_chart(rates: pd.DataFrame, colours: Look) -> Any:
    order = list(rates["label"])
    y = alt.Y("label:N", sort=order, title=None, scale=alt.Scale(domain=order))
    enough = rates[rates["is_enough"]]
    scale = rate_scale(enough)
    words = ["Treatments with an unexpected report", "(% of those who answered)"]  # one line is cut on a phone
    x = alt.X("rate:Q", title=words, axis=_RATE_AXIS, scale=scale)
    palette = SYMPTOM_COLOURS
    colour = alt.Color("symptom:N", legend=None, scale=alt.Scale(domain=list(palette), range=list(palette.values())))
    tips = _tooltips([alt.Tooltip("label:N", title="Symptom")])
    some, none = enough[enough["events"] > 0], enough[enough["events"] == 0]
    before = enough[enough["previous_n_answered"] >= 5].assign(rate=lambda rows: rows["previous_rate"])
    own = enough[enough["baseline_n_answered"] >= 5].assign(rate=lambda rows: rows["baseline_rate"])
    few = rates[~rates["is_enough"]]
    few = few.assign(words=[_few_words(n) for n in few["n_answered"]])
    return alt.layer(
        alt.Chart(enough)
        .mark_rule(strokeWidth=3)
        .encode(y=y, x=alt.X("lower:Q", scale=scale), x2="upper:Q", color=colour, tooltip=tips),
        alt.Chart(before)
        .mark_point(
            shape="diamond",
            size=110,
            filled=False,
            strokeWidth=2,
            color=colours.quiet,
        )
        .encode(
            y=y,
            x=x,
            tooltip=[
                alt.Tooltip("label:N", title="Symptom, period before"),
                alt.Tooltip("previous_events:Q", title="Unexpected"),
                alt.Tooltip("previous_n_answered:Q", title="Answered"),
                alt.Tooltip("previous_rate:Q", title="Rate", format=".1%"),
            ],
        ),
        alt.Chart(own)
        .mark_tick(thickness=3, size=26, color=colours.text)
        .encode(
            y=y,
            x=x,
            tooltip=[
                alt.Tooltip("label:N", title="Symptom, own baseline"),
                alt.Tooltip("baseline_events:Q", title="Unexpected"),
                alt.Tooltip("baseline_n_answered:Q", title="Answered"),
                alt.Tooltip("baseline_rate:Q", title="Rate", format=".1%"),
            ],
        ),
        alt.Chart(some).mark_point(filled=True, size=120, opacity=1).encode(y=y, x=x, color=colour, tooltip=tips),
        alt.Chart(none)
        .mark_point(shape="triangle-left", filled=True, size=120, opacity=1)
        .encode(y=y, x=alt.X("upper:Q", scale=scale), color=colour, tooltip=tips),
        alt.Chart(few)
        .mark_text(align="left", dx=6, color=colours.quiet, fontSize=14)
        .encode(y=y, x=alt.value(0), text="words:N"),
    ).properties(height=HEIGHT_PER_SYMPTOM * len(order), width="container")


def _few_words(n_answered: int) -> str:
    return f"not enough data ({n_answered} answered)" if n_answered else "nobody answered yet"


def _rates_title(result: Overview) -> str:
    enough = result.rates[result.rates["is_enough"]]
    more: list[Any] = [row for row in enough.itertuples() if row.difference == "more"]
    if more:
        row = more[0]
        also = f" ({len(more)} symptoms in all)" if len(more) > 1 else ""
        return (
            f"More reports of {row.label.lower()} than in the period before{also}: "
            f"{int(row.events)} of {int(row.n_answered)} against "
            f"{int(row.previous_events)} of {int(row.previous_n_answered)}"
        )
    if not len(enough) or not enough["events"].sum():
        return "No unexpected side effect has been reported" if len(enough) else "Not enough answers for a rate yet"
    top = enough.nlargest(1, "rate").iloc[0]
    return f"Most often reported as unexpected: {top['label'].lower()}, {rate_words(top)}"


def _rates_alt(result: Overview) -> str:
    said = [f"{row.label}: {rate_words(row)}{_before_words(row)}." for row in result.rates.itertuples()]
    return "Unexpected reports per symptom, as a share of treatments that answered. " + " ".join(said)


def _before_words(row: Any) -> str:
    if not row.previous_n_answered:
        return ""
    verdict = f", {row.difference} than chance explains" if row.difference else ""
    own = f"; own baseline {int(row.baseline_events)} of {int(row.baseline_n_answered)}"
    if row.baseline_difference:
        own += f", {row.baseline_difference} than chance explains"
    return f"; the period before {int(row.previous_events)} of {int(row.previous_n_answered)}{verdict}{own}"


def _rates_table(rates: pd.DataFrame) -> pd.DataFrame:
    blank = rates.where(rates["is_enough"])
    return pd.DataFrame(
        {
            "Symptom": rates["label"],
            "Treatments": rates["n_treatments"],
            "Answered": rates["n_answered"],
            "Unexpected": rates["events"],
            "Rate %": blank["rate"].astype(float).map(as_percent),
            "95 % from": blank["lower"].astype(float).map(as_percent),
            "95 % to": blank["upper"].astype(float).map(as_percent),
            "Response %": rates["response_rate"].map(as_percent),
            "Before: unexpected": rates["previous_events"],
            "Before: answered": rates["previous_n_answered"],
            "Own baseline: unexpected": rates["baseline_events"],
            "Own baseline: answered": rates["baseline_n_answered"],
            "Own baseline %": rates["baseline_rate"].astype(float).map(as_percent),
        }
    )


def weekly_rates(result: Overview, marks: Marks = ()) -> Figure:
    """Rate by the week of treatment inside its three-sigma control limits; weeks whose patients have not had
    time enough are grey diamonds, weeks that break a rule carry a ring. ``marks`` are drawn on their day."""
    label = symptom_of(result.symptom).label
    weeks = result.weeks
    weeks = weeks.assign(state=weeks["is_mature"].map({True: "complete", False: "still coming in"}))
    said = dated_words(marks, *_span(weeks)) if len(weeks) else ""
    return Figure(
        chart=themed(_weeks_chart(weeks, marks, COLOURS)),
        title=_weeks_title(weeks, label),
        alt=f"{_weeks_alt(weeks, label)} {said}".strip(),
        table=_weeks_table(weeks),
    )


def _span(weeks: pd.DataFrame) -> tuple[pd.Timestamp, pd.Timestamp]:
    """First day of the first week, last day of the last."""
    return weeks["week"].min(), weeks["week"].max() + pd.Timedelta(days=6)


def _mean(weeks: pd.DataFrame) -> float | None:
    ripe = weeks[weeks["is_mature"]]
    answered = int(ripe["n_answered"].sum())
    return float(ripe["events"].sum() / answered) if answered else None


def _weeks_chart(weeks: pd.DataFrame, marks: Marks, colours: Look) -> Any:
    shown = weeks[weeks["is_enough"]]
    scale = rate_scale(shown)
    axis = alt.Axis(format="%-d %b %y", grid=False, tickCount=8, labelOverlap=True)
    across = alt.Scale(type="utc", padding=14)
    x, day = (alt.X(f"{name}:T", title="Week of treatment", axis=axis, scale=across) for name in ("week", "day"))
    y = alt.Y("rate:Q", title="Rate (% of those who answered)", axis=_RATE_AXIS, scale=scale)
    colour = alt.Color(
        "state:N",
        title="Answers",
        legend=alt.Legend(symbolOpacity=1),
        scale=alt.Scale(domain=_STATES, range=[colours.accent, colours.quiet]),
    )
    tips = _tooltips(
        [
            alt.Tooltip("week:T", title="Week from", format="%-d %b %Y"),
            alt.Tooltip("state:N", title="Answers"),
            alt.Tooltip("limit_low:Q", title="Limit, lower", format=".1%"),
            alt.Tooltip("limit_high:Q", title="Limit, upper", format=".1%"),
            alt.Tooltip("rules:N", title="Rules broken"),
        ]
    )
    shape = alt.Shape("state:N", title="Answers", scale=alt.Scale(domain=_STATES, range=["circle", "diamond"]))
    none, some, odd = shown[shown["events"] == 0], shown[shown["events"] > 0], shown[shown["rules"] != ""]
    return alt.layer(
        *_limit_layers(shown, x, scale, colours),
        alt.Chart(none)
        .mark_point(shape="triangle-down", filled=True, size=50, opacity=1)
        .encode(x=x, y=alt.Y("upper:Q", scale=scale), color=colour, tooltip=tips),
        alt.Chart(some)
        .mark_point(filled=True, size=70, opacity=1)
        .encode(x=x, y=y, color=colour, shape=shape, tooltip=tips),
        alt.Chart(odd)
        .mark_point(
            filled=False,
            size=260,
            strokeWidth=2.5,
            color=colours.warning,
            opacity=1,
        )
        .encode(x=x, y=y, tooltip=tips),
        *(dated_rules(marks, *_span(weeks), day, colours) if len(weeks) else ()),
    ).properties(height=320, width="container")


def _limit_layers(shown: pd.DataFrame, x: alt.X, scale: alt.Scale, colours: Look) -> list[Any]:
    limits = shown[shown["centre"].notna()]
    if not len(limits):
        return []
    base = alt.Chart(limits)
    return [
        base.mark_area(interpolate="step", color=colours.band, opacity=0.45).encode(
            x=x, y=alt.Y("limit_low:Q", scale=scale), y2="limit_high:Q"
        ),
        base.mark_rule(color=colours.text, strokeDash=[6, 4]).encode(y=alt.Y("mean(centre):Q", scale=scale)),
    ]


def _weeks_title(weeks: pd.DataFrame, label: str) -> str:
    ripe = weeks[weeks["is_mature"] & weeks["is_enough"]]
    mean = _mean(weeks)
    if mean is None or not len(ripe):
        return f"{label} by week: not enough complete weeks yet"
    return f"{label} by week of treatment: {percent(mean)} over the period, {_found(ripe)}"


TRIAL_WEEKS = 12
"""With fewer points than this, limits are called trial limits (Making Data Count)."""


def _found(ripe: pd.DataFrame) -> str:
    """What the limits and rules say of the complete weeks, in words."""
    above = int((ripe["rate"] > ripe["limit_high"]).sum())
    other = int((ripe["rules"] != "").sum()) - int(ripe["rules"].str.contains("outside").sum())
    trial = " (trial limits)" if len(ripe) < TRIAL_WEEKS else ""
    weeks = f"{above or 'none'} of {len(ripe)} complete weeks above the limits{trial}"
    return weeks + (f", a pattern in {other} others" if other else "")


def _weeks_alt(weeks: pd.DataFrame, label: str) -> str:
    if not len(weeks):
        return f"{label} by week: no treatments."
    coming = int((~weeks["is_mature"]).sum())
    thin = int((~weeks["is_enough"]).sum())
    mean = _mean(weeks)
    over = f"mean of the complete weeks {percent(mean)}" if mean is not None else "no complete week yet"
    highest = weeks[weeks["is_enough"] & weeks["is_mature"]].nlargest(1, "rate")
    peak = [f"; highest in the week from {row.week:%-d %b %Y}: {rate_words(row)}" for row in highest.itertuples()]
    return (
        f"{label}, unexpected reports by week of treatment, {len(weeks)} weeks: {over}{''.join(peak)}; "
        f"{coming} weeks still coming in, {thin} weeks with too few answers are not drawn."
    )


def _weeks_table(weeks: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Week from": weeks["week"].dt.date,
            "Treatments": weeks["n_treatments"],
            "Answered": weeks["n_answered"],
            "Unexpected": weeks["events"],
            "Rate %": weeks["rate"].where(weeks["is_enough"]).map(as_percent),
            "95 % from": weeks["lower"].where(weeks["is_enough"]).map(as_percent),
            "95 % to": weeks["upper"].where(weeks["is_enough"]).map(as_percent),
            "Limit from": weeks["limit_low"].map(as_percent),
            "Limit to": weeks["limit_high"].map(as_percent),
            "Rules broken": weeks["rules"],
            "Response %": weeks["response_rate"].map(as_percent),
            "Answers": weeks["state"],
        }
    )
