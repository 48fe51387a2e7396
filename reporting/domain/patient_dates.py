"""Days and moments as a patient reads them: their language, their time zone."""

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_skeleton, format_time, get_day_names
from babel.lists import format_list

from reporting.domain.language import ENGLISH
from reporting.domain.patient_words import say

_LOCALES = {ENGLISH: "en_GB"}
"""Plain ``en`` is American: the month before the day, and hours without knowing which half of the day."""


def _locale(language: str) -> Locale:
    return Locale.parse(_LOCALES.get(language, language))


def listed(items: Sequence[str], language: str = ENGLISH) -> str:
    """``1, 2 and 5``."""
    return str(format_list(list(items), locale=_locale(language)))


def long_day(day: date, language: str = ENGLISH) -> str:
    """``Tuesday 24 November``."""
    locale = _locale(language)
    return f"{get_day_names('wide', locale=locale)[day.weekday()]} {format_skeleton('MMMMd', day, locale=locale)}"


def moment_words(moment: datetime, timezone: str, language: str = ENGLISH) -> str:
    """``Tuesday 24 November, 18:05`` where the patient is."""
    here = moment.astimezone(ZoneInfo(timezone))
    time = format_time(here, format="short", locale=_locale(language))
    return say("day_and_time", language, day=long_day(here.date(), language), time=time)


def next_words(day: date | None, today: date, language: str = ENGLISH) -> str:
    """When the next check-in is: today, tomorrow, or on a day; or that there are no more."""
    if day is None:
        return say("no_next", language)
    ahead = (day - today).days
    near = {0: "next_today", 1: "next_tomorrow"}
    return say(near.get(ahead, "next"), language, day=long_day(day, language))
