"""The detector: weekly odds that a unit has changed for the worse, under one budget of false signals.

Outcomes: expectations of model A, calibrated by the other clinics, Bayes factors over change points, units of
a clinic competing to explain the excess, a limit simulated for the budget. Settings: evidence of a shift
against the unit's own past, limit 1/budget (the Shiryaev-Roberts bound on the run length). On every day only
what was known that day is used.

Harmless differences of operators, devices and clinics together, from their past: a crossed shared frailty.

A cell (operator on a device in a clinic) has the rate E·theta_operator·theta_device·theta_clinic, each theta gamma
with mean 1 (Clayton, Biometrika 1978;65:141-151; crossed as in Breslow & Clayton, JASA 1993;88:9-25). Each theta in
turn is set to its posterior mean given the others until they stand still. A device is then not blamed for an
operator whose patients always did a little worse.

Signals that settings have shifted: operators and clinics against their own past, under the stated budget.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from reporting.domain.packed import Answers
from reporting.domain.vocabulary import DARK
from reporting.evidence.beside import beside
from reporting.evidence.change_point import (
    Alternatives,
    Shifts,
    log_change_evidence,
    odds_within_family,
)
from reporting.evidence.checks import Array, ImpossibleData, Mask, NotEnoughData, Positions
from reporting.evidence.drift import DriftCharts, SettingsScores, drift_charts, settings_scores
from reporting.evidence.limits import (
    HOLD_DAYS,
    Budget,
    FamilyLimit,
    Odds,
    family_limit,
    hold_weeks,
    null_counts,
    signal_weeks,
)
from reporting.evidence.signals import (
    Signal,
    excess_ratio,
    likeliest_change,
    probability,
    rising_symptom,
)
from reporting.evidence.surveillance import (
    UNIT_TYPES,
    Network,
    Schedule,
    Tables,
    build_network,
    calibrated_by_others,
    refitted,
    weekly_tables,
)
from reporting.evidence.trials import CheckIns

SHARED_PRECISION = 40.0
"""a of the Gamma(a, a) of each unit: 1/sd², for a standard deviation of 0.16."""
ROUNDS = 6


def with_frailty(observed: Array, expected: Array, levels: Sequence[Array], fit_weeks: Sequence[int]) -> Array:
    """Expectations times the shrunken ratios of a cell's units, as known at each fit week.

    observed (replicates, symptoms, weeks, cells); expected the same or without replicates; levels: for operators,
    devices and clinics the membership (cells, units) of 0 and 1. The first fit judges the weeks before it as well,
    no later one does. Returns the shape of `observed`.
    """
    result = np.empty(observed.shape)
    due = np.broadcast_to(expected, observed.shape)
    total_o, total_e = np.cumsum(observed, axis=-2), np.cumsum(due, axis=-2)
    stops = [*(week + 1 for week in fit_weeks[1:]), observed.shape[-2]]
    start = 0
    for week, stop in zip(fit_weeks, stops, strict=True):
        ratio = cell_ratios(total_o[..., week, :], total_e[..., week, :], levels)
        result[..., start:stop, :] = due[..., start:stop, :] * ratio[..., None, :]
        start = stop
    return result


def cell_ratios(observed: Array, expected: Array, levels: Sequence[Array]) -> Array:
    """Product of the shrunken ratios of each cell's units, (..., cells), from totals of the same shape."""
    parts = [np.ones(observed.shape) for _ in levels]
    for _ in range(ROUNDS):
        for at, membership in enumerate(levels):
            others = np.prod([p for k, p in enumerate(parts) if k != at], axis=0)
            seen, thought = observed @ membership, (expected * others) @ membership
            parts[at] = ((SHARED_PRECISION + seen) / (SHARED_PRECISION + thought)) @ membership.T
    return np.asarray(np.prod(parts, axis=0), dtype=float)


