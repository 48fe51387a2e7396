"""What the page of guidelines offers: published guidelines, and the settings a protocol range can be set for."""

from collections.abc import Mapping
from dataclasses import dataclass

from reporting.domain.actors import Actor
from reporting.domain.content import content
from reporting.domain.devices import setting_fields
from reporting.domain.records import Guideline
from reporting.security.permissions import require
from reporting.storage import device_classes
from reporting.storage.engine import reading


@dataclass(frozen=True)
class Offered:
    """A setting with its unit and its plausible limits in one class of devices."""

    field: str
    label: str
    unit: str
    lowest: float | None
    highest: float | None


@dataclass(frozen=True)
class RangeChoices:
    """``names``: device class to its name; ``settings``: device class to what can be set there."""

    names: Mapping[str, str]
    settings: Mapping[str, tuple[Offered, ...]]
    published: tuple[Guideline, ...]


def range_choices(by: Actor) -> RangeChoices:
    """For the actor's clinic, its own device classes included. Raises NotAllowed."""
    require(by, "content.read")
    with reading() as session:
        classes = device_classes.known(session, by.clinic_id)
    fields = setting_fields()
    found = {}
    for code, one in classes.items():
        parameters = {**content().common_parameters, **one.parameters}
        found[code] = tuple(
            Offered(name, of.label, of.unit, parameters[name].plausible_min, parameters[name].plausible_max)
            for name, of in fields.items() if name in parameters
        )  # fmt: skip
    return RangeChoices({code: one.name for code, one in classes.items()}, found, content().guidelines)
