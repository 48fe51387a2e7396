"""Runs a module of the project as a process of its own, at a chosen moment.

``python -m tests.launch streamlit run app.py`` is ``python -m streamlit run app.py``, except that
``reporting.clock`` begins at the moment that the variable TESTS_MOMENT names (ISO 8601 with its offset from UTC)
and goes on from there, as many times slower as TESTS_SLOWER says: so a test stays within its day, and still no two
events fall together. The application itself knows nothing of these variables.
"""

import os
import runpy
import sys
import time
from datetime import UTC, datetime, timedelta

from reporting import clock

MOMENT, SINCE, SLOWER = "TESTS_MOMENT", "TESTS_MOMENT_SINCE", "TESTS_SLOWER"
USUAL = "2026-03-10T09:30+00:00"
"""A Tuesday morning."""


def choose(moment: str = USUAL) -> None:
    """Every process that is launched from here on lives at ``moment``, unless one is chosen already."""
    os.environ.setdefault(MOMENT, moment)
    os.environ.setdefault(SINCE, repr(time.time()))


def keep_moment() -> None:
    """Set the clock of this process to the chosen moment, if there is one."""
    if MOMENT not in os.environ:
        return
    begin = datetime.fromisoformat(os.environ[MOMENT]).astimezone(UTC)
    since = float(os.environ.setdefault(SINCE, repr(time.time())))
    slower = float(os.environ.get(SLOWER, "1"))
    clock._source = lambda: begin + timedelta(seconds=(time.time() - since) / slower)


def command(module: str, *words: str) -> list[str]:
    """The command line that runs ``module`` at the chosen moment."""
    return [sys.executable, "-m", "tests.launch", module, *words]


if __name__ == "__main__":
    keep_moment()
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
