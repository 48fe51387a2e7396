"""Text of one cell to a value. A reader returns the value or raises ValueError; ``None`` stands for empty."""

import math
from collections.abc import Callable
from datetime import date, datetime

from reporting.domain.devices import convert
from reporting.imports.kind import EARLIEST, Field

Reader = Callable[[str], object]

_YES_NO = {
    "yes": True,
    "y": True,
    "true": True,
    "t": True,
    "1": True,
    "no": False,
    "n": False,
    "false": False,
    "f": False,
    "0": False,
}
_EARLIEST = date.fromisoformat(EARLIEST)


def _text(field: Field) -> Reader:
    longest = field.longest

    def read(text: str) -> str:
        if len(text) > longest or not text.isprintable():
            raise ValueError(text)
        return text

    return read


def _within(field: Field) -> Callable[[float], bool]:
    low = -math.inf if field.low is None else field.low
    high = math.inf if field.high is None else field.high
    if field.above_zero:
        return lambda value: 0 < value <= high and math.isfinite(value)
    return lambda value: low <= value <= high and math.isfinite(value)


def _number(field: Field, unit: str | None, decimal_comma: bool) -> Reader:
    fits = _within(field)
    ours = field.unit
    if unit is not None and all(convert(value, unit, ours) == value for value in (1.0, 2.0)):
        unit = None  # the same unit: nothing to work out a million times

    def read(text: str) -> float:
        if "_" in text or (decimal_comma and "." in text):
            raise ValueError(text)
        value = float(text.replace(",", ".") if decimal_comma else text)
        if unit is not None:
            value = convert(value, unit, ours)
        if not fits(value):
            raise ValueError(text)
        return value

    return read


def _whole(field: Field) -> Reader:
    fits = _within(field)

    def read(text: str) -> int:
        value = float(text) if text.isascii() and "_" not in text else math.nan
        if not fits(value) or value != int(value):
            raise ValueError(text)
        return int(value)

    return read


def _yes_no(text: str) -> bool:
    if text.lower() not in _YES_NO:
        raise ValueError(text)
    return _YES_NO[text.lower()]


def _moment(date_format: str | None) -> Callable[[str], datetime]:
    if date_format is None:
        return datetime.fromisoformat
    return lambda text: datetime.strptime(text, date_format)  # noqa: DTZ007  (a file gives days and clock times)


def _date(date_format: str | None) -> Reader:
    moment = _moment(date_format)

    def read(text: str) -> date:
        value = moment(text).date() if date_format or len(text) > 10 else date.fromisoformat(text)
        if value < _EARLIEST:
            raise ValueError(text)
        return value

    return read


def _answer_moment(date_format: str | None) -> Reader:
    """A date where only a date is given, else a moment."""
    moment = _moment(date_format)
    date_only = date_format is not None and not any(part in date_format for part in ("%H", "%I", "%X", "%c", "%T"))

    def read(text: str) -> date | datetime:
        value = moment(text)
        return value.date() if date_only or (date_format is None and len(text) <= 10) else value

    return read


def _code(field: Field) -> Reader:
    codes = frozenset(field.codes)

    def read(text: str) -> str:
        if text not in codes:
            raise ValueError(text)
        return text

    return read


def reader_of(
    field: Field, *, unit: str | None = None, date_format: str | None = None, decimal_comma: bool = False
) -> Reader:
    """The reader of a field's cells. ``unit`` is the file's; without it the file uses ours."""
    if field.type == "number":
        return _number(field, unit, decimal_comma)
    if field.type == "date":
        return _date(date_format)
    if field.type == "moment":
        return _answer_moment(date_format)
    if field.type == "yes_no":
        return _yes_no
    return {"text": _text, "whole": _whole, "code": _code}[field.type](field)
