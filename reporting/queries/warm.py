"""What every dashboard reads, read before the first visitor asks where that takes seconds."""

import logging
import threading

from reporting.queries.expectations import read_ahead
from reporting.storage.columns import are_many_treatments
from reporting.storage.outcome_frame import outcome_frame

log = logging.getLogger("reporting")
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
