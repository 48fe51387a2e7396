"""Signals that settings have shifted: operators and clinics against their own past, under the stated budget."""

import numpy as np
import pandas as pd

from reporting.domain.skin import DARK
from reporting.evidence.change_point import Shifts, odds_within_family
from reporting.evidence.checks import Array, Mask, Positions
from reporting.evidence.drift import DriftCharts, SettingsScores, drift_charts, settings_scores
from reporting.evidence.limits import HOLD_DAYS, Odds, hold_weeks, signal_weeks
from reporting.evidence.signals import Signal, probability
from reporting.evidence.surveillance import Network, Schedule


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
