"""A clinic with enough treatments and answers for its dashboards, written straight into storage."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

from reporting.records.columns import add_rows
from reporting.records.engine import transaction
from reporting.records.outcomes import recompute
from reporting.records.tables import CheckIn, TreatedArea, Treatment
from tests.cast import PERFORMED, House

TREATMENTS = 120
DAYS = (1, 28)


def fill(clinic: House, energies: Sequence[float] = (30.0, 50.0)) -> None:
    """120 CO2 treatments in the last 240 days: the ``energies`` (mJ) in turn, every fourth one (of two energies, every
    second one of the higher) reported as hyperpigmentation on day 28, every tenth not answered at all."""
    days = [PERFORMED - timedelta(days=2 * i) for i in range(TREATMENTS)]
    with transaction() as session:
        ids = add_rows(
            session,
            Treatment,
            [
                {
                    "clinic_id": clinic.clinic_id,
                    "patient_id": clinic.patient_id,
                    "reference": f"T-{1000 + i}",
                    "performed_on": day,
                    "operator_id": clinic.operator_id,
                    "device_id": clinic.device_id,
                    "procedure_class": "ablative",
                    "source": "form",
                    "created_at": datetime(2026, 3, 1, tzinfo=UTC),
                }
                for i, day in enumerate(days)
            ],
        )
        add_rows(
            session,
            TreatedArea,
            [
                {
                    "clinic_id": clinic.clinic_id,
                    "treatment_id": key,
                    "area": "cheeks",
                    "pass_group": 1,
                    "indication": "acne_scars",
                    "pulse_energy_mj": energies[i % len(energies)],
                    "density_pct": 10.0,
                    "outside_typical": [],
                }
                for i, key in enumerate(ids)
            ],
        )
        add_rows(
            session,
            CheckIn,
            [
                _check_in(clinic, key, days[i], day, harmed=i % 4 == 1)
                for i, key in enumerate(ids)
                for day in DAYS
                if i % 10 and days[i] + timedelta(days=day) <= PERFORMED
            ],
        )
        recompute(session, [*ids, clinic.treatment_id])


def _check_in(clinic: House, treatment_id: int, performed, day: int, harmed: bool) -> dict[str, object]:  # type: ignore[no-untyped-def]
    due = performed + timedelta(days=day)
    return {
        "clinic_id": clinic.clinic_id,
        "patient_id": clinic.patient_id,
        "treatment_id": treatment_id,
        "scheduled_day": day,
        "recovery_day": day,
        "due_on": due,
        "source": "demo",
        "areas": {},
        "follow_up": {},
        "answered_at": datetime.combine(due, time(18), UTC),
        "created_at": datetime.combine(due, time(18), UTC),
        "burning": 0,
        "bumps": 0,
        "swelling": 0,
        "infection": 0,
        "scarring": 0,
        "hyperpigmentation": 2 if harmed and day == 28 else 0,
        "worried": False,
        "judged_by_source": False,
        "replaced_reason": "",
    }
