"""Starts commands and the application of a checkout under a stopped clock, with nothing from the caller's settings."""

import json
import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from tools.ports import free_port

MOMENT = "2026-03-10T09:30:00+00:00"
"""A Tuesday morning, with everybody at work."""
START_S = 180
KEY = "Zm9yLWNvbXBhcmlzb25zLW9ubHktbm90LWEtc2VjcmU="
"""Key of synthetic data, so that what is derived from it is the same in every run."""
_STOPPED = Path(__file__).with_name("stopped")


@dataclass(frozen=True)
class Checkout:
    """A checkout of the project with a virtual environment in ``.venv``, and a folder for its data."""

    repo: Path
    data: Path
    port: int = field(default_factory=free_port)

    @property
    def address(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def python(self) -> str:
        return str(self.repo / ".venv" / "bin" / "python")

    def environment(self) -> dict[str, str]:
        """Of a process of the application: nothing that the caller has set of it, no colours, a fixed width."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("REPORTING_", "PYTHON"))}
        return kept | {
            "REPORTING_DATA_DIR": str(self.data),
            "REPORTING_BASE_URL": self.address,
            "REPORTING_ENCRYPTION_KEY": KEY,
            "REPORTING_DEMO": "0",
            "REPORTING_BACKGROUND": "0",
            "REPORTING_NIGHTLY_SIGNALS": "0",
            "REPORTING_NIGHTLY_AUDIT": "0",
            "OPENBLAS_NUM_THREADS": "1",
            "JE_ARROW_MALLOC_CONF": "background_thread:false",
            "PYTHONPATH": str(_STOPPED),
            "PYTHONHASHSEED": "0",
            "PYTHONDONTWRITEBYTECODE": "1",
            "STOPPED_AT": MOMENT,
            "TZ": "UTC",
            "LC_ALL": "C.UTF-8",
            "COLUMNS": "120",
            "NO_COLOR": "1",
        }

    @contextmanager
    def forks(self) -> Iterator["Forks"]:
        """A process that runs commands until the block ends."""
        command = [self.python, str(Path(__file__).with_name("forks.py"))]
        with subprocess.Popen(
            command, cwd=self.repo, env=self.environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as started:
            yield Forks(started)
            assert started.stdin is not None
            started.stdin.close()

    @contextmanager
    def serving(self) -> Iterator[str]:
        """The application until the block ends; yields its address. Raises RuntimeError where it does not start."""
        log = self.data / "server.log"
        command = [self.python, "-m", "streamlit", "run", "app.py", "--server.port", str(self.port)]
        with log.open("w") as output:
            started = subprocess.Popen(
                command, cwd=self.repo, env=self.environment(), stdout=output, stderr=subprocess.STDOUT
            )
        try:
            self._wait(started, log)
            yield self.address
        finally:
            started.terminate()
            try:
                started.wait(20)
            except subprocess.TimeoutExpired:
                started.kill()
                started.wait()

    def _wait(self, started: "subprocess.Popen[bytes]", log: Path) -> None:
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline and started.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.address}/healthz", timeout=5):
                    return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.2)
        raise RuntimeError(f"the application does not answer:\n{log.read_text()[-4000:]}")


class Said(NamedTuple):
    """What a command has said."""

    code: int
    out: str
    err: str


class Forks:
    """Commands of a checkout, one after the other: see ``forks.py``."""

    def __init__(self, started: "subprocess.Popen[str]") -> None:
        self._started = started

    def run(self, *words: str) -> Said:
        """``python -m reporting`` with these words. Raises RuntimeError where the process has ended."""
        asked, answers = self._started.stdin, self._started.stdout
        assert asked is not None
        assert answers is not None
        asked.write(json.dumps(words) + "\n")
        asked.flush()
        line = answers.readline()
        if not line:
            raise RuntimeError(f"the process that runs commands has ended at {words}")
        return Said(**json.loads(line))
