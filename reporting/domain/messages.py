"""What messages say: sentences of the content tables in the patient's language, with nothing about health.

Text messages are at most 160 characters of the GSM alphabet, which is one part. Letters that it lacks but
that have a plain form lose their accent. A language that cannot be written in it is sent as UCS-2, where a
part holds 70 units (67 of several): then at most two parts, 134 units.

How long to wait before a message is tried again, and when to give up.

What an incoming text message asks for: to stop, to start again, help, or something nobody should text.

Addresses that messages go to, each in one spelling, so that a STOP finds whose number it came from.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Literal

import phonenumbers

from reporting.domain.content import content
from reporting.domain.language import ENGLISH, isolated, translator
from reporting.domain.message_kinds import kind_of
from reporting.errors import InvalidInput

GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The default alphabet of 3GPP TS 23.038, table 1: one unit each."""
GSM_TWO = frozenset("^{}\\[~]|€")
"""Its extension: two units each."""
GSM_UNITS = 160
UCS2_UNITS = 134
NAME_CHARACTERS = 40
_TELLING = (
    "laser",
    "ipl",
    "skin",
    "derma",
    "cosmetic",
    "aesthetic",
    "beauty",
    "botox",
    "filler",
    "tattoo",
    "hair",
    "vein",
    "acne",
    "scar",
    "peel",
    "needling",
    "rejuvenation",
    "piel",
    "estética",
    "láser",
)


@dataclass(frozen=True)
class EmailText:
    """An e-mail before it is packed: plain text lines and the one button."""

    subject: str
    opening: str
    button: str
    help: str
    stop: str


def is_gsm(text: str) -> bool:
    return all(sign in GSM or sign in GSM_TWO for sign in text)


def units(text: str) -> int:
    """Length as a gateway counts it: GSM characters (the extension counts twice), else 16-bit UCS-2 units."""
    if is_gsm(text):
        return len(text) + sum(sign in GSM_TWO for sign in text)
    return len(text.encode("utf-16-le")) // 2


def fits(text: str) -> bool:
    """Whether it is one part of the GSM alphabet, or at most two parts otherwise."""
    return units(text) <= (GSM_UNITS if is_gsm(text) else UCS2_UNITS)


