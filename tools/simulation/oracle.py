"""What the data can give at all: an oracle that knows the guilty unit, the day, and every treatment's true risks.

    python -m tools.simulation.oracle [--simulator DIR] [--seeds 20] [--first-seed 1] [--processes 2]

It only asks whether the answers since the change are likelier with the fault than without it, by the likelihood
ratio of the true risks, which no test can beat (Neyman & Pearson 1933), at the guilty unit's share of the same
budget of false signals. A detector has neither the day, nor the unit, nor the risks.
"""

import argparse
import json
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from reporting.evidence.checks import Array
from reporting.evidence.hazard import person_periods
from tools.simulation.files import SYMPTOM_WORDS, Network, read_network
from tools.simulation.score_run import write_network

FAULTS = ("op_settings", "device_drift", "op_technique", "dark_protocol")
HORIZONS = (120, 240)
BUDGET = 0.5
REPLICATIONS = 1000


def foreknown(network: Network, truth: dict[str, Any], treated: pd.DataFrame) -> dict[str, Any]:
    """Whether the oracle is sure within each horizon, and the expected and observed events by then."""
    change, last = truth["t0_day"], truth["days"]
    trials = pd.concat([_trials(network, treated, s, w, change) for s, w in SYMPTOM_WORDS.items()])
    weeks = -(-(last - change) // 7)
    week = ((trials["day"].to_numpy() - change) // 7).astype(int)
    risk, ratio = trials["hazard"].to_numpy(), trials["ratio"].to_numpy()
    drift = np.bincount(week, weights=risk * (ratio - 1), minlength=weeks)
    score = np.bincount(week, weights=trials["event"] * np.log(ratio), minlength=weeks)
    paths = np.cumsum(_null_scores(risk, ratio, week, weeks) - drift, axis=1)
    path = np.cumsum(score - drift)
    units = sum(network.areas[["clinic", name]].drop_duplicates().shape[0] for name in ("operator", "device"))
    units_per_clinic = 1 + units / network.areas["clinic"].nunique()
    found: dict[str, Any] = {"scenario": truth["scenario"], "seed": truth["seed"]}
    for horizon in HORIZONS:
        by = slice(0, min(weeks, horizon // 7))
        allowed = -np.expm1(-BUDGET * horizon / 365.25 / units_per_clinic)
        limit = np.quantile(paths[:, by].max(axis=1), 1 - allowed)
        early = trials["day"] < change + horizon
        found[f"sure in {horizon} d"] = bool(path[by].max() > limit)
        found[f"expected, {horizon} d"] = float(risk[early].sum())
        found[f"observed, {horizon} d"] = float(trials.loc[early, "event"].sum())
    return found


def _trials(network: Network, treated: pd.DataFrame, symptom: str, word: str, change: int) -> pd.DataFrame:
    """Check-ins of faulty treatments: day, event, true hazard without the fault, and the fault's ratio."""
    truth = treated.set_index("treatment_id").loc[network.areas["area_id"]]
    with_fault, without = truth[f"p_{word}"].to_numpy(), truth[f"p_{word}_cf"].to_numpy()
    periods = person_periods(network.areas, network.check_ins[network.check_ins["answered"]], symptom)
    row = periods["row"].to_numpy()
    frame = pd.DataFrame(
        {
            "day": periods["answered_day"],
            "event": periods["event"],
            "scheduled": periods["scheduled_day"],
            "without": without[row],
            "ratio": (with_fault / without)[row],
        }
    )
    faulty = np.abs(frame["ratio"] - 1) > 1e-3
    usual = frame[~faulty].groupby("scheduled")[["event", "without"]].sum()
    frame["hazard"] = frame["without"] * frame["scheduled"].map(usual["event"] / usual["without"])
    since: pd.DataFrame = frame[faulty & (frame["day"] >= change)]
    return since


def _null_scores(risk: Array, ratio: Array, week: Array, weeks: int) -> Array:
    """Weekly sums of log ratios when nothing is wrong, (REPLICATIONS, weeks)."""
    rng = np.random.default_rng(0)
    scores = np.zeros((REPLICATIONS, weeks))
    for at in range(weeks):
        here = week == at
        scores[:, at] = rng.poisson(risk[here], (REPLICATIONS, int(here.sum()))) @ np.log(ratio[here])
    return scores


def judge(task: tuple[int, str], simulator: Path | None = None) -> dict[str, Any]:
    """The oracle's row for one network."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        write_network(directory, *task, simulator)
        truth = json.loads((directory / "truth.json").read_text())
        treated = pd.read_csv(directory / "truth_treatments.csv")
        return foreknown(read_network(directory, pd.Timestamp(truth["start"])), truth, treated)


def main(arguments: list[str] | None = None) -> int:
    """Run the oracle and print its table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--simulator", type=Path)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    chosen = parser.parse_args(arguments)
    tasks = [(s, name) for s in range(chosen.first_seed, chosen.first_seed + chosen.seeds) for name in FAULTS]
    with ProcessPoolExecutor(chosen.processes) as pool:
        rows = list(tqdm(pool.map(partial(judge, simulator=chosen.simulator), tasks), total=len(tasks)))
    table = pd.DataFrame(rows).drop(columns="seed").groupby("scenario", sort=False).mean()
    print(table.to_string(float_format="%.2f"))
    print(f"\nall, sure in 120 d: {table['sure in 120 d'].mean():.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