def settings_signals(
    areas: pd.DataFrame,
    network: Network,
    history: int,
    schedule: Schedule,
    shifts: Shifts,
    limit: float,
) -> tuple[list[Signal], SettingsScores | None]:
    """Shifts of operators' and clinics' settings; devices do not choose settings. The scores only with signals.

    areas sorted by day, history bins before the first judged day, limit in log odds.
    """
    units = np.flatnonzero(network.unit_type != "device")
    scores = settings_scores(areas, schedule.fit_days)
    fine = shifts.bins_per_week
    end = fine * history - 1
    late = (areas["day"].to_numpy() - schedule.from_day) * fine / schedule.step_days
    bins = fine * (history + len(schedule.judged) - 1)
    membership = network.membership[:, units]
    pooled = network.unit_type[units] == "clinic"
    bin_of = (np.ceil(late) + end).astype(np.intp)
    charts = drift_charts(scores, areas, bin_of, bins, network.cell, membership, pooled, shifts)
    odds = settings_odds(charts.log_evidence[end::fine], network.family[units], pooled)
    found = []
    nothing = np.zeros_like(odds)
    for at, unit in signal_weeks(Odds(odds, nothing, nothing), limit, hold_weeks(schedule.step_days)):
        day = schedule.from_day + at * schedule.step_days
        member = membership[network.cell, unit] > 0
        place = (end + at * fine, unit)
        log_odds = float(odds[at, unit])
        found.append(_settings_signal(charts, scores, areas, member, network, int(units[unit]), place, day, log_odds))
    return found, scores if found else None


def settings_odds(log_evidence: Array, families: Positions, pooled: Mask) -> Array:
    """Log odds (days, units). An operator's settings are a fact about that operator and compete with nobody.

    A clinic's mean is its operators', so the clinic must explain the rise better than they do. The prior spreads
    one shift a year over the units of a clinic.
    """
    prior = np.array([1 / np.sum(families == family) for family in families])
    competing = odds_within_family(log_evidence, families, prior)
    return np.asarray(np.where(pooled, competing, log_evidence + np.log(prior)), dtype=float)


def _settings_signal(
    charts: DriftCharts,
    scores: SettingsScores,
    areas: pd.DataFrame,
    member: Mask,
    network: Network,
    unit: int,
    place: tuple[int, int],
    day: int,
    log_odds: float,
) -> Signal:
    """What moved: the chart with most evidence, and its mean over the last 60 days against the time before."""
    name = charts.charts[int(charts.best[place])]
    parameter, group = name.rsplit(", ", 1)
    z = scores.values[:, scores.names.index(parameter)]
    use = member & np.isfinite(z) & (areas["day"].to_numpy() <= day)
    if group != "all":
        use &= areas["fitzpatrick"].to_numpy(dtype=float) >= DARK
    late = areas["day"].to_numpy() > day - HOLD_DAYS
    now, before = z[use & late], z[use & ~late]
    shift = float((now.mean() if len(now) else 0.0) - (before.mean() if len(before) else 0.0))
    error = float(np.sqrt(1 / max(len(now), 1) + 1 / max(len(before), 1)))
    return Signal(
        day=day,
        clinic=network.clinics[network.family[unit]],
        unit_type=str(network.unit_type[unit]),
        unit_id=str(network.unit_id[unit]),
        symptom="any",
        kind="settings",
        probability=probability(log_odds),
        since_day=day - HOLD_DAYS,
        observed=float(len(now)),
        expected=0.0,
        ratio=shift,
        lower=shift - 1.96 * error,
        upper=shift + 1.96 * error,
        detail=name,
    )


UNIT_PRIOR = 0.15
"""Changes for the worse per unit and year, before any data: the same for everybody."""
BENIGN_SD = 0.12
"""Log rate by which operators, devices and clinics differ harmlessly, each."""
BASELINE_WEEKS = 13


@dataclass(frozen=True)
class Detector:
    """What the detector may be told: the budget, what a change may look like, and nothing of any truth."""

    budget: Budget = field(default_factory=Budget)
    changes: Alternatives = field(default_factory=Alternatives)
    shifts: Shifts = field(default_factory=Shifts)


@dataclass(frozen=True)
class Detection:
    """Signals in order of day, the limits used, and the tables behind them."""

    signals: tuple[Signal, ...]
    outcome_limit: FamilyLimit
    settings_limit: float
    network: Network
    tables: Tables
    schedule: Schedule
    scores: SettingsScores | None = None
    """Standardised settings of the areas, where one of the signals is about settings."""


