"""How long a clinician waits for each page: the whole rerun, cold and warm, alone and with others, and what it sends.

    python -m tests.benchmarks.pages [--treatments 1125000] [--clinics 10] [--postgres] [--folder DIR]

Cold is the first time that a process draws the page, changed the first time after a new check-in, warm the same
again. Each row is of the real application as a process of its own, over Streamlit's websocket as a browser speaks it.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import text

from reporting.demo.access import enter
from reporting.storage import engine as storage
from reporting.storage.engine import reading, transaction
from reporting.storage.outcomes import recompute
from tests.benchmarks.network import make, use
from tests.benchmarks.streamlit_client import Tab
from tests.postgres import cluster
from tests.server import application

WARM_RUNS = 5
COLUMNS = ("cold", "changed", "warm p50", "p95", "charts", "largest", "all kB")
CHARTS = ("arrow_vega_lite_chart", "vega_lite_chart")
QUERIES = {"timeline": "patient={patient}", "plan": "patient={patient}", "card": "treatment={treatment}",
           "proxy": "patient={patient}"}  # fmt: skip


def cookies(count: int) -> list[str]:
    """Sessions of so many administrators, who may open every page."""
    return [f"{cookie.name}={cookie.value}" for cookie in (enter("administrator") for _ in range(count))]


def somebody() -> dict[str, int]:
    """A patient and a treatment of the clinic that is looked at, to open the pages of one patient."""
    with reading() as session:
        row = session.connection().execute(text(
            "SELECT id, patient_id FROM treatment WHERE clinic_id = 1 ORDER BY id LIMIT 1 OFFSET 1000"
        )).one()  # fmt: skip
    return {"treatment": row.id, "patient": row.patient_id}


def change(treatment: int) -> None:
    """What a new check-in does to every figure: a new revision of the data."""
    with transaction() as session:
        recompute(session, [treatment])


def percentile(times: Sequence[float], share: float) -> float:
    """A percentile of seconds, in milliseconds."""
    ordered = sorted(times)
    return 1e3 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


async def _alone(url: str, cookie: str, page: str, query: str, treatment: int) -> list[str]:
    """Columns of one clinician alone: cold, after a change, warm p50 and p95, and the bytes."""
    async with Tab(url, cookie) as tab:
        cold = await tab.open(page, query)
        change(treatment)
        changed = await tab.run()
        charts = sum(size for kind, size in tab.sizes if kind in CHARTS)
        largest, whole = max(size for _, size in tab.sizes), sum(size for _, size in tab.sizes)
        warm = [await tab.run() for _ in range(WARM_RUNS)]
    times = (1e3 * cold, 1e3 * changed, 1e3 * statistics.median(warm), percentile(warm, 0.95))
    return [*(f"{value:8.0f}" for value in times), *(f"{size / 1000:8.0f}" for size in (charts, largest, whole))]


async def _together(url: str, everyone: Sequence[str], page: str, query: str) -> list[str]:
    """Columns of many clinicians who all open the page at the same moment, again and again."""

    async def one(cookie: str) -> list[float]:
        async with Tab(url, cookie) as tab:
            await tab.open(page, query)
            return [await tab.run() for _ in range(2)]

    times = [each for found in await asyncio.gather(*map(one, everyone)) for each in found]
    return [f"{percentile(times, share):8.0f}" for share in (0.5, 0.95)]


async def _started(url: str, cookie: str) -> list[str]:
    """The pages there are, once the dashboards are read (a process reads them when it starts)."""
    async with Tab(url, cookie, "units") as tab:
        return list(tab.pages)


def table(folder: Path, address: str, clinicians: int, only: Sequence[str]) -> None:
    """Print a row for every page of the staff."""
    use(folder, address)
    everyone, known = cookies(clinicians), somebody()
    names = (*COLUMNS, f"{clinicians}: p50", "p95")
    print(f"{'page':16} {' '.join(f'{name:>8}' for name in names)}")
    with application(folder, REPORTING_DATABASE_URL=address, REPORTING_BACKGROUND="0") as url:
        begun = time.perf_counter()
        pages = asyncio.run(_started(url, everyone[0]))
        print(f"(start of the process until the dashboards are read: {time.perf_counter() - begun:.1f} s)", flush=True)
        for page in only or pages:
            query = QUERIES.get(page, "").format(**known)
            row = asyncio.run(_alone(url, everyone[0], page, query, known["treatment"]))
            if clinicians > 1:
                row += asyncio.run(_together(url, everyone, page, query))
            print(f"{page:16} {' '.join(row)}", flush=True)
    storage.forget_engine()


def run(folder: Path, treatments: int, clinics: int, clinicians: int, postgres: bool, only: Sequence[str] = ()) -> None:
    """Print the table of the demo clinic and of a network of that size, on SQLite and on PostgreSQL."""
    print("Pages, milliseconds of a whole rerun (wanted: warm 300, cold 1,000) and kB sent (wanted: charts 200)")
    with ExitStack() as stack:
        address = stack.enter_context(cluster()) if postgres else ""
        for name, size, many, where in (
            ("demo", 2_400, 1, ""), ("network", treatments, clinics, ""), ("network-pg", treatments, clinics, address)
        ):  # fmt: skip
            if where or not name.endswith("pg"):
                (folder / name).mkdir(exist_ok=True)
                print(f"{name}: {make(folder / name, where, size, many)}", flush=True)
                table(folder / name, where, clinicians, only)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--treatments", type=int, default=1_125_000)
    parser.add_argument("--clinics", type=int, default=10)
    parser.add_argument("--clinicians", type=int, default=20)
    parser.add_argument("--postgres", action="store_true", help="on PostgreSQL as well")
    parser.add_argument("--folder", type=Path, help="keep the SQLite databases here and use them again")
    parser.add_argument("--pages", nargs="*", default=[], help="only these")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="reporting-bench-") as made:
        folder = chosen.folder or Path(made)
        run(folder, chosen.treatments, chosen.clinics, chosen.clinicians, chosen.postgres, chosen.pages)


if __name__ == "__main__":
    main()