def _plain(sign: str) -> str:
    if sign in GSM or sign in GSM_TWO:
        return sign
    bare = unicodedata.normalize(
        "NFKD", {"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "..."}.get(sign, sign)
    )
    return "".join(part for part in bare if not unicodedata.combining(part))


def for_gsm(text: str) -> str:
    """The text without the accents that GSM lacks (``á`` becomes ``a``), if that is enough; else unchanged."""
    plain = "".join(map(_plain, unicodedata.normalize("NFC", text)))
    return plain if is_gsm(plain) else text


@cache
def _telling_words() -> frozenset[str]:
    """Words that would tell what was treated: of the content tables, and usual names of such clinics."""
    of = content()
    names = [term.label for kind in ("area", "indication") for term in of.terms[kind].values()]
    names += [symptom.patient_label for symptom in of.symptoms.values()]
    names += [procedure.patient_label for procedure in of.procedure_classes.values()]
    found = {word for name in names for word in re.findall(r"[a-z]{4,}", name.lower())}
    return frozenset(found - {"with", "your", "other", "from", "that", "have", "none", "recorded", "treatment"})


def tells_too_much(name: str) -> str:
    """The word of a sender's name that would tell what was treated; empty when it is neutral."""
    low = name.lower()
    for word in re.findall(r"\w+", low):
        if word in _telling_words():
            return str(word)
    return next((part for part in _TELLING if part in low), "")


def check_sender_name(name: str) -> str:
    """A name for messages, tidied. Raises InvalidInput when it is too long or not neutral. Empty is allowed."""
    tidy = " ".join(name.split())
    word = tells_too_much(tidy)
    if word:
        raise InvalidInput(field="name in messages", found=tidy, allowed=f"a neutral name without {word!r}")
    if len(tidy) > NAME_CHARACTERS or not tidy.isprintable():
        raise InvalidInput(field="name in messages", found=tidy[:60], allowed=f"at most {NAME_CHARACTERS} characters")
    return tidy


def sender_name(message_name: str, clinic_name: str, language: str = ENGLISH) -> str:
    """The name in messages: the chosen one, else the clinic's if it is neutral, else *Your clinic*."""
    name = " ".join("".join(sign if sign.isprintable() else " " for sign in message_name or clinic_name).split())
    if not name or tells_too_much(name):
        return translator(language)(content().messages["neutral_name"].text)
    return name


def sms_text(code: str, language: str, *, name: str, **values: str) -> str:
    """A text message that fits; a name too long for it is cut. Raises InvalidInput when it cannot fit at all."""
    template = translator(language)(content().messages[code].text)
    if "telephone" in values:
        values["telephone"] = isolated(values["telephone"], language)
    for kept in range(len(name), 0, -1):
        text = for_gsm(template.format(name=name[:kept].rstrip(), **values))
        if fits(text):
            return text
    raise InvalidInput(
        field="text message", found=f"{units(text)} units", allowed=f"{GSM_UNITS} in GSM, {UCS2_UNITS} in UCS-2"
    )


def email_text(
    language: str, *, name: str, telephone: str, emergency: str = "", out_of_hours: tuple[str, str] = ("", "")
) -> EmailText:
    """The words of a reminder by e-mail. ``emergency``: the number of where the patient is, as it stands in a sentence;
    ``out_of_hours``: name and number of the line that answers while the clinic is closed."""
    translate, texts = translator(language), content().messages
    say = {code: translate(text.text) for code, text in texts.items()}
    help_line = say["email_help" if telephone else "email_help_no_number"]
    lines = [help_line.format(name=name, telephone=isolated(telephone, language))]
    if out_of_hours[1]:
        lines.append(say["email_closed"].format(name=out_of_hours[0], telephone=isolated(out_of_hours[1], language)))
    if emergency:
        lines.append(say["email_emergency"].format(telephone=emergency))
    return EmailText(
        subject=say["email_subject"],
        opening=say["email_opening"],
        button=say["email_button"],
        help=" ".join(lines),
        stop=say["email_stop"],
    )


STUCK_AFTER = timedelta(minutes=10)
"""Longer than any hand-over can take with its timeouts: what still says ``sending`` then was interrupted."""


def retry_after(kind: str, attempts: int, draw: float, *, at_least_s: float = 0.0) -> timedelta | None:
    """Wait before the next try after ``attempts`` failed ones (1 or more); None: give up.

    Exponential with jitter: ``draw`` in [0, 1) spreads it over half to the whole of the doubled wait, so that
    messages that failed together do not come back together. ``at_least_s``: what the other side asked for.
    """
    of = kind_of(kind).patience
    if attempts >= of.most_attempts:
        return None
    whole = min(of.first * (1 << (attempts - 1)), of.longest)
    return max(whole * (0.5 + draw / 2), timedelta(seconds=at_least_s))


Asked = Literal["stop", "start", "help", "other"]

_STOP = (
    "stop",
    "stopall",
    "unsubscribe",
    "cancel",
    "end",
    "quit",
    "optout",
    "revoke",
    "alto",
    "parar",
    "baja",
    "cancelar",
    "detener",
    "salir",
    "توقف",
    "ايقاف",
    "إيقاف",
    "الغاء",
    "إلغاء",
    "قف",
)
_START = ("start", "unstop", "yes", "empezar", "iniciar", "sí", "alta", "reanudar", "ابدأ", "بدء", "نعم")
_HELP = ("help", "info", "ayuda", "مساعدة")
_PLEASE = ("please", "pls", "por", "favor", "رجاء")
MOST_WORDS = 3
MOST_SIGNS = 200
"""Who writes more asks for nothing. Sorting the accents of a long text takes a time that grows with its square."""


def _sms_words_plain(text: str) -> str:
    """Lower case, without accents, marks and signs: ``Sí!`` is ``si``."""
    bare = unicodedata.normalize("NFKD", text.casefold())
    return re.sub(r"[^\w\s]|ـ", "", "".join(sign for sign in bare if not unicodedata.combining(sign)))


_KNOWN: dict[str, Asked] = {
    **{_sms_words_plain(word): "help" for word in _HELP},
    **{_sms_words_plain(word): "start" for word in _START},
    **{_sms_words_plain(word): "stop" for word in _STOP},
}


def asked(text: str) -> Asked:
    """What the message asks for. One of the words, alone or with a please; *my skin won't stop* asks for nothing."""
    if len(text) > MOST_SIGNS:
        return "other"
    words = [word for word in _sms_words_plain(text).split() if word not in _PLEASE]
    if not words or len(words) > MOST_WORDS:
        return "other"
    first = _KNOWN.get(words[0], "other")
    return first if len(words) == 1 or first == "stop" else "other"


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
