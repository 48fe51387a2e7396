"""The work that nobody asks for: planning reminders, sending, looking for silence. One process at a time leads.

The nightly look for signals, in a process of its own so that nobody's page waits for it.
"""

import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from reporting.app.backups import backup_is_due
from reporting.app.rotate_keys import Rotation
from reporting.app.trail import audit_is_due, keep_anchors
from reporting.cases.act_cases import open_silent_cases
from reporting.clock import now
from reporting.domain.opening_hours import newest_night
from reporting.messages.act_escalation import escalate, tell_on_call
from reporting.messages.act_outbox import Sender
from reporting.notify.handed_over import channels
from reporting.patient.act_erasure import apply_retention
from reporting.records import outbox, signals
from reporting.records.clinic_facts import clinic_zones
from reporting.records.engine import leadership, reading
from reporting.report.act_reports import announce_reports
from reporting.settings import settings
from reporting.treatments.act_reminders import plan_due

_ROOT = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, "-m", "reporting", "signals", "run")
AUDIT_COMMAND = (sys.executable, "-m", "reporting", "audit", "verify", "--nightly")
BACKUP_COMMAND = (sys.executable, "-m", "reporting", "backup", "keep")
LOOK_STOP_WITHIN_S = 10.0


def signals_are_due() -> bool:
    """Whether no look for signals was taken since it was night last."""
    if not settings().nightly_signals:
        return False
    with reading() as session:
        newest, zones = signals.newest_run(session), clinic_zones(session)
    return newest is None or newest.ran_at < newest_night(zones, now())


class Nightly:
    """Starts one command a night, if ``is_due`` says so, and says how it went."""

    def __init__(
        self, command: tuple[str, ...] = COMMAND, is_due: Callable[[], bool] = signals_are_due, name: str = "signals"
    ) -> None:
        self._command, self._is_due, self._name = command, is_due, name
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
            (log.info if self._running.returncode == 0 else log.error)("%s: %s", self._name, said[-500:])
            self._running = None

    def stop(self) -> None:
        """End a look that is still going on; the next start takes it up again."""
        if self._running is None:
            return
        self._running.terminate()
        try:
            self._running.communicate(timeout=LOOK_STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._running.kill()
            self._running.communicate()
        self._running = None


log = logging.getLogger("reporting.background")

LOOK_EVERY_S = 5.0
"""A message written by another process waits at most so long; one of this process wakes the sender at once."""
PLAN_EVERY_S = 60.0
ON_CALL_EVERY_S = 15.0
ESCALATE_EVERY_S = 60.0
SILENCE_EVERY_S = 900.0
REPORTS_EVERY_S = 300.0
SIGNALS_EVERY_S = 30.0
ANCHOR_EVERY_S = 300.0
KEYS_EVERY_S = 10.0
BACKUP_EVERY_S = 60.0
RETENTION_EVERY_S = 86_400.0
LOST = {"retry", "dead", "unsure"}
AT_ONCE = 200
"""Messages between two looks at the other work."""
STOP_WITHIN_S = 45.0
"""Longer than one hand-over takes with its timeouts."""


class Background:
    """A thread that works until it is stopped. It never ends by itself: what fails is logged and tried again."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="background", daemon=True)
        self._last: dict[str, float] = {}
        self._nightly = Nightly()
        self._audit = Nightly(AUDIT_COMMAND, audit_is_due, "audit trail")
        self._rotation = Rotation()
        self._backup = Nightly(BACKUP_COMMAND, backup_is_due, "backup")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Finish the message in hand, then end."""
        self._stop.set()
        outbox.written.set()
        self._thread.join(STOP_WITHIN_S)
        self._nightly.stop()
        self._audit.stop()
        self._backup.stop()

    def _goes_on(self) -> bool:
        return not self._stop.is_set()

    def _wait(self) -> None:
        outbox.written.wait(LOOK_EVERY_S)
        if self._goes_on():
            outbox.written.clear()

    def _work(self) -> None:
        while self._goes_on():
            try:
                with leadership() as leads:
                    if leads:
                        self._lead()
            except Exception as error:  # the database may be away for a while
                log.error("background work failed", exc_info=error)
            self._wait()

    def _lead(self) -> None:
        with Sender() as sender:
            while self._goes_on():
                outbox.written.clear()
                self._every("retention", RETENTION_EVERY_S, apply_retention)
                self._every("silence", SILENCE_EVERY_S, open_silent_cases)
                self._every("on call", ON_CALL_EVERY_S, tell_on_call)
                self._every("escalated", ESCALATE_EVERY_S, escalate)
                self._every("reports", REPORTS_EVERY_S, announce_reports)
                self._every("keys", KEYS_EVERY_S, self._rotation.go_on)
                self._every("signals", SIGNALS_EVERY_S, self._nightly.tend)
                self._every("audit trail", SIGNALS_EVERY_S, self._audit.tend)
                self._every("backup", BACKUP_EVERY_S, self._backup.tend)
                self._every("anchor", ANCHOR_EVERY_S, keep_anchors)
                if not (channels() and self._send(sender)):
                    outbox.written.wait(LOOK_EVERY_S)

    def _send(self, sender: Sender) -> bool:
        """Plan and send; whether there is more to send at once."""
        self._every("plan", PLAN_EVERY_S, plan_due)
        done = sender.run(go_on=self._goes_on, most=AT_ONCE)
        _tell("messages", done)
        # Who is on call and was not reached is followed by the next person now, not at the next look.
        told = tell_on_call() if done.keys() & LOST else 0
        _tell("on call", told)
        return done.total() >= AT_ONCE or told > 0

    def _every(self, name: str, seconds: float, work: Callable[[], Any]) -> None:
        began = time.monotonic()
        if began - self._last.get(name, -seconds) >= seconds:
            self._last[name] = began
            _tell(name, work())


def _tell(name: str, done: Any) -> None:
    if done:
        log.info("%s: %s", name, dict(done) if isinstance(done, dict) else done)


def begin() -> Background | None:
    """Start it if it is wanted here; says once what will not happen."""
    if not settings().background:
        log.info("background work is off here (REPORTING_BACKGROUND=0): run 'python -m reporting remind' by cron")
        return None
    if not channels():
        log.info("no mail server and no SMS gateway are set up: no reminders and no codes by e-mail leave here")
    work = Background()
    work.start()
    return work
