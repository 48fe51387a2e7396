"""What messages say: sentences of the content tables in the patient's language, with nothing about health.

Text messages are at most 160 characters of the GSM alphabet, which is one part. Letters that it lacks but
that have a plain form lose their accent. A language that cannot be written in it is sent as UCS-2, where a
part holds 70 units (67 of several): then at most two parts, 134 units.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from reporting.domain.content import content
from reporting.domain.language import ENGLISH, translator
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
    "laser", "ipl", "skin", "derma", "cosmetic", "aesthetic", "beauty", "botox", "filler", "tattoo", "hair", "vein",
    "acne", "scar", "peel", "needling", "rejuvenation", "piel", "estética", "láser",
)  # fmt: skip


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
    bare = unicodedata.normalize("NFKD", {"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "..."}
                                 .get(sign, sign))  # fmt: skip
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
    for kept in range(len(name), 0, -1):
        text = for_gsm(template.format(name=name[:kept].rstrip(), **values))
        if fits(text):
            return text
    raise InvalidInput(
        field="text message", found=f"{units(text)} units", allowed=f"{GSM_UNITS} in GSM, {UCS2_UNITS} in UCS-2"
    )


def email_text(language: str, *, name: str, telephone: str) -> EmailText:
    """The words of a reminder by e-mail."""
    translate, texts = translator(language), content().messages
    say = {code: translate(text.text) for code, text in texts.items()}
    help_line = say["email_help" if telephone else "email_help_no_number"]
    return EmailText(
        subject=say["email_subject"], opening=say["email_opening"], button=say["email_button"],
        help=help_line.format(name=name, telephone=telephone), stop=say["email_stop"],
    )  # fmt: skip
