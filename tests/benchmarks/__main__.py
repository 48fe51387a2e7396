"""``make bench``: prints every timing that the notes quote, ours beside a bare page in the same run."""

import argparse
import tempfile
from pathlib import Path

from tests.benchmarks import evidence, light, pages, reminders, submits


def main() -> None:
    """Run the benchmarks and print their tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20, help="measured time per row")
    parser.add_argument("--sessions", type=int, default=200, help="sessions of the row with think time")
    parser.add_argument("--treatments", type=int, default=1_000_000, help="of the evidence engine's database")
    parser.add_argument("--rows", type=int, default=1_000_000, help="of the fit that is compared")
    parser.add_argument("--page-treatments", type=int, default=pages.SIZES["million"], help="fewer are quicker to fill")
    parser.add_argument("--page-databases", nargs="+", choices=pages.DATABASES, default=list(pages.DATABASES))
    parser.add_argument("--clinicians", nargs="+", type=int, default=[1, 20], help="at the pages at the same time")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="reporting-bench-") as folder:
        light.run(Path(folder))
        submits.run(Path(folder), options.seconds, options.sessions)
        for name in ("reminders", "pages"):
            (Path(folder) / name).mkdir()
        reminders.run(Path(folder) / "reminders")
        pages.run(
            Path(folder) / "pages",
            list(pages.SIZES),
            options.page_databases,
            options.clinicians,
            treatments=pages.SIZES | {"million": options.page_treatments},
        )
    evidence.run_all(options.treatments, options.rows)


if __name__ == "__main__":
    main()
