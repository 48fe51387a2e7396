"""What became of a message that was handed over, or was to be."""

from dataclasses import dataclass
from typing import Literal

from reporting.settings import settings

Result = Literal["sent", "retry", "dead", "unsure"]


@dataclass(frozen=True)
class HandedOver:
    """``retry``: certainly not taken, may be tried again. ``unsure``: handed over, and no answer came.

    ``reason`` is a code of our own followed by the other side's number, never its words: those may repeat
    the address. ``channel_down``: nothing else of this channel would get through just now either.
    """

    result: Result
    reason: str = ""
    provider_id: str = ""
    retry_after_s: float = 0.0
    channel_down: bool = False


def channels() -> tuple[str, ...]:
    """The ways out that are set up."""
    of = settings()
    found = [("email", of.smtp_host and of.smtp_from), ("sms", of.sms_url)]
    return tuple(channel for channel, is_set in found if is_set)
