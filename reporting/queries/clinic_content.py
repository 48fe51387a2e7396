"""What the clinic changed of the clinical content, for the charts and the pages of the administration.

``protocol_ranges(by, device_class="", field="", skin_group="") -> tuple[ProtocolRange, ...]`` gives the clinic's own
ranges (``domain.clinic_content.ProtocolRange``: device_class, field, skin_group, minimum, maximum, note; limits in
the field's unit, None where open). ``tolerated_factor(by) -> float`` gives the multiple of the risk at the reference
for which the ceiling is computed.
"""

from reporting.domain.actors import Actor
from reporting.domain.clinic_content import ProtocolRange
from reporting.security.permissions import require
from reporting.storage import clinic_content
from reporting.storage.engine import reading


def protocol_ranges(
    by: Actor, device_class: str = "", field: str = "", skin_group: str = ""
) -> tuple[ProtocolRange, ...]:
    """The clinic's protocol ranges of a device class, setting and skin group; empty: of every one.

    A range for every skin holds for each skin group, unless the group has one of its own. Raises NotAllowed.
    """
    require(by, "settings.read")
    with reading() as session:
        every = clinic_content.of_clinic(session, by.clinic_id).protocol_ranges()
    found = [
        one for one in every if device_class in ("", one.device_class) and field in ("", one.field)
    ]  # fmt: skip
    if not skin_group:
        return tuple(found)
    own = {(one.device_class, one.field) for one in found if one.skin_group == skin_group}
    return tuple(
        one for one in found
        if one.skin_group == skin_group or (not one.skin_group and (one.device_class, one.field) not in own)
    )  # fmt: skip


def tolerated_factor(by: Actor) -> float:
    """How many times the risk at the reference the clinic tolerates at the ceiling. Raises NotAllowed."""
    require(by, "settings.read")
    with reading() as session:
        return clinic_content.of_clinic(session, by.clinic_id).tolerated_factor()
