"""Since when treatments have had time enough for a symptom to show and be answered."""

from datetime import date, timedelta

from reporting.domain.symptoms import symptom

LATE_FROM_DAY = 14
LATE_DAYS = 56
"""Late symptoms (pigment, scars): eight weeks, as the pigment studies follow up."""
EARLY_DAYS = 14


def mature_after_days(code: str) -> int:
    """Days from a treatment until most of what will be reported of a symptom has been reported."""
    return LATE_DAYS if symptom(code).risk_from_day >= LATE_FROM_DAY else EARLY_DAYS


def last_mature_day(code: str, today: date) -> date:
    """Treatments after this day are still immature for the symptom: their rate will rise."""
    return today - timedelta(days=mature_after_days(code))
