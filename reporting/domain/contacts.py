"""Addresses that messages go to, each in one spelling, so that a STOP finds whose number it came from."""

import re

import phonenumbers

from reporting.errors import InvalidInput

EMAIL_CHARACTERS = 254
_EMAIL = re.compile(r"[^@\s\"(),:;<>\[\]\\]{1,64}@([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}", re.I)


def email_address(typed: str) -> str:
    """The address without spaces around it. Raises InvalidInput for what no mail server would take."""
    found = typed.strip()
    if len(found) > EMAIL_CHARACTERS or not found.isascii() or not _EMAIL.fullmatch(found):
        raise InvalidInput(field="e-mail", found=found[:60], allowed="an address such as name@clinic.example")
    return found


def region_of(telephone: str) -> str:
    """Country of a number written with its country code (``+34 …``), for example ``ES``; else empty."""
    try:
        code = phonenumbers.parse(telephone, None).country_code or 0
    except phonenumbers.NumberParseException:
        return ""
    return str(phonenumbers.region_code_for_country_code(code))


def phone_number(typed: str, region: str = "") -> str:
    """The number in the international spelling E.164 (``+34612345678``); spaces and signs do not matter.

    ``region`` is the country of a number that is written without its country code. Raises InvalidInput.
    """
    try:
        number = phonenumbers.parse(typed, region or None)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_possible_number(number) or number.extension:
        raise InvalidInput(
            field="telephone", found=typed[:40], allowed="a number with its country code, such as +34 612 345 678"
        )
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def hidden(address: str) -> str:
    """Enough of an address to know it again: ``d…@clinic.example``, ``…678``."""
    name, at, host = address.partition("@")
    return f"{name[:1]}…@{host}" if at else f"…{address[-3:]}"
