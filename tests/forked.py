"""Processes of their own for tests that kill them or let them meet.

Each is forked from a process that has loaded the application once and done nothing with it, so it begins at once and
shares no thread, connection or lock with the tests.
"""

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from types import ModuleType
from typing import NoReturn

OURS = ("REPORTING_", "TESTS_")
END_S = 60
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.conftest", "tests.answers", "reporting.patient.act_photos", "reporting.app.cli"])


@contextmanager
def forked(
    target: Callable[..., None], *arguments: object, **environment: str
) -> Iterator[tuple[BaseProcess, Connection]]:
    """Run ``target(connection, *arguments)`` beside this process, with its settings; yields it and our end.

    ``target`` is a function at the top of its file. What still runs when the block ends is killed.
    """
    mine, its = _FORKS.Pipe()
    ours = {name: value for name, value in os.environ.items() if name.startswith(OURS)} | environment
    process = _FORKS.Process(target=_begin, args=(ours, target, its, arguments), daemon=True)
    with _nobodys_script():
        process.start()
    its.close()
    try:
        yield process, mine
    finally:
        process.kill()
        process.join()
        mine.close()


@contextmanager
def _nobodys_script() -> Iterator[None]:
    """Tests of pages leave the page's script behind as ``__main__``, and a new process would run that first."""
    before = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = before


def _begin(
    environment: Mapping[str, str], target: Callable[..., None], connection: Connection, arguments: tuple[object, ...]
) -> None:
    from reporting.settings import settings
    from tests.launch import keep_moment

    for name in [name for name in os.environ if name.startswith(OURS)]:
        del os.environ[name]
    os.environ.update(environment)
    settings.cache_clear()
    keep_moment()
    target(connection, *arguments)


def ended(process: BaseProcess) -> int | None:
    """How it ended by itself: 0, or minus the signal; None where it did not in time."""
    process.join(END_S)
    return process.exitcode


def die(*_: object, **__: object) -> NoReturn:
    """Whatever is asked of it, this process is killed."""
    os.kill(os.getpid(), signal.SIGKILL)
    sys.exit("a killed process goes on")
