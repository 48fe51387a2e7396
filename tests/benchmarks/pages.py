"""How long a clinician waits for each page: the whole rerun, cold and warm, alone and with others, and what it sends.

    python -m tests.benchmarks.pages [--sizes demo million] [--databases sqlite postgres] [--clinicians 1 20]
        [--pages overview units …] [--folder DIR] [--postgres-url URL]

Every table is of the real application as a process of its own, over Streamlit's websocket as a browser speaks it.
A folder that was filled before is taken as it is, and so is a PostgreSQL database that is named.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sqlalchemy import text

from reporting.demo.access import enter
from reporting.records import engine as storage
from reporting.records.engine import reading, transaction
from reporting.records.outcomes import recompute
from tests.benchmarks import page_times as timed
from tests.benchmarks.network import make, use
from tests.benchmarks.page_times import Row, Shown
from tests.postgres import cluster
from tests.server import ROOT, application_process

SAMPLES = 5
SIZES = {"demo": 2_400, "million": 1_125_000}
CLINICS = {"demo": 1, "million": 10}
DATABASES = ("sqlite", "postgres")
ANSWER_EVERY_S = {"demo": 60.0, "million": 5.0}
"""How often an answer comes in while twenty are at work."""
SHARE_WITH_OTHERS = 0.5
COLD_MS, WARM_MS, CHARTS_KB = 1_000, 300, 200
STARTED, READ_WITHIN_S = "dashboards read ahead", 600
OF_SOMEBODY = {"timeline": "patient", "plan": "patient", "card": "treatment", "proxy": "patient"}
HEAD = f"""\
Milliseconds of a whole rerun, p50 and p95 (of few samples p95 is the slowest), and kilobytes that are sent.
Wanted: cold {COLD_MS:,}, warm {WARM_MS}, charts {CHARTS_KB}.
  cold  the first view of the page in a new session, after the process has started and read what it reads at start;
        first nobody has seen the page since, then each time a new answer has come in
  warm  the same again, nothing changed (CPU: the server's processor time of one such rerun)
  goal  yes: at p95; p50: at p50 alone; no
With {{many}}: all at work, each with a click every {timed.THINK_S:g} s (a page, the same again, the next page)."""
COLUMNS = f"{'page':26} {'cold':>6} {'p95':>6} {'warm':>6} {'p95':>6} {'CPU':>6} {'charts':>7} {'all kB':>6}  goal"


def cookies(count: int) -> list[str]:
    """Sessions of so many administrators, who may open every page."""
    return [f"{cookie.name}={cookie.value}" for cookie in (enter("administrator") for _ in range(count))]


def somebody() -> dict[str, int]:
    """A patient, a treatment and, where there is one, a signal, to open the pages of one."""
    with reading() as session:
        row = (
            session.connection()
            .execute(text("SELECT id, patient_id FROM treatment WHERE clinic_id = 1 ORDER BY id LIMIT 1 OFFSET 1000"))
            .one()
        )
        signal = session.connection().execute(text("SELECT MIN(id) FROM signal WHERE clinic_id = 1")).scalar_one()
    return {"treatment": row.id, "patient": row.patient_id} | ({"signal": signal} if signal else {})


def shown_pages(addresses: Sequence[str], known: Mapping[str, int]) -> list[Shown]:
    """Every page, and the views of those that have several."""
    found = []
    for page in addresses:
        of = OF_SOMEBODY.get(page)
        found.append(Shown.of(page, **({of: known[of]} if of else {})))
        found += {
            "": [Shown.of(page, view, show=view) for view in ("silent", "closed", "budget")],
            "settings": [
                Shown.of(page, f"{view} settings" if view == "two" else view, view=view) for view in ("two", "time")
            ],
            "units": [Shown.of(page, "operators", kind="operator")],
            "signals": [Shown.of(page, "one", signal=known["signal"])] if "signal" in known else [],
        }.get(page, [])
    return found


def wait_until_read(log: Path) -> None:
    """Until the application says that it has read the dashboards."""
    until = time.monotonic() + READ_WITHIN_S
    while STARTED not in log.read_text():
        if time.monotonic() > until:
            raise TimeoutError(log.read_text()[-2000:])
        time.sleep(0.2)


def line(name: str, row: Row) -> str:
    """A row of the table."""
    cold, warm = ([1e3 * _percentile(times, share) for share in (0.5, 0.95)] for times in (row.cold, row.warm))
    kilobytes = row.charts / 1000
    met = [cold[at] <= COLD_MS and warm[at] <= WARM_MS and kilobytes <= CHARTS_KB for at in (0, 1)]
    times = " ".join(f"{value:6,.0f}" for value in (*cold, *warm))
    cpu = f"{1e3 * row.cpu_s:6,.0f}" if row.cpu_s else " " * 6
    goal = "yes" if met[1] else "p50" if met[0] else "no"
    return f"{name:26} {times} {cpu} {kilobytes:7.0f} {row.sent / 1000:6.0f}  {goal}"


def _percentile(times: Sequence[float], share: float) -> float:
    ordered = sorted(times) or [float("nan")]
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def table(folder: Path, address: str, size: str, clinicians: Sequence[int], only: Sequence[str] = ()) -> None:
    """Print a table for each number of clinicians, of a database that is filled."""
    use(folder, address)
    many, known = max(clinicians), somebody()
    everyone = cookies(max(many, SAMPLES))
    with application_process(folder, REPORTING_DATABASE_URL=address, REPORTING_BACKGROUND="0") as (url, process):
        print("\n".join(_started(url, folder / "server.log", everyone, process)), flush=True)
        pages = [
            shown
            for shown in shown_pages(asyncio.run(timed.pages_of(url, everyone[0])), known)
            if not only or shown.name in only or shown.name.split(":")[0] in only
        ]

        def answer() -> None:
            with transaction() as session:
                recompute(session, [known["treatment"]])

        for count in clinicians:
            print(f"\n{count} clinician{'s' * (count > 1)}\n{COLUMNS}", flush=True)
            if count == 1:
                for shown in pages:
                    row = asyncio.run(timed.alone(url, everyone, shown, process, answer, SAMPLES))
                    print(line(shown.name, row), flush=True)
                continue
            begun, before = time.perf_counter(), timed.cpu_seconds(process)
            rows = asyncio.run(
                timed.at_work(url, everyone[:count], pages, answer, ANSWER_EVERY_S[size], SHARE_WITH_OTHERS)
            )
            for name, row in rows.items():
                print(line(name, row))
            busy = (timed.cpu_seconds(process) - before) / (time.perf_counter() - begun)
            print(f"(the server was busy with {100 * busy:.0f} % of one processor)", flush=True)
        print(f"(the most memory that the server held: {timed.most_memory_mb(process):,.0f} MB)", flush=True)
    storage.forget_engine()


def _started(url: str, log: Path, everyone: Sequence[str], process: int) -> Iterator[str]:
    """What the first visitors wait while the process reads, and how long it reads."""
    begun = time.perf_counter()
    worklist = asyncio.run(timed.first_view(url, everyone[0], ""))
    overview = asyncio.run(timed.first_view(url, everyone[1], "overview"))
    wait_until_read(log)
    yield f"(the first visitors, while the process still reads: worklist {worklist:.1f} s, overview {overview:.1f} s;"
    yield f" everything is read after {time.perf_counter() - begun:.1f} s, {timed.cpu_seconds(process):.1f} s of CPU)"


def _look(folder: Path, address: str) -> None:
    """One look for signals, as every night has it, where there was none yet."""
    with reading() as session:
        if session.connection().execute(text("SELECT COUNT(*) FROM signal_run")).scalar_one():
            return
    environment = os.environ | {"REPORTING_DATA_DIR": str(folder), "REPORTING_DATABASE_URL": address}
    subprocess.run(
        [sys.executable, "-m", "reporting", "signals", "run"],
        cwd=ROOT,
        env=environment,
        check=True,
        stdout=subprocess.DEVNULL,
    )


@contextmanager
def _postgres(url: str) -> Iterator[str]:
    """A PostgreSQL database: the one that is named, or one of a cluster that is thrown away."""
    if url:
        yield url
        return
    with cluster() as made:
        yield made


def run(
    folder: Path,
    sizes: Sequence[str],
    databases: Sequence[str],
    clinicians: Sequence[int],
    only: Sequence[str] = (),
    postgres_url: str = "",
    treatments: Mapping[str, int] = SIZES,
) -> None:
    """Print the tables of these sizes on these databases."""
    print(HEAD.format(many=" and ".join(str(count) for count in clinicians if count > 1) or "more"))
    for size in sizes:
        for database in databases:
            where = folder / (size if database == "sqlite" else f"{size}-{database}")
            where.mkdir(parents=True, exist_ok=True)
            with ExitStack() as stack:
                address = stack.enter_context(_postgres(postgres_url)) if database == "postgres" else ""
                print(f"\n{size}, {database}: {make(where, address, treatments[size], CLINICS[size])}", flush=True)
                _look(where, address)
                table(where, address, size, clinicians, only)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=list(SIZES))
    parser.add_argument("--databases", nargs="+", choices=DATABASES, default=list(DATABASES))
    parser.add_argument("--clinicians", nargs="+", type=int, default=[1, 20])
    parser.add_argument("--treatments", type=int, default=SIZES["million"], help="of the million")
    parser.add_argument("--folder", type=Path, help="keep the SQLite databases here and use them again")
    parser.add_argument("--postgres-url", default="", help="a database of one size that is filled, or to be filled")
    parser.add_argument("--pages", nargs="*", default=[], help="only these")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="reporting-bench-") as made:
        run(
            chosen.folder or Path(made),
            chosen.sizes,
            chosen.databases,
            chosen.clinicians,
            chosen.pages,
            chosen.postgres_url,
            SIZES | {"million": chosen.treatments},
        )


if __name__ == "__main__":
    main()
