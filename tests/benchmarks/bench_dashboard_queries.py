"""Times the dashboards' queries on an outcome frame of a million treated areas in memory.

    python -m tests.benchmarks.bench_dashboard_queries [ROWS]

Prints the median of seven warm runs in milliseconds of processor time, which other work on the machine does
not change. The database beside it is an empty one, so that only frame work is timed.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from unittest.mock import patch

from reporting.dashboards.read_bands import parameters_recorded, setting_bands
from reporting.dashboards.read_overview import overview
from reporting.domain.actors import SYSTEM
from reporting.records.migrate import migrate
from reporting.settings import settings
from reporting.shell.read_scope import Filters, filter_choices
from tests.frames import many_rows

RUNS = 7
CO2 = Filters(device_class="frac_ablative_co2")


def milliseconds(task: Callable[[], object]) -> float:
    """Median processor time of one run."""
    task()
    spent = []
    for _ in range(RUNS):
        start = time.process_time()
        task()
        spent.append((time.process_time() - start) * 1000)
    return statistics.median(spent)


def tasks() -> dict[str, Callable[[], object]]:
    """The queries of both pages, by name."""
    return {
        "overview, everything": lambda: overview(SYSTEM, Filters()),
        "overview, 6 months and those before": lambda: overview(SYSTEM, Filters(from_date=date(2025, 6, 1))),
        "overview, one clinic": lambda: overview(SYSTEM, Filters(clinics=("C1",))),
        "setting bands, energy": lambda: setting_bands(SYSTEM, CO2, "pulse_energy_mj", "hyperpigmentation"),
        "settings recorded": lambda: parameters_recorded(SYSTEM, CO2),
        "filter choices": lambda: filter_choices(SYSTEM),
    }


def main(rows: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"REPORTING_DATA_DIR": folder, "REPORTING_DATABASE_URL": ""}
        settings.cache_clear()
        migrate()
        for areas in (1.0, 1.3):
            frame = many_rows(rows, areas_per_treatment=areas)
            with patch("reporting.shell.read_scope.outcome_frame", lambda frame=frame: frame):
                for name, task in tasks().items():
                    print(f"{rows:,} areas, {areas} per treatment; {name}: {milliseconds(task):.0f} ms")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
