"""Whether what was reported is more than expected: as it was judged when it was sent, by the content of that day."""

from typing import Any

from reporting.domain.content_package import package, pinned_version
from reporting.domain.course import is_report_unexpected
from reporting.domain.vocabulary import SYMPTOMS
from reporting.records.tables import CheckIn


def is_unexpected(row: Any, symptom: str, procedure_class: str, since_day: int | None) -> bool:
    """Whether a stored answer was more than expected; ``since_day``: recovery day of the answer before it.

    As it was judged when it was given; where that was not kept, by the content of today.
    """
    if row.unexpected is not None:
        return bool(row.unexpected >> SYMPTOMS.index(symptom) & 1)
    return by_today(row, symptom, procedure_class, since_day)


def by_today(row: Any, symptom: str, procedure_class: str, since_day: int | None) -> bool:
    """``is_unexpected`` by the content of today, whatever was said before."""
    return is_report_unexpected(
        procedure_class,
        symptom,
        getattr(row, symptom) or 0,
        recovery_day=row.recovery_day,
        scheduled_day=row.scheduled_day,
        judged_by_source=row.judged_by_source,
        now=getattr(row, f"now_{symptom}"),
        since_day=since_day,
    )


def bits_of(row: Any, procedure_class: str, since_day: int | None) -> int:
    """Bits over SYMPTOMS of what is more than expected by the content of today."""
    found = (by_today(row, symptom, procedure_class, since_day) for symptom in SYMPTOMS)
    return sum(1 << place for place, beyond in enumerate(found) if beyond)


def judge(row: CheckIn, procedure_class: str, since_day: int | None, clinic_changes: int) -> None:
    """Keep in a row with grades which of them are more than expected, and by which content.

    ``clinic_changes``: how often the clinic has changed the content for itself.
    """
    of = package()
    row.package_version, row.package_hash = pinned_version(of.version, clinic_changes), of.hash
    row.unexpected = bits_of(row, procedure_class, since_day)
