"""Who is told next when nobody takes a case in time, and when."""

from collections.abc import Mapping, Sequence

CHAIN = ("clinician", "safety_lead", "administrator")
"""The roles that are told, one after the other; from the last one on it is told again and again."""


def told_next(step: int, staff_by_role: Mapping[str, Sequence[int]]) -> tuple[int, ...]:
    """Staff ids to tell at escalation ``step`` (0 is the first). Roles that nobody has are passed over.

    Empty only where nobody of the chain can be told at all.
    """
    groups = [tuple(staff_by_role[role]) for role in CHAIN if staff_by_role.get(role)]
    return groups[min(step, len(groups) - 1)] if groups else ()
