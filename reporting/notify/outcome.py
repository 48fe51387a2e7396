"""What became of a message that was handed over, or was to be."""

from dataclasses import dataclass
from typing import Literal

Result = Literal["sent", "retry", "dead", "unsure"]


@dataclass(frozen=True)
class Outcome:
    """``retry``: certainly not taken, may be tried again. ``unsure``: handed over, and no answer came.

    ``reason`` is a code of our own followed by the other side's number, never its words: those may repeat
    the address. ``channel_down``: nothing else of this channel would get through just now either.
    """

    result: Result
    reason: str = ""
    provider_id: str = ""
    retry_after_s: float = 0.0
    channel_down: bool = False
