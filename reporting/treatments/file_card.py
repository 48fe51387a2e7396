"""The card that a patient takes home: QR code, link, short code and what to do, on one printed page."""

import base64
import html
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial

import segno

from reporting.domain.content import content
from reporting.domain.guidance import emergency_words
from reporting.domain.language import ENGLISH, beside, languages, translator
from reporting.domain.opening_hours import week_words
from reporting.domain.patient_words import full_day
from reporting.shell.pages import Plain


@dataclass(frozen=True)
class Card:
    """What stands on the card. It names no health detail beyond the day of the treatment."""

    clinic_name: str
    clinic_telephone: str
    emergency_telephone: str
    """Of where the patient is; empty: the card says so in words and names none."""
    performed_on: date
    link: str
    code: str
    valid_until: date
    is_synthetic: bool = False
    other_telephones: tuple[str, ...] = ()
    out_of_hours_name: str = ""
    out_of_hours_telephone: str = ""
    opening_hours: Mapping[str, Sequence[str]] = field(default_factory=dict)
    language: str = ENGLISH
    """Of the patient; a language without a catalogue is English."""


def png(link: str, *, pixels_per_module: int = 8) -> bytes:
    """The link as a QR code (error correction M, quiet zone of four modules) in PNG."""
    out = io.BytesIO()
    segno.make(link, error="m", micro=False).save(
        out, kind="png", scale=pixels_per_module, border=4, dark="#000000", light="#ffffff"
    )
    return out.getvalue()


def _words(sentence: str, /, language: str, **parts: str) -> str:
    """A sentence of the card, as HTML; the parts are HTML already."""
    return html.escape(translator(language)(content().messages[f"card_{sentence}"].text)).format(**parts)


def alt_text(card: Card, language: str = ENGLISH) -> str:
    """What the picture says to someone who cannot see it."""
    return translator(language)(content().messages["card_picture"].text).format(link=card.link)


_STYLE = """
@page { size: A5 portrait; margin: 12mm }
body { font: 14pt/1.45 "Noto Sans", "DejaVu Sans", sans-serif; color: #111; background: #fff; max-width: 34rem;
       margin: 1.5rem auto; padding: 0 1rem }
h1 { font-size: 20pt; margin: 0 0 .4rem }
img { width: 52mm; height: 52mm; display: block; margin: .6rem 0 }
.code { display: inline-block; font: 700 20pt "DejaVu Sans Mono", monospace; letter-spacing: .12em }
.link { overflow-wrap: anywhere }
.urgent { border: 3px solid #111; padding: .6rem .8rem; margin-top: 1rem }
.demo { background: #fff3c4; padding: .3rem .6rem }
"""


def _in_order(text: str, attributes: str = "") -> str:
    """Letters and numbers that read from the left, also on a card that is read from the right."""
    return f'<bdi dir="ltr"{attributes}>{html.escape(text)}</bdi>'


def _telephone(number: str) -> str:
    digits = "".join(sign for sign in number if sign.isdigit() or sign == "+")
    return f'<a href="tel:{html.escape(digits)}">{_in_order(number)}</a>'


def _calls(card: Card, language: str) -> str:
    """Whom to call with a question, when somebody is there, and who answers else."""
    say, lines = partial(_words, language=language), []
    if numbers := [number for number in (card.clinic_telephone, *card.other_telephones) if number]:
        lines.append(say("questions", telephone=beside(map(_telephone, numbers), language)))
    if hours := week_words(card.opening_hours, language):
        lines.append(say("hours", hours=f"<bdi>{html.escape(hours)}</bdi>"))
    if card.out_of_hours_telephone:
        name, number = html.escape(card.out_of_hours_name), _telephone(card.out_of_hours_telephone)
        lines.append(say("closed", name=f"<bdi>{name}</bdi>", telephone=number))
    return f"<p>{'<br>'.join(lines)}</p>" if lines else ""


def printable(card: Card) -> str:
    """The card in the patient's language as one self-contained HTML page: no script, nothing fetched from elsewhere."""
    code = card.language if card.language in languages() else ENGLISH
    say = partial(_words, language=code)
    picture = base64.b64encode(png(card.link)).decode()
    call = _calls(card, code)
    demo = f'<p class="demo">{say("demo")}</p>' if card.is_synthetic else ""
    typed = card.link.split(Plain.LINK)[0] + Plain.CODE
    link, address = (_in_order(text, ' class="link"') for text in (card.link, typed))
    known = card.emergency_telephone
    emergency = _telephone(known) if known else html.escape(emergency_words("", code))
    clinic = f"<bdi>{html.escape(card.clinic_name)}</bdi>"
    return f"""<!doctype html>
<html lang="{code}" dir="{languages()[code].direction}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex"><meta name="referrer" content="no-referrer">
<title>{say("title")}</title><style>{_STYLE}</style></head><body><main>
{demo}<h1>{say("heading")}</h1>
<p>{say("treatment", clinic=clinic, day=full_day(card.performed_on, code))}</p>
<p><strong>{say("scan")}</strong> {say("short")}</p>
<img src="data:image/png;base64,{picture}" alt="{html.escape(alt_text(card, code), quote=True)}">
<p>{say("address", link=link)}</p>
<p>{say("code", link=address)}<br>
{_in_order(card.code, ' class="code"')}</p>
<p>{say("when")} {say("keep", day=full_day(card.valid_until, code))}</p>
{call}<p class="urgent"><strong>{say("urgent")}</strong> {say("call", telephone=emergency)}</p>
</main></body></html>
"""
