"""The expected course: what most people have on a recovery day after a class of procedure."""

from reporting.domain.content import content
from reporting.domain.records import CourseWindow
from reporting.errors import InvalidInput


def expected_severity(procedure_class: str, symptom: str, day: int) -> int:
    """Highest severity (0 to 4) of ``symptom`` that is expected on recovery day ``day``; 0 after the last.

    Raises InvalidInput for an unknown procedure class or symptom.
    """
    expected = content().expected
    days = expected.get((procedure_class, symptom))
    if days is None:
        known = sorted({key[0] for key in expected})
        raise InvalidInput(
            field="procedure_class",
            found=f"{procedure_class} / {symptom}",
            allowed="one of " + ", ".join(known),
        )
    return days[day] if 0 <= day < len(days) else 0


def is_unexpected(procedure_class: str, symptom: str, day: int, severity: int) -> bool:
    """Whether ``severity`` is more than expected for that day and procedure."""
    return severity > expected_severity(procedure_class, symptom, day)


def expected_band(procedure_class: str, symptom: str, days: range | tuple[int, ...] | list[int]) -> tuple[int, ...]:
    """Highest expected severity on each of ``days``."""
    return tuple(expected_severity(procedure_class, symptom, day) for day in days)


def course_window(procedure_class: str, symptom: str, day: int) -> CourseWindow | None:
    """The row of the expected course that covers ``day``, or None after the last window."""
    for row in content().course:
        if (row.procedure_class, row.symptom) == (
            procedure_class,
            symptom,
        ) and row.from_day <= day <= row.to_day:
            return row
    return None


def people_usually(procedure_class: str, symptom: str, day: int) -> str:
    """What people usually have on that day, in patient words; empty after the last window."""
    row = course_window(procedure_class, symptom, day)
    return row.words if row else ""
