"""The nightly look for signals, in a process of its own so that nobody's page waits for it."""

import logging
import subprocess
import sys
from pathlib import Path

from reporting.clock import now
from reporting.settings import settings
from reporting.storage import signals
from reporting.storage.engine import reading

log = logging.getLogger("reporting.background")
_ROOT = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, "-m", "reporting", "signals", "run")
STOP_WITHIN_S = 10.0


class Nightly:
    """Starts one look a day, if none was taken on that day yet, and says how it went."""

    def __init__(self, command: tuple[str, ...] = COMMAND) -> None:
        self._command = command
        self._running: subprocess.Popen[str] | None = None

    def tend(self) -> None:
        """Start the look if it is time, or note that it has ended. Never waits."""
        if self._running is None:
            if self._is_due():
                self._running = subprocess.Popen(
                    self._command, cwd=_ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
                )
            return
        if self._running.poll() is not None:
            said = self._running.communicate()[0].strip()
            (log.info if self._running.returncode == 0 else log.error)("signals: %s", said[-500:])
            self._running = None

    def _is_due(self) -> bool:
        if not settings().nightly_signals:
            return False
        with reading() as session:
            newest = signals.newest_run(session)
        return newest is None or newest.ran_at.date() < now().date()

    def stop(self) -> None:
        """End a look that is still going on; the next start takes it up again."""
        if self._running is None:
            return
        self._running.terminate()
        try:
            self._running.communicate(timeout=STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._running.kill()
            self._running.communicate()
        self._running = None
