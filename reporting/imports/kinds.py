"""The kinds of file that can be imported."""

from collections.abc import Mapping
from functools import cache
from typing import get_args

from reporting.imports.kind import Field, Importer, Kind
from reporting.imports.kind_check_ins import CheckInsFile
from reporting.imports.kind_devices import DevicesFile
from reporting.imports.kind_treatments import TreatmentsFile

KINDS: tuple[Kind, ...] = get_args(Kind)
IMPORTERS: Mapping[Kind, Importer] = {
    "devices": DevicesFile(),
    "treatments": TreatmentsFile(),
    "check-ins": CheckInsFile(),
}


@cache
def fields_of(kind: Kind) -> Mapping[str, Field]:
    """Our columns of a kind of file, by name, in the order of the template."""
    return {field.name: field for field in IMPORTERS[kind].fields()}
