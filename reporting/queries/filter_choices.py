"""What a dashboard can be narrowed to: what occurs in the treatments that the reader may see."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from reporting.domain.actors import Actor
from reporting.domain.vocabulary import areas, indications, procedure_classes
from reporting.queries.scope import Filters, scoped_frame
from reporting.security.permissions import require
from reporting.storage import device_classes
from reporting.storage.engine import reading

_COLUMNS = ("clinic", "device", "device_class", "procedure_class", "indication", "area")


@dataclass(frozen=True)
class FilterChoices:
    """Code to words for each filter, in the order of the words. Empty: there are no treatments."""

    clinics: Mapping[str, str]
    devices: Mapping[str, str]
    device_classes: Mapping[str, str]
    procedure_classes: Mapping[str, str]
    indications: Mapping[str, str]
    areas: Mapping[str, str]


def _occurring(column: "pd.Series[str]") -> list[str]:
    counts = np.bincount(column.cat.codes.to_numpy() + 1, minlength=len(column.cat.categories) + 1)[1:]
    return [str(name) for name, n in zip(column.cat.categories, counts, strict=True) if n]


def _worded(codes: list[str], words: Mapping[str, str]) -> dict[str, str]:
    named = {code: words.get(code, code) for code in codes}
    return dict(sorted(named.items(), key=lambda item: (item[0] == "not_recorded", item[1].lower())))


def filter_choices(by: Actor) -> FilterChoices:
    """The choices of ``by``. Raises NotAllowed."""
    require(by, "overview.read")
    frame = scoped_frame(by, Filters(), _COLUMNS)
    found = {name: _occurring(frame[name]) for name in _COLUMNS}
    with reading() as session:
        classes = {code: each.name for code, each in device_classes.known(session, by.clinic_id).items()}
    procedures = {code: each.label for code, each in procedure_classes().items()}
    return FilterChoices(
        clinics=_worded(found["clinic"], {}), devices=_worded(found["device"], {}),
        device_classes=_worded(found["device_class"], classes),
        procedure_classes=_worded(found["procedure_class"], procedures),
        indications=_worded(found["indication"], indications()), areas=_worded(found["area"], areas()),
    )  # fmt: skip
