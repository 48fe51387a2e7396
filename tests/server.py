"""Starts the real application as a process of its own, for browsers and benchmarks."""

import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests import launch
from tests.guard import guarded
from tools.ports import free_port

ROOT = Path(__file__).resolve().parent.parent
START_S = 90


def _wait(url: str, process: "subprocess.Popen[str]", log: Path) -> None:
    """Until ``url`` answers; each try itself waits on the connection."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended by itself:\n{log.read_text()[-4000:]}")
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    raise RuntimeError(f"no answer from {url} in {START_S} s:\n{log.read_text()[-4000:]}")


@contextmanager
def process(
    command: Sequence[str], url: str, log: Path, folder: Path = ROOT, **environment: str
) -> Iterator["subprocess.Popen[str]"]:
    """Run ``command`` until the block ends; yields once ``url`` answers."""
    with log.open("w") as output:
        started = subprocess.Popen(
            command,
            cwd=folder,
            env=os.environ | environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        with guarded("kill", "-KILL", "--", f"-{started.pid}"):
            try:
                _wait(url, started, log)
                yield started
            finally:
                started.terminate()
                try:
                    started.wait(10)
                except subprocess.TimeoutExpired:
                    started.kill()
                    started.wait()


@contextmanager
def application_process(folder: Path, **environment: str) -> Iterator[tuple[str, int]]:
    """The application on a free port with its data in ``folder``; yields its address and its process.

    Nothing runs in its background unless ``environment`` says so: the same alone and beside an application whose
    settings a fixture of this process has written into its own environment.
    """
    port = free_port()
    address = f"http://localhost:{port}"
    command = launch.command("streamlit", "run", "app.py", "--server.port", str(port))
    settings = {
        "REPORTING_DATA_DIR": str(folder),
        "REPORTING_DATABASE_URL": "",
        "REPORTING_BASE_URL": address,
        "REPORTING_DEMO": "0",
        "REPORTING_BACKGROUND": "0",
        "REPORTING_NIGHTLY_SIGNALS": "0",
        "REPORTING_NIGHTLY_AUDIT": "0",
    } | environment
    with process(command, f"{address}/healthz", folder / "server.log", **settings) as started:
        yield address, started.pid


@contextmanager
def application(folder: Path, **environment: str) -> Iterator[str]:
    """The same; yields its address."""
    with application_process(folder, **environment) as (address, _):
        yield address
