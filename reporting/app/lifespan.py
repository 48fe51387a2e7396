"""Before the first visitor: migrate, fill the demo if asked, warm slow imports, send small packets at once.

What every dashboard reads, read before the first visitor asks where that takes seconds.
"""

import gc
import importlib
import json
import logging
import os
import socket
import stat
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from anyio import to_thread
from starlette.concurrency import run_in_threadpool

from reporting.app import background
from reporting.app.key import keep_keys, refuse_another_key
from reporting.clinic.act_content_package import record_package
from reporting.dashboards.read_expectations import read_ahead
from reporting.demo.fill import fill_if_empty
from reporting.records.columns import are_many_treatments
from reporting.records.engine import MOST_WAITING, forget_engine, is_sqlite
from reporting.records.migrate import migrate
from reporting.records.outcome_frame import outcome_frame
from reporting.security.encryption import check_key
from reporting.settings import settings
from reporting.shell.pages import ALL

READERS = 30
"""Threads that no writer takes."""
READ = "dashboards read ahead"


def warm_up() -> threading.Thread | None:
    """Begin to read in a thread of its own; None where it takes no time worth speaking of."""
    if not are_many_treatments():
        log.info(READ)
        return None
    started = threading.Thread(target=_read, name="warm-up", daemon=True)
    started.start()
    return started


def _read() -> None:
    try:
        outcome_frame()
        read_ahead()
        log.info(READ)
    except Exception as error:  # whoever opens a page tries again, and is told
        log.error("the dashboards could not be read ahead", exc_info=error)


log = logging.getLogger("reporting")


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": self.formatTime(record),
            "level": record.levelname,
            "from": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
        return json.dumps(line)


def set_up_logging() -> None:
    """One JSON line per event on standard error. Values from forms are never logged."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines())
    log.handlers = [handler]
    log.setLevel(logging.INFO)
    log.propagate = False


def warm_imports() -> None:
    """Import every page and the libraries behind them, so that the first visitor does not wait for it."""
    for library in ("pandas", "altair", "pyarrow", "scipy.stats", "scipy.optimize", "scipy.interpolate"):
        importlib.import_module(library)
    for page in ALL:
        importlib.import_module(page.module)


def send_small_packets_at_once() -> int:
    """Set TCP_NODELAY on listening sockets; accepted ones inherit it. Returns how many there were.

    Streamlit binds its socket in a way that leaves Nagle's algorithm on, which costs about 40 ms a rerun.
    """
    found = 0
    for number in _open_files():
        try:
            if not stat.S_ISSOCK(os.fstat(number).st_mode):
                continue
            with socket.socket(fileno=os.dup(number)) as shared:
                if shared.family in (socket.AF_INET, socket.AF_INET6) and shared.getsockopt(
                    socket.SOL_SOCKET, socket.SO_ACCEPTCONN
                ):
                    shared.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    found += 1
        except OSError:
            continue
    return found


def _open_files() -> list[int]:
    try:
        return [int(entry.name) for entry in Path("/proc/self/fd").iterdir()]
    except FileNotFoundError:  # not Linux: small packets wait a little
        return []


@asynccontextmanager
async def lifespan(_: Any) -> AsyncIterator[None]:
    """Everything that happens once per process, before and after it serves."""
    set_up_logging()
    check_key()
    await run_in_threadpool(migrate)
    await run_in_threadpool(refuse_another_key)
    await run_in_threadpool(keep_keys)
    await run_in_threadpool(record_package)
    if settings().demo and await run_in_threadpool(fill_if_empty):
        log.info("synthetic demo clinic written; nobody in it is real. Ways in: %s/demo", settings().base_url)
    warm_imports()
    send_small_packets_at_once()
    if is_sqlite():  # writers wait in threads: some are left for whoever reads
        to_thread.current_default_thread_limiter().total_tokens = MOST_WAITING + READERS
    gc.collect()
    gc.freeze()
    working = background.begin()
    await run_in_threadpool(warm_up)
    yield
    if working is not None:
        await run_in_threadpool(working.stop)
    forget_engine()
