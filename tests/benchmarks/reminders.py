"""How long it takes to plan and to send the reminders of 10,000 patients who are all due, and of none."""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlmodel import select

from reporting import clock
from reporting.messages.act_outbox import Sender
from reporting.records import engine as storage
from reporting.records.columns import add_one, add_rows
from reporting.records.engine import transaction
from reporting.records.migrate import migrate
from reporting.records.tables import CheckIn, Clinic, Consent, Invitation, Patient
from reporting.security.encryption import encrypt
from reporting.settings import settings
from reporting.treatments.act_reminders import plan_due
from tests.mail_server import mail_server
from tests.people import treated
from tests.postgres import cluster

NOW = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)
SENT = 500


def _clinic(count: int) -> None:
    """Patients treated three days ago with a link and a consent each; half have answered day 2."""
    performed = (NOW - timedelta(days=3)).date()
    with transaction() as session:
        clinic = add_one(
            session,
            Clinic,
            code="BENCH",
            name="Benchmark (synthetic)",
            timezone="UTC",
            telephone="",
            emergency_telephone="112",
            opening_hours={},
            is_synthetic=True,
            created_at=NOW,
        )
        people, treatments = treated(session, clinic, count, performed_on=performed, at=NOW, code="B")
        for number, patient in enumerate(session.exec(select(Patient)).all()):
            patient.email_encrypted = encrypt(f"demo{number}@patients.example")
        add_rows(
            session,
            Consent,
            [
                {
                    "clinic_id": clinic,
                    "patient_id": person,
                    "kind": "email_reminders",
                    "text_version": "1",
                    "language": "en",
                    "source": "patient",
                    "given_at": NOW,
                }
                for person in people
            ],
        )
        add_rows(
            session,
            Invitation,
            [
                {
                    "clinic_id": clinic,
                    "patient_id": person,
                    "treatment_id": treatment,
                    "token_hash": f"{treatment:064}",
                    "created_at": NOW,
                    "expires_at": NOW + timedelta(days=200),
                }
                for person, treatment in zip(people, treatments, strict=True)
            ],
        )
        add_rows(
            session,
            CheckIn,
            [
                {
                    "clinic_id": clinic,
                    "patient_id": person,
                    "treatment_id": treatment,
                    "scheduled_day": 2,
                    "due_on": performed + timedelta(days=2),
                    "answered_at": NOW - timedelta(days=1),
                    "areas": {},
                    "follow_up": {},
                    "source": "patient",
                    "created_at": NOW,
                }
                for person, treatment in list(zip(people, treatments, strict=True))[::2]
            ],
        )


def _timed(work: Callable[[], object]) -> tuple[float, object]:
    began = time.perf_counter()
    done = work()
    return time.perf_counter() - began, done


def _send() -> object:
    with Sender() as sender:
        return dict(sender.run(most=SENT))


def _row(name: str, url: str, folder: Path, count: int) -> None:
    os.environ |= {"REPORTING_DATA_DIR": str(folder), "REPORTING_DATABASE_URL": url}
    settings.cache_clear()
    storage.forget_engine()
    migrate()
    _clinic(count)
    with clock.fixed(NOW):
        all_due, written = _timed(plan_due)
        none_due, _ = _timed(plan_due)
        sending, sent = _timed(_send)
    print(f"{name:12} {count:8,} {all_due:14.2f} {none_due:14.2f} {SENT / sending:14.0f}   {written} {sent}")


def run(folder: Path, count: int = 10_000) -> None:
    """Print one row per database."""
    print(f"{'database':12} {'patients':>8} {'plan, all s':>14} {'again, s':>14} {'sent per s':>14}")
    with ExitStack() as stack:
        server = stack.enter_context(mail_server())
        os.environ |= {
            "REPORTING_SMTP_HOST": "127.0.0.1",
            "REPORTING_SMTP_PORT": str(server.port),
            "REPORTING_SMTP_SECURITY": "none",
            "REPORTING_SMTP_FROM": "c@clinic.example",
        }
        _row("SQLite", "", folder, count)
        _row("PostgreSQL", stack.enter_context(cluster()), folder, count)
        storage.forget_engine()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=10_000)
    with tempfile.TemporaryDirectory(prefix="reporting-bench-") as chosen:
        run(Path(chosen), parser.parse_args().patients)
