"""The card that a patient takes home: QR code, link, short code and what to do, on one printed page."""

import base64
import html
import io
from dataclasses import dataclass
from datetime import date

import segno


@dataclass(frozen=True)
class Card:
    """What stands on the card. It names no health detail beyond the day of the treatment."""

    clinic_name: str
    clinic_telephone: str
    emergency_telephone: str
    performed_on: date
    link: str
    code: str
    valid_until: date
    is_synthetic: bool = False


def png(link: str, *, pixels_per_module: int = 8) -> bytes:
    """The link as a QR code (error correction M, quiet zone of four modules) in PNG."""
    out = io.BytesIO()
    segno.make(link, error="m", micro=False).save(
        out, kind="png", scale=pixels_per_module, border=4, dark="#000000", light="#ffffff"
    )
    return out.getvalue()


def alt_text(card: Card) -> str:
    """What the picture says to someone who cannot see it."""
    return f"QR code that opens the check-in page: {card.link}"


_STYLE = """
@page { size: A5 portrait; margin: 12mm }
body { font: 14pt/1.45 "Noto Sans", "DejaVu Sans", sans-serif; color: #111; background: #fff; max-width: 34rem;
       margin: 1.5rem auto; padding: 0 1rem }
h1 { font-size: 20pt; margin: 0 0 .4rem }
img { width: 52mm; height: 52mm; display: block; margin: .6rem 0 }
.code { font: 700 20pt "DejaVu Sans Mono", monospace; letter-spacing: .12em }
.link { overflow-wrap: anywhere }
.urgent { border: 3px solid #111; padding: .6rem .8rem; margin-top: 1rem }
.demo { background: #fff3c4; padding: .3rem .6rem }
"""


def _day(value: date) -> str:
    return f"{value.day} {value:%B %Y}"


def _telephone(number: str) -> str:
    digits = "".join(sign for sign in number if sign.isdigit() or sign == "+")
    return f'<a href="tel:{html.escape(digits)}">{html.escape(number)}</a>'


def printable(card: Card) -> str:
    """The card as one self-contained HTML page: no script, nothing fetched from elsewhere."""
    picture = base64.b64encode(png(card.link)).decode()
    call = f"<p>Questions? Call us: {_telephone(card.clinic_telephone)}</p>" if card.clinic_telephone else ""
    demo = '<p class="demo">Demo card with synthetic data. Not for a patient.</p>' if card.is_synthetic else ""
    address = card.link.split("/c/")[0]
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex"><meta name="referrer" content="no-referrer">
<title>Your check-in card</title><style>{_STYLE}</style></head><body><main>
{demo}<h1>How is your skin after your treatment?</h1>
<p>{html.escape(card.clinic_name)}. Treatment of {_day(card.performed_on)}.</p>
<p><strong>Scan this with the camera of your phone.</strong> It takes less than a minute.
You need no password.</p>
<img src="data:image/png;base64,{picture}" alt="{html.escape(alt_text(card), quote=True)}">
<p>Or type this address: <span class="link">{html.escape(card.link)}</span></p>
<p>Or go to <span class="link">{html.escape(address)}/code</span>, type this code and your year of birth:<br>
<span class="code">{html.escape(card.code)}</span></p>
<p>Tell us how it goes on the days we ask, and at any time when something worries you.
Keep this card to yourself: who has it can send answers for you. It works until {_day(card.valid_until)}.</p>
{call}<p class="urgent"><strong>Trouble breathing, eye pain, or you cannot see well?</strong> Do not wait for us.
Call {_telephone(card.emergency_telephone)}.</p>
</main></body></html>
"""
