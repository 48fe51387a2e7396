"""Times the evidence engine on databases of simulated clinics, and its fit against one on single rows.

    python -m tests.benchmarks.evidence [--treatments 1000000] [--rows 1000000]

Each command runs as a process of its own, so that its time holds the start and its memory is its own.
"""

import argparse
import json
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import statsmodels.api as sm

from reporting.domain.course import SLOTS
from reporting.domain.vocabulary import SYMPTOMS
from reporting.evidence.logistic import fit_logistic
from tools.simulation.clinics import SimulatedNetwork, simulate
from tools.simulation.files import SETTINGS, SYMPTOM_WORDS
from tools.simulation.imported import MAPPING, own_database

TREATMENTS_PER_WEEKLY_TREATMENT = 108.5
"""Treatments that a clinic of the simulator gives in its two years for each one a week."""
GOAL_SECONDS, GOAL_MEGABYTES = 10, 2048
LOOK_EVERY_S = 0.1
_RECORD = np.dtype([("scheduled_day", "<u2"), ("recovery_day", "<u2"), ("asked", "u1"), ("events", "u1")])


def fill(folder: Path, network: SimulatedNetwork) -> int:
    """Write a network straight into the tables of an empty database; returns the number of treatments."""
    with own_database(folder):
        pass
    files = network.files
    with closing(sqlite3.connect(folder / "reporting.db")) as to:
        _units(to, files["treatments"], files["devices"])
        n = _treatments(to, files["treatments"], files["checkins"])
        to.commit()
        to.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return n


def _insert(to: sqlite3.Connection, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    marks = ", ".join("?" * len(columns))
    to.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)


def _units(to: sqlite3.Connection, treated: pd.DataFrame, devices: pd.DataFrame) -> None:
    made = "2020-01-01 00:00:00"
    clinics = sorted(treated["clinic_id"].unique())
    _insert(
        to,
        "clinic",
        (
            "id",
            "code",
            "name",
            "timezone",
            "telephone",
            "emergency_telephone",
            "opening_hours",
            "second_factor",
            "reminders_from",
            "reminders_until",
            "message_name",
            "retention",
            "is_synthetic",
            "created_at",
        ),
        [
            (k + 1, c, c, "UTC", "", "112", "{}", "code", "08:00", "20:00", "", "{}", 1, made)
            for k, c in enumerate(clinics)
        ],
    )
    known = {c: k + 1 for k, c in enumerate(clinics)}
    operators = treated[["clinic_id", "operator_id"]].drop_duplicates().itertuples(index=False)
    _insert(to, "operator", ("clinic_id", "code", "name", "is_active"), [(known[c], o, "", 1) for c, o in operators])
    machines = treated[["clinic_id", "device_id", "device_model"]].drop_duplicates().itertuples(index=False)
    _insert(
        to,
        "device",
        ("clinic_id", "code", "device_class", "model", "manufacturer", "serial", "handpiece", "is_active"),
        [(known[c], d, m, m, "", "", "", 1) for c, d, m in machines],
    )
    for at, row in enumerate(devices.to_dict("records"), start=1):
        _insert(
            to,
            "custom_device_class",
            ("id", "code", "name", "procedure_class", "wavelength_nm", "source"),
            [(at, row["device_model"], row["device_model"], "vascular", "", "bench")],
        )
        _insert(
            to,
            "custom_parameter",
            ("custom_device_class_id", "field", "reference"),
            [(at, ours, float(row[f"ref_{theirs}"])) for theirs, ours in SETTINGS.items()],
        )


