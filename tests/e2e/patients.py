"""Patients of their own: ``python -m tests.e2e.patients COUNT AREA …`` prints their links as JSON.

``… of TREATMENT`` prints a new link of one that is there already, ``… twice`` those of two treatments of one patient.

Runs as a process of its own on the data of a running application, which it finds as the application does.
"""

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from reporting import clock
from reporting.domain.actors import SYSTEM
from reporting.records.columns import add_one
from reporting.records.engine import transaction
from reporting.records.migrate import migrate
from reporting.records.outcomes import recompute
from reporting.records.tables import Clinic, TreatedArea, Treatment
from reporting.treatments.act_invitations import issue_invitation
from tests import launch
from tests.people import treated
from tests.server import ROOT

DAYS = 3


def _write(count: int, areas: list[str]) -> list[int]:
    """A synthetic clinic with so many patients, each treated on these areas three days ago; their treatments."""
    now = clock.now()
    performed, code = (now - timedelta(days=DAYS)).date(), f"T{now:%H%M%S%f}"
    with transaction() as session:
        clinic = add_one(
            session,
            Clinic,
            code=code,
            name="Demo clinic",
            timezone="Europe/London",
            country="GB",
            telephone="+44 20 7946 0018",
            emergency_telephone="999",
            out_of_hours_name="NHS 111",
            out_of_hours_telephone="111",
            opening_hours={day: ["00:00", "23:59"] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")},
            is_synthetic=True,
            created_at=now,
        )
        _people, treatments = treated(
            session,
            clinic,
            count,
            performed_on=performed,
            at=now,
            code=code,
            areas=areas,
            year_of_birth=1980,
            fitzpatrick=3,
        )
        recompute(session, treatments)
    return treatments


def _twice() -> list[int]:
    """One patient with two treatments, of the cheeks and of the hands."""
    (first,) = _write(1, ["cheeks"])
    with transaction() as session:
        row = session.get_one(Treatment, first)
        kept = row.model_dump(include={"clinic_id", "patient_id", "performed_on", "procedure_class", "source"})
        second = add_one(session, Treatment, **kept, reference=f"{row.reference}-2")
        add_one(
            session, TreatedArea, clinic_id=row.clinic_id, treatment_id=second, area="hands", indication="acne_scars"
        )
        recompute(session, [second])
    return [first, second]


def cards(folder: Path, address: str, count: int, *areas: str) -> list[tuple[str, str]]:
    """Link and short code of new patients, born in 1980, in the data of the application that runs at ``address``."""
    return _printed(folder, address, str(count), *(areas or ("cheeks", "neck")))


def _printed(folder: Path, address: str, *words: str) -> list[tuple[str, str]]:
    environment = os.environ | {
        "REPORTING_DATA_DIR": str(folder),
        "REPORTING_DATABASE_URL": "",
        "REPORTING_BASE_URL": address,
    }
    command = launch.command("tests.e2e.patients", *words)
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return [(str(link), str(code)) for link, code in json.loads(done.stdout)]


def links(folder: Path, address: str, count: int, *areas: str) -> list[str]:
    """The links alone."""
    return [link for link, _ in cards(folder, address, count, *areas)]


def both_of_one(folder: Path, address: str) -> list[tuple[str, str]]:
    """Links and codes of two treatments of one new patient: of the cheeks, of the hands."""
    return _printed(folder, address, "twice")


def card_of(folder: Path, address: str, treatment_id: int) -> tuple[str, str]:
    """A new link and short code of a treatment that is there already."""
    (card,) = _printed(folder, address, "of", str(treatment_id))
    return card


if __name__ == "__main__":
    migrate()
    if sys.argv[1] == "twice":
        wanted = _twice()
    else:
        wanted = [int(sys.argv[2])] if sys.argv[1] == "of" else _write(int(sys.argv[1]), sys.argv[2:])
    issued = [issue_invitation(by=SYSTEM, treatment_id=key) for key in wanted]
    print(json.dumps([(one.link, one.code) for one in issued]))
