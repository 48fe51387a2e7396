"""Work beside other work: in a forked process of its own, which shares what is in memory already.

Only where it is safe and pays: a process with one thread (a command, not the application), on data so large that a
fork is nothing beside the work. Otherwise the work is done when its result is asked for.
"""

import os
import pickle
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from reporting.settings import LARGE

Result = TypeVar("Result")


def beside(work: Callable[[], Result], *, rows: int) -> Callable[[], Result]:
    """Begin `work` on so many rows; the function returned waits for its result, or raises what it raised."""
    if rows < LARGE or not _is_single():
        return cache(work)
    reads, writes = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reads)
        _work(work, writes)
    os.close(writes)
    return cache(lambda: _result(child, reads))


def _is_single() -> bool:
    """Whether this process has one thread, libraries' own included: only then a fork takes all of it along."""
    if not hasattr(os, "fork") or (os.cpu_count() or 1) < 2:
        return False
    tasks = Path("/proc/self/task")
    return tasks.is_dir() and len(list(tasks.iterdir())) == 1


def _work(work: Callable[[], Any], writes: int) -> None:
    """The child: does the work, hands over the result and ends without the parent's clearing up."""
    try:
        try:
            told = pickle.dumps((True, work()), protocol=pickle.HIGHEST_PROTOCOL)
        except Exception as problem:
            told = _packed(problem)
        with os.fdopen(writes, "wb") as out:
            out.write(told)
    finally:
        os._exit(0)


def _packed(problem: Exception) -> bytes:
    """The problem as bytes; where it cannot be made again from them, its words."""
    told = pickle.dumps((False, problem))
    try:
        pickle.loads(told)
    except TypeError:
        told = pickle.dumps((False, RuntimeError(f"{type(problem).__name__}: {problem}")))
    return told


def _result(child: int, reads: int) -> Any:
    with os.fdopen(reads, "rb") as told:
        said = told.read()
    os.waitpid(child, 0)
    if not said:
        raise RuntimeError("A process that worked beside this one ended without a result.")
    is_well, found = pickle.loads(said)
    if not is_well:
        raise found
    return found
