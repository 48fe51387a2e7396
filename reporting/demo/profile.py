"""What usually happens after a treatment in the demo clinic and what goes wrong, how often and when.

Published numbers where there are some, each row with its source, from ``data/``. What a publication counts per patient
over a course of sessions stands there per treatment.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from reporting.domain.vocabulary import DARK
from reporting.settings import ROOT

USUAL, ANY = "usual", "any"
"""What belongs to healing; a row of every device class."""


@dataclass(frozen=True)
class Happening:
    """One thing that may happen after a treatment on a device class.

    ``symptom`` through which it is reported; empty: through lines of the lists alone. Shares are of treatments at the
    settings usual for the skin, 0 to 1; ``lowest`` and ``highest`` bound that of all skin types together. Days are
    recovery days; it lasts so many days after the day on which it began. ``ticks``: line of a list to the share of
    those affected who tick it.
    """

    device_class: str
    happens: str
    symptom: str
    share_i_iii: float
    share_iv_vi: float
    lowest: float
    highest: float
    onset: tuple[int, int, int]
    """First, commonest and last day on which it begins."""
    lasts: tuple[int, int]
    ticks: Mapping[str, float]
    is_published: bool
    source: str

    @property
    def is_usual(self) -> bool:
        """Whether it belongs to healing."""
        return self.happens == USUAL

    def share(self, fitzpatrick: int) -> float:
        """Share of treatments of a skin type."""
        return self.share_iv_vi if fitzpatrick >= DARK else self.share_i_iii


def _ticks(written: str) -> dict[str, float]:
    return {key: float(share) for key, share in (part.split(":") for part in written.split("|") if part)}


def _read(row: Mapping[str, str]) -> Happening:
    return Happening(
        device_class=row["device_class"],
        happens=row["happens"],
        symptom=row["symptom"],
        share_i_iii=float(row["share_i_iii"]),
        share_iv_vi=float(row["share_iv_vi"]),
        lowest=float(row["lowest"]),
        highest=float(row["highest"]),
        onset=(int(row["onset_from_day"]), int(row["onset_mode_day"]), int(row["onset_to_day"])),
        lasts=(int(row["lasts_from_days"]), int(row["lasts_to_days"])),
        ticks=_ticks(row["ticks"]),
        is_published=row["published"] == "yes",
        source=row["source"],
    )


@cache
def profile(path: Path = ROOT / "data" / "demo_profile.csv") -> Mapping[str, tuple[Happening, ...]]:
    """What may happen, by device class; the rows of every class are among those of each."""
    with path.open(newline="", encoding="utf-8") as handle:
        rows = [_read(row) for row in csv.DictReader(handle)]
    anywhere = tuple(row for row in rows if row.device_class == ANY)
    own = dict.fromkeys(row.device_class for row in rows if row.device_class != ANY)
    return {code: tuple(row for row in rows if row.device_class == code) + anywhere for code in own}
