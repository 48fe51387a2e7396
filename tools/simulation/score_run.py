"""Score the detector against clinics with known truth: generate, import, backtest, score; prints the table.

    python -m tools.simulation.score_run [--simulator DIR] [--seeds 20] [--first-seed 1] [--scenarios a,b]

DIR holds a generate.py that writes the same files (--seed, --scenario, --out), run as a program of its own.
--in-memory leaves the database out: the same signals in a fraction of the time.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from reporting.evidence.backtest import replay, to_alarms
from tools.simulation.clinics import SCENARIOS, simulate
from tools.simulation.files import SYMPTOM_WORDS, read_network
from tools.simulation.imported import own_database, replayed, take_in
from tools.simulation.naive import NAIVE
from tools.simulation.scorer import score, summary

PATIENT = {"indication": "pigment"}
"""The reference patient that the truth of a simulated network describes."""
PRODUCT = "this project"
Judge = Callable[[tuple[int, str]], list[dict[str, Any]]]


def write_network(directory: Path, seed: int, scenario: str, simulator: Path | None = None) -> None:
    """Write the files of one network, by the project's own simulator or by another one's generate.py."""
    if simulator is not None:
        script = [sys.executable, str(simulator.resolve() / "generate.py"), "--seed", str(seed)]
        subprocess.run([*script, "--scenario", scenario, "--out", str(directory)], check=True, capture_output=True)
        return
    network = simulate(seed, scenario)
    # A treatment's check-ins stand together: they are imported several times as fast.
    together = network.files["checkins"].sort_values(["treatment_id", "scheduled_day"], kind="stable")
    for name, frame in (network.files | {"checkins": together}).items():
        frame.to_csv(directory / f"{name}.csv", index=False, date_format="%Y-%m-%d")
    (directory / "truth.json").write_text(json.dumps(network.truth))


def score_one(task: tuple[int, str], simulator: Path | None = None, in_memory: bool = False) -> list[dict[str, Any]]:
    """Rows of the product and of the naive detectors for one network."""
    seed, scenario = task
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        write_network(directory, seed, scenario, simulator)
        return score_directory(directory, in_memory)


def product_says(directory: Path, truth: dict[str, Any], in_memory: bool) -> tuple[dict[str, Any], float]:
    """The product's alarms.json of a network, and the seconds that its replay took."""
    first, last, start = truth["phase1_days"], truth["days"] - 1, pd.Timestamp(truth["start"])
    if in_memory:
        network = read_network(directory)
        late = (network.start - start).days  # day 0 is the first treatment's, as in the database
        begin = time.perf_counter()
        result = replay(network.areas, network.check_ins, first - late, last - late, patient=PATIENT)
        return to_alarms(result, network.start, SYMPTOM_WORDS, PRODUCT), time.perf_counter() - begin
    with tempfile.TemporaryDirectory() as folder, own_database(Path(folder)):
        take_in(directory)
        begin = time.perf_counter()
        return replayed(start.date(), first, last) | {"detector": PRODUCT}, time.perf_counter() - begin


def score_directory(directory: Path, in_memory: bool = False) -> list[dict[str, Any]]:
    """Replay and score one network that lies in a directory, through a database unless in_memory."""
    truth = json.loads((directory / "truth.json").read_text())
    treated = pd.read_csv(directory / "truth_treatments.csv")
    network = read_network(directory, pd.Timestamp(truth["start"]))
    first, last = truth["phase1_days"], truth["days"] - 1
    said, seconds = product_says(directory, truth, in_memory)
    rows = [score(said, truth, treated) | {"seconds": seconds}]
    for name, detector in NAIVE.items():
        found = detector(network.areas, network.check_ins, first, last)
        alarms = [
            {"date": str(network.start + pd.Timedelta(days=day)), "unit_type": kind, "unit_id": unit}
            for day, kind, unit in found
        ]
        rows.append(score({"detector": name, "alarms": alarms}, truth, treated))
    return rows


def main(arguments: list[str] | None = None) -> int:
    """Run the scoring and print its tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--simulator", type=Path)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--scenarios", default=",".join(SCENARIOS))
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--in-memory", action="store_true", help="without a database")
    parser.add_argument("--json", type=Path, help="write every network's row here")
    chosen = parser.parse_args(arguments)
    # One thread each: small matrices lose more by sharing cores than they gain.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = "1"
    judge = partial(score_one, simulator=chosen.simulator, in_memory=chosen.in_memory)
    seeds = range(chosen.first_seed, chosen.first_seed + chosen.seeds)
    tasks = [(seed, scenario) for seed in seeds for scenario in chosen.scenarios.split(",")]
    rows = _run(tasks, judge, chosen.processes)
    if chosen.json:
        chosen.json.write_text(json.dumps(rows, default=float))
    _print(rows)
    return 0


def _run(tasks: list[tuple[int, str]], judge: Judge, processes: int) -> list[dict[str, Any]]:
    import multiprocessing

    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        results = pool.map(judge, tasks)
        return [row for rows in tqdm(results, total=len(tasks), unit="network") for row in rows]


def _print(rows: list[dict[str, Any]]) -> None:
    product = [row for row in rows if row["detector"] == PRODUCT]
    with pd.option_context("display.width", 250, "display.max_columns", 40, "display.precision", 3):
        print(summary(rows).drop(columns=["lower"]).to_string(index=False, na_rep="-"))
        print()
        print(summary(product, ("detector", "scenario")).drop(columns="detector").to_string(index=False, na_rep="-"))
    seconds = [row["seconds"] for row in product]
    print(f"\nreplay of one network: {sum(seconds) / len(seconds):.1f} s on average, {max(seconds):.1f} s at most")


if __name__ == "__main__":
    sys.exit(main())
