"""What a detector's alarms and estimates were worth, against the truth of a network.

An alarm is true on a guilty unit from the change on, related on a unit that shares its treatments, false
otherwise; repeats on one unit within 60 days are one alarm; the baseline is not scored.
"""

from typing import Any

import numpy as np
import pandas as pd

from reporting.evidence.intervals import garwood

HOLD_DAYS = 60
DAYS_PER_YEAR = 365.25
ESTIMATES = (
    "rate_coverage",
    "curve_coverage",
    "ceiling_coverage",
    "ceiling_log_error",
    "slope_burn",
    "slope_pih",
    "ratio_burn",
    "ratio_pih",
)


def collapsed(alarms: list[dict[str, Any]], start: pd.Timestamp) -> list[tuple[int, str, str]]:
    """Alarms as (day, unit type, unit) in order of day, without repeats within HOLD_DAYS of a kept one."""
    days = sorted(((pd.Timestamp(a["date"]) - start).days, a["unit_type"], a["unit_id"]) for a in alarms)
    last: dict[tuple[str, str], int] = {}
    kept = []
    for day, kind, unit in days:
        if (kind, unit) not in last or day - last[kind, unit] >= HOLD_DAYS:
            last[kind, unit] = day
            kept.append((day, kind, unit))
    return kept


def score(result: dict[str, Any], truth: dict[str, Any], truth_treatments: pd.DataFrame) -> dict[str, Any]:
    """One row: counts of true, related and false alarms, delay to the first true one, quality of estimates."""
    injection = truth["injections"][0] if truth["injections"] else None
    change = truth["t0_day"] if injection else np.inf
    guilty = {tuple(unit) for unit in injection["true_units"]} if injection else set()
    related = {tuple(unit) for unit in injection["related_units"]} if injection else set()
    alarms = [a for a in collapsed(result["alarms"], pd.Timestamp(truth["start"])) if a[0] >= truth["phase1_days"]]
    true = [day for day, *unit in alarms if tuple(unit) in guilty and day >= change]
    near = [day for day, *unit in alarms if tuple(unit) in related and day >= change]
    return {
        "detector": result["detector"],
        "scenario": truth["scenario"],
        "seed": truth["seed"],
        "clinic_years": len(truth["clinics"]) * (truth["days"] - truth["phase1_days"]) / DAYS_PER_YEAR,
        "true": len(true),
        "related": len(near),
        "false": len(alarms) - len(true) - len(near),
        "guilty": injection is not None,
        "delay": true[0] - change if true else np.inf,
        "follow_up": truth["days"] - change if injection else np.nan,
        **_estimates(result, truth, truth_treatments),
    }


def _estimates(result: dict[str, Any], truth: dict[str, Any], treated: pd.DataFrame) -> dict[str, float]:
    found: dict[str, float] = {}
    rate = {(r["unit_id"], r["symptom"]): r["rate"] for r in truth["unit_rates"] if r["n"] >= 10}
    given = [r for r in result.get("rates", []) if (r["unit_id"], r["symptom"]) in rate]
    if given:
        inside = [r["lower"] <= rate[r["unit_id"], r["symptom"]] <= r["upper"] for r in given]
        found["rate_coverage"] = float(np.mean(inside))
    curves = {(c["symptom"], c["skin"]): c for c in truth["dose_response"]}
    covered = [_curve_cover(c, curves[c["symptom"], c["skin"]]) for c in result.get("curve", [])]
    if covered:
        found["curve_coverage"] = float(np.mean(np.concatenate(covered)))
    found |= _ceilings(result.get("thresholds", []), truth["thresholds"])
    predictions = result.get("predictions")
    if predictions:
        rows = treated.set_index("treatment_id").loc[predictions["treatment_id"]]
        for word in ("burn", "pih"):
            guess = np.clip(np.array(predictions[word]), 1e-4, 0.99)
            real = rows[f"p_{word}"].to_numpy()
            x, y = np.log(guess / (1 - guess)), np.log(real / (1 - real))
            found[f"slope_{word}"] = float(np.cov(x, y)[0, 1] / x.var(ddof=1))
            found[f"ratio_{word}"] = float(guess.mean() / real.mean())
    return found


def _curve_cover(curve: dict[str, Any], truth: dict[str, Any]) -> Any:
    """Whether the interval holds the true risk at each dose from 0.75 to 1.35 times the reference."""
    at = np.array(curve["fluence_multiple"])
    real = np.interp(at, truth["fluence_multiple"], truth["risk"])
    inside = (np.array(curve["lower"]) <= real) & (real <= np.array(curve["upper"]))
    return inside[(at >= 0.75) & (at <= 1.35)]


def _ceilings(given: list[dict[str, Any]], truths: list[dict[str, Any]]) -> dict[str, float]:
    real = {(c["symptom"], c["skin"]): c["fluence_multiple"] for c in truths}
    errors, inside = [], []
    for ceiling in given:
        true = real[ceiling["symptom"], ceiling["skin"]]
        if ceiling["fluence_multiple"] is not None:
            errors.append(abs(np.log(ceiling["fluence_multiple"] / true)))
        if ceiling["lower"] is not None:
            upper = np.inf if ceiling["upper"] is None else ceiling["upper"]
            inside.append(ceiling["lower"] <= true <= upper)
    found = {"ceiling_log_error": float(np.median(errors))} if errors else {}
    return found | ({"ceiling_coverage": float(np.mean(inside))} if inside else {})


def median_delay(delays: Any, follow_up: Any) -> float:
    """Kaplan-Meier median of the delays, inf where the fault was not found by the end of follow-up."""
    found = np.isfinite(delays)
    time = np.where(found, delays, follow_up)
    alive = 1.0
    for moment in np.unique(time[found]):
        alive *= 1 - ((time == moment) & found).sum() / (time >= moment).sum()
        if alive <= 0.5:
            return float(moment)
    return float("inf")


def summary(rows: list[dict[str, Any]], by: tuple[str, ...] = ("detector",)) -> pd.DataFrame:
    """Rows of score summed over networks: false alarms per clinic-year with exact limits, power, delay, precision."""
    table = []
    for key, group in pd.DataFrame(rows).groupby(list(by), sort=False):
        years = float(group["clinic_years"].sum())
        false = garwood(float(group["false"].sum()), years)
        row = dict(zip(by, key, strict=True)) | {
            "runs": len(group),
            "false/clinic-year": group["false"].sum() / years,
            "lower": false.lower,
            "upper": false.upper,
        }
        faults = group[group["guilty"]]
        if len(faults):
            delay = faults["delay"].to_numpy(dtype=float)
            row["found 120 d"], row["found 240 d"] = (delay <= 120).mean(), (delay <= 240).mean()
            row["median delay"] = median_delay(delay, faults["follow_up"].to_numpy(dtype=float))
            row["right"] = faults["true"].sum() / max(faults["true"].sum() + faults["false"].sum(), 1)
        row |= {name: group[name].mean() for name in ESTIMATES if name in group and group[name].notna().any()}
        table.append(row)
    return pd.DataFrame(table)