def _treatments(to: sqlite3.Connection, treated: pd.DataFrame, checkins: pd.DataFrame) -> int:
    made, n = "2020-01-01 00:00:00", len(treated)
    clinic = treated["clinic_id"].map(dict(to.execute("SELECT code, id FROM clinic")))
    operator, device = (
        treated[f"{kind}_id"].map(dict(to.execute(f"SELECT code, id FROM {kind}"))) for kind in ("operator", "device")
    )
    patient, first = pd.factorize(treated["patient_id"])
    at = np.unique(patient, return_index=True)[1]
    _insert(
        to,
        "patient",
        ("id", "clinic_id", "reference", "fitzpatrick", "language", "timezone", "created_at"),
        (
            (k + 1, int(clinic.iat[i]), first[k], int(treated["fitzpatrick"].iat[i]), "en", "", made)
            for k, i in enumerate(at)
        ),
    )
    days = treated["date"].dt.strftime("%Y-%m-%d")
    _insert(
        to,
        "treatment",
        (
            "id",
            "clinic_id",
            "patient_id",
            "reference",
            "performed_on",
            "operator_id",
            "device_id",
            "procedure_class",
            "age_years",
            "source",
            "created_at",
        ),
        zip(
            range(1, n + 1),
            clinic.tolist(),
            (patient + 1).tolist(),
            treated["treatment_id"],
            days,
            operator.tolist(),
            device.tolist(),
            ["vascular"] * n,
            treated["age"].tolist(),
            ["import"] * n,
            [made] * n,
            strict=True,
        ),
    )
    _insert(
        to,
        "treated_area",
        ("id", "treatment_id", "clinic_id", "area", "pass_group", "indication", *SETTINGS.values(), "outside_typical"),
        zip(
            range(1, n + 1),
            range(1, n + 1),
            clinic.tolist(),
            ["not_recorded"] * n,
            [1] * n,
            treated["indication"],
            *(treated[name].astype(float).tolist() for name in SETTINGS),
            ["[]"] * n,
            strict=True,
        ),
    )
    due, answered, trails = _answers(treated, checkins)
    first = [_first(treated, checkins, word) for word in SYMPTOM_WORDS.values()]
    _insert(
        to,
        "outcome",
        (
            "treated_area_id",
            "treatment_id",
            "clinic_id",
            "due_mask",
            "answered_mask",
            "trail",
            "revision",
            *(f"first_{code}" for code in SYMPTOM_WORDS),
        ),
        zip(range(1, n + 1), range(1, n + 1), clinic.tolist(), due, answered, trails, [1] * n, *first, strict=True),
    )
    to.execute("UPDATE revision SET value = 1")
    return n


def _first(treated: pd.DataFrame, checkins: pd.DataFrame, word: str) -> list[int | None]:
    """Scheduled day of the first report of each treatment, None where there is none."""
    reports = checkins[checkins[word].astype(float) == 1]
    days = reports.groupby("treatment_id")["scheduled_day"].min().reindex(treated["treatment_id"])
    return [None if np.isnan(day) else int(day) for day in days.to_numpy(dtype=float)]


def _answers(treated: pd.DataFrame, checkins: pd.DataFrame) -> tuple[list[int], list[int], list[bytes]]:
    """Masks and trails of the treatments, packed as the product packs them."""
    row = pd.Index(treated["treatment_id"]).get_indexer(checkins["treatment_id"])
    scheduled = checkins["scheduled_day"].to_numpy()
    heard = checkins["answered"].to_numpy() == 1
    bit = np.left_shift(np.int64(1), np.searchsorted(SLOTS, scheduled))
    due, answered = (np.zeros(len(treated), dtype=np.int64) for _ in range(2))
    np.bitwise_or.at(due, row, bit)
    np.bitwise_or.at(answered, row[heard], bit[heard])
    order = np.lexsort((scheduled[heard], row[heard]))
    record = np.zeros(len(order), dtype=_RECORD)
    late = (checkins["answered_date"] - checkins["due_date"]).dt.days.to_numpy()[heard][order]
    record["scheduled_day"] = scheduled[heard][order]
    record["recovery_day"] = record["scheduled_day"] + late.astype(np.int64)
    for ours, theirs in SYMPTOM_WORDS.items():
        mask = 1 << SYMPTOMS.index(ours)
        record["asked"] |= mask
        record["events"] |= np.where(checkins[theirs].to_numpy(dtype=float)[heard][order] == 1, mask, 0).astype("u1")
    ends = np.cumsum(np.bincount(row[heard], minlength=len(treated))) * _RECORD.itemsize
    whole = record.tobytes()
    starts = [0, *ends[:-1].tolist()]
    return due.tolist(), answered.tolist(), [whole[a:b] for a, b in zip(starts, ends.tolist(), strict=True)]


@dataclass(frozen=True)
class Used:
    """What a command took, from its start to its end, imports included; memory of it and its children together."""

    seconds: float
    processor_seconds: float
    megabytes: float

    def __str__(self) -> str:
        return f"{self.seconds:.1f} s ({self.processor_seconds:.1f} s of processor), {self.megabytes:,.0f} MB"


