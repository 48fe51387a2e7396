"""A published or own table worked out: groups, differences and ratios, strata, trend, pairs, risk by a day."""

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from reporting.errors import InvalidInput
from reporting.evidence.comparisons import (
    cochran_armitage,
    compare_pairs,
    dersimonian_laird,
    fisher,
    mantel_haenszel,
    odds_ratio,
    risk_ratio,
)
from reporting.evidence.follow_up import kaplan_meier
from reporting.evidence.intervals import clopper_pearson, newcombe, wilson
from reporting.signals.file_compare import Comparison, Group

Facts = dict[str, Any]


def compared(table: Comparison, level: float = 0.95, by_day: float | None = None) -> Facts:
    """Everything that the columns of the table allow, as plain JSON values; None with a note where there is none.

    by_day asks for the risk by that day. Raises InvalidInput where the table has no days, EvidenceProblem.
    """
    if by_day is not None and "day" not in table.columns:
        raise InvalidInput(field="day", found="no such column", allowed="a column of days when a day is asked for")
    names = list(table.groups)
    reference = table.groups[names[0]]
    found: Facts = {
        "level": level,
        "reference": names[0],
        "groups": [_group(name, table.groups[name], level, by_day) for name in names],
        "comparisons": [_against(name, table.groups[name], reference, level) for name in names[1:]],
    }
    if "stratum" in table.columns:
        found["stratified"] = [_within_strata(name, table.groups[name], reference, level) for name in names[1:]]
    if "order" in table.columns:
        found["trend"] = _trend(list(table.groups.values()))
    if table.pairs:
        found["paired"] = _paired(table, names[1], names[0], level)
    return found


def _group(name: str, group: Group, level: float, by_day: float | None) -> Facts:
    row: Facts = {
        "group": name,
        "events": group.events,
        "n": group.n,
        "rate": group.events / group.n if group.n else None,
        "wilson": asdict(wilson(group.events, group.n, level)),
        "exact": asdict(clopper_pearson(group.events, group.n, level)),
    }
    if by_day is not None:
        row["risk_by_day"] = {"day": by_day} | _risk_by(group, by_day, level)
    return row


def _risk_by(group: Group, day: float, level: float) -> Facts:
    """Kaplan-Meier; before the first event the upper limit is the exact one of those who were followed so far."""
    risk = kaplan_meier(group.days, group.ended, level=level).risk_by(day)
    if risk.value == 0:
        followed = sum(seen >= day for seen in group.days)
        return asdict(risk) | {"upper": clopper_pearson(0, followed, level).upper}
    return asdict(risk)


def _against(name: str, group: Group, reference: Group, level: float) -> Facts:
    a, n, c, m = group.events, group.n, reference.events, reference.n
    return {
        "group": name,
        "difference": {"value": a / n - c / m if n and m else None} | asdict(newcombe(a, n, c, m, level)),
        "risk_ratio": asdict(risk_ratio(a, n, c, m, level)),
        "odds_ratio": asdict(odds_ratio(a, n, c, m, level)),
        "fisher": asdict(fisher(a, n, c, m)),
    }


def _within_strata(name: str, group: Group, reference: Group, level: float) -> Facts:
    strata = sorted(group.strata | reference.strata)
    mine = [group.strata.get(stratum, (0, 0)) for stratum in strata]
    other = [reference.strata.get(stratum, (0, 0)) for stratum in strata]
    events, n = zip(*mine, strict=True)
    other_events, other_n = zip(*other, strict=True)
    pooled = mantel_haenszel(events, n, other_events, other_n, level)
    return {"group": name} | asdict(pooled) | {"homogeneity": _homogeneity(mine, other)}


def _homogeneity(mine: Sequence[tuple[int, int]], other: Sequence[tuple[int, int]]) -> Facts:
    """Whether the odds ratios of the strata differ: Cochran's Q of their logarithms (Woolf's variances)."""
    tables = [(a, n - a, c, m - c) for (a, n), (c, m) in zip(mine, other, strict=True)]
    full = [cells for cells in tables if min(cells) > 0]
    if len(full) < 2:
        return {"statistic": None, "p_value": None, "strata": len(full), "note": "fewer than two strata without a zero"}
    effects = [math.log(a * d / (b * c)) for a, b, c, d in full]
    pooled = dersimonian_laird(effects, [sum(1 / cell for cell in cells) for cells in full])
    return {"statistic": pooled.q, "p_value": pooled.q_p_value, "strata": len(full), "note": ""}


def _trend(groups: Sequence[Group]) -> Facts:
    scores = [0.0 if group.order is None else group.order for group in groups]
    return asdict(cochran_armitage([g.events for g in groups], [g.n for g in groups], scores))


def _paired(table: Comparison, first: str, second: str, level: float) -> Facts:
    seen = [(sides[first], sides[second]) for sides in table.pairs.values()]
    cells = [seen.count(kind) for kind in ((1, 1), (1, 0), (0, 1), (0, 0))]
    both, first_only, second_only, neither = cells
    return {"first": first, "second": second} | asdict(compare_pairs(both, first_only, second_only, neither, level))
