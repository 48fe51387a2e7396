"""The two groups of Fitzpatrick skin types that settings and side effects are told apart by."""

DARK = 4
"""Fitzpatrick type from which the darker group begins."""
SKIN_GROUPS = ("I-III", "IV-VI")


def skin_group_of(fitzpatrick: int | None) -> str:
    """Group of a Fitzpatrick type, empty where the type is not recorded."""
    return SKIN_GROUPS[fitzpatrick >= DARK] if fitzpatrick else ""
