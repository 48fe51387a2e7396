"""Whom the patients of each clinic call, for the command line."""

from reporting.domain.opening_hours import SafetyFacts
from reporting.records import access, clinic_facts
from reporting.records.engine import reading
from reporting.records.tables import id_of


def clinics_facts() -> dict[str, tuple[int, SafetyFacts]]:
    """Code of each clinic, in order, to its id and facts. For the operator of the server: every clinic is in it."""
    with reading() as session:
        return {row.code: (id_of(row), clinic_facts.safety(row)) for row in access.clinics(session)}