def run(folder: Path, *words: str) -> tuple[Used, str]:
    """Run a command on a database: what it took, and what it printed."""
    environment = dict(os.environ, REPORTING_DATA_DIR=str(folder), REPORTING_DATABASE_URL="")
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = [sys.executable, "-m", "reporting", *words]
    with (
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as started,
        ThreadPoolExecutor(1) as beside,
    ):
        peak = beside.submit(_peak, started)
        printed = started.communicate()[0]
        seconds = time.perf_counter() - begun
    if started.returncode:
        raise RuntimeError(f"{' '.join(words)} ended with {started.returncode}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Used(seconds, processor, peak.result()), printed


def _peak(started: "subprocess.Popen[str]") -> float:
    """Most megabytes that the process and all below it held at once; what they share is counted once."""
    most = 0.0
    while started.poll() is None:
        most = max(most, sum(_held(pid) for pid in _family(started.pid)))
        time.sleep(LOOK_EVERY_S)
    return most


def _family(pid: int) -> list[int]:
    """The process and all below it."""
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:  # it has ended
        return []
    return [pid, *(each for child in text.split() for each in _family(int(child)))]


def _held(pid: int) -> float:
    """Megabytes of a process, shared ones divided by those who share them."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def backtest_bench() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        network = simulate(1, "op_settings")
        n = fill(folder, network)
        span = ("--from", "2023-07-01", "--to", "2024-12-30", "--out", str(folder / "alarms.json"))
        used, _ = run(folder, "backtest", *span, "--mapping", str(MAPPING))
        print(f"backtest, 2 years x 6 clinics, {n:,} treatments, {len(network.files['checkins']):,} check-ins: {used}")


def signals_bench(treatments: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder, clinics = Path(name), 10
        weekly = treatments / clinics / TREATMENTS_PER_WEEKLY_TREATMENT
        network = simulate(1, "op_technique", clinics=clinics, per_week=weekly)
        n, asked = fill(folder, network), len(network.files["checkins"])
        del network
        command = ("signals", "run", "--as-of", "2024-12-30", "--json")
        run(folder, *command)  # the first one keeps its signals, and the file is read from the disk
        used, printed = run(folder, *command)
        told = json.loads(printed)
        print(f"signals run, {n:,} treatments, {asked:,} check-ins, {told['answers']:,} answered")
        print(f"    whole command {used.seconds:.1f} s ({used.processor_seconds:.1f} s of processor)")
        print(f"    inside {told['seconds']:.1f} s: {told['phases']}")
        print(f"    most memory, children included: {used.megabytes:,.0f} MB")
        met = used.seconds < GOAL_SECONDS and used.megabytes < GOAL_MEGABYTES
        print(f"    goal: {GOAL_SECONDS} s and {GOAL_MEGABYTES:,} MB, {'met' if met else 'missed'}")


def fit_bench(rows: int) -> None:
    """Grouped cells against a row-level fit of statsmodels on the same rows: time and coefficients."""
    rng = np.random.default_rng(1)
    sizes = {"day": 7, "fitzpatrick": 6, "indication": 4, "device_class": 3, "season": 6}
    frame = pd.DataFrame({name: rng.integers(0, size, rows) for name, size in sizes.items()})
    linear = -3.5 + 0.15 * frame["fitzpatrick"] - 0.2 * frame["day"] + 0.1 * frame["device_class"]
    event = (rng.random(rows) < 1 / (1 + np.exp(-linear))).astype(float).to_numpy()
    design = pd.get_dummies(frame.astype(str), drop_first=True, dtype=float).assign(intercept=1.0)
    begun = time.perf_counter()
    groups = frame.groupby(list(sizes)).ngroup().to_numpy()
    first = np.unique(groups, return_index=True)[1]
    ours = fit_logistic(
        design.to_numpy()[first], np.bincount(groups, weights=event), np.bincount(groups), penalty="none"
    )
    grouped = time.perf_counter() - begun
    begun = time.perf_counter()
    theirs = sm.GLM(event, design.to_numpy(), family=sm.families.Binomial()).fit(tol=1e-12)
    by_rows = time.perf_counter() - begun
    gap = float(np.abs(ours.coefficients - theirs.params).max())
    times = f"{grouped:.2f} s grouped, {by_rows:.1f} s by rows (statsmodels), {by_rows / grouped:.0f} times"
    print(f"logistic fit, {rows:,} rows in {len(first):,} cells: {times}")
    print(f"    largest difference of a coefficient {gap:.1e}")


def run_all(treatments: int, rows: int) -> None:
    """Print every figure of the evidence engine."""
    print(
        "Evidence engine (wanted: backtest under 20 s, signals run under 10 s and 2,048 MB, start and imports included)"
    )
    backtest_bench()
    signals_bench(treatments)
    fit_bench(rows)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--treatments", type=int, default=1_000_000)
    parser.add_argument("--rows", type=int, default=1_000_000)
    chosen = parser.parse_args(arguments)
    run_all(chosen.treatments, chosen.rows)


if __name__ == "__main__":
    main()
