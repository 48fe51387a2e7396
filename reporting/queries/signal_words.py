"""A signal in words: what, where and for whom, and its numbers. The page and the monthly report say the same."""

from typing import Any

from reporting.domain.devices import setting_fields
from reporting.domain.signal_work import KIND_WORDS
from reporting.domain.symptoms import SYMPTOMS, symptom
from reporting.queries.signals import SignalRow


def symptom_words(code: str) -> str:
    """``hyperpigmentation``; for several at once, ``several symptoms``."""
    return symptom(code).label.lower() if code in SYMPTOMS else "several symptoms"


def where(signal: SignalRow) -> str:
    """``Device CO2-2``."""
    return f"{signal.unit_type.replace('_', ' ').capitalize()} {signal.unit_id}"


def headline(signal: SignalRow) -> str:
    """What, where and for whom, in one line."""
    skin = f", skin types {signal.skin_group}" if signal.skin_group else ""
    about = "" if signal.kind == "settings" else f": {symptom_words(signal.symptom)}"
    return f"{KIND_WORDS[signal.kind]}{about}. {where(signal)}{skin}"


def setting_words(detail: str) -> str:
    """``Density (coverage)`` for the setting that a signal's detail names; several together are *The strength*."""
    known = setting_fields().get(detail.rsplit(", ", 1)[0])
    return known.label if known else "The strength of the settings"


def numbers(card: dict[str, Any]) -> str:
    """Observed, expected and how sure; for settings, the shift."""
    if card["kind"] == "settings":
        way = "stronger" if card["shift_sd"] > 0 else "gentler"
        return (
            f"{setting_words(card.get('detail', ''))} is {abs(card['shift_sd']):.1f} standard deviations {way} than "
            f"before (95 % interval {card['shift_lower']:.1f} to {card['shift_upper']:.1f}), over "
            f"{card['treatments_since']:.0f} treatments."
        )
    return (
        f"{card['observed']:.0f} observed, {card['expected']:.1f} expected, {card['excess']:.1f} in excess; "
        f"{card['ratio']:.1f} times the expected, case mix taken into account (95 % interval "
        f"{card['ratio_lower']:.1f} to {card['ratio_upper']:.1f})."
    )