@dataclass(frozen=True)
class Detecting:
    """A detector at work: the tables are there, limit and settings are still being worked on beside."""

    network: Network
    tables: Tables
    finish: Callable[[], Detection]
    """Waits for the signals."""


def detect(
    areas: pd.DataFrame,
    check_ins: CheckIns,
    symptoms: Sequence[str],
    schedule: Schedule,
    detector: Detector | None = None,
) -> Detection:
    """Run the detector on every judged day. areas and check_ins as for person_periods."""
    return detecting(areas, check_ins, symptoms, schedule, detector).finish()


def detecting(
    areas: pd.DataFrame,
    check_ins: CheckIns,
    symptoms: Sequence[str],
    schedule: Schedule,
    detector: Detector | None = None,
) -> Detecting:
    """detect, with what needs no more than the settings or the counts worked on beside (evidence.beside)."""
    chosen = detector or Detector()
    known = _known(areas, check_ins, schedule.judged[-1])
    network, history = build_network(known), schedule.history_bins(int(known["day"].min()))
    settings_limit = float(np.log(1 / chosen.budget.settings))
    settings = beside(
        lambda: settings_signals(known, network, history, schedule, chosen.shifts, settings_limit), rows=len(known)
    )
    tables = weekly_tables(known, check_ins, symptoms, schedule, network)
    limit = beside(lambda: outcome_limit(tables, network, history, schedule, chosen), rows=len(known))

    def finish() -> Detection:
        outcome = _outcome_signals(tables, network, history, schedule, chosen, limit(), tuple(symptoms))
        shifts, scores = settings()
        ordered = sorted([*outcome, *shifts], key=lambda s: (s.day, s.kind, s.unit_type, s.unit_id))
        return Detection(tuple(ordered), limit(), settings_limit, network, tables, schedule, scores)

    return Detecting(network, tables, finish)


def _known(areas: pd.DataFrame, check_ins: CheckIns, until: int) -> pd.DataFrame:
    """Treated areas up to a day, by day and id; as they are where they stand so, as those of Answers must."""
    day = areas["day"].to_numpy()
    is_sorted = bool((day[1:] >= day[:-1]).all()) and areas["area_id"].is_monotonic_increasing
    if is_sorted and isinstance(areas.index, pd.RangeIndex) and (not len(day) or day[-1] <= until):
        return areas
    if isinstance(check_ins, Answers):
        raise ImpossibleData("areas", "treated areas in another order, or later ones", "those up to the last day")
    return areas[day <= until].sort_values(["day", "area_id"], ignore_index=True)


def outcome_odds(
    observed: Array,
    expected: Array,
    network: Network,
    options: Alternatives,
    first_week: int,
    fit_weeks: Sequence[int],
) -> Odds:
    """Log posterior odds per replicate, week and unit from counts (replicates, symptoms, weeks, cells)."""
    levels = [network.membership[:, network.unit_type == kind] for kind in UNIT_TYPES]
    shared = with_frailty(observed, expected, levels, fit_weeks)
    calibrated = calibrated_by_others(observed, shared, network.cell_family)
    seen, due = observed @ network.membership, calibrated @ network.membership
    evidence = log_change_evidence(seen, due, options, first_week)
    log_odds = odds_within_family(evidence, network.family, np.full(len(network.family), UNIT_PRIOR))
    return Odds(log_odds, np.cumsum(seen.sum(axis=1), axis=1), np.cumsum(due.sum(axis=1), axis=1))


def outcome_limit(
    tables: Tables, network: Network, history: int, schedule: Schedule, detector: Detector
) -> FamilyLimit:
    """Limit from the baseline's expected events a week, by simulation of history and a year and a half after."""
    baseline = _baseline(tables.expected[:, :history])
    active = baseline.sum(axis=0) > 0
    small = _restricted(network, active)
    weeks = min(history, 26) + 78
    expected = np.repeat(baseline[:, None, active], weeks, axis=1)
    rng = np.random.default_rng(detector.budget.seed)
    counts = null_counts(expected, small.groups, BENIGN_SD, detector.budget.replications, rng)
    first = min(history, 26)
    fits = _fit_weeks(first, weeks, schedule)
    return family_limit(
        lambda drawn: outcome_odds(
            drawn, refitted(drawn, expected, small.cell_class, fits), small, detector.changes, first, fits
        ),
        counts,
        len(np.unique(small.cell_family)),
        detector.budget.outcomes,
        first_week=first,
        hold_weeks=hold_weeks(schedule.step_days),
    )


