"""A Streamlit page that writes one row, as a process of its own: what any page of this kind costs."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.server import ROOT, process
from tools.ports import free_port


@contextmanager
def bare_page(folder: Path) -> Iterator[str]:
    """Address of the page until the block ends; its database is in ``folder``."""
    port = free_port()
    url = f"http://localhost:{port}"
    (folder / "toy.py").write_text((ROOT / "tests" / "benchmarks" / "toy.py").read_text())
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        "toy.py",
        "--server.port",
        str(port),
        "--server.headless=true",
        "--browser.gatherUsageStats=false",
        "--server.fileWatcherType=none",
    ]
    with process(command, f"{url}/_stcore/health", folder / "toy.log", folder, TOY_DATABASE=str(folder / "toy.db")):
        yield url