def _baseline(before: Array) -> Array:
    """Expected events a week (symptoms, cells) in the last weeks of those before the charts (symptoms, weeks, cells).

    Where nobody answered then, the last weeks in which somebody did. Raises NotEnoughData where there are none.
    """
    recent = before[:, -BASELINE_WEEKS:]
    if not recent.any():
        recent = before[:, np.flatnonzero(before.any(axis=(0, 2)))[-BASELINE_WEEKS:]]
    if not recent.any():
        raise NotEnoughData(
            "Nobody answered before the charts begin: there is nothing to set their limit by.",
            what_to_do="Choose a later first day, when the first answers were in.",
        )
    return np.asarray(recent.mean(axis=1))


def _restricted(network: Network, active: Array) -> Network:
    """The network of the active cells and the units that have one."""
    units = network.membership[active].sum(axis=0) > 0
    return Network(
        network.cell,
        network.membership[np.ix_(active, units)],
        network.unit_type[units],
        network.unit_id[units],
        network.family[units],
        network.cell_family[active],
        tuple(np.unique(g[active], return_inverse=True)[1].astype(float) for g in network.groups),
        network.clinics,
        network.cell_class[active],
    )


def _fit_weeks(history: int, weeks: int, schedule: Schedule) -> range:
    """Weeks whose answers each new model knows last: the one that ends on from_day, then every refit_days."""
    return range(history - 1, weeks, max(1, schedule.refit_days // schedule.step_days))


def _outcome_signals(
    tables: Tables,
    network: Network,
    history: int,
    schedule: Schedule,
    detector: Detector,
    limit: FamilyLimit,
    symptoms: tuple[str, ...],
) -> list[Signal]:
    first = history - 1
    observed = tables.observed[None]
    fits = _fit_weeks(history, observed.shape[2], schedule)
    whole = outcome_odds(observed, tables.expected, network, detector.changes, first, fits)
    charts = Odds(whole.log_odds[0], whole.observed[0], whole.expected[0])
    odds = charts.log_odds
    calibrated = calibrated_by_others(observed, tables.expected, network.cell_family)[0]
    found = []
    for week, unit in signal_weeks(charts, limit.limit, hold_weeks(schedule.step_days), first):
        o = (tables.observed[:, : week + 1] @ network.membership)[:, :, unit]
        e = (calibrated[:, : week + 1] @ network.membership)[:, :, unit]
        change = likeliest_change(o.sum(axis=0), e.sum(axis=0), detector.changes)
        o_since, e_since = o[:, change:].sum(axis=1), e[:, change:].sum(axis=1)
        ratio, lower, upper = excess_ratio(float(o_since.sum()), float(e_since.sum()), 4.0)
        day = schedule.from_day + (week - first) * schedule.step_days
        found.append(
            Signal(
                day=day,
                clinic=network.clinics[network.family[unit]],
                unit_type=str(network.unit_type[unit]),
                unit_id=str(network.unit_id[unit]),
                symptom=rising_symptom(o_since, e_since, symptoms),
                kind="outcome",
                probability=probability(odds[week, unit]),
                since_day=day - (week - change) * schedule.step_days,
                observed=float(o_since.sum()),
                expected=float(e_since.sum()),
                ratio=ratio,
                lower=lower,
                upper=upper,
                also_likely=_also_likely(odds[week], network, unit),
            )
        )
    return found


def _also_likely(odds: Array, network: Network, unit: int) -> tuple[tuple[str, str, float], ...]:
    """Other units of the clinic with at least one chance in ten, likeliest first."""
    others = np.flatnonzero((network.family == network.family[unit]) & (np.arange(len(odds)) != unit))
    likely = [(probability(float(odds[k])), k) for k in others if odds[k] > np.log(1 / 9)]
    return tuple((str(network.unit_type[k]), str(network.unit_id[k]), p) for p, k in sorted(likely, reverse=True))
